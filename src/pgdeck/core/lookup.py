"""Exact values for the rows in view: kept with their age, merged over the table they refine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.layout import Layout
from pgdeck.core.rows import Estimate, Key, Rows, Table, TableRow, Unknown, Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.spec import ScreenSpec

MOST_KEYS = 200
"""Keys asked for at once: more rows than any terminal shows."""

RETRY_AFTER = 5.0
"""Seconds before keys without an answer are asked for again."""


class _Entry(Struct):
    asked: float
    taken: float | None = None
    values: Mapping[int, Value] | None = None


def key_text(key: Key) -> str:
    """Return a row's key in the text form that a companion's parameter takes."""
    return str(key[0]) if key else ""


class LookupCache:
    """Exact values of a screen's lazy columns by row key; all times are monotonic seconds.

    Only rows of the newest merged table are remembered.
    """

    def __init__(self, spec: ScreenSpec) -> None:
        self._max_age = spec.lookup.max_age if spec.lookup else 0.0
        self._places = {column.name: at for at, column in enumerate(spec.columns) if column.lazy}
        self._active = spec.lookup is not None
        self._entries: dict[str, _Entry] = {}

    def due(self, keys: Iterable[Key], now: float) -> tuple[str, ...]:
        """Return the keys whose exact values are missing or too old, and count them as asked."""
        if not self._active:
            return ()
        wanted = [key for key in dict.fromkeys(map(key_text, keys)) if self._is_due(key, now)]
        for key in wanted[:MOST_KEYS]:
            entry = self._entries.setdefault(key, _Entry(now))
            entry.asked = now
        return tuple(wanted[:MOST_KEYS])

    def take(self, keys: Iterable[str], answer: Rows | Failure, now: float) -> None:
        """Keep the values of an answer; a failure keeps what is known, to be asked again later."""
        if isinstance(answer, Failure):
            return
        layout = Layout(answer.columns)
        names = [name for name in layout.names if name in self._places]
        places = [self._places[name] for name in names]
        found = {
            str(row[0]): dict(zip(places, layout.values(row, names), strict=True))
            for row in answer.rows
        }
        for key in keys:
            # A row that is gone has no values, and needs none.
            self._entries[key] = _Entry(now, now, found.get(key))

    def merge(self, table: Table, now: float) -> Table:
        """Return the table with exact values in place of the lazy columns' own.

        Where there are none yet the columns' own are marked as estimates.
        A value that has outlived its age stays until a newer one comes.
        """
        if not self._active:
            return table
        here = {key_text(row.key) for row in table.rows}
        self._entries = {key: entry for key, entry in self._entries.items() if key in here}
        rows = tuple(self._refined(row) for row in table.rows)
        return replace(table, rows=rows)

    def age(self, key: Key, now: float) -> float | None:
        """Return the seconds since the exact values of a row were taken, None without any."""
        entry = self._entries.get(key_text(key))
        if entry is None or entry.taken is None or entry.values is None:
            return None
        return max(0.0, now - entry.taken)

    def _is_due(self, key: str, now: float) -> bool:
        entry = self._entries.get(key)
        if entry is None:
            return True
        if entry.taken is not None and entry.taken >= entry.asked:
            return now - entry.taken >= self._max_age
        return now - entry.asked >= RETRY_AFTER

    def _refined(self, row: TableRow) -> TableRow:
        entry = self._entries.get(key_text(row.key))
        values = list(row.values)
        if entry is None or not entry.values:
            for place in self._places.values():
                if values[place] is not None and not isinstance(values[place], Unknown):
                    values[place] = Estimate(values[place])
            return TableRow(row.key, tuple(values))
        for place, value in entry.values.items():
            values[place] = value
        return TableRow(row.key, tuple(values))
