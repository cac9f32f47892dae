"""Which columns a width has room for, and where each of them stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.spec import Column, Format
from pgdeck.core.text import cell_width

GAP = 1
"""Blank cells between two columns."""

EDGE = 1
"""Cells kept at each side: the gutter for marks at the left, the scroll mark at the right."""

NARROW = 12
"""A width under which nothing is kept for the edges."""

LEAST = 16
"""Cells that a column of flexible width keeps, unless all of its text is shorter."""

ROOMY_SHARE = 5
"""A flexible column's share of the room is at least one of so many."""

CHOSEN = -1
"""The priority of a column that a person asked for: the last one that leaves."""

NAMING_SHARE = 0.4
"""The first column's share of the room, as far as its texts need it."""

QUERY_SHARE = 0.3
"""The share of the room that a query keeps when it is the only column of flexible width."""

Entry = tuple[int, Column]
"""A column, and where its value stands in a row."""


class Place(Struct, frozen=True):
    """Where a column stands: `at` is its position in a row's values, `x` and `width` in cells."""

    at: int
    column: Column
    x: int
    width: int


class Layout(Struct, frozen=True):
    """Columns in a width: `left` are scrolled out at the left, at most `furthest` can be."""

    width: int
    edge: int = 0
    places: tuple[Place, ...] = ()
    left: int = 0
    furthest: int = 0
    more: bool = False

    @property
    def end(self) -> int:
        """The cell after the last column."""
        return self.places[-1].x + self.places[-1].width if self.places else self.edge

    def place_at(self, x: int) -> Place | None:
        """Return the column that stands at a cell, with the gap after it."""
        for place in self.places:
            if place.x <= x < place.x + place.width + GAP:
                return place
        return None


def arranged(
    columns: Sequence[Column],
    hidden: Collection[str] = (),
    order: Sequence[str] = (),
    shown: Collection[str] = (),
) -> list[Entry]:
    """Return the columns that a table can show, as a person chose them.

    The first one stays where it is: it says which row is which.
    """
    rank = {name: at for at, name in enumerate(order)}
    first = first_column(columns)
    entries: list[Entry] = []
    for at, column in enumerate(columns):
        if column.name in shown:
            entries.append((at, replace(column, hidden=False, priority=CHOSEN)))
        elif column.name == first or not (column.hidden or column.name in hidden):
            entries.append((at, column))

    def place(entry: Entry) -> tuple[bool, int]:
        name = entry[1].name
        return name != first, rank.get(name, len(rank))

    return sorted(entries, key=place)


def first_column(columns: Sequence[Column]) -> str | None:
    """Return the name of the column that is always there."""
    return next((column.name for column in columns if not column.hidden), None)


