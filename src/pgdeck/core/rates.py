"""Rates per second from counters: divided by the measured time, blind to resets."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal

from pgdeck.core.rows import Value


def rate(before: Value, after: Value, seconds: float) -> float | None:
    """Return the growth per second of a counter between two samples `seconds` apart.

    None when a sample is missing, no time passed, or the counter fell (its statistics were reset).
    """
    if seconds <= 0 or not _is_counter(before) or not _is_counter(after):
        return None
    growth = float(after - before)  # type: ignore[operator]
    return growth / seconds if growth >= 0 else None


def _is_counter(value: Value) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


class RateBook:
    """The last sample of each counter; keeps exactly the counters of the newest sampling.

    Times are monotonic seconds, measured when the samples arrived.
    """

    def __init__(self) -> None:
        self._at: float | None = None
        self._last: dict[Hashable, Value] = {}

    def sample(
        self, at: float, counters: Iterable[tuple[Hashable, Value]]
    ) -> dict[Hashable, float | None]:
        """Take the counters of one sampling; return the rate since the one before, by name."""
        now = dict(counters)
        elapsed = 0.0 if self._at is None else at - self._at
        rates = {name: rate(self._last.get(name), value, elapsed) for name, value in now.items()}
        self._at, self._last = at, now
        return rates

    def clear(self) -> None:
        """Forget the last sampling, so that the next one gives no rates."""
        self._at, self._last = None, {}
