"""Fresh data within 3 s of the end of every fault, and the loop never stands still meanwhile.

Faults are shortened; `soak` runs them at full length.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import psycopg
import pytest

from faults.observer import Observer
from faults.proxy import FaultProxy, Mode, black_hole, open_descriptors
from pgdeck.core.snapshot import FailureKind, Freshness
from pgdeck.core.target import Conninfo
from servers import LiveServer

LIMIT = 3.0

Record = Callable[[float], None]


def through(proxy: FaultProxy, **keywords: str) -> Conninfo:
    host, port = proxy.address
    base = {"host": host, "port": str(port), "user": "postgres", "dbname": "postgres"}
    return Conninfo({**base, **keywords})


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_restart(server: LiveServer, mode: str, recovered: Record) -> None:
    async with Observer(server.conninfo()) as seen:
        await seen.fresh()
        await asyncio.to_thread(server.stop, mode)
        link = await seen.lost(within=1.0)
        assert link.failure is not None
        assert link.failure.retry_at is not None
        await asyncio.sleep(1.0)
        old = seen.watcher.latest("server")
        assert old is not None
        assert old.data is not None
        await asyncio.to_thread(server.start)
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


@pytest.mark.parametrize("length", [4.0, pytest.param(25.0, marks=pytest.mark.soak)])
async def test_refused_connections(proxy: FaultProxy, length: float, recovered: Record) -> None:
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        proxy.refuse()
        await seen.lost(within=1.0)
        await asyncio.sleep(length)
        link = seen.watcher.link
        assert link.failure is not None
        assert link.failure.message.startswith("No answer from 127.0.0.1:")
        assert "(connection refused)" in link.failure.message
        assert len(seen.links) <= length + 3
        snapshot = seen.watcher.latest("server")
        assert snapshot is not None
        assert snapshot.age(seen.snapshots[-1].started + 1e6) is not None
        proxy.accept()
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


async def test_dropped_connections(proxy: FaultProxy, recovered: Record) -> None:
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        await asyncio.sleep(2.1)
        proxy.drop()
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT
        assert any(not link.connected for link in seen.links)


@pytest.mark.parametrize("length", [5.0, pytest.param(30.0, marks=pytest.mark.soak)])
async def test_half_open_connections(proxy: FaultProxy, length: float, recovered: Record) -> None:
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        proxy.mode = Mode.SWALLOW
        await asyncio.sleep(length)
        link = seen.watcher.link
        assert not link.connected
        assert link.failure is not None
        assert link.failure.kind is FailureKind.TIMEOUT
        proxy.mode = Mode.PASS
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


@pytest.mark.parametrize("length", [4.5, pytest.param(10.0, marks=pytest.mark.soak)])
async def test_stall(proxy: FaultProxy, length: float, recovered: Record) -> None:
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        proxy.mode = Mode.STALL
        begun = len(seen.snapshots)
        await seen.lost(within=5.5)
        await seen.until(lambda: len(seen.snapshots) > begun)
        failed = seen.snapshots[begun:]
        assert failed[-1].failure is not None
        assert failed[-1].data is not None
        assert failed[-1].freshness(failed[-1].started, 6.0) is Freshness.FAILED
        await asyncio.sleep(max(0.1, length - 4.5))
        proxy.mode = Mode.PASS
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


async def test_short_stall_keeps_the_session(proxy: FaultProxy) -> None:
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        proxy.mode = Mode.STALL
        await asyncio.sleep(1.5)
        proxy.mode = Mode.PASS
        assert await seen.fresh() < LIMIT
        assert proxy.connects == 1


@pytest.mark.parametrize("every", [37, 500])
@pytest.mark.parametrize("length", [3.0, pytest.param(8.0, marks=pytest.mark.soak)])
async def test_corrupted_bytes(
    proxy: FaultProxy, length: float, every: int, recovered: Record
) -> None:
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        seen.watcher.set_interval(0.2)
        proxy.corrupt_every = every
        proxy.mode = Mode.CORRUPT
        await asyncio.sleep(length)
        proxy.mode = Mode.PASS
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


async def test_garbage_at_connect(proxy: FaultProxy, recovered: Record) -> None:
    proxy.mode = Mode.GARBAGE
    async with Observer(through(proxy)) as seen:
        await seen.until(lambda: bool(seen.links))
        failure = seen.watcher.link.failure
        assert failure is not None
        assert "does not speak PostgreSQL's protocol" in failure.message
        await asyncio.sleep(2.0)
        proxy.mode = Mode.PASS
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


@pytest.mark.parametrize("running", [False, True])
async def test_all_slots_taken(server: LiveServer, *, running: bool, recovered: Record) -> None:
    server.role("shop")
    taken: list[psycopg.Connection[tuple[object, ...]]] = []

    def fill() -> None:
        for _ in range(9):  # 12 less 3 for superusers
            try:
                taken.append(server.connect(user="shop"))
            except psycopg.OperationalError:
                return

    def leave() -> None:
        for connection in taken:
            connection.close()

    if not running:
        fill()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(leave)
        seen = await stack.enter_async_context(Observer(server.conninfo(user="shop")))
        if running:
            await seen.fresh()
            fill()
            assert await seen.fresh() < LIMIT, "a session that works is kept"
            server.sql(
                "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
                " WHERE application_name LIKE 'pgdeck%'"
            )
            fill()
        await seen.lost()
        await seen.until(lambda: "too many clients" in str(seen.watcher.link.failure))
        await asyncio.sleep(2.5)
        failure = seen.watcher.link.failure
        assert failure is not None
        assert "is full: too many clients" in failure.message
        assert "pg_use_reserved_connections" in failure.hint
        leave()
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT


async def test_watched_database_dropped(server: LiveServer, recovered: Record) -> None:
    server.create_database("doomed")
    async with Observer(server.conninfo("doomed")) as seen:
        await seen.fresh()
        before = seen.snapshots[-1].data
        await asyncio.to_thread(server.sql, "DROP DATABASE doomed WITH (FORCE)")
        await seen.lost(within=1.0)
        await seen.until(lambda: "no database doomed" in str(seen.watcher.link.failure))
        failure = seen.watcher.link.failure
        assert failure is not None
        assert failure.kind is FailureKind.MISSING
        assert failure.sqlstate == "3D000"
        await asyncio.sleep(2.0)
        await asyncio.to_thread(server.create_database, "doomed")
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT
        after = seen.snapshots[-1].data
        assert getattr(before, "fingerprint", 0) != getattr(after, "fingerprint", 0)
    server.sql("DROP DATABASE doomed WITH (FORCE)")


async def test_promotion_of_a_standby(standby: LiveServer, recovered: Record) -> None:
    async with Observer(standby.conninfo()) as seen:
        await seen.fresh()
        assert getattr(seen.snapshots[-1].data, "standby", None) is True
        connected = len(seen.links)
        await asyncio.to_thread(standby.sql, "SELECT pg_catalog.pg_promote()")
        seconds = await seen.fresh()
        recovered(seconds)
        assert seconds < LIMIT
        assert getattr(seen.snapshots[-1].data, "standby", None) is False
        assert len(seen.links) == connected, "promotion keeps the session"


async def test_black_hole_is_bounded_and_left_at_once() -> None:
    (host, port), end = black_hole()
    keywords = {"host": host, "port": str(port), "user": "postgres", "dbname": "postgres"}
    try:
        async with Observer(Conninfo(keywords)) as seen:
            await seen.until(lambda: bool(seen.links), within=3.0)
            failure = seen.watcher.link.failure
            assert failure is not None
            assert failure.kind is FailureKind.TIMEOUT
            assert failure.message.startswith("No answer yet from 127.0.0.1:")
            await seen.until(lambda: seen.watcher.link.attempts == 1, within=12.0)
            assert "No answer from 127.0.0.1:" in str(seen.watcher.link.failure)
    finally:
        end()


async def test_sessions_killed_again_and_again_make_no_storm(
    server: LiveServer, proxy: FaultProxy
) -> None:
    kill = (
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
        " WHERE application_name LIKE 'pgdeck%'"
    )
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        before = open_descriptors()
        proxy.reset_counts()
        for _ in range(60):
            await asyncio.to_thread(server.sql, kill)
            await asyncio.sleep(0.1)
        assert proxy.connects <= 8
        assert await seen.fresh() < LIMIT
        assert open_descriptors() <= before + 3


async def test_refresh_while_disconnected_tries_at_once(proxy: FaultProxy) -> None:
    proxy.refuse()
    async with Observer(through(proxy)) as seen:
        await seen.until(lambda: len(seen.links) >= 4)
        proxy.accept()
        seen.watcher.refresh()
        assert await seen.fresh() < 1.0  # the next try of its own would be later


async def test_a_slow_line_is_no_fault(proxy: FaultProxy) -> None:
    proxy.delay = 0.2
    async with Observer(through(proxy)) as seen:
        await seen.fresh()
        for _ in range(3):
            assert await seen.fresh() < LIMIT
        assert proxy.connects == 1


async def test_a_narrow_line_is_no_fault(proxy: FaultProxy) -> None:
    proxy.bandwidth = 400
    async with Observer(through(proxy)) as seen:
        await seen.fresh(within=20.0)  # an answer that takes longer than the deadline of silence
        assert proxy.connects == 1
        assert seen.snapshots[-1].elapsed > 1.0
