"""Connections: the budget as one bar, and the sessions that use it, grouped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from msgspec.structs import replace
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pgdeck.core.copying import Offer
from pgdeck.core.rows import Table, TableRow
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import ScreenSpec, Sort
from pgdeck.core.text import safe, to_ascii
from pgdeck.tui.ink import Line, Span, faded, line_width
from pgdeck.tui.keymap import worded
from pgdeck.tui.views.budget import budget_lines
from pgdeck.tui.views.rows import RowsView, failure_spans
from pgdeck.tui.views.view import FooterChanged, Keys
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.detail import append_values
from pgdeck.watch.closeup import Section, close_up, deeds
from pgdeck.watch.crowd import By, Crowd
from pgdeck.watch.groups import GROUP_COLUMNS, group, to_table

ORDER = tuple(By)
MONITOR = "GRANT pg_monitor"
ROOMY = 100
SHORT, TALL = 12, 20
"""Heights below which the budget takes one line, and from which on it takes four."""


class ConnectionsView(RowsView):
    """Who is connected and how many more may be; the sessions grouped in five ways."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"f{at}", f"group('{by}')", f"By {by}", id=f"connections.{by}")
            for at, by in enumerate(ORDER, 1)
        ),
        Binding("left_square_bracket", "step(-1)", "Grouping before", id="connections.previous"),
        Binding("right_square_bracket", "step(1)", "Next grouping", id="connections.next"),
    ]

    def __init__(self, spec: ScreenSpec, *, ascii_only: bool) -> None:
        self.by = By.APPLICATION
        largest = replace(spec, sort=spec.sort or Sort("total", descending=True))
        super().__init__(largest, GROUP_COLUMNS, ascii_only=ascii_only)
        self.budget_lines = Canvas(ascii_only=ascii_only, refill=self._draw_budget)
        self.budget_lines.add_class("budget")

    def compose(self) -> ComposeResult:
        """Put the budget above title, table and detail."""
        yield self.budget_lines
        yield from super().compose()

    @property
    def form(self) -> str:
        """What the sessions are grouped by."""
        return self.by

    def take_form(self, form: str) -> None:
        """Group them so again."""
        self.action_group(form)

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        return (("[ ]", "group by"), *super().footer_keys)

    @property
    def crowd(self) -> Crowd | None:
        """The newest reading known."""
        data = self.snapshot.data if self.snapshot else None
        return data if isinstance(data, Crowd) else None

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show the budget, and the sessions in the chosen grouping."""
        self.snapshot = snapshot
        self._fill()

    def set_age(self, seconds: float | None) -> None:
        """Dim the budget with the rest."""
        before = self.age
        super().set_age(seconds)
        if self.age != before:
            self._draw_budget()

    def action_group(self, name: str) -> None:
        """Choose what the sessions are grouped by."""
        self.by = By(name)
        self._fill()
        self.take_focus()
        self.post_message(FooterChanged())

    def action_step(self, by: int) -> None:
        """Choose the next or previous grouping."""
        self.action_group(ORDER[(ORDER.index(self.by) + by) % len(ORDER)])

    def on_resize(self, event: events.Resize) -> None:
        """Give the budget the lines that there is room for."""
        super().on_resize(event)
        self._fit_budget(event.size.height)

    def set_zen(self, on: bool) -> None:
        """Leave one line of the budget while the table fills the terminal."""
        super().set_zen(on)
        self._fit_budget(self.size.height)

    def _fit_budget(self, height: int) -> None:
        short = height < SHORT or self.has_class("zen")
        self.budget_lines.styles.height = 1 if short else 3 if height < TALL else 4
        self.call_after_refresh(self._draw_budget)

    def _fill(self) -> None:
        crowd = self.crowd
        if crowd is not None:
            self.shown = to_table(crowd, self.by)
            self.table.show(self.shown)
        self._draw_budget()
        self.draw_title()
        self.draw_detail()

    def _draw_budget(self) -> None:
        crowd = self.crowd
        width, height = self.budget_lines.size
        if crowd is None or not width:
            return
        lines = budget_lines(crowd.budget, width, height)
        self.budget_lines.paint(lines if self.age is None else faded(lines))

    def title_left(self) -> Line:
        """The groupings, the chosen one marked."""
        room = self.title_line.size.width - line_width(self.title_right())
        every = self._groupings(every_key=True)
        # The key of what is chosen already is the one to do without.
        spans = every if line_width(every) <= room else self._groupings(every_key=False)
        return (*spans, *failure_spans(self.snapshot))

    def _groupings(self, *, every_key: bool) -> Line:
        spans: list[Span] = []
        for at, by in enumerate(ORDER, 1):
            role = "tab-current" if by is self.by else "tab"
            key = f" {worded(self, f'F{at}')}" if every_key or by is not self.by else " "
            key_role = "key" if role == "tab" else role
            spans += [Span(key, key_role), Span(f" {by} ", role)]
        return tuple(spans)

    def summary(self, table: Table) -> str:
        """Count sessions and groups."""
        crowd = self.crowd
        said = super().summary(table).replace("row", "group")
        if crowd and crowd.hidden:
            said += f", {crowd.hidden} hidden"
            said += f": {MONITOR}" if self.title_line.size.width >= ROOMY else ""
        return said

    def deeds(self, rows: Sequence[TableRow]) -> Sequence[Offer]:
        """Offer what the details of the groups would run."""
        crowd = self.crowd
        if crowd is None:
            return ()
        keys = {row.key for row in rows}
        chosen = [each for each in group(crowd.connected, self.by) if each.key in keys]
        return [
            Offer(deed, partial("\n".join, lines), lines[0])
            for deed, lines in deeds(chosen, crowd).items()
        ]

    def draw_detail(self) -> None:
        """Show the group under the cursor: its parts, its worst sessions, and what to do."""
        row, crowd = self.table.cursor_row, self.crowd
        if row is None or crowd is None or not self.has_class("with-detail"):
            return
        chosen = next((g for g in group(crowd.connected, self.by) if g.key == row.key), None)
        if chosen is not None:
            self.detail.show(self._text(row, close_up(chosen, crowd)))

    def _text(self, row: TableRow, sections: tuple[Section, ...]) -> Text:
        quiet, accent = (str(self.title_line.ink(role)) for role in ("quiet", "key"))
        write = to_ascii if self.title_line.ascii_only else str
        text = Text(no_wrap=False, overflow="fold")
        append_values(text, GROUP_COLUMNS[:1], row.values[:1], quiet, write)
        for section in sections:
            text.append(f"\n{write(section.title)}\n", accent)
            for line in section.lines:
                text.append(f"{write(safe(line))}\n")
        text.append("\nfigures\n", accent)
        append_values(text, GROUP_COLUMNS[1:], row.values[1:], quiet, write)
        return text
