"""The past of one database on disk: a ring of samples, shared by all who watch it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from pgdeck.core.samples import Growth, Points
from pgdeck.disk import alone, open_file, prune, replace_file
from pgdeck.errors import Problem
from pgdeck.paths import state_dir

APART = 60.0
"""Seconds between two samples that are kept."""

KEPT = 7200.0
"""Seconds that the past reaches back."""

FORGOTTEN = 30 * 86_400.0
"""Seconds after which the past of a database that nobody judges any more is removed."""

MOST_NAMES = 500
MOST_BYTES = 64 * 1024 * 1024
FORMAT = 1

# A sample that comes a moment early, since clocks and rounds are not exact, is still kept.
_EARLY = 2.0

_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


class _Ring(Struct):
    """The samples of one number: (seconds since 1970, value, epoch), and since when it is so."""

    marks: list[tuple[float, float, str]] = field(default_factory=list)
    last: tuple[float, float, str] | None = None
    since: float = 0.0

    def take(self, at: float, value: float, epoch: str) -> bool:
        """Take a sample; True when it is one to keep."""
        if self.last is not None and at <= self.last[0]:
            if self.last[0] - at <= APART:
                return False
            self.last, self.marks = None, []  # the clock was set back
        if self.last is None or self.last[1] != value:
            self.since = at
        self.last = (at, value, epoch)
        marked = bool(self.marks)
        due = not marked or at - self.marks[-1][0] >= APART - _EARLY or self.marks[-1][2] != epoch
        if due:
            self.marks.append(self.last)
        return due

    def trim(self, now: float) -> None:
        """Forget what is older than the past that is kept."""
        self.marks = [mark for mark in self.marks if now - mark[0] <= KEPT + APART]

    def within(self, seconds: float) -> list[tuple[float, float, str]]:
        """Return the samples of the last `seconds`, the newest included."""
        if self.last is None:
            return []
        newest = self.last[0]
        found = [mark for mark in self.marks if mark[0] < newest and newest - mark[0] <= seconds]
        return [*found, self.last]

    def join(self, other: _Ring) -> None:
        """Take what another process kept."""
        known = sorted({*self.marks, *other.marks})
        self.marks = []
        for mark in known:
            if not self.marks or mark[0] - self.marks[-1][0] >= APART / 2:
                self.marks.append(mark)
        if other.last is None:
            return
        if self.last is None:
            self.last, self.since = other.last, other.since
        elif self.last[1] == other.last[1]:
            self.since = min(self.since, other.since)
            self.last = max(self.last, other.last)
        elif other.last > self.last:
            self.last, self.since = other.last, other.since


class FileSamples:
    """Samples of one database; implements `core.samples.Samples`.

    Before `bind` names the database they are kept in memory alone.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._path: Path | None = None
        self._rings: dict[str, _Ring] = {}

    def bind(self, name: str) -> None:
        """Name the database; another one than before begins with its own past."""
        path = self._place(name)
        if path is None or path == self._path:
            return
        if self._path is not None:
            self._rings = {}
        self._path = path
        self._join(_read(path))
        prune(path, FORGOTTEN)

    def put(self, at: datetime, epoch: str, values: Mapping[str, float]) -> None:
        """Take a sample; it is written when it is one to keep."""
        moment = at.timestamp()
        kept = False
        for name, value in values.items():
            if name not in self._rings and len(self._rings) >= MOST_NAMES:
                continue
            if math.isfinite(value):
                kept |= self._rings.setdefault(name, _Ring()).take(moment, float(value), epoch)
        if kept:
            self._forget(moment)
            self._write(moment)

    def growth(self, name: str, seconds: float) -> Growth | None:
        """Return how much a number grew within the last `seconds`; None before two samples."""
        ring = self._rings.get(name)
        marks = ring.within(seconds + APART / 2) if ring else []
        start = len(marks) - 1
        while start > 0 and _continues(marks[start - 1], marks[start]):
            start -= 1
        if len(marks) - start < 2:
            return None
        first, last = marks[start], marks[-1]
        return Growth(last[1] - first[1], last[0] - first[0])

    def points(self, name: str, seconds: float) -> Points:
        """Return the samples kept of a number within the last `seconds`."""
        ring = self._rings.get(name)
        marks = ring.within(seconds) if ring else []
        return tuple((datetime.fromtimestamp(at, UTC), value) for at, value, _ in marks)

    def unchanged_since(self, name: str) -> datetime | None:
        """Return since when a number is what it is."""
        ring = self._rings.get(name)
        return None if ring is None else datetime.fromtimestamp(ring.since, UTC)

    def _place(self, name: str) -> Path | None:
        try:
            return (self._directory or state_dir() / "samples") / f"{name}.json"
        except Problem:
            return None

    def _forget(self, now: float) -> None:
        """Drop what is older than the past that is kept, and numbers that nobody tells."""
        self._rings = {
            name: ring
            for name, ring in self._rings.items()
            if ring.last is not None and now - ring.last[0] <= KEPT
        }
        for ring in self._rings.values():
            ring.trim(now)

    def _join(self, rings: Mapping[str, _Ring]) -> None:
        for name, ring in rings.items():
            self._rings.setdefault(name, _Ring()).join(ring)

    def _write(self, now: float) -> None:
        """Write what is kept, together with what others kept; who finds it locked leaves it."""
        if self._path is None:
            return
        with suppress(OSError), alone(self._path, wait=False) as mine:
            if mine:
                self._join(_read(self._path, now + APART))
                self._forget(now)
                replace_file(self._path, _text(self._rings), durable=False)


def _continues(before: tuple[float, float, str], after: tuple[float, float, str]) -> bool:
    return before[2] == after[2] and before[1] <= after[1]


def _text(rings: Mapping[str, _Ring]) -> str:
    numbers = {
        name: {"since": ring.since, "last": ring.last, "marks": ring.marks}
        for name, ring in rings.items()
    }
    return json.dumps({"format": FORMAT, "numbers": numbers}, separators=(",", ":"))


def _read(path: Path, latest: float = math.inf) -> dict[str, _Ring]:
    """Return what was kept up to `latest`; a missing, broken or strange file is an empty past."""
    rings: dict[str, _Ring] = {}
    with suppress(OSError, *_BROKEN):
        with open_file(path) as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            return {}
        kept = json.loads(raw)
        if kept["format"] != FORMAT:
            return {}
        for name, each in kept["numbers"].items():
            marks = [mark for mark in map(_mark, each["marks"]) if mark[0] <= latest]
            last = _mark(each["last"])
            if last[0] <= latest:
                since = min(_moment(each["since"]), last[0])
                rings[str(name)] = _Ring(marks, last, since)
    return rings


def _mark(value: list[Any]) -> tuple[float, float, str]:
    at, number, epoch = value
    if not math.isfinite(number):
        raise ValueError(number)
    return _moment(at), float(number), str(epoch)


def _moment(value: Any) -> float:
    """Return seconds since 1970, which is a date; raises as what it cannot be."""
    return datetime.fromtimestamp(float(value), UTC).timestamp()
