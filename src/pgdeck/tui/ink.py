"""Lines of text with a role for each span: what pure layout code hands to a canvas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pgdeck.core.cell import Cell, Level
from pgdeck.core.text import cell_width, fit
from pgdeck.core.text import wrap as wrap

ROLES = (
    "text",
    "quiet",
    "title",
    "key",
    "border",
    "focus",
    "good",
    "notice",
    "warning",
    "critical",
    "unknown",
    "stale",
    "bar",
    "spark",
    "tab",
    "tab-current",
    "banner",
    "dev",
    "staging",
    "prod",
    "unmarked",
)

OWN_COLOUR = "colour-"
"""Begins a role that is a colour which a person gave a target: a name, or ``#rrggbb``."""

LEVEL_ROLES = {
    Level.QUIET: "quiet",
    Level.NORMAL: "text",
    Level.GOOD: "good",
    Level.NOTICE: "notice",
    Level.UNKNOWN: "unknown",
    Level.WARNING: "warning",
    Level.CRITICAL: "critical",
}

ASCII_GLYPHS = str.maketrans(
    {
        "●": "*",
        "◐": "~",
        "○": ".",
        "▲": "!",
        "■": "#",
        "⏸": "=",
        "◉": "@",
        "◆": "M",
        "✗": "x",
        "⟳": ">",
        "✓": "v",
        "›": ">",
        "‹": "<",
        "·": "-",
        "–": "-",
        "…": "~",
        "─": "-",
        "│": "|",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "├": "+",
        "┤": "+",
        "┬": "+",
        "┴": "+",
        "┼": "+",
        "╭": "+",
        "╮": "+",
        "╰": "+",
        "╯": "+",
        "█": "#",
        "▉": "#",
        "▊": "#",
        "▋": "#",
        "▌": "=",
        "▍": "=",
        "▎": "-",
        "▏": "|",
        "▐": "|",
        "▔": "-",
        "░": ".",
        "▒": ":",
        "▓": "%",
        "▁": "_",
        "▂": "_",
        "▃": "-",
        "▄": "-",
        "▅": "=",
        "▆": "=",
        "▇": "#",
        "▾": "v",
        "▴": "^",
        "▸": ">",
    }
)


def drawn_in_ascii(text: str) -> str:
    """Return text in as many cells with ASCII signs; what has none becomes question marks."""
    if text.isascii():
        return text
    signs = text.translate(ASCII_GLYPHS)
    return "".join(char if char.isascii() else "?" * cell_width(char) for char in signs)


class Span(NamedTuple):
    """Safe single-line text in one role: a tuple, for lines are compared at every refresh."""

    text: str
    role: str = "text"

    @property
    def width(self) -> int:
        """Cells that the text takes."""
        return cell_width(self.text)


Line = tuple[Span, ...]


def line_width(line: Sequence[Span]) -> int:
    """Return the cells that a line takes."""
    return sum([cell_width(span.text) for span in line])


def clip(line: Iterable[Span], width: int) -> Line:
    """Cut or pad a line to exactly `width` cells; a cut shows an ellipsis."""
    spans: list[Span] = []
    left = width
    parts = [span for span in line if span.text]
    widths = [cell_width(span.text) for span in parts]
    rest = sum(widths)
    if rest == width:
        return tuple(parts)
    for span, taken in zip(parts, widths, strict=True):
        rest -= taken
        if taken <= left and (taken < left or not rest):
            spans.append(span)
            left -= taken
            continue
        if left:
            cut = fit(span.text, left) if taken > left else fit(span.text + "…", left)
            spans.append(Span(cut, span.role))
        left = 0
        break
    if left:
        spans.append(Span(" " * left))
    return tuple(spans)


def between(left: Sequence[Span], right: Sequence[Span], width: int) -> Line:
    """Put `left` at the left and `right` at the right; the left one is cut when both do not fit."""
    room = width - line_width(right)
    if room <= 0:
        return clip(right, width)
    return (*clip(left, room), *right)


def of_cell(cell: Cell) -> Line:
    """Return a formatted value as spans: text, its quiet unit, its mark."""
    role = LEVEL_ROLES[cell.level]
    spans = [Span(cell.text, role)]
    if cell.unit:
        spans.append(Span(cell.unit, "quiet"))
    if cell.mark:
        spans.append(Span(cell.mark, role))
    return tuple(spans)


def faded(lines: Iterable[Line]) -> list[Line]:
    """Return the lines in the role of stale data."""
    return [tuple(Span(span.text, "stale") for span in line) for line in lines]
