"""What a table tells the view that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from pgdeck.core.rows import TableRow

if TYPE_CHECKING:
    from pgdeck.tui.widgets.table.body import TableBody


class TableMessage(Message):
    """Something happened in `table`."""

    def __init__(self, table: TableBody) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> TableBody:
        """The table, so that handlers can select by its id."""
        return self.table


class RowMessage(TableMessage):
    """Something happened to `row`, None when the table has none."""

    def __init__(self, table: TableBody, row: TableRow | None) -> None:
        super().__init__(table)
        self.row = row


class RowHighlighted(RowMessage, namespace="keyed_table"):
    """The cursor stands on another row, or its row has new values."""

    def can_replace(self, message: Message) -> bool:
        """Only the newest of several counts."""
        return isinstance(message, RowHighlighted) and message.table is self.table


class RowOpened(RowMessage, namespace="keyed_table"):
    """A row was asked for: Enter, or a double click."""


class MarksChanged(TableMessage, namespace="keyed_table"):
    """A row was marked or unmarked by hand."""


class ViewChanged(TableMessage, namespace="keyed_table"):
    """Other rows are in view than before."""

    def can_replace(self, message: Message) -> bool:
        """Only the newest of several counts."""
        return isinstance(message, ViewChanged) and message.table is self.table


class SortChanged(TableMessage, namespace="keyed_table"):
    """A person chose another order; the table's state has it."""


class ColumnsChanged(TableMessage, namespace="keyed_table"):
    """A person chose other columns, or their order; the table's state has them."""


class FilterChanged(TableMessage, namespace="keyed_table"):
    """A filter was given: `problem` says what is wrong with it, None when it holds.

    `shown` of `total` rows match the filter that holds.
    """

    def __init__(
        self, table: TableBody, text: str, problem: str | None, shown: int, total: int
    ) -> None:
        super().__init__(table)
        self.text = text
        self.problem = problem
        self.shown = shown
        self.total = total
