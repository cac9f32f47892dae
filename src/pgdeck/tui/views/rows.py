"""What every view made of rows has: title line, tables, detail pane, filter, order and age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message

from pgdeck.core.rows import Table, TableRow, Value
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.spec import Column, Format, ScreenSpec
from pgdeck.core.text import cut_middle, safe
from pgdeck.tui.figures import plain
from pgdeck.tui.ink import Line, Span, between, line_width
from pgdeck.tui.views.taking import TakingView
from pgdeck.tui.views.view import AskFilter, FooterChanged, Keys
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.detail import DetailPane, detail_text
from pgdeck.tui.widgets.table import KeyedTable

DETAIL_BESIDE = 120
FILTER_SHOWN = 40
TAKE: Keys = (("y", "copy"), ("E", "export"))


class RowsView(TakingView):
    """A screen made of rows; it shows one table at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "ask_filter", "Filter", id="table.filter"),
        Binding("d", "toggle_detail", "Detail of the row", id="table.detail"),
    ]

    def __init__(self, spec: ScreenSpec, columns: Sequence[Column], *, ascii_only: bool) -> None:
        super().__init__(spec)
        self.title_line = Canvas(ascii_only=ascii_only, refill=self.draw_title)
        self.title_line.add_class("title")
        self.table = KeyedTable(
            columns, sort=spec.sort, empty_text=spec.empty_text, ascii=ascii_only
        )
        self.detail = DetailPane()
        self.age: float | None = None

    def compose(self) -> ComposeResult:
        """Lay title, tables and detail out."""
        yield self.title_line
        with Horizontal(classes="panes"):
            yield from self.tables()
            yield self.detail

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        table = self.current_table
        row = ("Esc", "back") if self.has_class("with-detail") else ("Enter", "detail")
        find: Keys = (("/", "filter"),)
        if table.state.filter_text:
            find += (("c", "clear"),)
        # Where all rows shown match there is nothing to step over.
        if table.model.search or (table.model.filter and table.model.tree):
            find += (("n N", "match"),)
        if self.has_class("with-detail"):
            return (row, *find, *TAKE)
        if table.model.marks:
            return (("Space", "mark"), ("Esc", "unmark"), *TAKE, *find)
        if table.model.tree:
            return (row, *find, *TAKE)
        return (row, *find, *TAKE, ("< >", "sort"), ("s", "flip"), ("|", "columns"))

    @property
    def has_open(self) -> bool:
        """Whether a detail is open; a filter stays for the next time."""
        return self.has_class("with-detail")

    def set_age(self, seconds: float | None) -> None:
        """Dim the data and say its age; None when it is fresh."""
        if seconds == self.age:
            return
        if (seconds is None) != (self.age is None):
            for table in self.tables():
                table.set_stale(seconds is not None)
        self.age = seconds
        self.draw_title()

    def take_focus(self) -> None:
        """The table takes the keyboard."""
        self.current_table.focus()

    def go_back(self) -> bool:
        """Close the detail pane, else drop the filter, else the marks."""
        table = self.current_table
        if self.has_class("with-detail"):
            self.action_toggle_detail()
        elif table.frame.filter_text:
            table.clear_filter()
        elif table.model.marks:
            table.action_mark_all()
        else:
            return False
        return True

    def action_toggle_detail(self) -> None:
        """Open or close the detail of the row under the cursor."""
        self.toggle_class("with-detail")
        self.draw_detail()
        if self.has_class("with-detail") and not self.has_class("wide"):
            self.detail.focus()
        else:
            self.take_focus()
        self.post_message(FooterChanged())

    def action_ask_filter(self) -> None:
        """Ask for a filter in the prompt."""
        self.post_message(AskFilter(self, self.current_table.state.filter_text))

    def apply_filter(self, text: str) -> str | None:
        """Filter the rows; returns what is wrong with the text."""
        return self.current_table.apply_filter(text)

    def on_resize(self, event: events.Resize) -> None:
        """Put the detail beside the table when there is room, else over it."""
        self.set_class(event.size.width >= DETAIL_BESIDE, "wide")
        self.call_after_refresh(self.draw_title)

    @on(KeyedTable.RowOpened)
    def open_row(self) -> None:
        """Enter opens the detail."""
        if not self.has_class("with-detail"):
            self.action_toggle_detail()

    @on(KeyedTable.RowHighlighted)
    def follow_row(self, message: Message) -> None:
        """The detail follows the cursor."""
        message.stop()
        self.draw_detail()

    @on(KeyedTable.FilterChanged)
    def filter_changed(self) -> None:
        """Say the filter in the title, and the keys that it brings."""
        self.draw_title()
        self.draw_detail()
        self.post_message(FooterChanged())

    @on(KeyedTable.MarksChanged)
    def marks_changed(self) -> None:
        """Count the marks in the title."""
        self.draw_title()
        self.post_message(FooterChanged())

    def draw_title(self) -> None:
        """Say what is shown, in which order, filtered by what, and how old it is."""
        table = self.current_table
        narrowed = bool(table.frame.filter_text or table.model.marks)
        said = bool(failure_spans(self.snapshot)) or self.age is not None or narrowed
        self.title_line.display = self.title_shown(said)
        width = self.title_line.size.width
        if width and self.title_line.display:
            left, right = self.title_left(), self.title_right()
            if line_width(left) + line_width(right) > width:
                right = self.title_right(counts=False)
            self.title_line.paint([between(left, right, width)])

    def title_left(self) -> Line:
        """The screen's name, and its failure if it has one."""
        return (Span(f" {self._spec.title}", "title"), *failure_spans(self.snapshot))

    def title_right(self, *, counts: bool = True) -> Line:
        """Filter, counts and age."""
        spans: list[Span] = []
        state = self.current_table.state
        if state.filter_text:
            filter_text = cut_middle(safe(state.filter_text), FILTER_SHOWN)
            spans.append(Span(f"/ {filter_text}  ", "key"))
        elif search := self.current_table.model.search:
            spans.append(Span(f"n {cut_middle(safe(search.text), FILTER_SHOWN)}  ", "quiet"))
        if state.marks:
            spans.append(Span(f"{len(state.marks)} marked  ", "key"))
        if self.shown is not None and counts:
            spans.append(Span(self.summary(self.shown), "quiet"))
        if self.age is not None:
            spans.append(Span(f"  {plain(self.age, Format.AGE)} old", "warning"))
        return (*spans, Span(" "))

    def summary(self, table: Table) -> str:
        """Count what is shown."""
        total = len(table.rows) + table.truncated
        count = self.current_table.model.count()
        if count != total:
            return f"{count} of {total} rows"
        return f"{count} row" if count == 1 else f"{count} rows"

    def more_of(self, row: TableRow) -> Mapping[str, Value]:
        """Return what is known of a row beyond its columns, by name."""
        return extra_of(self.shown, row)

    def on_mount(self) -> None:
        """Draw the detail pane anew in the colours of another theme: its text brings its own."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.draw_detail())

    def draw_detail(self) -> None:
        """Show the row under the cursor in the detail pane, when that is open."""
        row = self.current_table.cursor_row
        if row is None or not self.has_class("with-detail"):
            return
        columns = self.current_table.model.columns
        quiet, accent = (str(self.title_line.ink(role)) for role in ("quiet", "key"))
        text = detail_text(
            columns, row, self.more_of(row), quiet, accent, ascii=self.title_line.ascii_only
        )
        self.detail.show(text)


def extra_of(table: Table | None, row: TableRow) -> Mapping[str, Value]:
    """Return what the query told of a row beyond its columns."""
    if table is None or not table.extra:
        return {}
    keys = (shown.key for shown in table.rows)
    return next((more for key, more in zip(keys, table.extra, strict=True) if key == row.key), {})


def failure_spans(snapshot: Snapshot[object] | None) -> Sequence[Span]:
    """Say a failure and its way out in the title line; nothing when there is none."""
    failure: Failure | None = snapshot.failure if snapshot else None
    if failure is None:
        return ()
    hint = f" · {safe(failure.hint)}" if failure.hint else ""
    return (
        Span("  ▲ ", "warning"),
        Span(safe(failure.message), "warning"),
        Span(hint, "quiet"),
    )
