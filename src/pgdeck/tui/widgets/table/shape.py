"""How one value fills its column: aligned, cut with an ellipsis, its parts in their roles."""

from __future__ import annotations

import re

from msgspec import Struct

from pgdeck.core.cell import Cell, Level
from pgdeck.core.spec import Align, Column, Format
from pgdeck.core.text import cell_width, cut_middle, fit, pieces

Part = tuple[str, str]
"""A text and the role in which it is drawn."""

Parts = tuple[Part, ...]

LEVEL_ROLES = {
    Level.QUIET: "quiet",
    Level.NORMAL: "",
    Level.GOOD: "good",
    Level.NOTICE: "notice",
    Level.UNKNOWN: "unknown",
    Level.WARNING: "warning",
    Level.CRITICAL: "critical",
}

PLAIN = frozenset({"", "quiet"})
"""Roles that blanks may be drawn in: they never have a background or a line of their own."""

NUMBER = re.compile(r"\D?\d[\d,_' ]*(\.\d+)?\Z")
PLACEHOLDERS = frozenset({"", "–", "?", "-"})


class Ruler(Struct):
    """What the numbers of a column need to stand under each other; it only grows.

    `whole` counts the cells before the decimal point, `fraction` those of the point and what
    follows it, `unit` those of the longest unit; `mark` is 1 where a cell is kept for the mark of
    a threshold.
    """

    mark: int = 0
    whole: int = 0
    fraction: int = 0
    unit: int = 0

    def learn(self, cell: Cell) -> bool:
        """Make room for a cell; tell whether that took more than there was."""
        number = NUMBER.match(cell.text)
        if number is None:
            return False
        fraction = len(number[1] or "")
        whole, unit = len(cell.text) - fraction, cell_width(cell.unit)
        if whole <= self.whole and fraction <= self.fraction and unit <= self.unit:
            return False
        self.whole = max(whole, self.whole)
        self.fraction = max(fraction, self.fraction)
        self.unit = max(unit, self.unit)
        return True

    def point(self, width: int) -> int:
        """Return the cells from the decimal point to the unit; 0 where points cannot align."""
        fits = self.whole + self.fraction + self.unit + self.mark <= width
        return self.fraction if fits else 0


def shape(cell: Cell, column: Column, width: int, ruler: Ruler, ellipsis: str = "…") -> Parts:
    """Return the parts of a cell in its column; together they take exactly `width` cells."""
    if width <= 0:
        return ()
    role = LEVEL_ROLES[cell.level]
    if column.align is Align.RIGHT:
        return _right(cell, role, width, ruler, ellipsis)
    parts = _cut(cell, role, width, ellipsis, names=_names_row(column))
    return padded(parts, width - parts_width(parts))


def _names_row(column: Column) -> bool:
    """Tell whether a column says which row is which: names often differ at their ends alone."""
    return column.priority == 0 and column.format is Format.TEXT


def padded(parts: Parts, blanks: int) -> Parts:
    """Return the parts followed by blanks, in the role of the last one where that is unseen."""
    if blanks <= 0:
        return parts
    if parts and parts[-1][1] in PLAIN:
        text, role = parts[-1]
        return (*parts[:-1], (text + " " * blanks, role))
    return (*parts, (" " * blanks, ""))


def parts_width(parts: Parts) -> int:
    """Return the cells that parts take."""
    return sum(cell_width(text) for text, _ in parts)


def texts(text: str, role: str) -> Parts:
    """Return safe text in a role, the escapes in it in theirs."""
    if "\\" not in text:
        return ((text, role),)
    return tuple((part, "escape" if escaped else role) for part, escaped in pieces(text))


def lit(parts: Parts, words: re.Pattern[str]) -> Parts:
    """Return the parts with what `words` finds in each in the role of a match."""
    split: list[Part] = []
    for text, role in parts:
        done = 0
        for found in words.finditer(text):
            split.append((text[done : found.start()], role))
            split.append((found.group(), "match"))
            done = found.end()
        split.append((text[done:], role))
    return tuple(part for part in split if part[0])


def _right(cell: Cell, role: str, width: int, ruler: Ruler, ellipsis: str) -> Parts:
    number = NUMBER.match(cell.text)
    point = unit = 0
    if number is not None or cell.text in PLACEHOLDERS:
        point = max(0, ruler.point(width) - len(number[1] or "" if number else ""))
        unit = max(0, ruler.unit - cell_width(cell.unit))
    mark = 0 if cell.mark else ruler.mark
    taken = cell_width(cell.text) + cell_width(cell.unit) + cell_width(cell.mark)
    for blanks in ((point, unit, mark), (0, unit, mark), (0, 0, mark), (0, 0, 0)):
        lead = width - taken - sum(blanks)
        if lead >= 0:
            return _number(cell, role, lead, blanks)
    parts = _cut(cell, role, width, ellipsis)
    short = width - parts_width(parts)
    return ((" " * short, ""), *parts) if short else parts


def _number(cell: Cell, role: str, lead: int, blanks: tuple[int, int, int]) -> Parts:
    point, unit, mark = blanks
    if role in PLAIN:
        parts = texts(" " * lead + cell.text, role)
    else:
        parts = (*padded((), lead), *texts(cell.text, role))
    if cell.unit:
        parts = (*parts, (" " * point + cell.unit, "quiet"))
        point = 0
    if cell.mark:
        parts = padded(parts, point + unit)
        return (*parts, (cell.mark, role))
    return padded(parts, point + unit + mark)


def _cut(cell: Cell, role: str, width: int, ellipsis: str, *, names: bool = False) -> Parts:
    """Return text, unit and mark in at most `width` cells, with an ellipsis where some is left out.

    That is the end, and the middle of what names a row.
    """
    mark = cell_width(cell.mark)
    unit = cell_width(cell.unit)
    room = width - mark
    if room <= 0:
        return ((fit(cell.mark or cell.text, width, ellipsis), role),)
    if cell_width(cell.text) + unit > room:
        shorten = cut_middle if names else fit
        parts = texts(shorten(cell.text + cell.unit, room, ellipsis), role)
    else:
        parts = texts(cell.text, role)
        parts = (*parts, (cell.unit, "quiet")) if unit else parts
    return (*parts, (cell.mark, role)) if mark else parts
