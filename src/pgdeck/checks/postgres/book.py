"""The book: which questions are due, and how their answers become facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.checks.postgres import facts as shapes
from pgdeck.checks.postgres.facts import Facts, Floors, Missing, Sequences, missing
from pgdeck.checks.postgres.past import Memory
from pgdeck.checks.postgres.rules import RULES
from pgdeck.core.answers import Answers, Row, rows_of
from pgdeck.core.check import Rule
from pgdeck.core.holding import read_horizon, read_lock_wait, read_prepared
from pgdeck.core.rows import Query
from pgdeck.core.samples import Samples
from pgdeck.core.source import Context
from pgdeck.errors import QueryFailed
from pgdeck.pg.statements import query as shared
from pgdeck.sqlfiles import Statements

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

FAST = ("server", "transactions")
SHARED = ("waits", "prepared", "horizon")
MIDDLE = ("state", "slots", "senders", "databases", "late")
SLOW = ("indexes", "sequences", "bloat", "statistics", "settings")

MIDDLE_EVERY, MANY_TABLES_EVERY, SLOW_EVERY = 15.0, 60.0, 300.0
MANY_TABLES = 2000
SEQUENCES_AT_ONCE = 400
"""As many as the statement looks at."""

_query = Statements(__package__).query


class PostgresBook:
    """Gathers `Facts`: what is fast each time, the rest now and then and in the same round.

    The first time leaves out what is slow, unless `measure_at_once`.  `samples` is the past that
    outlives the process.
    """

    name = "postgres"
    rules: tuple[Rule[Facts], ...] = RULES

    def __init__(
        self,
        samples: Samples | None = None,
        *,
        measure_at_once: bool = False,
        floors: Floors | None = None,
    ) -> None:
        self._floors = floors or Floors()
        self._memory = Memory(samples)
        self._calendar = _Calendar(measure_at_once=measure_at_once)
        self._walk = _Walk()
        self._kept = Facts(floors=self._floors)

    async def gather(self, ctx: Context) -> Facts:
        """Ask everything that is due in one round; raises `Unreachable`."""
        now = ctx.now
        names = self._calendar.due(now, walking=self._walk.under_way)
        if self._memory.wants_state and "state" not in names:
            names = (*names, "state")
        replies = await ctx.ask(*(self._question(name, ctx.version) for name in names))
        answers = dict(zip(names, replies, strict=True))
        # Who answers is asked before the counters, and reports all of the rounds before this one.
        own = (0, ctx.reported) if ctx.pooled else (ctx.reported, 0)
        self._calendar.asked(now, names)
        read = self._read(answers)
        self._kept = replace(self._kept, **read, new=frozenset(read))
        self._remember(own, answers)
        return self._kept

    def look_again(self, rules: Collection[str]) -> None:
        """Ask what is slow about these rules with the next questions that are not."""
        waiting = [rule for rule in self.rules if rule.name in rules]
        self._calendar.hurried = tuple(
            question
            for part, question in _SLOW_PARTS.items()
            if any(_is_about(rule, part) for rule in waiting)
        )

    def _question(self, name: str, version: int) -> Query:
        if name in SHARED:
            return shared(name, version)
        params = {
            "late": self._floors.dead_rows,
            "statistics": self._floors.changed_rows,
            "bloat": round(self._floors.bloat_bytes[0]),
            "sequences": self._walk.offset,
        }
        return _query(name, version, *((str(params[name]),) if name in params else ()))

    def _read(self, answers: Answers) -> dict[str, Any]:
        """Return the parts of the facts that were asked for; what failed is `Missing`."""
        read: dict[str, Any] = {}
        for name, part in _PARTS.items():
            if part.question in answers:
                read[name] = _part(part.read, answers)
        if "sequences" in answers:
            found = _part(_sequences, answers)
            read["sequences"] = found if isinstance(found, Missing) else self._walk.take(found)
        return read

    def _remember(self, own: tuple[int, int], answers: Answers) -> None:
        """Let the memory learn from what is new, and add what it tells."""
        kept, memory = self._kept, self._memory
        if isinstance(kept.server, Missing):
            return
        at = kept.server.at
        if "server" in answers and memory.learn(kept.server, *own):
            self._calendar.forget()
        if "state" in answers and not isinstance(kept.state, Missing):
            memory.learn_state(at, kept.state)
            self._calendar.many_tables = kept.state.tables > MANY_TABLES
        if "late" in answers and not isinstance(kept.late, Missing):
            memory.learn_late(kept.late)
        indexes = () if isinstance(kept.indexes, Missing) else kept.indexes
        changed = () if isinstance(kept.changed, Missing) else kept.changed
        slots = () if isinstance(kept.slots, Missing) else kept.slots
        broken = [each.oid for each in indexes if not each.valid and not each.building]
        idle = [each.name for each in slots if not each.active]
        if "indexes" in answers:
            memory.invalid.learn(at, broken)
        if "statistics" in answers:
            memory.stale.learn(at, [each.oid for each in changed])
        if "slots" in answers:
            memory.inactive.learn(at, idle)
        oids = [*broken, *(each.oid for each in changed)]
        self._kept = replace(kept, past=memory.past(oids, idle))


class _Calendar:
    """Which questions are due when, in monotonic seconds."""

    def __init__(self, *, measure_at_once: bool) -> None:
        self.many_tables = False
        self.hurried: tuple[str, ...] = ()
        """Slow questions that are asked with the next of the middle ones."""
        self._spare_first = not measure_at_once
        self._middle_at: float | None = None
        self._slow_at: float | None = None

    def due(self, now: float, *, walking: bool) -> tuple[str, ...]:
        every = MANY_TABLES_EVERY if self.many_tables else MIDDLE_EVERY
        middle = self._middle_at is None or now - self._middle_at >= every
        slow = self._slow_at is None or now - self._slow_at >= SLOW_EVERY
        slow = slow and not self._spare_first
        hurried = {*self.hurried, *(("sequences",) if walking else ())} if middle else ()
        more = SLOW if slow else tuple(name for name in SLOW if name in hurried)
        return (*FAST, *SHARED, *(MIDDLE if middle else ()), *more)

    def asked(self, now: float, names: tuple[str, ...]) -> None:
        self._spare_first = False
        # Single ones may be asked in between.
        if set(MIDDLE) <= set(names):
            self._middle_at = now
        if set(SLOW) <= set(names):
            self._slow_at = now

    def forget(self) -> None:
        """Ask everything anew: the server is another one."""
        self._middle_at = self._slow_at = None


class _Walk:
    """Goes through many sequences a few at a time, and keeps what the last ones told."""

    def __init__(self) -> None:
        self.offset = 0
        self._before: Mapping[int, shapes.Sequence] = {}
        self._now: dict[int, shapes.Sequence] = {}

    @property
    def under_way(self) -> bool:
        return self.offset > 0

    def take(self, found: tuple[shapes.Sequence, ...]) -> Sequences:
        self._now |= {each.oid: each for each in found}
        number = found[0].number if found else len(self._now)
        self.offset += SEQUENCES_AT_ONCE
        if self.offset >= number or not found:
            self._before, self._now, self.offset = self._now, {}, 0
        return Sequences(tuple({**self._before, **self._now}.values()), number)


class _Part:
    """How one part of the facts is read, and from which question's answer."""

    def __init__(self, question: str, read: Callable[[Answers], object]) -> None:
        self.question, self.read = question, read


