"""Only what is looked at is collected, never twice at once, in common rounds, failures slowly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import pytest

from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure, FailureKind, Snapshot
from pgdeck.core.source import Answer, Context
from pgdeck.errors import QueryFailed, Unreachable, UsageProblem
from pgdeck.watch.round import Rounds
from pgdeck.watch.scheduler import SLOW_RETRY, Scheduler, Source
from pgdeck.watch.store import Store

TICK = 0.05


def wall() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class FakeLine:
    """Answers every query with its name, and notes the rounds."""

    version: int = 180004
    opening: int = 0
    pooled: bool = False
    delay: float = 0.0
    rounds: list[list[str]] = field(default_factory=list)
    forgotten: int = 0
    problem: BaseException | None = None

    def forget(self) -> None:
        self.forgotten += 1

    async def round(self, queries: Sequence[Query], deadline: float) -> tuple[Answer, ...]:
        self.rounds.append([query.name for query in queries])
        await asyncio.sleep(self.delay)
        if self.problem is not None:
            raise self.problem
        return tuple(Rows(("name",), ((query.name,),)) for query in queries)


@dataclass
class FakeCollector:
    """Asks `asks` times; raises `problem` if there is one."""

    name: str
    interval: float = TICK
    timeout: float = 3.0
    stale_after: float = 1.0
    asks: int = 1
    problem: BaseException | None = None
    data: object = None
    running: int = 0
    overlapped: bool = False

    async def collect(self, ctx: Context) -> object:
        self.overlapped |= self.running > 0
        self.running += 1
        try:
            if self.problem is not None:
                raise self.problem
            answer: Answer | None = None
            for _ in range(self.asks):
                (answer,) = await ctx.ask(Query(self.name, "SELECT 1"))
            assert isinstance(answer, Rows)
            return self.data or answer.rows[0][0]
        finally:
            self.running -= 1


@dataclass
class Bench:
    scheduler: Scheduler
    line: FakeLine
    store: Store
    snapshots: list[Snapshot[object]]

    def count(self, name: str) -> int:
        return sum(snapshot.source == name for snapshot in self.snapshots)

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not happened():  # noqa: ASYNC110  # the thing watched has no event
                await asyncio.sleep(0.002)


@asynccontextmanager
async def bench(
    *collectors: FakeCollector, line: FakeLine | None = None, background: Sequence[str] = ()
) -> AsyncIterator[Bench]:
    line = line or FakeLine()
    store = Store()
    rounds = Rounds(lambda: line)
    snapshots: list[Snapshot[object]] = []
    store.subscribe(snapshots.append)
    clock = asyncio.get_running_loop().time

    def collect(source: Source) -> asyncio.Task[Snapshot[object]]:
        return asyncio.get_running_loop().create_task(source.take(line.version, rounds))

    sources = [Source(each, "target", clock, wall) for each in collectors]
    scheduler = Scheduler(
        sources, collect, store.put, clock=clock, rng=Random(1), background=background
    )
    scheduler.start()
    try:
        yield Bench(scheduler, line, store, snapshots)
    finally:
        await scheduler.close()
        await rounds.close()


async def test_nothing_runs_unseen_or_unconnected() -> None:
    async with bench(FakeCollector("a"), FakeCollector("b")) as it:
        it.scheduler.look(["a"])
        await asyncio.sleep(3 * TICK)
        assert it.snapshots == []
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("a") >= 3)
        assert it.count("b") == 0
        it.scheduler.look(["b", "unknown"])
        await it.until(lambda: it.count("b") >= 2)
        seen = it.count("a")
        await it.until(lambda: it.count("b") >= 4)
        assert it.count("a") == seen


async def test_what_is_due_together_shares_a_round() -> None:
    slow = FakeCollector("c", interval=2 * TICK)
    async with bench(FakeCollector("a"), FakeCollector("b"), slow) as it:
        it.scheduler.look(["a", "b"])
        it.scheduler.set_connected(True)
        await asyncio.sleep(0.4 * TICK)
        it.scheduler.look(["a", "b", "c"])  # runs at once, and joins the others from then on
        await it.until(lambda: it.count("c") >= 4)
        later = it.line.rounds[3:]
        assert ["c"] not in later
        assert all(names in (["a", "b"], ["a", "b", "c"]) for names in later)


async def test_no_collection_overlaps_itself() -> None:
    slow = FakeCollector("a")
    async with bench(slow, line=FakeLine(delay=3 * TICK)) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        for _ in range(10):
            it.scheduler.run_now()
            await asyncio.sleep(TICK / 2)
        await it.until(lambda: it.count("a") >= 2)
        assert not slow.overlapped


async def test_a_second_question_waits_for_the_next_round() -> None:
    async with bench(
        FakeCollector("a", interval=60, asks=2), FakeCollector("b", interval=60)
    ) as it:
        it.scheduler.look(["a", "b"])
        it.scheduler.set_connected(True)
        await it.until(lambda: len(it.snapshots) == 2)
        assert it.line.rounds == [["a", "b"], ["a"]]


async def test_what_two_ask_alike_is_asked_once() -> None:
    line = FakeLine()
    rounds = Rounds(lambda: line)
    one, other = Query("one", "SELECT 1"), Query("other", "SELECT 2")
    first, second = await asyncio.gather(
        rounds.ask((one, other), 3.0), rounds.ask((other, one, other), 3.0)
    )
    assert line.rounds == [["one", "other"]]
    assert second == (first[1], first[0], first[1])
    assert first[0] != first[1]
    await rounds.close()


async def test_what_a_backend_has_reported_is_known() -> None:
    rounds = Rounds(FakeLine)
    one, other = Query("one", "SELECT 1"), Query("other", "SELECT 2")
    forcing = Query("counters", "SELECT pg_catalog.pg_stat_force_next_flush()")
    await rounds.ask((one, other), 3.0)
    assert rounds.reported == 1, "the first statement of a session reports itself"
    await rounds.ask((one, other), 3.0)
    assert rounds.reported == 1, "nothing is reported twice within a second"
    await rounds.ask((forcing, one), 3.0)
    assert rounds.reported == 5, "what forces the report reports itself, too, and not what follows"
    await rounds.ask((one, forcing), 3.0)
    await rounds.ask((one,), 3.0)
    assert rounds.reported == 8
    await rounds.close()


async def test_pause_collects_only_what_is_asked_for() -> None:
    async with bench(FakeCollector("a"), FakeCollector("b")) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("a") >= 2)
        it.scheduler.set_paused(True)
        await asyncio.sleep(TICK)
        seen = it.count("a")
        await asyncio.sleep(3 * TICK)
        assert it.count("a") == seen
        it.scheduler.run_now()
        await it.until(lambda: it.count("a") == seen + 1)
        it.scheduler.set_connected(False)
        it.scheduler.set_connected(True)
        await asyncio.sleep(3 * TICK)
        assert it.count("a") == seen + 1
        it.scheduler.set_paused(False)
        await it.until(lambda: it.count("a") > seen + 2)


@pytest.mark.parametrize(
    ("problem", "kind", "wait"),
    [
        (QueryFailed(Failure(FailureKind.PERMISSION, "no", "GRANT")), "permission", SLOW_RETRY),
        (QueryFailed(Failure(FailureKind.MISSING, "no")), "missing", SLOW_RETRY),
        (QueryFailed(Failure(FailureKind.QUERY, "no")), "query", 1.5 * TICK),
        (UsageProblem("wrong", "so"), "query", 1.5 * TICK),
        (ZeroDivisionError("oops"), "bug", 1.5 * TICK),
        (TimeoutError(), "timeout", 1.5 * TICK),
    ],
)
async def test_failures_are_kept_apart_and_wait(
    problem: BaseException, kind: str, wait: float
) -> None:
    bad = FakeCollector("bad")
    async with bench(bad, FakeCollector("good")) as it:
        it.scheduler.look(["bad", "good"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("bad") == 1)
        bad.problem = problem
        # What seems to be forbidden or absent is asked for once more.
        await it.until(lambda: it.count("bad") == (3 if wait == SLOW_RETRY else 2))
        snapshot = it.store.latest("bad")
        assert snapshot is not None
        assert snapshot.data == "bad", "the last good reading stays"
        assert snapshot.failure is not None
        assert snapshot.failure.kind == kind
        assert snapshot.failure.retry_at is not None
        assert snapshot.failure.retry_at - snapshot.started >= wait * 0.99
        seen = it.count("good")
        await it.until(lambda: it.count("good") >= seen + 2)
        assert it.store.latest("good").failure is None  # type: ignore[union-attr]


class Garbled(FakeCollector):
    """Fails of something else each time, as over a line that spoils bytes."""

    failed = 0

    async def collect(self, ctx: Context) -> object:
        if self.failed == 6:
            return await super().collect(ctx)
        self.failed += 1
        raise QueryFailed(Failure(FailureKind.MISSING, f"no function {self.failed}"))


async def test_failures_that_are_never_alike_do_not_add_up() -> None:
    async with bench(Garbled("bad")) as it:
        it.scheduler.look(["bad"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("bad") == 7)
        assert it.snapshots[-1].failure is None
        assert it.line.forgotten == 6


async def test_a_lost_connection_is_no_reason_to_wait() -> None:
    lost = Unreachable(Failure(FailureKind.REFUSED, "lost"))
    async with bench(FakeCollector("a", interval=60.0), FakeCollector("b", interval=60.0)) as it:
        it.scheduler.look(["a", "b"])
        it.line.problem = lost
        it.scheduler.set_connected(True)
        await it.until(lambda: len(it.snapshots) == 2)
        assert all(snapshot.failure == lost.failure for snapshot in it.snapshots)
        it.scheduler.set_connected(False)
        it.line.problem = None
        it.scheduler.set_connected(True)
        await it.until(lambda: len(it.snapshots) == 4)
        assert all(snapshot.failure is None for snapshot in it.snapshots[2:])


async def test_a_bug_in_the_transport_reaches_every_asker() -> None:
    async with bench(FakeCollector("a"), FakeCollector("b")) as it:
        it.line.problem = ZeroDivisionError("oops")
        it.scheduler.look(["a", "b"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("a") > 0 and it.count("b") > 0)
        assert {s.failure.kind for s in it.snapshots if s.failure} == {FailureKind.BUG}
        it.line.problem = None
        await it.until(lambda: it.snapshots[-1].failure is None)


async def test_an_interval_for_all() -> None:
    async with bench(FakeCollector("a", interval=60.0)) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("a") == 1)
        it.scheduler.set_interval(TICK)
        await it.until(lambda: it.count("a") >= 4)
        it.scheduler.set_interval(None)
        await asyncio.sleep(2 * TICK)
        seen = it.count("a")
        await asyncio.sleep(3 * TICK)
        assert it.count("a") == seen


async def test_the_background_rides_along_whatever_is_looked_at() -> None:
    checks = FakeCollector("checks", interval=3 * TICK)
    async with bench(FakeCollector("a"), FakeCollector("b"), checks, background=["checks"]) as it:
        await asyncio.sleep(TICK)
        assert it.line.rounds == [], "nothing runs while nothing is looked at"
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") == 1)
        assert it.line.rounds[:2] == [["a"], ["checks"]], "the first picture waits for nothing"
        await it.until(lambda: it.count("checks") == 3)
        it.scheduler.look(["b"])
        await it.until(lambda: it.count("checks") == 5)
        later = it.line.rounds[2:]
        assert ["checks"] not in later
        assert ["a", "checks"] in later
        assert ["b", "checks"] in later
        assert len(later) > 2 * sum("checks" in names for names in later)


async def test_the_background_keeps_its_interval_and_waits_for_no_slow_screen() -> None:
    checks = FakeCollector("checks", interval=TICK)
    async with bench(FakeCollector("a", interval=60.0), checks, background=["checks"]) as it:
        it.scheduler.set_interval(30.0)
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") >= 4)
        assert it.count("a") == 1
        times = [each.started for each in it.snapshots if each.source == "checks"][1:]
        assert all(TICK * 0.9 < b - a < 3 * TICK for a, b in pairwise(times))


async def test_a_background_source_on_screen_is_never_slower_than_by_itself() -> None:
    checks = FakeCollector("checks", interval=2 * TICK)
    async with bench(checks, background=["checks"]) as it:
        it.scheduler.set_interval(30.0)
        it.scheduler.look(["checks"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") >= 3)
        it.scheduler.set_interval(TICK / 5)
        began, seen = asyncio.get_running_loop().time(), it.count("checks")
        await it.until(lambda: it.count("checks") >= seen + 10)
        assert asyncio.get_running_loop().time() - began < 10 * TICK


async def test_the_background_rests_while_paused_unless_asked() -> None:
    checks = FakeCollector("checks", interval=TICK)
    async with bench(FakeCollector("a"), checks, background=["checks"]) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") >= 2)
        it.scheduler.set_paused(True)
        await asyncio.sleep(TICK)
        seen = it.count("checks")
        await asyncio.sleep(4 * TICK)
        assert it.count("checks") == seen
        it.scheduler.run_now()
        await it.until(lambda: it.count("checks") == seen + 1)
        assert it.line.rounds[-1] == ["a", "checks"]
        it.scheduler.set_paused(False)
        await it.until(lambda: it.count("checks") > seen + 2)


async def test_a_background_that_fails_or_drags_leaves_the_view_alone() -> None:
    checks = FakeCollector("checks", interval=TICK, problem=ZeroDivisionError("oops"))
    async with bench(FakeCollector("a"), checks, background=["checks"]) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") >= 2 and it.count("a") >= 4)
        assert not any(each.failure for each in it.snapshots if each.source == "a")
        checks.problem = None
        it.scheduler.run_now()
        it.line.delay = TICK
        await it.until(lambda: it.snapshots[-1].source == "checks" and not checks.problem)
        it.line.delay = 0.0
        seen, shown = it.count("checks"), it.count("a")
        await it.until(lambda: it.count("a") >= shown + 8)
        assert it.count("checks") == seen, "it rests the longer the longer it took"


async def test_the_background_is_collected_anew_after_a_reconnect() -> None:
    checks = FakeCollector("checks", interval=60.0)
    async with bench(FakeCollector("a", interval=60.0), checks, background=["checks"]) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") == 1)
        it.scheduler.set_connected(False)
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") == 2)
        assert it.line.rounds == [["a"], ["checks"], ["a"], ["checks"]]


@dataclass(frozen=True)
class Rested:
    """What is good for a while."""

    rests: float


async def test_a_background_that_says_so_rests_until_somebody_looks() -> None:
    checks = FakeCollector("checks", interval=TICK, data=Rested(60.0))
    async with bench(FakeCollector("a"), checks, background=["checks"]) as it:
        it.scheduler.look(["a"])
        it.scheduler.set_connected(True)
        await it.until(lambda: it.count("checks") == 1)
        shown = it.count("a")
        await it.until(lambda: it.count("a") >= shown + 6)
        assert it.count("checks") == 1, "nothing new can be expected of it"
        it.scheduler.look(["checks"])
        await it.until(lambda: it.count("checks") >= 4)
        checks.data = Rested(0.0)
        it.scheduler.look(["a"])
        it.scheduler.run_now()
        await it.until(lambda: it.count("checks") >= 8)


def test_the_store_forgets_who_left() -> None:
    store = Store()
    heard: list[str] = []
    stop = store.subscribe(lambda snapshot: heard.append(snapshot.source))
    store.put(Snapshot("a", "t", 1, 0.0, 0.0))
    stop()
    stop()
    store.put(Snapshot("b", "t", 1, 0.0, 0.0))
    assert heard == ["a"]
    assert store.latest("b") is not None
    assert store.latest("c") is None
