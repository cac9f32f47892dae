"""Checks: every rule with its state, the worst first, and what is already known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.binding import Binding, BindingType

from pgdeck.core.check import Check, Checks, PardonKind, Pardons, State
from pgdeck.core.judged import CHECK_COLUMNS, check_key, check_table, headline
from pgdeck.core.rows import Table
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import ScreenSpec
from pgdeck.errors import Problem
from pgdeck.tui.keymap import worded
from pgdeck.tui.views.check_detail import check_text
from pgdeck.tui.views.rows import RowsView
from pgdeck.tui.views.view import FooterChanged, Keys, OpenScreen
from pgdeck.tui.widgets.menu import Act, RowMenu
from pgdeck.tui.widgets.pardon import PardonDialog
from pgdeck.tui.widgets.table import KeyedTable

ALL_WELL = "Every rule is ok. Show them: i"
INKS = ("quiet", "key", "title", "good", "warning", "critical", "unknown", "spark")


class ChecksView(RowsView):
    """The rules over this server; acknowledging and silencing writes to this machine alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "pardon('acknowledged')", "Acknowledge", id="checks.acknowledge"),
        Binding("S", "pardon('silenced')", "Silence", id="checks.silence"),
        Binding("u", "take_back", "Take a pardon back", id="checks.back"),
        Binding("o", "evidence", "Open the evidence", id="checks.evidence"),
        Binding("x", "menu", "What can be done with the row", id="checks.menu"),
        Binding("i", "toggle_ok", "Show or hide what is ok", id="checks.ok"),
    ]

    def __init__(self, spec: ScreenSpec, *, ascii_only: bool) -> None:
        super().__init__(spec, CHECK_COLUMNS, ascii_only=ascii_only)
        self._with_ok = True
        self._named: Keys = ()

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        check = self.check
        row: Keys = super().footer_keys[:1]
        if check is not None and check.pardon is not None:
            row += (("u", "take back"),)
        elif check is not None and check.counts:
            row += (("a", "acknowledge"), ("S", "silence"))
        if self.evidence:
            row += (("o", "evidence"),)
        hide = ("i", "hide ok" if self._with_ok else "show ok")
        return (*row, hide, *super().footer_keys[1:])

    @property
    def checks(self) -> Checks | None:
        """The newest checks known."""
        data = self.snapshot.data if self.snapshot else None
        return data if isinstance(data, Checks) else None

    @property
    def check(self) -> Check | None:
        """The check under the cursor."""
        row = self.table.cursor_row
        every = self.checks.checks if self.checks else ()
        return next((each for each in every if row and check_key(each) == row.key), None)

    @property
    def evidence(self) -> ScreenSpec | None:
        """The screen that shows what the check under the cursor found."""
        specs: Mapping[str, ScreenSpec] = getattr(self.app, "specs", {})
        return specs.get(self.check.screen) if self.check else None

    @property
    def pardons(self) -> Pardons | None:
        """Where pardons are kept; None where nothing keeps them."""
        found: Pardons | None = getattr(self.app, "pardons", None)
        return found

    @property
    def form(self) -> str:
        """Whether rules that are ok are shown."""
        return "all" if self._with_ok else "alerts"

    def take_form(self, form: str) -> None:
        """Show them again, or not."""
        self._with_ok = form == "all"

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show what the rules say now."""
        self.snapshot = snapshot
        self._fill()

    def action_toggle_ok(self) -> None:
        """Show or hide the rules that are ok."""
        self._with_ok = not self._with_ok
        self._fill()
        self.post_message(FooterChanged())

    def action_menu(self) -> None:
        """List what can be done with the check under the cursor."""
        check = self.check
        if check is not None:
            about = headline(check)
            self.app.push_screen(RowMenu(about, self._acts(check)), self._do)

    def _acts(self, check: Check) -> list[Act]:
        fine = "it is ok" if check.state is State.OK else ""
        free = "" if check.pardon else "nobody said that it is known"
        seen = "" if self.evidence else "no screen shows it"
        acts = (
            Act("a", "Acknowledge until it is ok again", "pardon('acknowledged')", fine),
            Act("S", "Silence for a time", "pardon('silenced')"),
            Act("u", "Take that back", "take_back", free),
            Act("o", "Open the evidence", "evidence", seen),
            Act("y", "Copy the fix, or anything else of the row", "copy"),
        )
        return [replace(act, key=worded(self, act.key)) for act in acts]

    async def _do(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    def action_evidence(self) -> None:
        """Open the screen that shows what the check found."""
        screen = self.evidence
        if screen is not None:
            self.post_message(OpenScreen(screen.name))

    def action_pardon(self, kind: str) -> None:
        """Ask why an alert is known already, and keep it."""
        check, pardons, asked = self.check, self.pardons, PardonKind(kind)
        if check is None:
            return
        if pardons is None:
            self.app.notify("It is not known yet which database this is.", markup=False)
            return
        if check.state is State.OK and asked is PardonKind.ACKNOWLEDGED:
            self.app.notify(f"{check.title} is ok: there is nothing to acknowledge.", markup=False)
            return
        by = str(getattr(self.app, "author", ""))
        self.app.push_screen(PardonDialog(check, asked, by, pardons.add), self._kept)

    def action_take_back(self) -> None:
        """Let an alert count again."""
        check, pardons = self.check, self.pardons
        if check is None or pardons is None or check.pardon is None:
            return
        try:
            pardons.remove(check.pardon.rule, check.pardon.subject)
        except Problem as problem:
            self.app.notify(problem.message, severity="warning", markup=False)
        self._kept(True)

    def _kept(self, changed: bool | None) -> None:
        """Have everything judged anew where something was pardoned."""
        if changed:
            self.run_worker(self.app.run_action("refresh_now"), group="judge")

    @on(KeyedTable.RowHighlighted)
    def name_keys(self) -> None:
        """Other rows have other keys."""
        self._name_keys()

    def _name_keys(self) -> None:
        keys = self.footer_keys
        if keys != self._named:
            self._named = keys
            self.post_message(FooterChanged())

    def _fill(self) -> None:
        if self.checks is not None:
            self.shown = check_table(self.checks, datetime.now(UTC), ok=self._with_ok)
            every = self._with_ok or not self.checks.checks
            self.table.frame.empty_text = self.spec.empty_text if every else worded(self, ALL_WELL)
            # Who rests on the first row wants the worst; one who reads a finding keeps its row.
            resting = self.table.model.cursor == 0 and not self.has_class("with-detail")
            self.table.show(self.shown)
            if resting and self.table.model.cursor:
                self.table.action_first_row()
        self.draw_title()
        self.draw_detail()
        self._name_keys()

    def summary(self, table: Table) -> str:
        """Count the states, the worst first."""
        checks = self.checks.checks if self.checks else ()
        counts = Counter(each.state for each in checks if each.pardon is None)
        worst_first = sorted(State, key=lambda state: -state.severity)
        told = [f"{counts[state]} {state.word}" for state in worst_first if counts[state]]
        known = sum(each.pardon is not None for each in checks)
        told += [f"{known} known"] if known else []
        shown = self.current_table.model.count()
        found = f"{shown} shown: " if shown != len(checks) else ""
        return found + " · ".join(told)

    def draw_detail(self) -> None:
        """Show the check under the cursor in the detail pane, when that is open."""
        check = self.check
        if check is None or not self.has_class("with-detail"):
            return
        inks = {role: str(self.title_line.ink(role)) for role in INKS}
        ascii_only = self.title_line.ascii_only
        screen = self.evidence
        opens = f"{screen.title}  {screen.key or ''}".rstrip() if screen else ""
        self.detail.show(
            check_text(check, datetime.now(UTC), opens, inks, worded(self, "o"), ascii=ascii_only)
        )
