"""A screen that sends the terminal the spans that changed, and nothing around them.

Textual 8 keeps dirty spans exactly, but writes each from the left edge of its widget on, and gives
every segment its colours and a reset.  Over a slow line both count: here a span starts where it
starts, and colours are sent when they change.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.screen import Screen
from textual.strip import Strip

RESET = "\x1b[0m"


class Pen:
    """Writes segments one after another; knows which colours the terminal has now."""

    def __init__(self, console: Console) -> None:
        self._colors = console._color_system or ColorSystem.TRUECOLOR
        self._now = ""
        self._out: list[str] = []

    def move(self, x: int, y: int) -> None:
        """Put the terminal's cursor on a cell."""
        self._out.append(f"\x1b[{y + 1};{x + 1}H")

    def write(self, segments: Iterable[Segment]) -> None:
        """Write text in its style."""
        for text, style, _ in segments:
            if style is not None and style._link:
                self._turn("")
                self._out.append(Strip.render_style(style, text, self._colors))
                continue
            sgr = ""
            if style is not None:
                known = style._ansi
                sgr = Strip.render_ansi(style, self._colors) if known is None else known
            if sgr != self._now:
                self._turn(sgr)
            self._out.append(text)

    def finish(self) -> str:
        """Return everything written, the terminal's colours reset."""
        self._turn("")
        return "".join(self._out)

    def _turn(self, sgr: str) -> None:
        if sgr == self._now:
            return
        if not sgr or not self._now:
            self._out.append(f"\x1b[{sgr or 0}m")
        else:
            self._out.append(f"\x1b[{difference(self._now, sgr)}m")
        self._now = sgr


@lru_cache(maxsize=1024)
def difference(now: str, wanted: str) -> str:
    """Return the codes that turn one style into another, both as SGR codes joined by `;`.

    An attribute or a colour that has to go needs a reset first; else only what differs is sent.
    """
    attributes, ink, paper = _parts(now)
    more, new_ink, new_paper = _parts(wanted)
    if attributes != more or (ink and not new_ink) or (paper and not new_paper):
        return f"0;{wanted}"
    changed = (new_ink if new_ink != ink else "", new_paper if new_paper != paper else "")
    return ";".join(code for code in changed if code) or f"0;{wanted}"


def _parts(sgr: str) -> tuple[tuple[str, ...], str, str]:
    """Return the attributes, the foreground and the background among SGR codes."""
    attributes: list[str] = []
    ink = paper = ""
    codes = iter(sgr.split(";"))
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes)
            count = 3 if kind == "2" else 1
            color = ";".join((code, kind, *islice(codes, count)))
            ink, paper = (color, paper) if code == "38" else (ink, color)
        elif len(code) > 1 and (code[0] in "39" or code.startswith("10")):
            # 30 to 37 and 90 to 97 are inks, 100 to 107 papers; 10x are not inks.
            ink, paper = (ink, code) if code.startswith("10") else (code, paper)
        elif len(code) == 2 and code[0] == "4":
            paper = code
        else:
            attributes.append(code)
    return tuple(attributes), ink, paper


def whole(strip: Strip, at: int, step: int) -> int:
    """Return the boundary `at` of a strip, moved by `step` where it would halve a character."""
    start = 0
    for segment in strip:
        cells = segment.cell_length
        if start + cells > at:
            return at + step if _halves(segment.text, at - start) else at
        start += cells
    return at


def _halves(text: str, at: int) -> bool:
    if at == 0 or text.isascii():
        return False
    for char in text:
        at -= get_character_cell_size(char)
        if at <= 0:
            break
    return at < 0


class ExactUpdate(ChopsUpdate):
    """The dirty spans of a frame, each from its own first cell."""

    def render_segments(self, console: Console) -> str:
        """Return what the terminal has to be sent."""
        pen = Pen(console)
        at = (-1, -1)
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                left = x + whole(strip, max(x, x1) - x, -1)
                right = x + whole(strip, min(end, x2) - x, 1)
                if (left, y) != at:
                    pen.move(left, y)
                pen.write(strip.crop(left - x, right - x))
                at = (right, y)
        return pen.finish()


class ExactLayout(LayoutUpdate):
    """A whole frame."""

    def render_segments(self, console: Console) -> str:
        """Return what the terminal has to be sent."""
        pen = Pen(console)
        for y, line in enumerate(self.strips, self.region.y):
            pen.move(self.region.x, y)
            for strip in line:
                pen.write(strip)
        return pen.finish()


class ExactCompositor(Compositor):
    """Textual's compositor with its updates written exactly."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the update of what is dirty."""
        update = super().render_partial_update()
        if update is None:
            return None
        return ExactUpdate(update.chops, update.spans, update.chop_ends)

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return the update of the whole screen."""
        update = super().render_full_update(simplify)
        return ExactLayout(update.strips, update.region)


class ExactScreen(Screen[None]):
    """A screen whose widgets pay only for the cells that they mark dirty."""

    paints_exactly = True
    """Widgets may mark several spans of a line: none of them drags its left side along."""

    def __init__(self, name: str | None = None, id: str | None = None) -> None:
        super().__init__(name, id)
        self._compositor = ExactCompositor()
