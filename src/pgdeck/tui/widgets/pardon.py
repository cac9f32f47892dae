"""The dialog in which an alert is acknowledged or silenced; it changes nothing on the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from pgdeck.core.check import Check, Pardon, PardonKind
from pgdeck.core.judged import subject_word
from pgdeck.core.quantity import QuantityError, amount
from pgdeck.core.spec import Format
from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.tui.keymap import worded

LONGEST = 366 * 86400.0
FIRST_TIME = "2h"
VERBS = {PardonKind.ACKNOWLEDGED: "Acknowledge", PardonKind.SILENCED: "Silence"}
SAYS = {
    PardonKind.ACKNOWLEDGED: "Not counted until it is ok again.",
    PardonKind.SILENCED: "Not counted until the time is over.",
}

Keep = Callable[[Pardon], None]
"""Keeps a pardon; raises `Problem` when it cannot."""


class PardonDialog(ModalScreen[bool]):
    """Asks why, and for how long; gives True when it was kept.

    What cannot be kept is said in the dialog, which stays open.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, id="pardon.leave"),
        Binding("ctrl+s", "keep", "Keep", show=False, priority=True, id="pardon.keep"),
        Binding(
            "ctrl+o",
            "scope",
            "This one, or all of the rule",
            show=False,
            priority=True,
            id="pardon.scope",
        ),
    ]

    def __init__(self, check: Check, kind: PardonKind, by: str, keep: Keep) -> None:
        super().__init__()
        self._check = check
        self._kind = kind
        self._by = by
        self._keep = keep
        self._whole_rule = False

    def compose(self) -> ComposeResult:
        """What it is about, why, for how long, and the ways out."""
        box = Vertical()
        box.border_title = VERBS[self._kind]
        with box:
            yield Static(safe(self._check.title), markup=False, classes="about")
            yield Static(safe(self._check.sentence), markup=False)
            with Horizontal(classes="field"):
                yield Label("Reason", markup=False)
                yield Input(id="reason", select_on_focus=False, max_length=500)
            if self._kind is PardonKind.SILENCED:
                with Horizontal(classes="field"):
                    yield Label("For", markup=False)
                    yield Input(FIRST_TIME, id="time", max_length=20)
            yield Static(markup=False, id="scope")
            yield Static(
                f"By {safe(self._by)}, on this machine. {SAYS[self._kind]}",
                markup=False,
                classes="quiet",
            )
            yield Static(markup=False, id="problem")
            with Horizontal(classes="ways"):
                yield Button(worded(self, f"{VERBS[self._kind]} ^S"), id="keep", compact=True)
                if self._check.subject:
                    yield Button(worded(self, "Scope ^O"), id="scoped", compact=True)
                yield Button(worded(self, "Back Esc"), id="back", compact=True)

    def on_mount(self) -> None:
        """The reason comes first."""
        self.query_one("#reason").focus()
        self._say_scope()

    @on(Button.Pressed, "#keep")
    @on(Input.Submitted)
    def action_keep(self) -> None:
        """Keep it, or say what is missing."""
        try:
            self._keep(self._pardon(datetime.now(UTC)))
        except (Problem, QuantityError) as problem:
            self.query_one("#problem", Static).update(f"▲ {safe(str(problem))}")
            return
        self.dismiss(True)

    @on(Input.Changed)
    def forget_problem(self) -> None:
        """What was wrong may be right now."""
        self.query_one("#problem", Static).update("")

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    @on(Button.Pressed, "#scoped")
    def action_scope(self) -> None:
        """Take this one alone, or whatever the rule finds."""
        if self._check.subject:
            self._whole_rule = not self._whole_rule
            self._say_scope()

    def _say_scope(self) -> None:
        scope = self.query_one("#scope", Static)
        scope.display = bool(self._check.subject)
        covered = (
            "whatever this rule finds"
            if self._whole_rule
            else safe(subject_word(self._check.subject))
        )
        scope.update(f"Covers {covered}")

    def _pardon(self, now: datetime) -> Pardon:
        """Return what was typed as a pardon; raises `QuantityError` for what is none."""
        reason = self.query_one("#reason", Input).value.strip()
        until = None
        if self._kind is PardonKind.SILENCED:
            if not reason:
                raise QuantityError("Say why, so that others know: a silence needs a reason")
            time = amount(self.query_one("#time", Input).value, Format.DURATION)
            if not 1 <= time <= LONGEST:
                raise QuantityError("Write a time from 1s to 365d, such as 2h")
            until = now + timedelta(seconds=time)
        subject = "" if self._whole_rule else self._check.subject
        return Pardon(self._kind, self._check.rule, subject, self._by, reason, now, until)
