"""Statements: what the server spends its time on, in all and since the last refresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import Binding, BindingType

from pgdeck.core.explaining import Seen
from pgdeck.core.rows import Table
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.tui.figures import plain
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import worded
from pgdeck.tui.views.rows import RowsView, failure_spans
from pgdeck.tui.views.view import ExplainWanted, FooterChanged, Keys
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.watch.statements import (
    RECENT_COLUMNS,
    TOTAL_COLUMNS,
    Statements,
    StatementsView,
    to_table,
)

LABELS = {StatementsView.TOTAL: ("F1", "in all"), StatementsView.RECENT: ("F2", "just now")}
ROOMY = 100
WAITING = "The first figures come with the next refresh."
QUIET = "No statement has ended since the last refresh."


class StatementView(RowsView):
    """The statements that pg_stat_statements counts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "view('total')", "Since the reset", id="statements.total"),
        Binding("f2", "view('recent')", "Since the last refresh", id="statements.recent"),
        Binding("left_square_bracket", "step", "The other figures", id="statements.previous"),
        Binding("right_square_bracket", "step", "The other figures", id="statements.next"),
        Binding("e", "explain", "Explain the statement", id="statements.explain"),
    ]

    def __init__(self, spec: ScreenSpec, *, ascii_only: bool) -> None:
        self.chosen = StatementsView.TOTAL
        super().__init__(spec, TOTAL_COLUMNS, ascii_only=ascii_only)
        self.recent = KeyedTable(RECENT_COLUMNS, sort=None, empty_text=WAITING, ascii=ascii_only)
        self.recent.add_class("away")

    def tables(self) -> Sequence[KeyedTable]:
        """The totals, and what came in since the last refresh."""
        return (self.table, self.recent)

    @property
    def current_table(self) -> KeyedTable:
        """The table that is on screen."""
        return self.recent if self.chosen is StatementsView.RECENT else self.table

    @property
    def form(self) -> str:
        """The chosen view."""
        return self.chosen

    def take_form(self, form: str) -> None:
        """Choose a view again."""
        self.action_view(form)

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        return (("[ ]", "in all, just now"), *super().footer_keys)

    @property
    def statements(self) -> Statements | None:
        """The newest figures known."""
        data = self.snapshot.data if self.snapshot else None
        return data if isinstance(data, Statements) else None

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show the figures of the chosen view."""
        self.snapshot = snapshot
        self._fill()

    def action_view(self, name: str) -> None:
        """Choose the totals or the recent figures."""
        self.chosen = StatementsView(name)
        for table in self.tables():
            table.set_class(table is not self.current_table, "away")
        self._fill()
        self.take_focus()
        self.post_message(FooterChanged())

    def action_step(self) -> None:
        """Choose the other of the two."""
        other = {StatementsView.TOTAL: "recent", StatementsView.RECENT: "total"}
        self.action_view(other[self.chosen])

    def action_explain(self) -> None:
        """Have the statement under the cursor explained; nothing is run."""
        row, data = self.current_table.cursor_row, self.statements
        entries = data.statements if data else ()
        found = next((each for each in entries if row and each.key == row.key), None)
        if found is not None:
            text = found.text if found.visible else None
            self.post_message(ExplainWanted(Seen(text, found.login, found.database)))

    def _fill(self) -> None:
        data = self.statements
        if data is not None:
            self.shown = to_table(data, self.chosen)
            self.current_table.frame.empty_text = self._nothing(data)
            self.current_table.show(self.shown)
        elif self.snapshot is not None and (failure := self.snapshot.failure) is not None:
            # The way to the figures is longer than a title: the body has room for it.
            self.current_table.frame.empty_text = f"{failure.message}. {failure.hint}"
            self.current_table.show(Table(()))
        self.draw_title()
        self.draw_detail()

    def _nothing(self, data: Statements) -> str:
        if data.notice:
            return data.notice
        if self.chosen is StatementsView.TOTAL:
            return self._spec.empty_text
        return WAITING if data.elapsed_s is None else QUIET

    def title_shown(self, said: bool) -> bool:
        """It says which figures these are."""
        return True

    def title_left(self) -> Line:
        """The two views, the chosen one marked."""
        spans: list[Span] = []
        for view, (shipped, label) in LABELS.items():
            key = worded(self, shipped)
            role = "tab-current" if view is self.chosen else "tab"
            spans += [Span(f" {key}", "key" if role == "tab" else role), Span(f" {label} ", role)]
        data = self.statements
        if data is None:
            return tuple(spans)
        if data.notice:
            spans.append(Span(f"  ▲ {data.notice}", "warning"))
        return (*spans, *failure_spans(self.snapshot))

    def summary(self, table: Table) -> str:
        """Count what is shown, and say since when it is counted."""
        data = self.statements
        said = super().summary(table).replace("row", "statement")
        if data is None:
            return said
        if self.chosen is StatementsView.RECENT:
            return said if data.elapsed_s is None else f"{said} in {data.elapsed_s:.1f} s"
        if data.reset_at is not None:
            age = (datetime.now(UTC) - data.reset_at).total_seconds()
            said += f" since {plain(age, Format.AGE)}"
        if data.hidden:
            said += f", {data.hidden} hidden"
            said += ": GRANT pg_read_all_stats" if self.title_line.size.width >= ROOMY else ""
        if data.dealloc and self.title_line.size.width >= ROOMY:
            said += f", made room {data.dealloc} times"
        return said
