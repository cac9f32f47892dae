"""The connections of live servers: groups, budget and limits, as every login sees them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from pgdeck.core.rows import Unknown
from pgdeck.watch.connections import ConnectionsCollector
from pgdeck.watch.crowd import By, Crowd, Limit
from pgdeck.watch.groups import GROUP_COLUMNS, Group, group, to_table
from servers import MAX_CONNECTIONS, LiveServer
from watching import at_work, busy, look, stuck, wait_for

DB = "crowded"
GUEST, APPLICATION = "crowd_guest", "it's \u202e odd"


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql(f"ALTER DATABASE {DB} CONNECTION LIMIT 30; CREATE TABLE item AS SELECT 1 AS id", DB)
    any_pg.role("crowd_monitor", "pg_monitor")
    any_pg.role("crowd_nobody")
    any_pg.role(GUEST, options="LOGIN CONNECTION LIMIT 7")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")
    any_pg.sql(f"DROP ROLE {GUEST}")


@pytest.fixture
def guests(any_pg: LiveServer) -> Iterator[list[int]]:
    with ExitStack() as stack:
        sessions = [stack.enter_context(any_pg.connect(DB, GUEST)) for _ in range(3)]
        for session in sessions:
            session.execute("SELECT set_config('application_name', %s, false)", [APPLICATION])
        yield [session.info.backend_pid for session in sessions]


async def crowd_of(server: LiveServer, user: str = "postgres") -> Crowd:
    found = await look(server, ConnectionsCollector(), DB, user)
    assert isinstance(found, Crowd)
    return found


async def counted(server: LiveServer, user: str) -> Crowd:
    """Look until the budget counts those who are listed, and us; somebody may just be leaving."""
    for _ in range(20):
        crowd = await crowd_of(server, user)
        if crowd.budget.used == len(crowd.connected) + 1:
            return crowd
    raise AssertionError(f"{crowd.budget.used} used, {len(crowd.connected)} listed")


def named(crowd: Crowd, by: By, name: str) -> Group:
    return next(each for each in group(crowd.connected, by) if each.name == name)


@pytest.mark.parametrize("user", ["postgres", "crowd_monitor", "crowd_nobody"])
async def test_every_login_counts_alike(any_pg: LiveServer, guests: list[int], user: str) -> None:
    crowd = await counted(any_pg, user)
    shown = named(crowd, By.LOGIN, GUEST)
    assert sorted(each.session.pid for each in shown.members) == sorted(guests)
    in_database = sum(each.session.database == DB for each in crowd.connected) + 1
    assert set(crowd.limits) >= {
        Limit(By.LOGIN, GUEST, 3, 7),
        Limit(By.DATABASE, DB, in_database, 30),
    }
    odd = [each for each in group(crowd.connected, By.APPLICATION) if "odd" in (each.name or "")]
    assert sum(len(each.members) for each in odd) == 3
    row = next(row for row in to_table(crowd, By.LOGIN).rows if row.key[1] == GUEST)
    if user == "crowd_nobody":
        assert crowd.hidden >= 3
        assert row.values[3] == Unknown(
            "not visible to this login", "GRANT pg_monitor TO crowd_nobody"
        )
    else:
        assert crowd.hidden == 0
        assert row.values[1:4] == (3, 0, 3)


async def test_the_budget_is_the_servers(any_pg: LiveServer) -> None:
    budget = (await crowd_of(any_pg)).budget
    assert (budget.maximum, budget.superusers, budget.reserved) == (MAX_CONNECTIONS, 3, 0)
    assert budget.for_everyone == MAX_CONNECTIONS - 3
    assert budget.senders == 0
    assert budget.most_senders == 10
    assert budget.processes > 3
    assert budget.series == (float(budget.used),)


async def test_states_waits_and_ages(any_pg: LiveServer) -> None:
    with (
        busy(any_pg, DB, "SET application_name = 'crowd-app'", "UPDATE item SET id = 2") as root,
        stuck(any_pg, DB, "SET application_name = 'crowd-app'", "UPDATE item SET id = 3") as waiter,
    ):
        crowd = await crowd_of(any_pg)

    table = to_table(crowd, By.APPLICATION)
    row = next(row for row in table.rows if row.key == ("application", "crowd-app"))
    shown = dict(zip((column.name for column in GROUP_COLUMNS), row.values, strict=True))
    counts = [shown[name] for name in ("total", "active", "idle", "idle_tx", "waiting")]
    assert counts == [2, 1, 0, 1, 1]
    ages = [shown[name] for name in ("idle_tx_s", "transaction_s", "age_s")]
    assert all(isinstance(age, float) and 0 <= age < 60 for age in ages)
    sessions = {each.session.pid: each.session for each in crowd.connected}
    assert sessions[waiter].blocked_by == (root,)


async def test_walsenders_and_workers_are_no_connections(any_pg: LiveServer) -> None:
    before = (await crowd_of(any_pg)).budget
    force = "debug_parallel_query" if any_pg.major >= 16 else "force_parallel_mode"
    sender = psycopg.connect(f"{any_pg.dsn(DB)} replication=database", autocommit=True)
    sender_pid = sender.info.backend_pid
    try:
        with at_work(any_pg, DB, f"SET {force} = on", "SELECT pg_sleep(20) FROM item") as leader:
            led = f"SELECT pid FROM pg_stat_activity WHERE leader_pid = {leader}"
            (worker,) = wait_for(lambda: any_pg.sql(led))[0]
            crowd = await crowd_of(any_pg)
            hidden = await crowd_of(any_pg, "crowd_nobody")
    finally:
        sender.close()

    assert crowd.budget.senders == hidden.budget.senders == 1
    connected = {each.session.pid for each in crowd.connected}
    assert leader in connected
    assert not {worker, sender_pid} & connected
    assert crowd.budget.processes >= before.processes + 1
    assert sender_pid not in {each.session.pid for each in hidden.connected}


async def test_slots_in_reserve_count_from_16_on(fresh_server: LiveServer) -> None:
    fresh_server.sql("ALTER SYSTEM SET reserved_connections = 4")
    fresh_server.stop()
    fresh_server.start()
    crowd = await look(fresh_server, ConnectionsCollector())
    assert isinstance(crowd, Crowd)
    assert crowd.budget.reserved == 4
    assert crowd.budget.for_everyone == MAX_CONNECTIONS - 7
