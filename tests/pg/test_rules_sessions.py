"""The rules on sessions, locks and the horizon: fired for real, mended by their fix, and clear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from glance import Glance, apply, glance
from pgdeck.checks.postgres.facts import Floors
from pgdeck.core.check import State, Thresholds
from servers import LiveServer
from watching import at_work, wait_for

DB = "rules_sessions"
SOON = Thresholds(warn=0.05, crit=3600.0)
QUIET = Floors(dead_rows=10**9, changed_rows=10**9)


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    # A statement of a watcher that left meanwhile runs on until the server notices.
    any_pg.sql(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    any_pg.create_database(DB)
    any_pg.sql("CREATE TABLE stock (id int PRIMARY KEY); INSERT INTO stock VALUES (1)", DB)
    any_pg.role("see_all", "pg_monitor")
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


@contextmanager
def held(server: LiveServer, *statements: str) -> Iterator[int]:
    """Hold a transaction open that somebody else may end; yields its pid."""
    with closing(server.connect(DB, autocommit=False)) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        yield connection.info.backend_pid


@contextmanager
def waiter(server: LiveServer, statement: str) -> Iterator[int]:
    """Run a statement that has to wait for a lock, and holds nothing once it got it."""
    with at_work(server, DB, statement, autocommit=True) as pid:
        wait_for(lambda: server.sql(f"SELECT 1 FROM pg_locks WHERE pid = {pid} AND NOT granted"))
        yield pid


async def test_connections(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB) as looking:
        await looking.until("connections", State.OK)
        (before,) = looking.readings("connections")
        assert before.value is not None
        at = Thresholds(warn=before.value + 0.05, crit=before.value + 0.12)
        with ExitStack() as stack:
            for _ in range(4):
                stack.enter_context(any_pg.connect(DB))
            warned = await looking.until("connections", State.WARNING, at)
            for _ in range(5):
                stack.enter_context(any_pg.connect(DB))
            worse = await looking.until("connections", State.CRITICAL, at)
        assert worse.value is not None
        assert warned.value is not None
        assert worse.value > warned.value
        assert "new logins are refused" in worse.sentence
        assert any_pg.sql(worse.fix, DB)
        assert not (await looking.until("connections", State.OK, at)).fix


async def test_idle_in_transaction(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB) as looking:
        with held(any_pg, "SELECT 1") as pid:
            reading = await looking.until("idle_in_transaction", State.WARNING, SOON)
            assert reading.sentence.startswith(f"pid {pid} (")
            assert reading.subject.startswith(f"pid {pid} of ")
            assert reading.screen == ""
            apply(any_pg, reading.fix)
        await looking.until("idle_in_transaction", State.OK, SOON)


async def test_oldest_transaction(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB) as looking:
        with held(any_pg, "SELECT 1") as pid:
            reading = await looking.until("oldest_transaction", State.WARNING, SOON)
            assert f"pid {pid}" in reading.sentence
            assert "now idle in transaction" in reading.sentence
            assert "terminate" in reading.fix
            apply(any_pg, reading.fix)
        await looking.until("oldest_transaction", State.OK, SOON)


async def test_long_query_and_what_is_maintenance(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB) as looking:
        with at_work(any_pg, DB, "/* report */ SELECT pg_sleep(60)") as pid:
            reading = await looking.until("long_query", State.WARNING, SOON)
            assert f"pid {pid}" in reading.sentence
            assert "SELECT pg_sleep(60)" in reading.sentence
            apply(any_pg, reading.fix)
            await looking.until("long_query", State.OK, SOON)
        slow = ("SET vacuum_cost_delay = 100", "SET vacuum_cost_limit = 1")
        any_pg.sql("CREATE TABLE long AS SELECT repeat('x', 900) FROM generate_series(1, 5000)", DB)
        with at_work(any_pg, DB, *slow, "VACUUM (FREEZE) long", autocommit=True):
            wait_for(
                lambda: any_pg.sql(
                    "SELECT pid FROM pg_stat_activity WHERE query LIKE 'VACUUM%' "
                    "AND state = 'active' AND now() - xact_start > '0.5 s'"
                )
            )
            await looking.look()
            for name in ("long_query", "oldest_transaction"):
                assert [each.state for each in looking.readings(name, SOON)] == [State.OK]


async def test_who_waits_for_a_lock_is_told_of_once(any_pg: LiveServer) -> None:
    touch = "UPDATE stock SET id = 1"
    async with glance(any_pg, DB) as looking:
        with held(any_pg, touch) as root, waiter(any_pg, touch) as waiting:
            await looking.until("lock_wait", State.WARNING, SOON)
            assert f"pid {waiting}" not in str(looking.readings("long_query", SOON))
            told = str(looking.readings("oldest_transaction", SOON))
            assert f"pid {root}" in told
            assert f"pid {waiting}" not in told


async def test_lock_wait_names_the_root_and_its_end_frees_all(any_pg: LiveServer) -> None:
    touch = "UPDATE stock SET id = 1"
    async with glance(any_pg, DB, "nobody_much") as looking:
        with held(any_pg, touch) as root, ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(waiter(any_pg, touch))
            wait = await looking.until("lock_wait", State.WARNING, SOON)
            (queue,) = looking.readings("lock_queue")
            assert "3 sessions wait for a lock" in wait.sentence
            assert wait.sentence.endswith("blocks 3")
            assert f"pid {root}" in wait.sentence
            assert (queue.state, queue.value) == (State.WARNING, 3.0)
            assert queue.fix == wait.fix
            apply(any_pg, wait.fix)
            await looking.until("lock_queue", State.OK)
        await looking.until("lock_wait", State.OK, SOON)


async def test_prepared_transaction(any_pg: LiveServer) -> None:
    gid = "it's \\ gone"
    async with glance(any_pg, DB) as looking:
        await looking.until("prepared_transaction", State.OK, SOON)
        with any_pg.connect(DB) as connection:
            literal = "E'it''s \\\\ gone'"
            text = f"BEGIN; UPDATE stock SET id = 1; PREPARE TRANSACTION {literal}"
            connection.execute(text.encode())
        reading = await looking.until("prepared_transaction", State.WARNING, SOON)
        assert reading.subject == gid
        assert f"in database {DB}" in reading.sentence
        with waiter(any_pg, "UPDATE stock SET id = 1"):
            wait = await looking.until("lock_wait", State.WARNING, SOON)
            assert f"prepared transaction {gid} blocks 1" in wait.sentence
            assert wait.fix == reading.fix
            apply(any_pg, reading.fix, DB)
        await looking.until("prepared_transaction", State.OK, SOON)


async def test_xmin_horizon(any_pg: LiveServer) -> None:
    at = Thresholds(warn=10_000.0, crit=10e6)
    loop = "FOR i IN 1..10050 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP"
    async with glance(any_pg, DB) as looking:
        await looking.until("xmin_horizon", State.OK, at)
        with held(any_pg, "SELECT pg_current_xact_id()") as pid:
            any_pg.sql(f"DO $$ BEGIN {loop}; END $$", DB)
            reading = await looking.until("xmin_horizon", State.WARNING, at)
            assert f"pid {pid}" in reading.sentence
            assert "the last 10.1 k transactions" in reading.sentence
            async with glance(any_pg, DB, "nobody_much") as blind:
                seen = await blind.until("xmin_horizon", State.WARNING, at)
                assert seen.sentence.startswith("Vacuum cannot remove what died")
            apply(any_pg, reading.fix)
        await looking.until("xmin_horizon", State.OK, at)


HIDDEN = {"idle_in_transaction", "oldest_transaction", "long_query"}


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_a_quiet_server_alarms_nobody(any_pg: LiveServer, user: str) -> None:
    with any_pg.connect(DB):
        async with glance(any_pg, DB, user, floors=QUIET) as looking:
            await looking.look()
            await wait(looking)
            states = {
                rule.name: {reading.state for reading in looking.readings(rule.name)}
                for rule in looking.book.rules
            }

    assert all(len(each) == 1 for each in states.values())
    unknown = {name for name, each in states.items() if State.UNKNOWN in each}
    assert unknown == (HIDDEN if user == "nobody_much" else set())
    assert {name for name, each in states.items() if State.OK not in each} == unknown


async def wait(looking: Glance) -> None:
    """Look a second later by the server's clock."""
    await looking.look(later=1.0)


async def test_autovacuum_is_no_session_that_is_hidden(any_pg: LiveServer) -> None:
    any_pg.sql("CREATE TABLE worn (id int) WITH (autovacuum_vacuum_cost_delay = 100)", DB)
    any_pg.sql("ALTER TABLE worn SET (autovacuum_vacuum_cost_limit = 1)", DB)
    any_pg.sql("INSERT INTO worn SELECT generate_series(1, 50000); UPDATE worn SET id = 0", DB)
    apply(any_pg, "ALTER SYSTEM SET autovacuum_naptime = '1s'; SELECT pg_reload_conf()")
    try:
        worker = f"backend_type = 'autovacuum worker' AND datname = '{DB}'"
        asked = f"SELECT pid FROM pg_stat_activity WHERE query LIKE '%worn%' AND {worker}"
        wait_for(lambda: any_pg.sql(asked))
        async with glance(any_pg, DB, "nobody_much") as looking:
            await looking.until("idle_in_transaction", State.OK)
            assert any_pg.sql(asked)
    finally:
        apply(any_pg, "ALTER SYSTEM SET autovacuum_naptime = '1h'; SELECT pg_reload_conf()")
        any_pg.sql("DROP TABLE worn", DB)
