"""The table as a widget: rows in, lines out, and only the cells that changed are painted."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pgdeck.core.filter import Pattern, parse
from pgdeck.core.rows import Key, Table, TableRow
from pgdeck.core.spec import Column, Sort
from pgdeck.tui.widgets.plain import Plain
from pgdeck.tui.widgets.table import messages
from pgdeck.tui.widgets.table.frame import Frame
from pgdeck.tui.widgets.table.inks import read_inks
from pgdeck.tui.widgets.table.lines import Inks
from pgdeck.tui.widgets.table.model import TableModel, TableState


class TableBody(Plain, ScrollView):
    """Shows rows by key; what did not change on screen is not painted again.

    The place in the rows is the frame's, not Textual's scroll offset: a virtual size that follows
    the number of rows would lay the whole screen out at each refresh.
    """

    DEFAULT_CSS = """
    TableBody {
        width: 1fr;
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
    }
    """
    ALLOW_SELECT = False

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        sort: Sort | None = None,
        empty_text: str = "",
        ascii: bool = False,
        tree: bool = False,
        highlight: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.auto_links = False
        self.model = TableModel(columns, sort, tree=tree, ascii_only=ascii)
        self.frame = Frame(self.model, ascii_only=ascii, empty_text=empty_text)
        self.frame.highlight = highlight
        self._inks: Inks | None = None
        self._told: TableRow | None = None
        self._seen: tuple[Key, ...] = ()

    # What is shown

    def show(self, table: Table) -> None:
        """Show these rows; call it on the event loop at each refresh."""
        before = self.model.cursor
        self.model.replace(table)
        self.frame.filled = True
        self.frame.keep_line(before)
        self.paint()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; rows for them come with the next `show`."""
        self.model.set_columns(columns)
        self.frame.forget()
        self.paint()

    def set_stale(self, stale: bool) -> None:
        """Dim the rows, or give them their colours back."""
        self.frame.stale = stale
        self.paint()

    def apply_filter(self, text: str) -> str | None:
        """Show the rows that match, every row for an empty text; returns what is wrong with it.

        While a text is wrong, the last right one holds.
        """
        rule = parse(text, self.model.columns, _compile_pattern)
        problem = rule.problem.message if rule.problem else None
        if problem is None:
            before = self.model.cursor
            self.model.use_filter(rule if rule else None)
            self.frame.set_filter(text if rule else "", rule.words)
            self.frame.keep_line(before)
            self.paint()
            self.refresh_bindings()
            if rule.expired:
                problem = "the pattern took too long and was given up; rows may be missing"
        shown, total = self.model.count(), len(self.model.rows)
        self.post_message(messages.FilterChanged(self, text, problem, shown, total))
        return problem

    def clear_filter(self) -> None:
        """Show every row again; `n` and `N` go on stepping through those that matched."""
        searched = self.model.filter
        self.apply_filter("")
        self.model.search = searched
        self.refresh_bindings()

    def choose_columns(
        self, hidden: frozenset[str], order: tuple[str, ...], shown: frozenset[str]
    ) -> None:
        """Show the columns that a person chose, in their order."""
        self.frame.arrange_columns(hidden, order, shown)
        self.frame.left = 0
        self.paint()
        self.post_message(messages.ColumnsChanged(self))

    def sort_by(self, column: str | None, *, descending: bool) -> None:
        """Order the rows by a column; the cursor stays on its row."""
        before = self.model.cursor
        self.model.sort(column, descending=descending)
        self.frame.keep_line(before)
        self.paint()
        self.post_message(messages.SortChanged(self))

    # What is asked

    @property
    def cursor_row(self) -> TableRow | None:
        """The row under the cursor."""
        return self.model.cursor_row

    @property
    def visible_keys(self) -> tuple[Key, ...]:
        """The keys of the rows in view, from the top."""
        return tuple(row.key for row in self.frame.rows)

    @property
    def marked(self) -> frozenset[Key]:
        """The keys of the marked rows, those hidden by a filter included."""
        return frozenset(self.model.marks)

    @property
    def state(self) -> TableState:
        """What a person chose, to be put back later."""
        model, frame = self.model, self.frame
        return TableState(
            sort_column=model.sort_column,
            descending=model.descending,
            filter_text=frame.filter_text,
            cursor_key=model.cursor_key,
            marks=frozenset(model.marks),
            hidden=frame.hidden,
            shown=frame.shown,
            order=frame.order,
            top=frame.top,
            left=frame.left,
        )

    @state.setter
    def state(self, state: TableState) -> None:
        self.frame.arrange_columns(state.hidden, state.order, state.shown)
        self.model.recall(state)
        if state.filter_text != self.frame.filter_text:
            self.apply_filter(state.filter_text)
        self.frame.top, self.frame.left = state.top, state.left
        self.paint()

    # Moving

    def steer(self, index: int) -> None:
        """Put the cursor on a row of the view, clamped, and bring it into sight."""
        self.model.move(index)
        self.paint()

    def scroll_rows(self, by: int) -> None:
        """Move the view by lines; the cursor stays in it."""
        self.frame.scroll_rows(by)
        self.paint()

    def scroll_columns(self, by: int) -> None:
        """Move the view by columns; the first column stays."""
        self.frame.scroll_columns(by)
        self.paint()

    # Painting

    def paint(self) -> None:
        """Make the lines anew and have those cells painted that differ from what is on screen."""
        width, height = self.size
        if not width or not height:
            return
        exact = getattr(self.screen, "paints_exactly", False)
        regions = self.frame.compose(width, height, focused=self.has_focus, exact=exact)
        if regions is None:
            self.refresh()
        elif regions:
            self.refresh(*regions)
        self._tell()

    def render_line(self, y: int) -> Strip:
        """Return one line as Textual wants it."""
        width, height = self.size
        if not self.frame.fits(width, height):
            self.frame.compose(width, height, focused=self.has_focus)
        if self._inks is None:
            self._inks = read_inks(self)
        if y >= len(self.frame.lines):
            return Strip.blank(width, self.rich_style)
        return self.frame.lines[y].draw(width, self._inks)

    def notify_style_update(self) -> None:
        """Read the colours again when the theme or a class changed."""
        super().notify_style_update()
        self.call_next(self._restyle)

    def on_resize(self, _event: events.Resize) -> None:
        """Use the new room; the row under the cursor stays in sight."""
        self.paint()

    def on_focus(self) -> None:
        """Show the cursor as the one that keys move."""
        self.paint()

    def on_blur(self) -> None:
        """Calm the cursor down."""
        self.paint()

    def _restyle(self) -> None:
        inks = read_inks(self)
        if inks != self._inks:
            self._inks = inks
            for line in self.frame.lines:
                line.strip = None
            self.refresh()

    def _tell(self) -> None:
        row = self.model.cursor_row
        if row is not self._told and row != self._told:
            self.post_message(messages.RowHighlighted(self, row))
        self._told = row
        seen = self.visible_keys
        if seen != self._seen:
            self._seen = seen
            self.post_message(messages.ViewChanged(self))


def _compile_pattern(text: str) -> Pattern:
    """Compile a pattern; its engine takes longer to import than a first frame to paint."""
    from pgdeck.pattern import compile_pattern

    return compile_pattern(text)