def lay_out(
    entries: Sequence[Entry], width: int, left: int = 0, needs: Mapping[int, int] | None = None
) -> Layout:
    """Place columns in `width` cells, the first one frozen, `left` others scrolled out.

    Flexible columns shrink first; then those of the highest priority number leave the first
    view and stand behind the others, where scrolling reaches them.  `needs` holds the cells that
    the text of a flexible column takes, by position of the value.
    """
    edge = EDGE if width >= NARROW else 0
    room = width - 2 * edge
    if room <= 0 or not entries:
        return Layout(width, edge)
    needs = needs or {}
    least = {at: least_width(column, needs.get(at, 0), room) for at, column in entries}
    frozen, *rest = entries
    least[frozen[0]] = _naming_width(frozen, needs.get(frozen[0], 0), room, least[frozen[0]])
    least |= _query_width(entries, room, least)
    first = min(least[frozen[0]], max(1, room * 2 // 3) if rest else room)
    beside = room - first
    kept = _kept(rest, beside, least)
    sequence = kept + [entry for entry in rest if entry not in kept]
    furthest = _furthest(sequence, beside, least)
    left = max(0, min(left, furthest))
    chosen = kept if left == 0 else _filled(sequence[left:], beside, least)
    widths = {frozen[0]: first} | {at: least[at] for at, _ in chosen}
    if not chosen and rest and beside > 2 * GAP:
        chosen = [sequence[left]]
        widths[chosen[0][0]] = min(least[chosen[0][0]], beside - GAP)
    _grow([frozen, *chosen], widths, room, least, needs)
    places = _placed([frozen, *chosen], widths, edge)
    return Layout(width, edge, places, left, furthest, left + len(chosen) < len(sequence))


def least_width(column: Column, need: int = 0, room: int = 0) -> int:
    """Return the cells below which a column is dropped or cut, not shrunk.

    In much room a column of flexible width keeps a fifth of it before others are added.
    """
    label = cell_width(column.label)
    if column.width:
        return max(column.width, label)
    keeps = max(LEAST, room // ROOMY_SHARE)
    return max(label, min(keeps, need) if need else keeps, 1)


def _naming_width(entry: Entry, need: int, room: int, least: int) -> int:
    """Return what the column that tells rows apart keeps: so much of the room as it needs."""
    return least if entry[1].width else max(least, min(need, int(room * NAMING_SHARE)))


def _query_width(
    entries: Sequence[Entry], room: int, least: Mapping[int, int]
) -> Mapping[int, int]:
    """Return what a query keeps before others are added, where no other text wants room."""
    flexible = [(at, column) for at, column in entries if not column.width]
    if len(flexible) != 1 or flexible[0][1].format is not Format.QUERY:
        return {}
    ((at, _),) = flexible
    return {at: max(least[at], int(room * QUERY_SHARE))}


def _span(entries: Sequence[Entry], widths: Mapping[int, int]) -> int:
    return sum(widths[at] + GAP for at, _ in entries)


def _kept(rest: Sequence[Entry], room: int, least: Mapping[int, int]) -> list[Entry]:
    kept = list(rest)
    dropped: list[Entry] = []
    while kept and _span(kept, least) > room:
        going = max(range(len(kept)), key=lambda at: (kept[at][1].priority, at))
        dropped.append(kept.pop(going))
    for entry in reversed(dropped):
        if _span([*kept, entry], least) <= room:
            kept.append(entry)
    return [entry for entry in rest if entry in kept]


def _filled(sequence: Sequence[Entry], room: int, least: Mapping[int, int]) -> list[Entry]:
    filled: list[Entry] = []
    for entry in sequence:
        room -= least[entry[0]] + GAP
        if room < 0:
            break
        filled.append(entry)
    return filled


def _furthest(sequence: Sequence[Entry], room: int, least: Mapping[int, int]) -> int:
    furthest = len(sequence)
    for at, _ in reversed(sequence):
        room -= least[at] + GAP
        if room < 0:
            break
        furthest -= 1
    return min(furthest, max(0, len(sequence) - 1))


def _grow(
    chosen: Sequence[Entry],
    widths: dict[int, int],
    room: int,
    least: Mapping[int, int],
    needs: Mapping[int, int],
) -> None:
    """Give what is left to the columns that were cut, then to a query text or the last column.

    A text of set width may take twice of it, so that one long name does not push out the rest.
    """
    left = room - _span(chosen, widths) + GAP
    for at, column in chosen:
        want = max(least[at], min(needs.get(at, 0), 2 * column.width or room))
        more = max(0, min(left, want - widths[at]))
        widths[at] += more
        left -= more
    flexible = [entry for entry in chosen if not entry[1].width]
    if flexible and left > 0:
        at, column = flexible[-1]
        if column.format is Format.QUERY or flexible[-1] == chosen[-1]:
            widths[at] += left


def _placed(chosen: Sequence[Entry], widths: Mapping[int, int], edge: int) -> tuple[Place, ...]:
    places: list[Place] = []
    x = edge
    for at, column in chosen:
        places.append(Place(at, column, x, widths[at]))
        x += widths[at] + GAP
    return tuple(places)
