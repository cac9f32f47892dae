"""The Welcome screen as lines: what is in sight, each with the key that takes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.surroundings import Sighting, Surroundings
from pgdeck.core.text import cut_middle, fit, safe
from pgdeck.tui.ink import Line, Span, clip, wrap

KEYS = "123456789" + "abefghilmnoprstvwxyz"
"""Keys of what was found; the others belong to what is always there."""

KIND_WIDTH, NAME_WIDTH = 17, 26
NARROW = 60


class Way(Struct, frozen=True):
    """One line that can be taken by its key: what was seen, or an `action` that is always there."""

    key: str
    title: str
    about: str = ""
    action: str = ""
    sighting: Sighting | None = None

    @property
    def open(self) -> bool:
        """Whether it can be taken at once."""
        return bool(self.action) or (self.sighting is not None and self.sighting.target is not None)


ALWAYS = (
    Way("u", "type an address", "postgresql://user@host:5432/database", "address"),
    Way("d", "a server of pgdeck's own", "PostgreSQL with example databases: pgdeck demo", "demo"),
    Way("c", "write a configuration", "commented, to begin with: pgdeck config init", "init"),
)


def ways(around: Surroundings | None, own: Collection[str] = ()) -> list[Way]:
    """Return all that can be taken, what was found first; `own` keys do something else."""
    seen = list(around) if around is not None else []
    keys = [key for key in KEYS if key not in own]
    keys += [""] * max(0, len(seen) - len(keys))
    found = [
        Way(key, each.name, each.place, sighting=each)
        for key, each in zip(keys, seen, strict=False)
    ]
    always = [replace(way, key="") if way.key in own else way for way in ALWAYS]
    return [*found, *always]


def way_line(way: Way, width: int, *, chosen: bool) -> Line:
    """Return the line of one way."""
    sign = Span("▸" if chosen else " ", "key")
    key = Span(f" {way.key or ' '}  ", "key")
    if way.sighting is None:
        return clip((sign, key, Span(fit(way.title, NAME_WIDTH)), Span(way.about, "quiet")), width)
    glyph, role = _state(way.sighting)
    name = fit(cut_middle(safe(way.title), NAME_WIDTH - 1), NAME_WIDTH)
    spans = [
        sign,
        key,
        Span(f"{glyph} ", role),
        Span(fit(way.sighting.kind.value, KIND_WIDTH) if width >= NARROW else "", "quiet"),
        Span(name, "text" if way.open else "quiet"),
        Span(safe(way.about), "text"),
    ]
    if way.sighting.note:
        spans.append(Span(f"{'  ' if way.about else ''}{safe(way.sighting.note)}", "quiet"))
    return clip(spans, width)


def notes(around: Surroundings | None, width: int) -> list[Line]:
    """Return what could not be looked at, or is no PostgreSQL, and why."""
    if around is None:
        return [(Span(" ◐ Looking around.", "notice"),)]
    lines: list[Line] = []
    for note in around.notes:
        first, *rest = wrap(safe(note), max(10, width - 4))
        lines.append((Span(" ▲ ", "warning"), Span(first, "quiet")))
        lines += [(Span(f"   {line}", "quiet"),) for line in rest]
    if not list(around):
        lines.insert(0, (Span(" Nothing that could be a database is in sight here.", "quiet"),))
    return lines


def reason(way: Way) -> str:
    """Say why a way cannot be taken now."""
    sighting = way.sighting
    return sighting.note if sighting and sighting.note else "There is no address for it yet"


def _state(sighting: Sighting) -> tuple[str, str]:
    if sighting.running is None:
        return "·", "quiet"
    return ("●", "good") if sighting.running else ("○", "quiet")


def visible(count: int, at: int, page: int, top: int) -> int:
    """Return the first line to show so that the chosen one is in sight."""
    return max(0, min(max(top, at - page + 1), at, max(0, count - page)))


def rows(all_ways: Sequence[Way], at: int, width: int) -> list[Line]:
    """Return the line of every way, the chosen one marked."""
    return [way_line(way, width, chosen=n == at) for n, way in enumerate(all_ways)]
