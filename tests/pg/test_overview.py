"""The Overview on live servers: every pane by itself, every login told the truth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.source import Answer
from pgdeck.pg.connect import open_session
from pgdeck.watch.model import (
    ActivitySummary,
    Connections,
    Overview,
    TablesSummary,
    Throughput,
    VacuumSummary,
)
from pgdeck.watch.overview import OverviewCollector
from pgdeck.watch.round import RoundContext, Rounds
from pgdeck.wiring import open_watcher
from servers import LiveServer
from watching import at_work, busy, look, stuck, target_of, wait_for

DB = "overview_screen"
SCHEMA = """
CREATE TABLE messages (id int PRIMARY KEY, body text);
INSERT INTO messages SELECT g, repeat('x', 300) FROM generate_series(1, 4000) g;
CREATE TABLE event (at int) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (1000);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (1000) TO (2000);
INSERT INTO event SELECT g % 2000 FROM generate_series(1, 500) g
"""


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql(SCHEMA, DB)
    any_pg.sql("VACUUM ANALYZE", DB)
    any_pg.role("see_all", "pg_monitor")
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


async def overview_of(
    server: LiveServer, user: str = "postgres", *, db: str = DB, rates: bool = False
) -> Overview:
    collector = OverviewCollector(measure_at_once=True)
    found = await look(server, collector, db, user, rates=rates)
    assert isinstance(found, Overview)
    return found


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_every_pane_has_its_figures(any_pg: LiveServer, user: str) -> None:
    overview = await overview_of(any_pg, user)

    tables, vacuum = overview.tables, overview.vacuum
    assert isinstance(tables, TablesSummary)
    assert tables.count == 2
    assert tables.biggest[0].name == "messages"
    assert [each.partitions for each in tables.biggest] == [0, 2]
    assert tables.database_bytes is not None
    assert tables.database_bytes > tables.bytes > 1_000_000
    assert isinstance(vacuum, VacuumSummary)
    assert 0 < vacuum.oldest_xid_of_forced < 1
    assert isinstance(overview.throughput, Throughput)
    assert overview.throughput.transactions_per_s is None


async def test_what_an_ordinary_login_may_not_see_is_none_and_not_zero(
    any_pg: LiveServer,
) -> None:
    with busy(any_pg, DB, "SELECT 1"), any_pg.connect(DB):
        all_ = await overview_of(any_pg, "see_all")
        few = await overview_of(any_pg, "nobody_much")

    assert isinstance(all_.connections, Connections)
    assert isinstance(few.connections, Connections)
    assert all_.connections.idle_in_transaction is not None
    assert all_.connections.idle_in_transaction >= 1
    assert few.connections.used >= 3
    assert (few.connections.active, few.connections.idle) == (None, None)
    assert few.connections.idle_in_transaction is None
    assert few.connections.waiting == 0
    assert isinstance(few.activity, ActivitySummary)
    assert few.activity.hidden >= 2


async def test_slots_are_those_of_the_server(any_pg: LiveServer) -> None:
    connections = (await overview_of(any_pg)).connections

    assert isinstance(connections, Connections)
    (maximum,) = any_pg.sql("SELECT current_setting('max_connections')::int")[0]
    assert connections.maximum == maximum
    assert connections.for_everyone == maximum - 3


@pytest.mark.parametrize("user", ["postgres", "nobody_much"])
async def test_the_root_blocker_is_named(any_pg: LiveServer, user: str) -> None:
    with (
        busy(any_pg, DB, "UPDATE messages SET body = '' WHERE id = 1") as root,
        stuck(any_pg, DB, "LOCK TABLE event", "UPDATE messages SET body = '' WHERE id = 1"),
        stuck(any_pg, DB, "SELECT * FROM event"),
    ):
        overview = await overview_of(any_pg, user)

    assert isinstance(overview.activity, ActivitySummary)
    assert overview.activity.waiting == 2
    assert overview.activity.root_blocker is not None
    assert overview.activity.root_blocker.startswith(f"pid {root} blocks 2 (")
    tables = overview.tables
    assert isinstance(tables, TablesSummary)
    assert {each.name: each.locked for each in tables.biggest} == {"messages": False, "event": True}


async def test_the_size_of_what_nobody_counted_yet_is_not_zero(any_pg: LiveServer) -> None:
    db = any_pg.create_database("loaded")
    any_pg.sql("CREATE TABLE full_one AS SELECT generate_series(1, 9000) AS id", db)
    any_pg.sql("CREATE TABLE empty_one (id int); ANALYZE empty_one", db)

    tables = (await overview_of(any_pg, db=db)).tables

    assert isinstance(tables, TablesSummary)
    assert {each.name: each.bytes for each in tables.biggest} == {"full_one": None, "empty_one": 0}


async def test_a_prepared_transaction_is_named_as_the_root(any_pg: LiveServer) -> None:
    any_pg.sql("BEGIN; UPDATE messages SET body = '' WHERE id = 7; PREPARE TRANSACTION 'gone'", DB)
    try:
        with stuck(any_pg, DB, "UPDATE messages SET body = '' WHERE id = 7"):
            overview = await overview_of(any_pg, "nobody_much")
    finally:
        any_pg.sql("ROLLBACK PREPARED 'gone'", DB)

    assert isinstance(overview.activity, ActivitySummary)
    assert overview.activity.root_blocker == "prepared transaction gone blocks 1"


async def test_rates_come_with_the_second_sample_and_leave_our_own_out(any_pg: LiveServer) -> None:
    with at_work(
        any_pg,
        DB,
        "DO $$ BEGIN FOR i IN 1..2000 LOOP COMMIT; PERFORM pg_sleep(0.005); END LOOP; END $$",
        autocommit=True,
    ):
        throughput = (await overview_of(any_pg, rates=True)).throughput

    assert isinstance(throughput, Throughput)
    assert throughput.transactions_per_s is not None
    assert throughput.transactions[0] is None
    assert throughput.wal_bytes_per_s is not None
    assert throughput.temp_bytes_per_s == 0


async def test_a_running_vacuum_is_shown_to_those_who_may_see_it(any_pg: LiveServer) -> None:
    slow = ("SET vacuum_cost_delay = 100", "SET vacuum_cost_limit = 1")
    vacuum = "VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) messages"
    with at_work(any_pg, DB, *slow, vacuum, autocommit=True) as pid:
        wait_for(
            lambda: any_pg.sql("SELECT 1 FROM pg_stat_progress_vacuum WHERE heap_blks_total > 0")
        )
        seen = (await overview_of(any_pg)).vacuum
        hidden = (await overview_of(any_pg, "nobody_much")).vacuum

    assert isinstance(seen, VacuumSummary)
    (run,) = seen.running
    assert (run.pid, run.command, run.relation) == (pid, "vacuum", "public.messages")
    assert run.phase == "scanning heap"
    assert run.share is not None
    assert isinstance(hidden, VacuumSummary)
    assert [each.share for each in hidden.running] == [None]


class Spoiled:
    """A context on a live session: chosen queries fail, rounds are counted, time is ours."""

    def __init__(self, rounds: Rounds, version: int) -> None:
        self.rounds, self.version, self.now = rounds, version, 100.0
        self.spoiled: set[str] = set()
        self.asked: list[list[str]] = []

    @property
    def reported(self) -> int:
        return self.rounds.reported

    @property
    def pooled(self) -> bool:
        return self.rounds.pooled

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        self.asked.append([query.name for query in queries])
        broken = tuple(
            Query(query.name, "SELECT 1 / 0") if query.name in self.spoiled else query
            for query in queries
        )
        return await self.rounds.ask(broken, 3.0)


@pytest.fixture
async def spoiled(any_pg: LiveServer) -> AsyncIterator[Spoiled]:
    session = await open_session(target_of(any_pg, DB).conninfo)
    rounds = Rounds(lambda: session)
    yield Spoiled(rounds, session.version)
    await rounds.close()
    session.close()


PANES_OF = {
    "overview_sessions": {"connections", "activity"},
    "overview_statements": {"activity"},
    "waits": {"connections", "activity"},
    "overview_counters": {"throughput"},
    "horizon": {"vacuum"},
    "overview_progress": {"vacuum"},
    "overview_tables": {"tables"},
    "overview_size": set(),
    "prepared": set(),
}


@pytest.mark.parametrize("name", PANES_OF)
async def test_a_query_that_fails_costs_its_own_panes(spoiled: Spoiled, name: str) -> None:
    spoiled.spoiled = {name}

    overview = await OverviewCollector(measure_at_once=True).collect(spoiled)

    failed = {
        pane
        for pane in ("connections", "throughput", "activity", "tables", "vacuum")
        if isinstance(getattr(overview, pane), Failure)
    }
    assert failed == PANES_OF[name]
    if name == "overview_size":
        assert isinstance(overview.tables, TablesSummary)
        assert overview.tables.database_bytes is None
    if name == "overview_tables":
        assert isinstance(overview.vacuum, VacuumSummary)
        assert overview.vacuum.due is None


async def test_dear_questions_are_asked_seldom_and_always_in_the_same_round(
    spoiled: Spoiled,
) -> None:
    collector = OverviewCollector()
    for _ in range(31):
        overview = await collector.collect(spoiled)
        spoiled.now += 2.0

    assert len(spoiled.asked) == 31
    tables = [at for at, names in enumerate(spoiled.asked) if "overview_tables" in names]
    sizes = [at for at, names in enumerate(spoiled.asked) if "overview_size" in names]
    assert tables == [0, 8, 16, 24]
    assert sizes == [1, 16]
    assert isinstance(overview.tables, TablesSummary)
    assert overview.tables.database_bytes_age_s == pytest.approx(28.0)
    assert len(overview.tables.size) == 2


async def test_a_gap_and_a_reset_leave_a_gap_in_the_samples(
    any_pg: LiveServer, spoiled: Spoiled
) -> None:
    collector = OverviewCollector()
    series: tuple[float | None, ...] = ()
    for at in range(6):
        spoiled.spoiled = {"overview_counters"} if at == 2 else set()
        if at == 4:
            any_pg.sql("SELECT pg_stat_reset()", DB)
        overview = await collector.collect(spoiled)
        spoiled.now += 2.0
        if isinstance(overview.throughput, Throughput):
            series = overview.throughput.transactions

    known = [sample is not None for sample in series]
    assert known == [False, True, False, True, False, True]
    assert all(sample >= 0 for sample in series if sample is not None)


async def test_our_own_transactions_are_not_the_servers_load(any_pg: LiveServer) -> None:
    rounds_apart = 0.3
    any_pg.create_database("resting")
    session = await open_session(target_of(any_pg, "resting").conninfo, connect_timeout=5)
    rounds = Rounds(lambda: session)
    collector = OverviewCollector(measure_at_once=True)
    # Statements that read no relation would leave the server nothing to report.
    other = Query("other", "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class")
    seen = []
    try:
        for number in range(8):
            ctx = RoundContext(session.version, time.monotonic, rounds, 3.0)
            overview = await collector.collect(ctx)
            assert isinstance(overview.throughput, Throughput)
            seen.append(overview.throughput.transactions_per_s)
            await asyncio.sleep(rounds_apart)
            for _ in range(2 if number == 5 else 0):  # another screen is looked at for a while
                await asyncio.sleep(1.1)
                await ctx.ask(other, Query("more", "SELECT 2"))
    finally:
        await rounds.close()
        session.close()

    assert seen == [None, 0, 0, 0, 0, 0, 0, 0]


async def test_a_server_at_rest_shows_no_transactions_of_ours(any_pg: LiveServer) -> None:
    db = any_pg.create_database("at_rest")
    watcher = open_watcher(target_of(any_pg, db))
    series: list[float | None] = []
    enough = asyncio.Event()

    def hear(snapshot: Snapshot[object]) -> None:
        overview = snapshot.data
        if isinstance(overview, Overview) and isinstance(overview.throughput, Throughput):
            series[:] = overview.throughput.transactions
            if sum(each is not None for each in series) >= 4 and watcher.latest("checks"):
                enough.set()

    watcher.subscribe(hear)
    await watcher.start()
    try:
        # The rules ask between the first round and the second: theirs are ours, too.
        watcher.look("server", "overview")
        async with asyncio.timeout(30):
            await enough.wait()
    finally:
        await watcher.close()
    assert {each for each in series if each is not None} == {0.0}
