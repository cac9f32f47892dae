"""The rules on load, slots and settings: fired for real on every version, and clear again."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, Thread

import psycopg
import pytest

from glance import Glance, apply, glance
from pgdeck.checks.postgres.facts import Floors, Growth
from pgdeck.core.check import State, Thresholds
from servers import LiveServer

DB = "rules_load"
HOUR = 3600.0
FLOORS = Floors(transactions_per_s=1.0)


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql("CREATE TABLE pair (id int PRIMARY KEY, n int)", DB)
    any_pg.sql("INSERT INTO pair VALUES (1, 0), (2, 0)", DB)
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


async def started(looking: Glance) -> Glance:
    """Take the first two samples."""
    await looking.look()
    await looking.look(later=1.0)
    return looking


def clash(server: LiveServer) -> None:
    """Make two transactions lock each other out."""
    meet = Barrier(2, timeout=10)

    def change(first: int, second: int) -> None:
        with server.connect(DB) as connection:
            connection.execute("SET deadlock_timeout = '20ms'")
            connection.execute("BEGIN")
            connection.execute("UPDATE pair SET n = n + 1 WHERE id = %s", [first])
            meet.wait()
            try:
                connection.execute("UPDATE pair SET n = n + 1 WHERE id = %s", [second])
            except psycopg.errors.DeadlockDetected:
                connection.execute("ROLLBACK")
            else:
                connection.execute("COMMIT")

    threads = [Thread(target=change, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


async def test_deadlocks(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB) as looking:
        await started(looking)
        assert looking.readings("deadlocks")[0].state is State.OK
        clash(any_pg)
        reading = await looking.until("deadlocks", State.WARNING)
        assert reading.sentence.startswith("1 deadlock in the last ")
        await looking.look(later=1000.0)
        assert looking.readings("deadlocks")[0].state is State.WARNING
        await looking.look(later=HOUR)
        await looking.look(later=HOUR)
        assert looking.readings("deadlocks")[0].state is State.OK


async def test_temporary_files(any_pg: LiveServer) -> None:
    at = Thresholds(warn=2e6, crit=1e12)
    async with glance(any_pg, DB) as looking:
        await started(looking)
        assert looking.readings("temp_bytes", at)[0].state is State.OK
        sort = "SELECT repeat('x', 100) || g AS x FROM generate_series(1, 40000) g ORDER BY 1"
        any_pg.sql(f"SET work_mem = '64kB'; SELECT count(*) FROM ({sort} OFFSET 0) AS s", DB)
        reading = await looking.until("temp_bytes", State.WARNING, at)
        assert "file" in reading.sentence
        await looking.look(later=HOUR)
        await looking.look(later=HOUR)
        assert looking.readings("temp_bytes", at)[0].state is State.OK


async def test_requested_checkpoints(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB) as looking:
        await started(looking)
        assert looking.readings("requested_checkpoints")[0].state is State.OK
        for _ in range(4):
            any_pg.sql("SELECT pg_logical_emit_message(true, 'x', 'x'); CHECKPOINT", DB)
        await looking.until("requested_checkpoints", State.CRITICAL)
        await looking.look(later=HOUR)
        await looking.look(later=HOUR)
        assert looking.readings("requested_checkpoints")[0].state is State.OK


async def test_rollbacks(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await started(looking)
        assert looking.readings("rollback_share")[0].state is State.OK
        with any_pg.connect(DB) as connection:
            for _ in range(120):
                connection.execute("BEGIN")
                connection.execute("ROLLBACK")
        reading = await looking.until("rollback_share", State.CRITICAL)
        assert reading.value == pytest.approx(1.0, abs=0.3)
        await looking.look(later=61.0)
        await looking.look(later=61.0)
        assert looking.readings("rollback_share")[0].state is State.OK


async def test_a_reset_makes_no_growth(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await started(looking)
        any_pg.sql("SELECT pg_stat_reset()", DB)
        await looking.look(later=1.0)
        for name in ("deadlocks", "temp_bytes", "rollback_share", "cache_hit"):
            assert [each.state for each in looking.readings(name)] == [State.UNKNOWN]
        (reading,) = looking.readings("restarted")
        assert reading.state is State.WARNING
        assert reading.sentence.startswith("The statistics were reset")
        await looking.look(later=301.0)
        grown = looking.facts.past.hour
        assert isinstance(grown, Growth)
        assert min(grown.temp_bytes, grown.deadlocks) >= 0
        assert looking.readings("restarted")[0].state is State.OK


async def test_slots(any_pg: LiveServer) -> None:
    kept, idle = Thresholds(warn=1e6, crit=1e12), Thresholds(warn=30.0, crit=1e9)
    async with glance(any_pg, DB, "postgres") as looking:
        await looking.until("slot_retained", State.OK, kept)
        any_pg.sql("SELECT pg_create_physical_replication_slot('idle_one', true)")
        try:
            any_pg.sql("SELECT pg_logical_emit_message(false, 'x', repeat('x', 2000000))", DB)
            reading = await looking.until("slot_retained", State.WARNING, kept)
            assert reading.subject == "idle_one"
            assert reading.sentence.endswith("and nobody uses it")
            await looking.until("inactive_slot", State.OK, idle)
            if any_pg.major < 17:  # the server does not say since when: our own clock does
                await looking.look(later=31.0)
            else:
                idle = Thresholds(warn=0.1, crit=1e9)
            silent = await looking.until("inactive_slot", State.WARNING, idle)
            assert ("was seen inactive" in silent.sentence) is (any_pg.major < 17)
        finally:
            apply(any_pg, reading.fix)
        await looking.until("slot_retained", State.OK, kept)
        await looking.until("inactive_slot", State.OK, idle)


async def test_settings_that_wait_for_a_restart(any_pg: LiveServer) -> None:
    name = "max_locks_per_transaction"
    async with glance(any_pg, DB) as looking:
        await looking.until("pending_restart", State.OK)
        apply(any_pg, f"ALTER SYSTEM SET {name} = 65; SELECT pg_reload_conf()")
        try:
            reading = await looking.until("pending_restart", State.WARNING)
            assert reading.sentence.endswith(f"waits for a restart: {name}")
            assert any_pg.sql(reading.fix)
        finally:
            # The server forgets that it waits when the old value comes, not when the line goes.
            apply(any_pg, f"ALTER SYSTEM SET {name} = 64; SELECT pg_reload_conf()")
        await looking.until("pending_restart", State.OK)
    apply(any_pg, f"ALTER SYSTEM RESET {name}; SELECT pg_reload_conf()")
