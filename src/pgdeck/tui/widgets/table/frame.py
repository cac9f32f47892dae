"""The part of a table that is in sight: which rows and columns, as which lines."""

from __future__ import annotations

from textual.geometry import Region

from pgdeck.core.rows import TableRow
from pgdeck.core.text import safe, to_ascii
from pgdeck.tui.ink import ASCII_GLYPHS
from pgdeck.tui.widgets.table.columns import Entry, Layout, arranged, lay_out
from pgdeck.tui.widgets.table.lines import (
    ASCII,
    Glyphs,
    Line,
    Tone,
    blank_line,
    changed_regions,
    header_line,
    message_lines,
    row_line,
    thumb,
)
from pgdeck.tui.widgets.table.model import TableModel
from pgdeck.tui.widgets.table.painter import Painter


class Frame:
    """Looks at a model through a window of `width` and `height` cells, header included.

    `top` is the first row in sight, `left` the number of columns scrolled out.
    """

    def __init__(self, model: TableModel, *, ascii_only: bool, empty_text: str) -> None:
        self.model = model
        self.ascii_only = ascii_only
        self.empty_text = empty_text
        self.clear_key = "c"
        self.filter_text = ""
        self.width = self.height = 0
        self.top = self.left = 0
        self.hidden: frozenset[str] = frozenset()
        self.shown: frozenset[str] = frozenset()
        self.order: tuple[str, ...] = ()
        self.entries: list[Entry] = []
        self.layout = Layout(0)
        self.lines: list[Line] = []
        self.stale = False
        self.highlight = True
        self.filled = False
        self._painter = Painter(ascii_only=ascii_only, tree=model.tree)
        self._glyphs = ASCII if ascii_only else Glyphs()
        self.arrange_columns()

    @property
    def head(self) -> int:
        """Lines that the header takes."""
        return 1 if self.height > 1 else 0

    @property
    def page(self) -> int:
        """Rows that there is room for."""
        return max(0, self.height - self.head)

    @property
    def rows(self) -> list[TableRow]:
        """The rows in sight."""
        return self.model.view[self.top : self.top + self.page]

    def arrange_columns(
        self,
        hidden: frozenset[str] | None = None,
        order: tuple[str, ...] | None = None,
        shown: frozenset[str] | None = None,
    ) -> None:
        """List the columns that can be seen, in the order that was chosen."""
        self.hidden = self.hidden if hidden is None else hidden
        self.order = self.order if order is None else order
        self.shown = self.shown if shown is None else shown
        self.entries = arranged(self.model.columns, self.hidden, self.order, self.shown)
        self.layout = Layout(0)

    def forget(self) -> None:
        """Start anew with the model's present columns."""
        self._painter.forget()
        self.filled = False
        self.left = 0
        self.arrange_columns()

    def set_filter(self, text: str, words: tuple[str, ...]) -> None:
        """Remember the filter's text, and light its words up in the cells."""
        self.filter_text = text
        self._painter.light(words if self.highlight else ())

    def keep_line(self, before: int) -> None:
        """Keep the cursor, which was on row `before`, on its line when the view is scrolled."""
        if self.top and self.model.view:
            self.top = max(0, self.top + self.model.cursor - before)

    def scroll_rows(self, by: int) -> None:
        """Move by lines; the cursor stays in sight."""
        self.top = max(0, min(self.top + by, len(self.model.view) - self.page))
        self.model.move(max(self.top, min(self.model.cursor, self.top + self.page - 1)))

    def scroll_columns(self, by: int) -> None:
        """Move by columns; the first one stays."""
        self.left = max(0, min(self.layout.left + by, self.layout.furthest))

    def fits(self, width: int, height: int) -> bool:
        """Tell whether the lines were made for a size."""
        return (self.width, self.height) == (width, height) and len(self.lines) == height

    def compose(
        self, width: int, height: int, *, focused: bool, exact: bool = False
    ) -> list[Region] | None:
        """Make the lines anew; returns the cells that changed, or None when all may have.

        A line that looks as before stays the same object, and keeps what it was drawn as.
        """
        before, layout = self.lines, self.layout
        self.width, self.height = width, height
        self._keep_cursor_in_sight()
        self._lay_out()
        head = [self._header()] if self.head else []
        lines = head + self._body(focused=focused)
        if layout != self.layout or len(before) != len(lines):
            self.lines = lines
            return None
        self.lines = [
            old if old.same_as(new) else new for old, new in zip(before, lines, strict=True)
        ]
        return changed_regions(before, self.lines, self.layout, exact=exact)

    def _keep_cursor_in_sight(self) -> None:
        if self.model.view:
            cursor, page = self.model.cursor, max(1, self.page)
            lowest = max(cursor - page + 1, 0)
            self.top = max(lowest, min(self.top, cursor, max(0, len(self.model.view) - page)))

    def _lay_out(self) -> None:
        grew = self._painter.measure(self.rows, self.entries)
        if grew or self.layout.width != self.width or self.layout.left != self.left:
            layout = lay_out(self.entries, self.width, self.left, self._painter.needs)
            if layout != self.layout:
                self.layout = layout
            self.left = layout.left

    def _header(self) -> Line:
        sign = self._glyphs.down if self.model.descending else self._glyphs.up
        return header_line(self.layout, self.model.sort_column, sign, self._glyphs)

    def _body(self, *, focused: bool) -> list[Line]:
        plain = Tone.STALE if self.stale else Tone.BODY
        rows = self.rows
        if not rows:
            message = safe(self._message())
            if self._glyphs is ASCII:
                message = to_ascii(message.translate(ASCII_GLYPHS))
            return message_lines(message, self.layout, self.page, plain)
        cursor = Tone.CURSOR if focused else Tone.BLURRED
        if self.stale:
            cursor = Tone.STALE_CURSOR
        shown = thumb(self.top, self.page, len(self.model.view))
        under = self.model.cursor - self.top
        lines = []
        fields = self._painter.paint(rows, self.layout)
        for at, (row, parts) in enumerate(zip(rows, fields, strict=True)):
            mark = self._glyphs.mark if row.key in self.model.marks else ""
            tone = cursor if at == under else plain
            bar = self._glyphs.thumb if at in shown else ""
            lines.append(row_line(tone, mark, parts, bar, self.layout))
        return lines + [blank_line(self.layout, plain)] * (self.page - len(lines))

    def _message(self) -> str:
        if self.model.rows and self.model.filter is not None:
            return f"No row matches {self.filter_text} · {self.clear_key} clears the filter"
        return self.empty_text if self.filled else ""
