"""The link tries again and again, politely, and never with more than two tries at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer, LinkState
from pgdeck.errors import Unreachable
from pgdeck.watch import link as link_module
from pgdeck.watch.link import AUTH_DELAY, LAST_DELAY, Link

REFUSED = Failure(FailureKind.REFUSED, "refused")


class FakeSession:
    version = 180004
    opening = 0

    def forget(self) -> None:
        """Nothing was prepared."""

    pooled = False
    backend_pid = 4711
    round_trip = None

    def __init__(self) -> None:
        self.on_lost: Callable[[Failure], None] | None = None
        self.closed = False

    async def round(self, queries: Sequence[Query], deadline: float) -> tuple[Answer, ...]:
        raise Unreachable(REFUSED)

    def close(self) -> None:
        self.closed = True


class Door:
    """What a server does with those who knock: `answer` is a session, a problem, or silence."""

    def __init__(self) -> None:
        self.answer: FakeSession | BaseException | None = REFUSED_BY_SERVER
        self.knocks = 0
        self.waiting = 0
        self.most_waiting = 0

    async def __call__(self) -> FakeSession:
        self.knocks += 1
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        try:
            await asyncio.sleep(0)
            if self.answer is None:
                await asyncio.Event().wait()
            if isinstance(self.answer, FakeSession):
                return self.answer
            assert self.answer is not None
            raise self.answer
        finally:
            self.waiting -= 1


REFUSED_BY_SERVER = Unreachable(REFUSED)


@asynccontextmanager
async def linked(door: Door) -> AsyncIterator[tuple[Link, list[LinkState]]]:
    states: list[LinkState] = []
    clock = asyncio.get_running_loop().time
    link = Link(door, states.append, where="db:5432", clock=clock, rng=Random(1))
    link.start()
    try:
        yield link, states
    finally:
        await link.close()


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110  # the thing watched has no event
            await asyncio.sleep(0.002)


async def test_tries_grow_apart_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(link_module, "LAST_DELAY", 0.1)
    door = Door()
    async with linked(door) as (link, states):
        await until(lambda: len(states) == 7)
        waits = [
            later.failure.retry_at - earlier.failure.retry_at
            for earlier, later in itertools.pairwise(states)
            if earlier.failure and later.failure and earlier.failure.retry_at
            if later.failure.retry_at
        ]
        assert all(0.01 < wait < 0.15 for wait in waits)
        assert waits[0] < waits[-1]
        assert [state.attempts for state in states] == list(range(1, 8))
        assert len({state.since for state in states}) == 1
        door.answer = FakeSession()
        link.try_now()
        await until(lambda: link.state.connected)
        assert link.state.failure is None


async def test_a_refused_login_is_not_hammered() -> None:
    door = Door()
    door.answer = Unreachable(Failure(FailureKind.AUTH, "no"))
    async with linked(door) as (link, states):
        await until(lambda: bool(states))
        failure = link.state.failure
        assert failure is not None
        assert failure.retry_at is not None
        wait = failure.retry_at - asyncio.get_running_loop().time()
        assert AUTH_DELAY * 0.7 < wait <= AUTH_DELAY
        link.try_now()
        await until(lambda: door.knocks == 2)


async def test_silence_brings_a_second_try_and_never_a_third(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "HURRY", 0.02)
    door = Door()
    door.answer = None
    async with linked(door) as (link, _):
        await until(lambda: door.knocks >= 5)
        assert door.most_waiting == 2
        assert link.state.failure is not None
        assert link.state.failure.message == "No answer yet from db:5432"
        session = FakeSession()
        door.answer = session
        await until(lambda: link.state.connected)
        await until(lambda: door.waiting == 0)
        assert not session.closed
    assert session.closed


async def test_a_young_session_s_loss_makes_no_storm() -> None:
    door = Door()
    async with linked(door) as (link, states):
        for number in range(4):
            session = FakeSession()
            door.answer = session
            link.try_now()
            await until(lambda: link.state.connected)
            assert session.on_lost is not None
            session.on_lost(REFUSED)
            assert not link.state.connected
            assert link.state.attempts == number + 1
            failure = link.state.failure
            assert failure is not None
            assert failure.retry_at is not None
            delay = failure.retry_at - link.state.since
            grown = min(LAST_DELAY, 0.25 * 2**number)
            assert 0.7 * grown < delay <= grown + 0.01
            door.answer = REFUSED_BY_SERVER
            await asyncio.sleep(0.01)
        assert all(a.connected != b.connected for a, b in itertools.pairwise(states))


async def test_a_lost_round_loses_the_link() -> None:
    door = Door()
    door.answer = FakeSession()
    async with linked(door) as (link, _):
        await until(lambda: link.state.connected)
        assert link.version == 180004
        door.answer = None
        with pytest.raises(Unreachable):
            await link.round([], 3.0)
        assert not link.state.connected
        with pytest.raises(Unreachable):
            _ = link.version


async def test_a_bug_while_opening_does_not_end_the_link() -> None:
    door = Door()
    door.answer = ZeroDivisionError("oops")
    async with linked(door) as (link, states):
        await until(lambda: bool(states))
        assert link.state.failure is not None
        assert link.state.failure.kind is FailureKind.BUG
        door.answer = FakeSession()
        link.try_now()
        await until(lambda: link.state.connected)
