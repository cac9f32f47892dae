"""Panes side by side with shared borders, as pure lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from msgspec import Struct

from pgdeck.tui.ink import Line, Span, clip, line_width


class Pane(Struct, frozen=True):
    """One pane: what it is called, the figure and key at its right, and who draws its body.

    `body` gets the inner width and height in cells and returns at most that many lines.
    `least` is the number of body lines below which it says too little, `wants` the number
    that it can fill.
    """

    name: str
    title: str
    right: Line
    body: Callable[[int, int], Sequence[Line]]
    opens: str = ""
    least: int = 2
    wants: int = 6


class PlacedPane(Struct, frozen=True):
    """Where a pane ended up, borders included: for the mouse."""

    pane: Pane
    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a cell belongs to the pane."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


def share_out(room: int, least: Sequence[int], wants: Sequence[int]) -> list[int]:
    """Divide `room` lines among rows: the least first, then evenly up to the wants, then evenly."""
    heights = [0] * len(least)
    for limits in (least, wants):
        while room > 0:
            short = [at for at, limit in enumerate(limits) if heights[at] < limit]
            if not short:
                break
            at = min(short, key=lambda row: heights[row] / max(1, limits[row]))
            heights[at] += 1
            room -= 1
    for extra in range(room):
        heights[-1 - extra % len(heights)] += 1
    return heights


def widths(total: int, columns: int) -> list[int]:
    """Divide the inner cells of one row among its panes; the first ones get what is left over."""
    inner = total - columns - 1
    return [inner // columns + (1 if at < inner % columns else 0) for at in range(columns)]


def grid(
    rows: Sequence[Sequence[Pane]], width: int, height: int, focused: str = ""
) -> tuple[list[Line], list[PlacedPane]]:
    """Draw rows of equally many panes into width x height cells, and say where each stands."""
    inner = height - len(rows) - 1
    heights = share_out(
        inner,
        [max(pane.least for pane in row) for row in rows],
        [max(pane.wants for pane in row) for row in rows],
    )
    lines: list[Line] = []
    placed: list[PlacedPane] = []
    above: Sequence[Pane] = ()
    for row, tall in zip(rows, heights, strict=True):
        across = widths(width, len(row))
        top = len(lines)
        lines.append(_border(above, row, across, focused))
        lines.extend(_bodies(row, across, tall, focused))
        x = 0
        for pane, wide in zip(row, across, strict=True):
            placed.append(PlacedPane(pane, x, top, wide + 2, tall + 2))
            x += wide + 1
        above = row
    lines.append(_border(above, (), widths(width, len(above)), focused))
    return lines, placed


def _border(
    above: Sequence[Pane], below: Sequence[Pane], across: Sequence[int], focused: str
) -> Line:
    """Draw the line between two rows, with the titles of the row below it."""
    first, middle, last = "├┼┤" if above and below else ("╭┬╮" if below else "╰┴╯")
    spans: list[Span] = []
    for at, wide in enumerate(across):
        touching = {row[at].name for row in (above, below) if row}
        corner_touching = touching | {row[at - 1].name for row in (above, below) if row and at}
        role = "focus" if focused in touching else "border"
        corner = "focus" if focused in corner_touching else "border"
        spans.append(Span(middle if at else first, corner))
        spans.extend(_title(below[at], wide, role, focused) if below else [Span("─" * wide, role)])
    ends = {row[-1].name for row in (above, below) if row}
    spans.append(Span(last, "focus" if focused in ends else "border"))
    return tuple(spans)


def _title(pane: Pane, wide: int, role: str, focused: str) -> list[Span]:
    title_role = "tab-current" if pane.name == focused else "title"
    right = (Span(" "), *pane.right, Span(" ")) if pane.right else ()
    room = wide - line_width(right) - 1
    if room < len(pane.title) + 3:
        right, room = (), wide - 1
    head = clip((Span(f" {pane.title} ", title_role),), min(room, len(pane.title) + 2))
    rule = wide - 1 - line_width(head) - line_width(right)
    tail = 1 if right and rule > 1 else 0
    return [
        Span("─", role),
        *head,
        Span("─" * (rule - tail), role),
        *right,
        Span("─" * tail, role),
    ]


def _bodies(row: Sequence[Pane], across: Sequence[int], tall: int, focused: str) -> list[Line]:
    drawn = [
        _filled(tuple(pane.body(wide - 2, tall)), wide, tall)
        for pane, wide in zip(row, across, strict=True)
    ]
    walls = [Span("│", "border")] * (len(row) + 1)
    for at, pane in enumerate(row):
        if pane.name == focused:
            walls[at] = walls[at + 1] = Span("│", "focus")
    lines: list[Line] = []
    for parts in zip(*drawn, strict=True):
        spans: list[Span] = []
        for wall, part in zip(walls, parts, strict=False):
            spans.append(wall)
            spans += part
        spans.append(walls[-1])
        lines.append(tuple(spans))
    return lines


@lru_cache(maxsize=32)
def _filled(body: tuple[Line, ...], wide: int, tall: int) -> tuple[Line, ...]:
    """Cut and pad lines to the inside of a pane; what says the same again is not measured again."""
    lines = (body[y] if y < len(body) else () for y in range(tall))
    return tuple((_BLANK, *clip(line, wide - 2), _BLANK) for line in lines)


_BLANK = Span(" ")
