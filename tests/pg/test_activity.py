"""Sessions and the blocking tree on live servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from pgdeck.core.rows import Table, TableRow, Unknown
from pgdeck.core.spec import Column
from pgdeck.watch.activity import ActivityCollector
from pgdeck.watch.model import Activity, Session, SessionView
from pgdeck.watch.sessions import ACTIVITY_COLUMNS, BLOCKING_COLUMNS, to_table
from servers import LiveServer
from watching import at_work, busy, look, stuck

DB = "activity"


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql(
        "CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item SELECT g, 0 FROM "
        "generate_series(1, 9) g; CREATE TABLE other (id int)",
        DB,
    )
    any_pg.role("see_all", "pg_monitor")
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


def update(row: int) -> str:
    return f"UPDATE item SET n = n + 1 WHERE id = {row}"


async def activity_of(server: LiveServer, user: str = "postgres") -> Activity:
    found = await look(server, ActivityCollector(), DB, user)
    assert isinstance(found, Activity)
    return found


def tree_of(activity: Activity) -> list[tuple[int, int, int]]:
    return [(node.session.pid, node.depth, node.blocks) for node in activity.tree]


def session_of(activity: Activity, pid: int) -> Session:
    return next(session for session in activity.sessions if session.pid == pid)


def row_of(table: Table, pid: int) -> TableRow:
    return next(row for row in table.rows if row.key[0] == pid)


def value(row: TableRow, name: str, columns: tuple[Column, ...] = ACTIVITY_COLUMNS) -> object:
    return row.values[[column.name for column in columns].index(name)]


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_a_chain_of_three_has_its_true_root_for_every_login(
    any_pg: LiveServer, user: str
) -> None:
    with (
        busy(any_pg, DB, update(1)) as root,
        stuck(any_pg, DB, update(2), update(1)) as middle,
        stuck(any_pg, DB, update(3), update(2)) as last,
    ):
        activity = await activity_of(any_pg, user)

    assert tree_of(activity) == [(root, 0, 2), (middle, 1, 1), (last, 2, 0)]
    waiter = session_of(activity, last)
    assert waiter.blocked_by == (middle,)
    assert waiter.wants is not None
    assert waiter.wants.startswith("ShareLock on transaction ")
    assert waiter.waits_s is not None
    assert 0 <= waiter.waits_s < 30
    row = row_of(to_table(activity, None), last)
    assert (value(row, "root"), value(row, "blocked_by")) == (root, [middle])
    # It waits in the end for an open transaction, whichever statement is between.
    assert value(row, "act") == f"SELECT pg_terminate_backend({root})"


async def test_siblings_on_one_row_share_the_root(any_pg: LiveServer) -> None:
    with ExitStack() as stack:
        root = stack.enter_context(busy(any_pg, DB, update(1)))
        waiters = [stack.enter_context(stuck(any_pg, DB, update(1))) for _ in range(3)]
        activity = await activity_of(any_pg)

    assert tree_of(activity)[0] == (root, 0, 3)
    assert sorted(node.session.pid for node in activity.tree) == sorted([root, *waiters])
    assert {node.root_pid for node in activity.tree} == {root}
    head = session_of(activity, waiters[0])
    assert head.blocked_by == (root,)
    wanted = {session_of(activity, pid).wants for pid in waiters[1:]}
    assert wanted == {"ExclusiveLock on a row of public.item"}


async def test_readers_behind_a_queued_exclusive_lock(any_pg: LiveServer) -> None:
    with ExitStack() as stack:
        reader = stack.enter_context(busy(any_pg, DB, "SELECT * FROM other"))
        owner = stack.enter_context(stuck(any_pg, DB, "LOCK TABLE other"))
        late = [stack.enter_context(stuck(any_pg, DB, "SELECT * FROM other")) for _ in range(2)]
        activity = await activity_of(any_pg)

    assert tree_of(activity) == [(reader, 0, 3), (owner, 1, 2), (late[0], 2, 0), (late[1], 2, 0)]
    assert session_of(activity, owner).wants == "AccessExclusiveLock on public.other"
    drawn = to_table(activity, SessionView.BLOCKING)
    names = [value(row, "tree", BLOCKING_COLUMNS) for row in drawn.rows]
    assert names == [f"{reader}", f"└ {owner}", f"  ├ {late[0]}", f"  └ {late[1]}"]


async def test_a_prepared_transaction_is_the_root_by_its_name(any_pg: LiveServer) -> None:
    gids = ['it\'s "odd"', "another"]
    for at, gid in enumerate(gids):
        quoted = gid.replace("'", "''")
        any_pg.sql(f"BEGIN; {update(4 + at)}; PREPARE TRANSACTION '{quoted}'", DB)
    try:
        with stuck(any_pg, DB, update(4)) as first, stuck(any_pg, DB, update(5)) as second:
            activity = await activity_of(any_pg, "nobody_much")
    finally:
        for gid in gids:
            quoted = gid.replace("'", "''")
            any_pg.sql(f"ROLLBACK PREPARED '{quoted}'", DB)

    names = [(n.session.prepared_gid, n.session.pid, n.root_pid) for n in activity.tree]
    assert sorted(names, key=str) == sorted(
        [(gids[0], 0, 0), (None, first, 0), (gids[1], 0, 0), (None, second, 0)], key=str
    )
    assert [node.depth for node in activity.tree] == [0, 1, 0, 1]
    table = to_table(activity, SessionView.BLOCKING)
    assert f"prepared {gids[0]}" in {value(row, "tree", BLOCKING_COLUMNS) for row in table.rows}
    assert len({row.key for row in table.rows}) == 4
    ends = [value(row, "act", BLOCKING_COLUMNS) for row in table.rows]
    odd, other = "ROLLBACK PREPARED 'it''s \"odd\"'", "ROLLBACK PREPARED 'another'"
    assert sorted(map(str, ends)) == sorted([odd, odd, other, other])


async def test_a_circle_is_shown_while_it_lasts(any_pg: LiveServer) -> None:
    with (
        closing(any_pg.connect(DB, autocommit=False)) as a,
        closing(any_pg.connect(DB, autocommit=False)) as b,
    ):
        for connection, row in ((a, 1), (b, 2)):
            connection.execute("SET LOCAL deadlock_timeout = '60s'")
            connection.execute(update(row).encode())
        a.pgconn.send_query(update(2).encode())
        b.pgconn.send_query(update(1).encode())
        pids = {a.info.backend_pid, b.info.backend_pid}
        for _ in range(200):
            activity = await activity_of(any_pg)
            if len(activity.tree) == 2:
                break
        for pid in pids:
            any_pg.sql(f"SELECT pg_terminate_backend({pid})")

    assert {node.session.pid for node in activity.tree} == pids
    assert [node.deadlock for node in activity.tree] == [True, False]
    assert [node.blocks for node in activity.tree] == [1, 1]


async def test_what_an_ordinary_login_may_not_see_is_unknown_with_the_grant(
    any_pg: LiveServer,
) -> None:
    with busy(any_pg, DB, "SELECT 'secret'") as pid:
        hidden = await activity_of(any_pg, "nobody_much")
        shown = await activity_of(any_pg, "see_all")

    assert shown.hidden == 0
    assert "secret" in session_of(shown, pid).query
    assert hidden.hidden > 0
    row = row_of(to_table(hidden, None), pid)
    for name in ("doing", "query", "seconds", "state"):
        found = value(row, name)
        assert isinstance(found, Unknown)
        assert found.remedy == "GRANT pg_monitor TO nobody_much"
    assert value(row, "act") is None
    assert pid not in {row.key[0] for row in to_table(hidden, SessionView.RUNNING).rows}


async def test_a_statement_is_cancelled_and_an_open_transaction_ended(any_pg: LiveServer) -> None:
    with busy(any_pg, DB, update(1)) as idle, at_work(any_pg, DB, "SELECT pg_sleep(60)") as working:
        table = to_table(await activity_of(any_pg), None)
    assert value(row_of(table, idle), "act") == f"SELECT pg_terminate_backend({idle})"
    assert value(row_of(table, working), "act") == f"SELECT pg_cancel_backend({working})"


async def test_our_own_session_is_left_out_and_idle_ones_are_behind_a_key(
    any_pg: LiveServer,
) -> None:
    with any_pg.connect(DB) as resting, busy(any_pg, DB, "SELECT 1") as pid:
        resting.execute("SELECT 1")
        resting_pid = resting.info.backend_pid
        activity = await activity_of(any_pg)

    assert not any(session.application.startswith("pgdeck") for session in activity.sessions)
    running = {row.key[0] for row in to_table(activity, SessionView.RUNNING).rows}
    everybody = {row.key[0] for row in to_table(activity, SessionView.RUNNING, idle=True).rows}
    assert pid in running
    assert resting_pid not in running
    assert resting_pid in everybody


async def test_parallel_workers_follow_their_leader(any_pg: LiveServer) -> None:
    any_pg.sql("CREATE TABLE IF NOT EXISTS big AS SELECT generate_series(1, 1000) n", DB)
    force = "debug_parallel_query" if any_pg.major >= 16 else "force_parallel_mode"
    with at_work(any_pg, DB, f"SET {force} = on", "SELECT pg_sleep(20) FROM big") as leader:
        for _ in range(200):
            activity = await activity_of(any_pg)
            if any(session.leader_pid == leader for session in activity.sessions):
                break

    pids = [session.pid for session in activity.sessions]
    workers = [session for session in activity.sessions if session.leader_pid == leader]
    assert workers
    assert pids.index(workers[0].pid) == pids.index(leader) + 1
