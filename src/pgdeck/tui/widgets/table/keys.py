"""The keys of a table, each with a stable name by which a person may move it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

MOVE = Binding.Group("Move", compact=True)
FIND = Binding.Group("Find", compact=True)
SORT = Binding.Group("Sort", compact=True)
ROW = Binding.Group("Row", compact=True)

SEARCHED = "Of the filter, also after it was cleared"


def _key(
    keys: str, action: str, text: str, group: Binding.Group, name: str = "", tooltip: str = ""
) -> Binding:
    identity = f"keyed-table.{name or action}"
    return Binding(keys, action, text, show=False, tooltip=tooltip, id=identity, group=group)


TABLE_KEYS: list[BindingType] = [
    _key("up,k", "row_up", "Row up", MOVE),
    _key("down,j", "row_down", "Row down", MOVE),
    _key("pageup", "page_up", "Page up", MOVE),
    _key("pagedown", "page_down", "Page down", MOVE),
    _key("home,g", "first_row", "First row", MOVE),
    _key("end,G", "last_row", "Last row", MOVE),
    _key("left,H", "columns(-1)", "Columns to the left", MOVE, "columns_left"),
    _key("right,L", "columns(1)", "Columns to the right", MOVE, "columns_right"),
    _key("space", "mark", "Mark the row", ROW, tooltip="A mark stays with its row"),
    _key("asterisk", "mark_all", "Mark all rows, or unmark them", ROW),
    _key("enter", "open", "Detail of the row", ROW),
    _key("less_than_sign", "sort_column(-1)", "Sort by the column before", SORT, "sort_before"),
    _key("greater_than_sign", "sort_column(1)", "Sort by the next column", SORT, "sort_after"),
    _key("s", "flip", "Flip the order", SORT),
    _key("n", "match(1)", "Next match", FIND, "next_match", SEARCHED),
    _key("N", "match(-1)", "Previous match", FIND, "previous_match", SEARCHED),
    _key("c", "clear_filter", "Clear the filter", FIND, tooltip="While a filter holds"),
]
