"""Rows in the order in which they are shown, and a cursor and marks that follow their keys."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pgdeck.core.cells import make_cell, sort_rows
from pgdeck.core.filter import Filter
from pgdeck.core.rows import Key, Table, TableRow, Value
from pgdeck.core.spec import Column, Sort


class TableState(Struct, frozen=True):
    """What a person chose in a table, to be put back when the table is shown again.

    `top` is the first row in view and `left` the number of columns scrolled out; `order` names
    columns from left to right, those that it leaves out follow in their own order.  `hidden` and
    `shown` name columns that are left out, or taken in before others, whatever the screen says.
    """

    sort_column: str | None = None
    descending: bool = False
    filter_text: str = ""
    cursor_key: Key | None = None
    marks: frozenset[Key] = frozenset()
    hidden: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()
    top: int = 0
    left: int = 0


class TableModel:
    """The rows of a table, sorted and filtered; `view` are those that can be seen.

    With `tree` the given order stands: nothing is sorted, and a filter hides nothing, it only
    says which rows match.  A filter that was cleared goes on as `search`: it hides nothing either.
    """

    def __init__(
        self, columns: Sequence[Column], sort: Sort | None, *, tree: bool, ascii_only: bool
    ) -> None:
        self.columns = tuple(columns)
        self.tree = tree
        self.ascii_only = ascii_only
        self.sort_column = sort.column if sort and not tree else None
        self.descending = bool(sort and sort.descending)
        self.filter: Filter | None = None
        self.search: Filter | None = None
        self.rows: tuple[TableRow, ...] = ()
        self.view: list[TableRow] = []
        self.cursor = 0
        self.cursor_key: Key | None = None
        self.marks: set[Key] = set()
        self._texts: dict[Key, tuple[tuple[Value, ...], tuple[str, ...]]] = {}

    @property
    def cursor_row(self) -> TableRow | None:
        """The row under the cursor."""
        return self.view[self.cursor] if self.view else None

    def replace(self, table: Table) -> None:
        """Take new rows; marks of rows that are gone are forgotten."""
        self.rows = table.rows
        self._arrange()
        if self.marks:
            self.marks &= {row.key for row in self.rows}
        if self.filter or self.search:
            here = {row.key for row in self.rows}
            self._texts = {key: text for key, text in self._texts.items() if key in here}

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Take other columns; the rows that fit them come with the next `replace`."""
        self.columns = tuple(columns)
        self.search = None
        self.rows = ()
        self.view = []
        self._texts.clear()

    def sort(self, column: str | None, *, descending: bool) -> None:
        """Order the rows by a column, unknown values last; None keeps the given order."""
        if not self.tree:
            self.sort_column, self.descending = column, descending
            self._arrange()

    def use_filter(self, rule: Filter | None) -> None:
        """Show only the rows that match; what was searched for before is forgotten."""
        self.filter, self.search = rule, None
        self._arrange()

    def move(self, index: int) -> bool:
        """Put the cursor on a row of the view, clamped; tell whether it moved."""
        if not self.view:
            return False
        before = self.cursor_key
        self.cursor = max(0, min(index, len(self.view) - 1))
        self.cursor_key = self.view[self.cursor].key
        return self.cursor_key != before

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or unmark it."""
        if self.view and self.cursor_key is not None:
            self.marks ^= {self.cursor_key}

    def mark_all(self) -> None:
        """Take every mark off; without any, mark each row that matches or is shown."""
        places = self.matching() if self.tree and self.filter else range(len(self.view))
        self.marks = set() if self.marks else {self.view[at].key for at in places}

    def marked_rows(self) -> list[TableRow]:
        """Return the marked rows in the order shown, those hidden by a filter included."""
        return [row for row in self._ordered() if row.key in self.marks] if self.marks else []

    def matching_rows(self) -> list[TableRow]:
        """Return the rows that the filter lets through, in the order shown."""
        if self.tree and self.filter:
            return [self.view[at] for at in self.matching()]
        return list(self.view)

    def count(self) -> int:
        """Return how many rows match the filter; all of them without one."""
        return len(self.matching()) if self.tree and self.filter else len(self.view)

    def recall(self, state: TableState) -> None:
        """Take order, marks and cursor from a state; the cursor goes to its row when it comes."""
        self.marks = set(state.marks)
        self.cursor_key = state.cursor_key
        if not self.tree:
            self.sort_column, self.descending = state.sort_column, state.descending
        self._arrange()

    def matching(self) -> list[int]:
        """Return the positions in the view of rows that match the filter, else the search."""
        rule = self.filter or self.search
        if rule is None:
            return []
        if self.filter and not self.tree:
            return list(range(len(self.view)))
        return [at for at, row in enumerate(self.view) if rule.matches(row, self.texts(row))]

    def texts(self, row: TableRow) -> tuple[str, ...]:
        """Return the text of each cell of a row, as it is drawn."""
        known = self._texts.get(row.key)
        if known is None:
            texts = tuple(map(self._text, row.values, self.columns))
        elif known[0] == row.values:
            return known[1]
        else:
            cells = zip(row.values, self.columns, *known, strict=True)
            texts = tuple(
                text if value == before else self._text(value, column)
                for value, column, before, text in cells
            )
        self._texts[row.key] = (row.values, texts)
        return texts

    def _text(self, value: Value, column: Column) -> str:
        cell = make_cell(value, column, ascii=self.ascii_only)
        return cell.text + cell.unit

    def _matches(self, row: TableRow) -> bool:
        assert self.filter is not None
        return self.filter.matches(row, self.texts(row))

    def _arrange(self) -> None:
        rows = self._ordered()
        if self.filter is not None and not self.tree:
            rows = [row for row in rows if self._matches(row)]
        self.view = rows
        self._follow()

    def _ordered(self) -> list[TableRow]:
        at = next((i for i, c in enumerate(self.columns) if c.name == self.sort_column), None)
        if at is None or self.tree:
            return list(self.rows)
        return sort_rows(self.rows, at, self.columns[at], descending=self.descending)

    def _follow(self) -> None:
        """Put the cursor where its key went; with the key gone it stays near."""
        if not self.view:
            return
        if self.cursor < len(self.view) and self.view[self.cursor].key == self.cursor_key:
            return
        key = self.cursor_key
        here = next((at for at, row in enumerate(self.view) if row.key == key), self.cursor)
        self.move(here)