def _records(kind: type[S]) -> Callable[[list[dict[str, object]]], tuple[S, ...]]:
    """Return what makes values of a class from rows whose columns bear the fields' names."""
    names = kind.__struct_fields__

    def read(rows: list[dict[str, object]]) -> tuple[S, ...]:
        return tuple(kind(**{name: row[name] for name in names}) for row in rows)

    return read


def _all(question: str, kind: type[S]) -> _Part:
    return _Part(question, lambda answers: _records(kind)(rows_of(answers, question)))


def _one(question: str, kind: type[S]) -> _Part:
    return _Part(question, lambda answers: _records(kind)(rows_of(answers, question))[0])


def _horizon(answers: Answers) -> object:
    rows: list[Row] = [*rows_of(answers, "horizon")]
    return read_horizon(rows[0], least=1) if rows else None


_PARTS: Mapping[str, _Part] = {
    "server": _one("server", shapes.Server),
    "transactions": _all("transactions", shapes.Transaction),
    "lock_wait": _Part("waits", read_lock_wait),
    "prepared": _Part(
        "prepared", lambda answers: tuple(map(read_prepared, rows_of(answers, "prepared")))
    ),
    "horizon": _Part("horizon", _horizon),
    "state": _one("state", shapes.State),
    "slots": _all("slots", shapes.Slot),
    "senders": _all("senders", shapes.Sender),
    "databases": _all("databases", shapes.Database),
    "late": _all("late", shapes.LateTable),
    "changed": _all("statistics", shapes.ChangedTable),
    "indexes": _all("indexes", shapes.Index),
    "bloat": _all("bloat", shapes.Bloat),
    "settings": _Part(
        "settings", lambda answers: tuple(str(row["name"]) for row in rows_of(answers, "settings"))
    ),
}


_SLOW_PARTS = {
    "changed": "statistics",
    **{name: name for name in ("indexes", "sequences", "bloat", "settings")},
}
"""By which question the slow parts of the facts are gathered."""


def _is_about(rule: Rule[Facts], part: str) -> bool:
    return not rule.is_new(Facts()) and rule.is_new(Facts(new=frozenset({part})))


def _sequences(answers: Answers) -> tuple[shapes.Sequence, ...]:
    return _records(shapes.Sequence)(rows_of(answers, "sequences"))


def _part(read: Callable[[Answers], T], answers: Answers) -> T | Missing:
    try:
        return read(answers)
    except QueryFailed as error:
        return missing(error.failure)
