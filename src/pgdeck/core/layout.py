"""From the columns a statement returned to the columns a screen declares.

Beside the declared columns a statement may return ``<name>__unknown`` (text: why the value cannot
be known, null when it is), ``<name>__remedy`` (the GRANT or setting that would show it) and
``__total`` (how many rows there are in all).  Whatever else it returns is extra.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter

from msgspec import Struct

from pgdeck.core.rows import Key, Unknown, Value

UNKNOWN, REMEDY, TOTAL = "__unknown", "__remedy", "__total"

Row = Sequence[Value]


class _Place(Struct, frozen=True):
    """Where a column's value stands in a returned row, and the reason and remedy beside it."""

    value: int
    unknown: int | None
    remedy: int | None

    def read(self, row: Row) -> Value:
        if self.unknown is None or (reason := row[self.unknown]) is None:
            return row[self.value]
        remedy = None if self.remedy is None else row[self.remedy]
        return Unknown(str(reason), "" if remedy is None else str(remedy))


class Layout:
    """How rows with the given returned columns are read."""

    def __init__(self, returned: Sequence[str]) -> None:
        self.returned = tuple(returned)
        self._at = {name: at for at, name in reversed(list(enumerate(returned)))}
        named = [name for name in self._at if not self._is_note(name)]
        self._places = {name: self._place(name) for name in named}

    @property
    def names(self) -> tuple[str, ...]:
        """The returned columns that hold values of their own, as they were returned."""
        return tuple(name for name in dict.fromkeys(self.returned) if name in self._places)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the names that were not returned."""
        return tuple(name for name in names if name not in self._places)

    def reader(self, names: Sequence[str]) -> Callable[[Row], tuple[Value, ...]]:
        """Return what reads the values of the named columns from a row."""
        if len(names) < 2:
            return lambda row: self.values(row, names)
        places = [self._places[name] for name in names]
        take = itemgetter(*(place.value for place in places))
        noted = [(at, place) for at, place in enumerate(places) if place.unknown is not None]
        reasons = [place.unknown for _, place in noted if place.unknown is not None]

        def read(row: Row) -> tuple[Value, ...]:
            values: tuple[Value, ...] = take(row)
            if any(row[at] is not None for at in reasons):
                changed = list(values)
                for at, place in noted:
                    changed[at] = place.read(row)
                return tuple(changed)
            return values

        return read

    def values(self, row: Row, names: Sequence[str]) -> tuple[Value, ...]:
        """Return the values of the named columns."""
        return tuple([self._places[name].read(row) for name in names])

    def key(self, row: Row, names: Sequence[str]) -> Key:
        """Return the raw values of the named columns as a row's key."""
        return tuple([_hashable(row[self._at[name]]) for name in names])

    def total(self, rows: Sequence[Row]) -> int | None:
        """Return how many rows the statement says there are in all, None when it does not."""
        at = self._at.get(TOTAL)
        if at is None or not rows:
            return None
        total = rows[0][at]
        return int(total) if isinstance(total, (int, float)) else None

    def _is_note(self, name: str) -> bool:
        return name == TOTAL or any(
            name.endswith(suffix) and name.removesuffix(suffix) in self._at
            for suffix in (UNKNOWN, REMEDY)
        )

    def _place(self, name: str) -> _Place:
        return _Place(self._at[name], self._at.get(name + UNKNOWN), self._at.get(name + REMEDY))


def _hashable(value: Value) -> Hashable:
    if isinstance(value, list):
        return tuple(_hashable(part) for part in value)
    return repr(value) if isinstance(value, (dict, set)) else value
