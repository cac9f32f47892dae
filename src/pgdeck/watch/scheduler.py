"""When each source is collected: what is looked at, never twice at once, in common rounds.

Sources in the background (what alerts need) are collected whatever is looked at, but ride along: at
their own interval, in a round that is made for what is looked at.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.snapshot import Failure, FailureKind, Reading, Snapshot
from pgdeck.core.source import Collector, Restful
from pgdeck.errors import Problem, QueryFailed, Unreachable
from pgdeck.watch.round import RoundContext, Rounds

SLOW_RETRY = 60.0
"""Seconds before something forbidden or absent is asked for again."""

MAX_BACKOFF = 30.0

AT_ONCE = -math.inf
"""The due time of what somebody asked for; it is collected even while polling is paused."""

_SLOW = frozenset({FailureKind.PERMISSION, FailureKind.MISSING})
_SOON = frozenset({FailureKind.LOCKED, FailureKind.CANCELLED})
_DOUBTFUL = frozenset({FailureKind.QUERY, FailureKind.MISSING, FailureKind.BUG})
"""An answer in a form that nobody expects may be the fault of what the server has prepared."""

GIVE_UP_FACTOR = 10
"""A collection that keeps getting bytes may take this many times its timeout."""

SPARING = 20.0
"""A background source rests at least this many times as long as its collection took."""

Clock = Callable[[], float]
Calendar = Callable[[], datetime]


class Source(Struct):
    """A collector and its past: the last good reading, and how often it failed in a row."""

    collector: Collector[object]
    target: str
    clock: Clock
    calendar: Calendar
    last_good: Reading[object] | None = None
    seq: int = 0
    failures: int = 0
    lost: bool = False
    """Whether the last collection failed with the connection rather than by itself."""
    complaint: tuple[FailureKind, str] | None = None
    """What it failed of; `failures` counts how often in a row it was this very thing."""

    async def take(self, version: int, rounds: Rounds) -> Snapshot[object]:
        """Collect once; never raises but for cancellation."""
        started = self.clock()
        failure = await self._collect(version, rounds)
        self.seq += 1
        self._note(failure)
        if failure is not None and failure.kind in _DOUBTFUL and self.failures == 1:
            rounds.forget()
        return Snapshot(
            self.collector.name,
            self.target,
            self.seq,
            started,
            self.clock() - started,
            failure,
            self.last_good,
        )

    def _note(self, failure: Failure | None) -> None:
        """Count failures that are alike: over a line that spoils bytes each is another."""
        complaint = None if failure is None else (failure.kind, failure.message)
        alike = complaint is not None and complaint == self.complaint
        self.failures = 0 if failure is None else self.failures + 1 if alike else 1
        self.complaint = complaint

    async def _collect(self, version: int, rounds: Rounds) -> Failure | None:
        collector = self.collector
        ctx = RoundContext(version, self.clock, rounds, collector.timeout)
        self.lost = False
        try:
            async with asyncio.timeout(collector.timeout * GIVE_UP_FACTOR):
                data = await collector.collect(ctx)
        except Unreachable as error:
            self.lost = True
            return error.failure
        except QueryFailed as error:
            return error.failure
        except Problem as error:
            return Failure(FailureKind.QUERY, error.message, error.hint)
        except TimeoutError:
            return Failure(FailureKind.TIMEOUT, f"{collector.name} took too long")
        except Exception as error:  # noqa: BLE001  # a collector's bug costs its own panel
            return Failure(FailureKind.BUG, f"{type(error).__name__}: {error}")
        self.last_good = Reading(data, self.clock(), self.calendar())
        return None


Collect = Callable[[Source], asyncio.Task[Snapshot[object]]]
"""Starts one collection in a task of its own."""


def is_local(source: Source) -> bool:
    """Whether a source needs no server, and so no connection."""
    return bool(getattr(source.collector, "local", False))


class _Entry(Struct):
    source: Source
    due: float = AT_ONCE
    running: asyncio.Task[Snapshot[object]] | None = None


class Scheduler:
    """Starts collections while `open_` is set, and publishes what comes of them.

    Due times lie on a common grid that starts at the scheduler's birth, so that sources of
    equal or multiple intervals share their round trips.  A source in the `background` waits for
    such a round for at most one more of its intervals, then makes its own.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        collect: Collect,
        publish: Callable[[Snapshot[object]], None],
        *,
        clock: Clock,
        rng: Random,
        background: Collection[str] = (),
    ) -> None:
        self._entries = {source.collector.name: _Entry(source) for source in sources}
        self._collect = collect
        self._publish = publish
        self._clock = clock
        self._rng = rng
        self._epoch = clock()
        self._looked_at: frozenset[str] = frozenset()
        self._background = frozenset(background) & self._entries.keys()
        self._seen = False
        self._local = frozenset(
            name for name, entry in self._entries.items() if is_local(entry.source)
        )
        self._cut_off = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.connected = False
        self.paused = False
        self.interval: float | None = None
        self.floor = 0.0

    def start(self) -> None:
        """Begin; nothing is collected before `connected` is set and something is looked at."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Cancel everything under way."""
        running = (entry.running for entry in self._entries.values())
        tasks = [task for task in (self._task, *running) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def look(self, names: Iterable[str]) -> None:
        """Poll exactly these from now on; those newly looked at run at once."""
        wanted = frozenset(names) & self._entries.keys()
        for name in wanted - self._looked_at:
            self._entries[name].due = AT_ONCE
        self._looked_at = wanted
        self._wake.set()

    def run_now(self) -> None:
        """Make everything that is looked at due, and what rides along."""
        for name in self._looked_at | self._background:
            self._entries[name].due = AT_ONCE
        self._wake.set()

    def set_connected(self, connected: bool) -> None:
        """Collect everything at once after a (re)connect, nothing without a connection."""
        self.connected = connected
        self._cut_off = not connected
        self._seen = False
        if connected and not self.paused:
            for entry in self._entries.values():
                entry.due = AT_ONCE
        self._wake.set()

    def set_paused(self, paused: bool) -> None:
        """Stop polling, or poll again at once."""
        self.paused = paused
        if not paused:
            self.run_now()

    def set_interval(self, seconds: float | None) -> None:
        """Override every source's interval, or give them back their own."""
        self.interval = seconds
        self._hasten()

    def set_floor(self, seconds: float) -> None:
        """Let no source have a shorter interval of its own."""
        if seconds != self.floor:
            self.floor = seconds
            self._hasten()

    def _hasten(self) -> None:
        """Give what is looked at the due time of its interval, where that is sooner."""
        for name in self._looked_at:
            entry = self._entries[name]
            entry.due = min(entry.due, self._next_due(entry.source))
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            delay = self._start_due()
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _start_due(self) -> float | None:
        """Start what is due; return the seconds until the next is, None for never."""
        if not self.connected and not self._local:
            return None
        now = AT_ONCE if self.paused else self._clock()
        looked_at, riders = self._idle(self._in_reach()), self._idle(self._riding())
        due = [entry for entry in looked_at if entry.due <= now]
        # Their questions come last in the round: they are started last.
        due += [each for each in riders if each.due <= now and (due or self._late_at(each) <= now)]
        for entry in due:
            self._start(entry)
        waiting = [entry.due - now for entry in looked_at if entry.running is None]
        waiting += [self._late_at(entry) - now for entry in riders if entry.running is None]
        return max(0.0, min(waiting)) if waiting and not self.paused else None

    def _in_reach(self) -> frozenset[str]:
        """Return what is looked at and can be had: without a connection what is on this machine."""
        return self._looked_at if self.connected else self._looked_at & self._local

    def _riding(self) -> frozenset[str]:
        """Return what rides along; nothing before the screen has its first picture.

        That one is what a person waits for, so the first questions from the background follow it.
        """
        if not self.connected:
            here = self._background & self._local
            return here - self._looked_at if self._cut_off else frozenset()
        return self._background - self._looked_at if self._seen else frozenset()

    def _idle(self, names: Iterable[str]) -> list[_Entry]:
        entries = (self._entries[name] for name in sorted(names))
        return [entry for entry in entries if entry.running is None]

    def _late_at(self, entry: _Entry) -> float:
        """Return when a source in the background waits no longer for a round to ride in."""
        return entry.due + entry.source.collector.interval

    def _start(self, entry: _Entry) -> None:
        entry.due = self._next_due(entry.source)
        entry.running = self._collect(entry.source)
        entry.running.add_done_callback(self._done(entry))

    def _done(self, entry: _Entry) -> Callable[[asyncio.Task[Snapshot[object]]], None]:
        def done(task: asyncio.Task[Snapshot[object]]) -> None:
            entry.running = None
            self._wake.set()
            if task.cancelled():
                return
            snapshot = task.result()
            if snapshot.source in self._looked_at - self._local:
                self._seen = True
            if snapshot.source in self._background - self._local:
                entry.due = max(entry.due, self._clock() + self._rest_after(snapshot))
            if snapshot.failure is not None and not entry.source.lost:
                entry.due = max(entry.due, self._clock() + self._pause_after(snapshot, entry))
                failure = snapshot.failure.retrying_at(entry.due)
                snapshot = replace(snapshot, failure=failure)
            self._publish(snapshot)

        return done

    def _rest_after(self, snapshot: Snapshot[object]) -> float:
        """Return the seconds that a background source is spared after a collection."""
        held = snapshot.data.rests if isinstance(snapshot.data, Restful) else 0.0
        away = snapshot.failure is None and snapshot.source not in self._looked_at
        return max(SPARING * snapshot.elapsed, held if away else 0.0)

    def _pause_after(self, snapshot: Snapshot[object], entry: _Entry) -> float:
        kind = None if snapshot.failure is None else snapshot.failure.kind
        # What is forbidden or absent is so twice; a spoilt statement only seems to be.
        if kind in _SLOW and entry.source.failures > 1:
            return SLOW_RETRY
        base = self._interval_of(entry.source)
        if kind in _SOON or kind in _SLOW:
            return base
        grown = min(MAX_BACKOFF, base * 2.0 ** min(entry.source.failures, 10))
        return max(base, grown * self._rng.uniform(0.75, 1.0))

    def _interval_of(self, source: Source) -> float:
        own = source.collector.interval
        name = source.collector.name
        if name not in self._background:
            return self.interval or max(own, self.floor)
        # Alerts are not to become rare because a person slows the screen down.
        return min(self.interval or own, own) if name in self._looked_at else own

    def _next_due(self, source: Source) -> float:
        interval = self._interval_of(source)
        ticks = math.floor((self._clock() - self._epoch) / interval + 1e-9)
        return self._epoch + (ticks + 1) * interval
