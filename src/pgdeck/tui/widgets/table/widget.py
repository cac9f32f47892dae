"""The table that every screen stands on: rows known by key, moved over with keys or a mouse."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType

from pgdeck.core.spec import Align
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.table import messages
from pgdeck.tui.widgets.table.body import TableBody
from pgdeck.tui.widgets.table.keys import TABLE_KEYS

WHEEL = 3
"""Lines that one notch of the wheel moves."""


class KeyedTable(TableBody, can_focus=True):
    """Shows `Table`s; cursor, marks, order and filter stay with the person who chose them."""

    BINDINGS: ClassVar[list[BindingType]] = TABLE_KEYS

    RowHighlighted = messages.RowHighlighted
    RowOpened = messages.RowOpened
    MarksChanged = messages.MarksChanged
    ViewChanged = messages.ViewChanged
    SortChanged = messages.SortChanged
    ColumnsChanged = messages.ColumnsChanged
    FilterChanged = messages.FilterChanged

    def on_mount(self) -> None:
        """Name the keys as they were chosen."""
        self.frame.clear_key = worded(self, "c")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of a search count only while there is one, keys of the order where there is one."""
        if action in {"match", "clear_filter"}:
            return bool(self.model.filter or self.model.search)
        if action in {"sort_column", "flip"}:
            return not self.model.tree
        return True

    def action_row_up(self) -> None:
        """Move the cursor one row up."""
        self.steer(self.model.cursor - 1)

    def action_row_down(self) -> None:
        """Move the cursor one row down."""
        self.steer(self.model.cursor + 1)

    def action_page_up(self) -> None:
        """Move the cursor one page up; one row stays in sight."""
        self.steer(self.model.cursor - max(1, self.frame.page - 1))

    def action_page_down(self) -> None:
        """Move the cursor one page down; one row stays in sight."""
        self.steer(self.model.cursor + max(1, self.frame.page - 1))

    def action_first_row(self) -> None:
        """Move the cursor to the first row."""
        self.steer(0)

    def action_last_row(self) -> None:
        """Move the cursor to the last row."""
        self.steer(len(self.model.view) - 1)

    def action_columns(self, by: int) -> None:
        """Scroll by whole columns."""
        self.scroll_columns(by)

    def action_mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and go on to the next."""
        self.model.toggle_mark()
        self.post_message(messages.MarksChanged(self))
        self.steer(self.model.cursor + 1)

    def action_mark_all(self) -> None:
        """Mark every row shown; with marks there are, take them all off."""
        self.model.mark_all()
        self.post_message(messages.MarksChanged(self))
        self.paint()

    def action_open(self) -> None:
        """Ask for the row under the cursor."""
        row = self.cursor_row
        if row is not None:
            self.post_message(messages.RowOpened(self, row))

    def action_sort_column(self, by: int) -> None:
        """Sort by the neighbour of the sorted column, in the order in which they stand."""
        names = [column.name for _, column in self.frame.entries]
        if not names:
            return
        current = self.model.sort_column
        at = names.index(current) + by if current in names else 0
        self._sort_anew(names[at % len(names)])

    def action_flip(self) -> None:
        """Turn the order round."""
        self.sort_by(self.model.sort_column, descending=not self.model.descending)

    def action_match(self, by: int) -> None:
        """Go to the next row that matches, or to the one before; round at the ends."""
        matching = self.model.matching()
        if not matching:
            return
        here = self.model.cursor
        if by > 0:
            self.steer(next((at for at in matching if at > here), matching[0]))
        else:
            self.steer(next((at for at in reversed(matching) if at < here), matching[-1]))

    def action_clear_filter(self) -> None:
        """Show every row again; once more forgets what was searched for."""
        self.clear_filter()

    def on_click(self, event: events.Click) -> None:
        """A click on the header sorts, one on a row puts the cursor there, two open it."""
        event.stop()
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < self.frame.head:
            self._click_header(offset.x)
            return
        index = self.frame.top + offset.y - self.frame.head
        if index < len(self.model.view):
            self.steer(index)
            if event.chain == 2:
                self.action_open()

    def _click_header(self, x: int) -> None:
        if x < self.frame.layout.edge or x >= self.frame.layout.width - self.frame.layout.edge:
            self.scroll_columns(-1 if x < self.frame.layout.edge else 1)
            return
        place = self.frame.layout.place_at(x)
        if place is None or self.model.tree:
            return
        if place.column.name == self.model.sort_column:
            self.action_flip()
        else:
            self._sort_anew(place.column.name)

    def _sort_anew(self, name: str) -> None:
        """Sort by another column: numbers from the largest, text from A."""
        column = next(column for _, column in self.frame.entries if column.name == name)
        self.sort_by(name, descending=column.align is Align.RIGHT)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the view; with shift or ctrl by columns."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the view; with shift or ctrl by columns."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, way: int) -> None:
        event.stop()
        event.prevent_default()
        if event.shift or event.ctrl:
            self.scroll_columns(way)
        else:
            self.scroll_rows(way * WHEEL)
