"""A table on paper: aligned columns of safe text, as wide as the terminal or as it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgdeck.core.cell import Cell
from pgdeck.core.cells import make_cell
from pgdeck.core.rows import TableRow
from pgdeck.core.spec import Align, Column
from pgdeck.core.text import cell_width, fit, safe, to_ascii

GAP = "  "
NARROWEST = 8
"""Cells to which a column of text may be cut so that others stay."""


def grid_lines(
    columns: Sequence[Column], rows: Sequence[TableRow], width: int | None, *, ascii: bool = False
) -> list[str]:
    """Return the lines of a table, its heading first; with a `width` nothing is longer.

    Hidden columns are left out; what does not fit goes by priority, 9 first and 0 never.
    """
    chosen = [(at, column) for at, column in enumerate(columns) if not column.hidden]
    cells = [
        [_words(make_cell(row.values[at], column, ascii=ascii)) for row in rows]
        for at, column in chosen
    ]
    labels = [_plain(column.label or column.name, ascii) for _, column in chosen]
    parts = [
        _Part(column, label, *_block(label, column, texts))
        for (_, column), label, texts in zip(chosen, labels, cells, strict=True)
    ]
    if width is not None:
        parts = _fitting(parts, width)
    return list(_lines(parts, len(rows), "~" if ascii else "…", width))


class _Part:
    """One column ready to be set beside others."""

    def __init__(self, column: Column, label: str, width: int, texts: list[str]) -> None:
        self.column = column
        self.label = label
        self.width = width
        self.texts = texts


def _plain(text: str, ascii: bool) -> str:
    shown = safe(text)
    return to_ascii(shown) if ascii else shown


def _words(cell: Cell) -> tuple[str, str]:
    return cell.text, cell.unit + cell.mark


def _block(label: str, column: Column, cells: Sequence[tuple[str, str]]) -> tuple[int, list[str]]:
    """Return a column's width and texts; numbers stand with their units under each other."""
    if column.align is Align.LEFT:
        texts = [text + unit for text, unit in cells]
    else:
        tail = max((cell_width(unit) for _, unit in cells), default=0)
        texts = [text + fit(unit, tail) for text, unit in cells]
    return max([cell_width(label), *map(cell_width, texts)]), texts


def _fitting(parts: list[_Part], width: int) -> list[_Part]:
    parts = list(parts)
    while len(parts) > 1 and _least(parts) > width:
        losers = [part for part in parts if part.column.priority]
        if not losers:
            break
        # Of equals the one further right goes.
        worst = max(losers, key=lambda part: (part.column.priority, parts.index(part)))
        parts.remove(worst)
    over = sum(part.width for part in parts) + len(GAP) * (len(parts) - 1) - width
    for part in sorted(parts, key=lambda part: -part.width):
        if over <= 0:
            break
        if part.column.align is Align.LEFT:
            cut = min(over, part.width - min(part.width, NARROWEST))
            part.width -= cut
            over -= cut
    return parts


def _least(parts: Sequence[_Part]) -> int:
    """Return the cells that columns take when text is cut as far as it may."""
    widths = [
        min(part.width, NARROWEST) if part.column.align is Align.LEFT else part.width
        for part in parts
    ]
    return sum(widths) + len(GAP) * (len(parts) - 1)


def _lines(parts: Sequence[_Part], count: int, ellipsis: str, width: int | None) -> Iterator[str]:
    for at in range(-1, count):
        texts = [_set(part, part.label if at < 0 else part.texts[at], ellipsis) for part in parts]
        line = GAP.join(texts).rstrip()
        yield line if width is None or cell_width(line) <= width else fit(line, width, ellipsis)


def _set(part: _Part, text: str, ellipsis: str) -> str:
    if part.column.align is Align.LEFT or cell_width(text) > part.width:
        return fit(text, part.width, ellipsis)
    return " " * (part.width - cell_width(text)) + text
