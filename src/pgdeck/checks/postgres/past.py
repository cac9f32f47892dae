"""What earlier samples tell: growth within one epoch, and since when something is so.

The server's own clock dates everything, so that looks from several places agree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime

from pgdeck.checks.postgres.facts import (
    Checkpoints,
    Growth,
    LateTable,
    Missing,
    Past,
    Restart,
    Server,
    State,
)
from pgdeck.core.samples import Samples

MINUTE, HOUR = 60.0, 3600.0
LEAST = 0.9
"""Seconds that two samples must be apart before their difference is a rate."""

COUNTERS = ("commits", "rollbacks", "fetched", "hits", "temp_bytes", "temp_files", "deadlocks")
HOURLY = ("temp_bytes", "temp_files", "deadlocks")
CHECKPOINTS = ("checkpoints_timed", "checkpoints_requested")

RESTARTED = "The server was restarted"
TWO_SAMPLES = Missing("It takes two samples to know: this is the first")

Values = Mapping[str, float]


def moment(at: float) -> datetime:
    """Return seconds since 1970 as a time."""
    return datetime.fromtimestamp(at, UTC)


class Marks:
    """Counters of one epoch over the last `seconds`, thinned to a fixed number of samples."""

    def __init__(self, seconds: float, most: int = 60) -> None:
        self._seconds, self._apart = seconds, seconds / most
        self._marks: deque[tuple[float, Values]] = deque(maxlen=most + 2)
        self._last: tuple[float, Values] | None = None

    def clear(self) -> None:
        """Begin anew."""
        self._marks.clear()
        self._last = None

    def add(self, at: float, values: Values) -> None:
        """Take a sample; a counter that fell begins all of them anew."""
        if self.fell(values):
            self.clear()
        self._last = (at, values)
        if not self._marks or at - self._marks[-1][0] >= self._apart:
            self._marks.append((at, values))
        while len(self._marks) > 1 and at - self._marks[1][0] >= self._seconds:
            self._marks.popleft()

    def fell(self, values: Values) -> bool:
        """Whether a counter is below what it was."""
        return self._last is not None and any(
            value < self._last[1].get(name, value) for name, value in values.items()
        )

    @property
    def growth(self) -> tuple[float, Values] | None:
        """Seconds, and what grew within them; None before two samples tell."""
        if self._last is None or self._last[0] - self._marks[0][0] < LEAST:
            return None
        (since, first), (at, last) = self._marks[0], self._last
        return at - since, {name: value - first[name] for name, value in last.items()}


class Since:
    """Since when each of several things is seen so, kept beyond the process where it can be."""

    def __init__(self, prefix: str, samples: Samples | None) -> None:
        self._prefix, self._samples = prefix, samples
        self._first: dict[Hashable, float] = {}

    def learn(self, at: float, things: Iterable[Hashable]) -> None:
        """Take what is so now; what no longer is, is forgotten."""
        now = set(things)
        gone = self._first.keys() - now
        self._first = {each: first for each, first in self._first.items() if each in now}
        for each in now - self._first.keys():
            self._first[each] = self._earlier(each, at)
        if self._samples is not None and now | gone:
            marks = {f"{self._prefix}.{each}": float(each in now) for each in now | gone}
            self._samples.put(moment(at), "", marks)

    def _earlier(self, each: Hashable, at: float) -> float:
        seen = self._samples and self._samples.unchanged_since(f"{self._prefix}.{each}")
        return min(at, seen.timestamp()) if seen else at

    def seconds(self, at: float, each: Hashable) -> float:
        """Return for how many seconds it is so."""
        return max(0.0, at - self._first.get(each, at))


class Memory:
    """Keeps the samples of one database and says what they tell."""

    def __init__(self, samples: Samples | None = None) -> None:
        self._samples = samples
        self._minute, self._hour, self._checkpoints = Marks(MINUTE), Marks(HOUR), Marks(HOUR)
        self._epoch: tuple[object, ...] | None = None
        self._checkpoints_epoch: tuple[object, ...] | None = None
        self._restart: tuple[str, float] | None = None
        self._counted_from: float | None = None
        self.invalid, self.stale = Since("invalid", samples), Since("stale", samples)
        self.inactive, self._failing = Since("inactive", samples), Since("archive", samples)
        self._failing_s = 0.0
        self._runs: dict[int, tuple[int, int]] = {}
        self._futile: dict[int, int] = {}
        self._server: Server | None = None

    def learn(self, server: Server, own: int, undone: int = 0) -> bool:
        """Take the counters of a sample; True when the server is another one than before.

        `own` transactions were made by ourselves so far, and as many `undone`: they are left out.
        """
        counters = {name: float(getattr(server, name)) for name in COUNTERS}
        before, self._server = self._server, server
        if before is None and self._started_before(server):
            self._restart = (RESTARTED, server.started)
        self._notice(before, server, counters)
        self._minute.add(server.at, {**counters, "own": float(own), "undone": float(undone)})
        self._hour.add(server.at, counters)
        self._observe(server)
        if self._samples is not None:
            hourly = {f"db.{name}": counters[name] for name in HOURLY}
            epoch = repr((self._epoch, self._counted_from))
            self._samples.put(moment(server.at), epoch, hourly)
        return before is not None and before.started != server.started

    def _notice(self, before: Server | None, server: Server, counters: Values) -> None:
        """Begin anew where the epoch changed, and remember why."""
        epoch = (server.database_oid, server.stats_reset, server.started, server.born)
        why = ""
        if before is not None and before.started != server.started:
            why = RESTARTED
        elif before is not None and server.stats_reset not in (None, before.stats_reset):
            why = "The statistics were reset"
        elif (before is not None and before.born != server.born) or self._hour.fell(counters):
            why = "The statistics were lost, as in a crash,"
            self._counted_from = server.at
        if why:
            at = server.started if before and before.started != server.started else server.at
            self._restart = (why, at)
        if why or epoch != self._epoch:
            self._minute.clear()
            self._hour.clear()
            self._runs.clear()
            self._futile.clear()
        self._epoch = epoch

    def learn_state(self, at: float, state: State) -> None:
        """Take the checkpoints so far, and whether archiving fails."""
        values = {name: float(getattr(state, name)) for name in CHECKPOINTS}
        started = self._server and self._server.started
        epoch = (state.checkpoints_reset, started, self._counted_from)
        if epoch != self._checkpoints_epoch:
            self._checkpoints.clear()
            self._checkpoints_epoch = epoch
        self._checkpoints.add(at, values)
        if self._samples is not None:
            kept = {f"db.{name}": value for name, value in values.items()}
            self._samples.put(moment(at), repr(epoch), kept)
        fails = [state.archived] if state.archiving_fails else []
        self._failing.learn(at, fails)
        first = at - (state.failed_at or at)
        self._failing_s = max(first, self._failing.seconds(at, state.archived)) if fails else 0.0

    def learn_late(self, tables: Iterable[LateTable]) -> None:
        """Count the vacuums of each table that left all of its dead rows."""
        runs, futile = {}, {}
        for table in tables:
            before = self._runs.get(table.oid)
            count = self._futile.get(table.oid, 0)
            if before is None or table.runs == before[0]:
                runs[table.oid] = before or (table.runs, table.dead)
            else:
                more = table.runs - before[0]
                count = count + more if table.dead >= before[1] and more > 0 else 0
                runs[table.oid] = (table.runs, table.dead)
            futile[table.oid] = count
        self._runs, self._futile = runs, futile

    @property
    def wants_state(self) -> bool:
        """Whether the server's state must be seen once more to know how it moves."""
        return self._checkpoints.growth is None

    def past(self, oids: Iterable[int], slots: Iterable[str]) -> Past:
        """Return what is known of indexes and tables by oid, and of slots by name."""
        server = self._server
        if server is None:
            return Past()
        at, oids = server.at, tuple(oids)
        restart = self._restart
        return Past(
            minute=self._grown(),
            hour=self._hourly(),
            checkpoints=self._grown_checkpoints(),
            invalid_s={oid: self.invalid.seconds(at, oid) for oid in oids},
            stale_s={oid: self.stale.seconds(at, oid) for oid in oids},
            inactive_s={slot: self.inactive.seconds(at, slot) for slot in slots},
            failing_s=self._failing_s,
            observed_s=max(0.0, at - (self._counted_from or at)),
            futile=dict(self._futile),
            restart=Restart(restart[0], max(0.0, at - restart[1])) if restart else None,
        )

    def _observe(self, server: Server) -> None:
        """Remember from when on the statistics count; a crash begins them anew."""
        if self._counted_from is None:
            self._counted_from = self._counted_before(server) or server.at
        if server.stats_reset is not None:
            self._counted_from = server.stats_reset
        if server.born is not None:
            self._counted_from = max(self._counted_from, server.born)
        if self._samples is not None:
            marks = {"use.from": self._counted_from, "use.blocks": float(server.fetched)}
            marks["use.started"] = server.started
            self._samples.put(moment(server.at), "", marks)

    def _started_before(self, server: Server) -> bool:
        """Whether earlier processes saw the server before its last start.

        Not only the last one: each says so as long as it is news.
        """
        seen = self._samples.points("use.started", HOUR) if self._samples is not None else ()
        return any(started < server.started for _, started in seen)

    def _counted_before(self, server: Server) -> float | None:
        if self._samples is None:
            return None
        since = self._samples.points("use.from", HOUR)
        blocks = self._samples.points("use.blocks", HOUR)
        if not since or not blocks or blocks[-1][1] > server.fetched:
            return None
        return since[-1][1]

    def _grown(self) -> Growth | Missing:
        """Return the last minute's growth without the transactions of our own."""
        if (grown := self._minute.growth) is None:
            return TWO_SAMPLES
        values = dict(grown[1])
        for name, own in (("commits", "own"), ("rollbacks", "undone")):
            values[name] = max(0.0, values[name] - values.pop(own))
        return Growth(grown[0], **values)

    def _hourly(self) -> Growth | Missing:
        own = self._hour.growth
        kept = self._kept(f"db.{name}" for name in HOURLY)
        if own is not None and (kept is None or own[0] >= kept[0]):
            return Growth(own[0], **own[1])
        if kept is None:
            return TWO_SAMPLES
        grown = {name: kept[1][f"db.{name}"] for name in HOURLY}
        if own is not None:
            grown = {name: max(value, own[1][name]) for name, value in grown.items()}
        return Growth(kept[0], **grown)

    def _grown_checkpoints(self) -> Checkpoints | Missing:
        own = self._checkpoints.growth
        kept = self._kept(f"db.{name}" for name in CHECKPOINTS)
        if kept is not None and (own is None or kept[0] > own[0]):
            return Checkpoints(kept[0], *(kept[1][f"db.{name}"] for name in CHECKPOINTS))
        if own is None:
            return TWO_SAMPLES
        return Checkpoints(own[0], *(own[1][name] for name in CHECKPOINTS))

    def _kept(self, names: Iterable[str]) -> tuple[float, Values] | None:
        """Return the growth over the last hour that outlived a process, where all of it did."""
        if self._samples is None:
            return None
        grown = {name: self._samples.growth(name, HOUR) for name in names}
        known = {name: each for name, each in grown.items() if each is not None}
        if len(known) < len(grown):
            return None
        seconds = min(each.seconds for each in known.values())
        return seconds, {name: each.amount for name, each in known.items()}
