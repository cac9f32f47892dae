"""When autovacuum will come, from how fast a table approaches its threshold."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping

LEAST_WINDOW = 4.0
"""Seconds that two samples must be apart before their growth says anything."""

LONGEST_WINDOW = 600.0
"""Seconds over which growth is measured; older samples are forgotten."""

MOST_SAMPLES = 24
"""Samples kept of each table."""

LONGEST_FORECAST = 365 * 86400.0
"""Seconds beyond which a forecast says nothing."""


class Approach:
    """How near one table is to its next vacuum, as shares of the threshold over time."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=MOST_SAMPLES)

    def add(self, at: float, share: float) -> None:
        """Remember a share at monotonic time `at`; one that fell begins anew: vacuum was there."""
        if self._samples and share < self._samples[-1][1]:
            self._samples.clear()
        kept = self._samples
        if len(kept) > 1 and kept[-1][0] - kept[-2][0] < LONGEST_WINDOW / MOST_SAMPLES:
            # The newest was too near its neighbour to stay: the window must reach far back.
            kept.pop()
        self._samples.append((at, share))
        while at - self._samples[0][0] > LONGEST_WINDOW:
            self._samples.popleft()

    def seconds_left(self) -> float | None:
        """Return seconds until the threshold: 0 when passed, None while growth is not known."""
        if not self._samples:
            return None
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        if last >= 1:
            return 0.0
        if last_at - first_at < LEAST_WINDOW or last <= first:
            return None
        left = (1 - last) * (last_at - first_at) / (last - first)
        return left if left <= LONGEST_FORECAST else None


class Forecasts:
    """The approaches of all tables of a screen, keyed like its rows."""

    def __init__(self) -> None:
        self._approaches: dict[Hashable, Approach] = {}

    def learn(self, at: float, shares: Iterable[tuple[Hashable, float]]) -> None:
        """Take one sample of every table; tables that are gone are forgotten."""
        present: dict[Hashable, Approach] = {}
        for key, share in shares:
            approach = present[key] = self._approaches.get(key) or Approach()
            approach.add(at, share)
        self._approaches = present

    def seconds_left(self) -> Mapping[Hashable, float]:
        """Return the forecasts that are known, in seconds by key."""
        forecasts = {key: each.seconds_left() for key, each in self._approaches.items()}
        return {key: left for key, left in forecasts.items() if left is not None}
