"""A widget that paints lines of ink and repaints only the spans that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip

from pgdeck.core.text import cell_width
from pgdeck.tui.ink import OWN_COLOUR, Line, Span, clip, drawn_in_ascii
from pgdeck.tui.widgets.inkwell import dip, own_colour
from pgdeck.tui.widgets.plain import Plain

JOIN_GAP = 4
"""Changed spans closer than this many cells are painted together: a cursor move costs as much."""


class Canvas(Plain):
    """Shows exactly the lines it is given; what did not change is not sent to the terminal.

    `refill` paints it anew; it is called when a layout gave it another size, just before it is
    drawn there: so the first frame of a size shows text, not what the one before left.
    """

    ALLOW_SELECT = False

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,
        refill: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(id=id)
        self.auto_links = False
        self.ascii_only = ascii_only
        self._refill = refill
        self._drawn = Size(0, 0)
        self._given: list[Line] = []
        self._lines: list[Line] = []
        self._width = 0
        self._strips: dict[int, Strip] = {}
        self._strip_width = 0
        self._inks: dict[str, Style] = {}
        self._theme = ""

    def paint(self, lines: Sequence[Line]) -> None:
        """Show `lines`, cut and padded to the widget's size; repaint what differs."""
        width, height = self.size
        given = list(lines[:height])
        if width == self._width and given == self._given:
            return
        before = self._lines
        after = [self._cut(y, line, width) for y, line in enumerate(given)]
        self._given, self._lines, self._width = given, after, width
        if self._drawn != self.size:
            # Of another size, or hidden: what was drawn is not what is shown when it comes back.
            self._drawn = Size(0, 0)
        regions: list[Region] = []
        for y, (old, new) in enumerate(zip_longest(before, after, fillvalue=())):
            if old is not new and old != new:
                self._strips.pop(y, None)
                regions += [Region(x, y, cells, 1) for x, cells in changed_cells(old, new)]
        if regions and self._drawn == self.size:  # in a new size all of it is drawn anyway
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines that a region of the widget needs."""
        if self._drawn != self.size:
            if self._refill is not None:
                self._refill()
            self._drawn = self.size
        return super().render_lines(crop)

    def line(self, y: int) -> Line:
        """Return a line as it is shown."""
        return self._lines[y] if 0 <= y < len(self._lines) else ()

    def render_line(self, y: int) -> Strip:
        """Return one line as Textual wants it."""
        width = self.size.width
        self._follow_theme()
        if width != self._strip_width:
            self._strips.clear()
            self._strip_width = width
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._strip(y, width)
        return strip

    def ink(self, role: str) -> Style:
        """Return the style of a role in the present theme."""
        self._follow_theme()
        return self._ink(role)

    def notify_style_update(self) -> None:
        """Forget the styles that a change of theme made wrong."""
        super().notify_style_update()
        self._forget_inks()

    def _cut(self, y: int, line: Line, width: int) -> Line:
        """Fit a line; one that was there before is not measured again."""
        if width == self._width and y < len(self._given) and self._given[y] == line:
            return self._lines[y]
        return clip(line, width)

    def _strip(self, y: int, width: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ()
        if not line:
            return Strip.blank(width, self._ink("text"))
        segments = [Segment(self._shown(text), self._ink(role)) for text, role in line]
        return Strip(segments).adjust_cell_length(width, self._ink("text"))

    def _ink(self, role: str) -> Style:
        style = self._inks.get(role)
        if style is None:
            own = role.startswith(OWN_COLOUR)
            style = self._inks[role] = (
                own_colour(self, role.removeprefix(OWN_COLOUR))
                if own
                else dip(self, f"ink--{role}")
            )
        return style

    def _follow_theme(self) -> None:
        """Forget the old colours: of a change of the screen's styles a canvas is not told."""
        theme = self.app.theme
        if self._theme != theme:
            self._theme = theme
            self._forget_inks()

    def _forget_inks(self) -> None:
        self._inks.clear()
        self._strips.clear()

    def _shown(self, text: str) -> str:
        return drawn_in_ascii(text) if self.ascii_only else text


def changed_cells(old: Line, new: Line) -> Iterator[tuple[int, int]]:
    """Yield (x, cells) of the stretches in which two lines of one width differ."""
    stretches: list[tuple[int, int]] = []
    for start, end in _differing(old, new):
        if stretches and start - stretches[-1][1] < JOIN_GAP:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return ((start, end - start) for start, end in stretches)


def _differing(old: Line, new: Line) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of spans of `new` that do not stand in `old` at the same place."""
    stood = {}
    x = 0
    for span in old:
        stood[x] = span
        x += cell_width(span.text)
    width = x
    x = 0
    for span in new:
        end = x + cell_width(span.text)
        before = stood.get(x)
        if before != span:
            yield from _changed_runs(before, span, x, end)
        x = end
    if x < width:
        yield x, width


def _changed_runs(old: Span | None, new: Span, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a span that differ: of a chart that moved on, often a few cells."""
    cells = end - start
    one_cell_each = len(new.text) == cells and old is not None and len(old.text) == cells
    if old is None or old.role != new.role or not one_cell_each:
        yield start, end
        return
    if cell_width(old.text) != cells:
        yield start, end
        return
    for at, (before, after) in enumerate(zip(old.text, new.text, strict=True), start):
        if before != after:
            yield at, at + 1
