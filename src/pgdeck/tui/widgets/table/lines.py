"""Lines of the table as the terminal shows them, and which cells differ between two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

from msgspec import Struct, field
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from pgdeck.core.spec import Align
from pgdeck.core.text import cell_width, fit, safe
from pgdeck.tui.ink import wrap
from pgdeck.tui.widgets.table.columns import GAP, Layout, Place
from pgdeck.tui.widgets.table.shape import Parts, padded, parts_width

JOIN = 8
"""Changed cells nearer than this are painted together: moving there costs as much."""


class Tone(IntEnum):
    """What a line is, which decides how the roles of its parts look."""

    HEADER = 0
    BODY = 1
    CURSOR = 2
    BLURRED = 3
    STALE = 4
    STALE_CURSOR = 5


Inks = Mapping[Tone, Mapping[str, Style]]


class Glyphs(Struct, frozen=True):
    """The table's own signs."""

    mark: str = "▸"
    down: str = "▾"
    up: str = "▴"
    before: str = "‹"
    after: str = "›"
    thumb: str = "▐"
    ellipsis: str = "…"


ASCII = Glyphs(">", "v", "^", "<", ">", "|", "~")


class Line(Struct, eq=False):
    """One line: the gutter, a field for each column with its gap, and what follows them."""

    tone: Tone
    fields: tuple[Parts, ...]
    strip: Strip | None = field(default=None)

    def draw(self, width: int, inks: Inks) -> Strip:
        """Return the line as segments, neighbours of one style joined."""
        if self.strip is None:
            self.strip = Strip(_segments(self.fields, inks[self.tone]), width)
        return self.strip

    def same_as(self, other: Line) -> bool:
        """Tell whether both lines look alike."""
        return self.tone is other.tone and self.fields == other.fields


def _segments(fields: Sequence[Parts], ink: Mapping[str, Style]) -> list[Segment]:
    segments: list[Segment] = []
    texts: list[str] = []
    style: Style | None = None
    for parts in fields:
        for text, role in parts:
            following = ink[role]
            if following is not style and texts:
                segments.append(Segment("".join(texts), style))
                texts = []
            style = following
            texts.append(text)
    if texts:
        segments.append(Segment("".join(texts), style))
    return segments


def row_line(tone: Tone, mark: str, fields: Sequence[Parts], thumb: str, layout: Layout) -> Line:
    """Return the line of a row: `mark` in the gutter, `thumb` at the right edge."""
    if not layout.edge:
        return Line(tone, tuple(fields) + _tail(layout, ""))
    gutter: Parts = ((mark, "mark"),) if mark else ((" ", ""),)
    # The cursor's bar leaves the edge free, else the scroll mark would be cut out of it.
    bar = tone not in (Tone.BODY, Tone.STALE)
    return Line(tone, (gutter, *fields, *_tail(layout, thumb or (" " if bar else ""))))


def _tail(layout: Layout, sign: str) -> tuple[Parts, ...]:
    blanks = layout.width - layout.edge - layout.end
    fill: Parts = ((" " * blanks, ""),) if blanks > 0 else ()
    if not layout.edge:
        return (fill,)
    return (fill, ((sign, "edge"),) if sign else ((" ", ""),))


def message_lines(text: str, layout: Layout, height: int, tone: Tone) -> list[Line]:
    """Return a whole body that says safe `text` quietly in its middle."""
    width = layout.width
    said = wrap(text, max(1, width - 4)) if text and width > 4 and height else []
    said = said[:height]
    above = (height - len(said)) // 2
    blank = Line(tone, (((" " * width, ""),),))
    lines = [blank] * height
    for at, sentence in enumerate(said):
        lead = (width - cell_width(sentence)) // 2
        parts = padded(((" " * lead + sentence, "quiet"),), width - lead - cell_width(sentence))
        lines[above + at] = Line(tone, (parts,))
    return lines


def blank_line(layout: Layout, tone: Tone) -> Line:
    """Return a line below the last row."""
    return Line(tone, (((" " * layout.width, ""),),))


def header_line(layout: Layout, sorted_by: str | None, sign: str, glyphs: Glyphs) -> Line:
    """Return the header: labels over their columns, `sign` at the sorted one, edge marks."""
    fields = []
    for place in layout.places:
        last = place is layout.places[-1]
        by = sign if place.column.name == sorted_by else ""
        width = place.width + (0 if last else GAP)
        fields.append(_label(place, by, width, glyphs.ellipsis))
    tail = _tail(layout, glyphs.after if layout.more else "")
    if not layout.edge:
        return Line(Tone.HEADER, (*fields, *tail))
    before: Parts = ((glyphs.before, "edge"),) if layout.left else ((" ", ""),)
    return Line(Tone.HEADER, (before, *fields, *tail))


def _label(place: Place, sign: str, width: int, ellipsis: str) -> Parts:
    """Return a label in its field; the sign of the sort may stand in the gap after the column."""
    label = safe(place.column.label or place.column.name)
    room = place.width
    if sign and cell_width(label) + 1 > room:
        room = width
    if cell_width(label) > room - len(sign):
        label = fit(label, room - len(sign), ellipsis)
    role = "sorted" if sign else ""
    parts: Parts = ((label + sign, role),)
    short = room - parts_width(parts)
    if place.column.align is Align.RIGHT and short > 0:
        parts = ((" " * short + label + sign, role),)
    return padded_plain(parts, width - parts_width(parts))


def padded_plain(parts: Parts, blanks: int) -> Parts:
    """Return the parts followed by blanks in the plain role."""
    return (*parts, (" " * blanks, "")) if blanks > 0 else parts


def thumb(top: int, height: int, total: int) -> range:
    """Return the lines of the body beside which the scroll mark stands; none when all is seen."""
    if total <= height or height <= 0:
        return range(0)
    size = max(1, round(height * height / total))
    start = round(top * (height - size) / (total - height))
    return range(start, start + size)


def changed_regions(
    before: Sequence[Line], after: Sequence[Line], layout: Layout, *, exact: bool
) -> list[Region]:
    """Return the cells that differ, line by line.

    Both frames have the same layout and height.  Textual paints a dirty span from the left edge
    of its widget on, so there is one span a line unless `exact` says that spans are cheap.
    """
    regions: list[Region] = []
    starts = _starts(layout)
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        if old is new:
            continue
        if old.tone is not new.tone or len(old.fields) != len(new.fields):
            regions.append(Region(0, y, layout.width, 1))
        elif len(new.fields) != len(starts) - 1:
            if old.fields != new.fields:
                regions.append(Region(0, y, layout.width, 1))
        else:
            for x, end in _spans(old.fields, new.fields, starts, exact=exact):
                regions.append(Region(x, y, end - x, 1))
    return regions


def _starts(layout: Layout) -> list[int]:
    """Return where each field of a row's line starts, and the width."""
    starts = [0] if layout.edge else []
    starts += [place.x for place in layout.places]
    starts.append(min(layout.end, layout.width))
    if layout.edge:
        starts.append(layout.width - layout.edge)
    return [*starts, layout.width]


def _spans(
    old: Sequence[Parts], new: Sequence[Parts], starts: Sequence[int], *, exact: bool
) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for at, (left, right) in enumerate(zip(old, new, strict=True)):
        if left is right or left == right:
            continue
        x, end = starts[at], starts[at + 1]
        if spans and (not exact or x - spans[-1][1] < JOIN):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((x, end))
    return spans
