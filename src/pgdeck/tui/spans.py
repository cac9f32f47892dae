"""A screen that sends the terminal the spans that changed, and nothing around them.

Textual 8 keeps dirty spans exactly, but writes each from the left edge of its widget on, and gives
every segment its colours and a reset.  Over a slow line both count: here a span starts where it
starts, and colours are sent when they change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from operator import attrgetter

from msgspec import Struct
from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import Compositor, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

RESET = "\x1b[0m"


class Pen:
    """Writes segments one after another; knows which colours the terminal has now."""

    def __init__(self, console: Console) -> None:
        self._colors = console._color_system or ColorSystem.TRUECOLOR
        self._bare = console.no_color
        self._now = ""
        self._out: list[str] = []

    def move(self, x: int, y: int) -> None:
        """Put the terminal's cursor on a cell."""
        self._out.append(f"\x1b[{y + 1};{x + 1}H")

    def write(self, segments: Iterable[Segment]) -> None:
        """Write text in its style."""
        for text, style, _ in segments:
            if style is not None and style._link and not self._bare:
                self._turn("")
                self._out.append(Strip.render_style(style, text, self._colors))
                continue
            sgr = ""
            if style is not None:
                known = style._ansi
                sgr = Strip.render_ansi(style, self._colors) if known is None else known
                if self._bare:
                    sgr = bare(sgr)
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
def bare(sgr: str) -> str:
    """Return the codes of a style without its colours."""
    return ";".join(_parts(sgr)[0])


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


class Piece(Struct, frozen=True):
    """Cells of one line, from `left` on: as many as the strip is long."""

    y: int
    left: int
    strip: Strip


class ExactUpdate(CompositorUpdate):
    """The dirty spans of a frame, each from its own first cell."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        """Return what the terminal has to be sent."""
        pen = Pen(console)
        at = (-1, -1)
        for piece in self.pieces:
            if (piece.left, piece.y) != at:
                pen.move(piece.left, piece.y)
            pen.write(piece.strip)
            at = (piece.left + piece.strip.cell_length, piece.y)
        return pen.finish()


def _piece(widget: Widget, region: Region, seen: Region, y: int, first: int, last: int) -> Piece:
    """Draw a stretch of a widget's line, and the other half of a character at either end of it."""
    (strip,) = widget.render_lines(Region(seen.x - region.x, y - region.y, seen.width, 1))
    left = whole(strip, first - seen.x, -1)
    right = whole(strip, last - seen.x, 1)
    if (left, right) != (0, seen.width):
        strip = strip.crop(left, right)
    return Piece(y, seen.x + left, strip)


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

    def render_partial_update(self) -> ExactUpdate | None:  # type: ignore[override]  # no chops
        """Return the update of what is dirty.

        Only the widgets in front draw, and of them only the lines that are dirty: Textual has
        every widget between the first dirty line and the last draw all of its lines.
        """
        regions = [region.intersection(self.size.region) for region in self._dirty_regions]
        self._dirty_regions.clear()
        shown = [
            (widget, region, region.intersection(clip))
            for widget, (region, clip) in self.visible_widgets.items()
        ]
        pieces: list[Piece] = []
        for y, left, right in self._regions_to_spans(filter(None, regions)):
            pieces += self._pieces(y, left, right, shown)
        return ExactUpdate(pieces) if pieces else None

    def _pieces(
        self, y: int, left: int, right: int, shown: Sequence[tuple[Widget, Region, Region]]
    ) -> Iterable[Piece]:
        """Yield a span as the widgets in front draw it, from the left."""
        found: list[Piece] = []
        bare = [(left, right)]
        for widget, region, seen in shown:
            if not seen.y <= y < seen.bottom:
                continue
            rest: list[tuple[int, int]] = []
            for start, end in bare:
                first, last = max(start, seen.x), min(end, seen.right)
                if first >= last:
                    rest.append((start, end))
                    continue
                found.append(_piece(widget, region, seen, y, first, last))
                rest += [(a, b) for a, b in ((start, first), (last, end)) if a < b]
            bare = rest
            if not bare:
                break
        return sorted(found, key=attrgetter("left"))

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
