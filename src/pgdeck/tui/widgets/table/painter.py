"""Rows as parts of lines: each value is formatted once and kept while it is in view."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pgdeck.core.cell import Cell
from pgdeck.core.cells import make_cell
from pgdeck.core.rows import Key, TableRow, Value
from pgdeck.core.spec import Align, Column, Format
from pgdeck.core.text import cell_width
from pgdeck.tui.ink import drawn_in_ascii
from pgdeck.tui.widgets.table.columns import GAP, Entry, Layout, Place
from pgdeck.tui.widgets.table.shape import Parts, Ruler, lit, padded, shape

BRANCHES = " │├└─"

_DRAWN = (Format.SPARKLINE, Format.BAR)
"""Formats that fill the width that they are given, and so need no other."""

KEPT = 400
"""Rows whose cells are kept after they left the view."""


class _RowInk:
    """What is known of one row: its cells by position, and the fields made of those drawn."""

    __slots__ = ("cells", "drawn", "fields", "stamp", "values")

    def __init__(self) -> None:
        self.values: tuple[Value, ...] | None = None
        self.cells: dict[int, tuple[Value, Cell]] = {}
        self.drawn: tuple[Cell, ...] = ()
        self.fields: tuple[Parts, ...] = ()
        self.stamp = -1


def branched(value: str, column: Column, *, ascii: bool) -> Cell:
    """Format a text behind its branches of a tree, which are ours and need no escapes."""
    text = value.lstrip(BRANCHES)
    branches = value[: len(value) - len(text)]
    cell = make_cell(text, column, ascii=ascii)
    return replace(cell, text=(drawn_in_ascii(branches) if ascii else branches) + cell.text)


class Painter:
    """Makes fields of rows; the same row in the same layout gives the same fields again."""

    def __init__(self, *, ascii_only: bool, tree: bool = False) -> None:
        self._ascii = ascii_only
        self._tree = tree
        self._ellipsis = "~" if ascii_only else "…"
        self._rows: dict[Key, _RowInk] = {}
        self._rulers: dict[int, Ruler] = {}
        self._needs: dict[int, int] = {}
        self._layout = Layout(0)
        self._lit: re.Pattern[str] | None = None
        self._stamp = 0

    @property
    def needs(self) -> dict[int, int]:
        """Cells that the texts of columns that may grow were seen to take, by position."""
        return self._needs

    def forget(self) -> None:
        """Start anew with other columns."""
        self._rows.clear()
        self._rulers.clear()
        self._needs.clear()
        self._stamp += 1

    def light(self, words: Sequence[str]) -> None:
        """Draw these words in the role of a match wherever they occur; case does not count."""
        found = [re.escape(word) for word in words if word.strip()]
        wanted = re.compile("|".join(found), re.IGNORECASE) if found else None
        if wanted != self._lit:
            self._lit = wanted
            self._stamp += 1

    def measure(self, rows: Iterable[TableRow], entries: Sequence[Entry]) -> bool:
        """Learn what texts and flexible columns need; tell whether that grew."""
        grew = False
        flexible = [
            (at, column)
            for at, column in entries
            if not column.width or (column.align is not Align.RIGHT and column.format not in _DRAWN)
        ]
        for row in rows:
            ink = self._ink(row)
            if ink.values is not None and ink.values == row.values:
                continue
            for at, column in flexible:
                cell = self._cell(ink, row, at, column)
                need = cell_width(cell.text) + cell_width(cell.unit) + cell_width(cell.mark)
                if need > self._needs.get(at, 0):
                    self._needs[at] = need
                    grew = True
        return grew

    def paint(self, rows: Sequence[TableRow], layout: Layout) -> list[tuple[Parts, ...]]:
        """Return the fields of each row: one for each place of the layout, its gap included."""
        if layout.places != self._layout.places:
            self._stamp += 1
        self._layout = layout
        inks = [self._ink(row) for row in rows]
        for row, ink in zip(rows, inks, strict=True):
            if ink.stamp != self._stamp or ink.values != row.values:
                self._learn(ink, row)
        painted = [self._fields(ink, row) for row, ink in zip(rows, inks, strict=True)]
        if len(self._rows) > KEPT + 2 * len(rows):
            self._rows = {row.key: ink for row, ink in zip(rows, inks, strict=True)}
        return painted

    def _ink(self, row: TableRow) -> _RowInk:
        ink = self._rows.get(row.key)
        if ink is None:
            ink = self._rows[row.key] = _RowInk()
        return ink

    def _cell(self, ink: _RowInk, row: TableRow, at: int, column: Column) -> Cell:
        value = row.values[at]
        known = ink.cells.get(at)
        if known is not None and (known[0] is value or known[0] == value):
            return known[1]
        if self._tree and at == 0 and isinstance(value, str):
            cell = branched(value, column, ascii=self._ascii)
        else:
            cell = make_cell(value, column, ascii=self._ascii)
        ink.cells[at] = (value, cell)
        return cell

    def _learn(self, ink: _RowInk, row: TableRow) -> None:
        """Let the rulers of numeric columns grow before anything is aligned by them."""
        for place in self._layout.places:
            if place.column.align is Align.RIGHT:
                cell = self._cell(ink, row, place.at, place.column)
                if self._ruler(place).learn(cell):
                    self._stamp += 1

    def _ruler(self, place: Place) -> Ruler:
        ruler = self._rulers.get(place.at)
        if ruler is None:
            column = place.column
            limits = column.warn is not None or column.bad is not None
            ruler = self._rulers[place.at] = Ruler(mark=int(limits))
        return ruler

    def _fields(self, ink: _RowInk, row: TableRow) -> tuple[Parts, ...]:
        same_layout = ink.stamp == self._stamp
        if same_layout and ink.values == row.values:
            return ink.fields
        places = self._layout.places
        cells = tuple(self._cell(ink, row, place.at, place.column) for place in places)
        if same_layout:
            kept = zip(places, cells, ink.drawn, ink.fields, strict=True)
            fields = tuple(
                field if cell is drawn else self._field(place, cell)
                for place, cell, drawn, field in kept
            )
        else:
            fields = tuple(map(self._field, places, cells))
        ink.values, ink.stamp, ink.drawn, ink.fields = row.values, self._stamp, cells, fields
        return fields

    def _field(self, place: Place, cell: Cell) -> Parts:
        parts = shape(cell, place.column, place.width, self._ruler(place), self._ellipsis)
        if self._lit is not None:
            parts = lit(parts, self._lit)
        return parts if place is self._layout.places[-1] else padded(parts, GAP)
