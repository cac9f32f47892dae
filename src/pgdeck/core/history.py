"""Samples of our own, kept in rings of a fixed size; None where a sample was missed."""

from __future__ import annotations

from collections import deque
from statistics import median

Series = tuple[float | None, ...]
"""Samples of our own, oldest first; None where there was no data."""

MOST_SAMPLES = 240
"""Samples kept of one figure: eight minutes at two seconds."""

MISSED = 1.75
"""A pause of this many usual ones has missed a sample."""


class History:
    """The newest samples of one figure, evenly spaced in time."""

    def __init__(self, most: int = MOST_SAMPLES) -> None:
        self._samples: deque[float | None] = deque(maxlen=most)
        self._pauses: deque[float] = deque(maxlen=3)
        self._at: float | None = None

    def add(self, at: float, value: float | None) -> None:
        """Keep a sample taken at monotonic time `at`; None says that there was none to take.

        Where samples were missed (a lost server, a pause) the gap keeps its width in time.
        """
        if self._at is not None:
            self._leave_gap(max(0.0, at - self._at))
        self._at = at
        self._samples.append(value)

    def _leave_gap(self, pause: float) -> None:
        self._pauses.append(pause)
        usual = median(self._pauses) if len(self._pauses) > 1 else pause
        if usual > 0 and pause > MISSED * usual:
            missed = min(round(pause / usual) - 1, self._samples.maxlen or 0)
            self._samples.extend([None] * missed)

    @property
    def series(self) -> Series:
        """The samples, oldest first."""
        return tuple(self._samples)

    @property
    def highest(self) -> float | None:
        """The largest sample kept."""
        return max((sample for sample in self._samples if sample is not None), default=None)


class Window:
    """How much a counter grew within the last `seconds`, from samples thinned to a fixed number."""

    def __init__(self, seconds: float, most: int = 120) -> None:
        self._seconds = seconds
        self._apart = seconds / most
        self._marks: deque[tuple[float, float]] = deque(maxlen=most + 1)
        self._last = 0.0

    def clear(self) -> None:
        """Begin anew: the counter was reset."""
        self._marks.clear()

    def add(self, at: float, value: float) -> None:
        """Take the counter's value at monotonic time `at`."""
        self._last = value
        if not self._marks or at - self._marks[-1][0] >= self._apart:
            self._marks.append((at, value))
        while len(self._marks) > 1 and at - self._marks[0][0] > self._seconds:
            self._marks.popleft()

    @property
    def growth(self) -> float | None:
        """The growth within the window, or since the first sample; None before any."""
        return self._last - self._marks[0][1] if self._marks else None
