"""The Locks screen on live servers: waiters, who blocks them, what is held, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from servers import LiveServer
from watching import busy, screen_rows, stuck, wait_for

DB = "locking"
Row = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql(
        "CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item SELECT g, 0 FROM "
        'generate_series(1, 9) g; CREATE SCHEMA shop; CREATE TABLE shop."Odd one" (id int)',
        DB,
    )
    any_pg.role("lock_monitor", "pg_monitor")
    any_pg.role("an odd one")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


def update(row: int) -> str:
    return f"UPDATE item SET n = n + 1 WHERE id = {row}"


def locks(server: LiveServer, user: str = "postgres", db: str = DB) -> list[Row]:
    return screen_rows(server, "locks", db, user)


def of(rows: list[Row], pid: int | None, doing: str) -> Row:
    return next(row for row in rows if (row["pid"], row["doing"]) == (pid, doing))


@pytest.mark.parametrize("user", ["postgres", "lock_monitor", "an odd one"])
def test_a_chain_names_its_root_and_the_way_out(any_pg: LiveServer, user: str) -> None:
    with (
        busy(any_pg, DB, "SET application_name = 'rooted'", update(1)) as root,
        stuck(any_pg, DB, update(2), update(1)) as middle,
        stuck(any_pg, DB, update(3), update(2)) as last,
    ):
        rows = locks(any_pg, user)

    waits = [row for row in rows if row["doing"] == "waits"]
    assert [row["pid"] for row in rows[:2]] == [middle, last]  # waiters lead, the longest first
    assert [row["pid"] for row in waits] == [middle, last]
    assert [row["blockers"] for row in waits] == [str(root), str(middle)]
    assert [row["behind"] for row in waits] == [1, 0]
    assert waits[0]["mode"] == "Share"
    assert waits[0]["object"].startswith("transaction ")
    assert 0 <= waits[0]["waits_s"] < 30
    held = of(rows, root, "blocks")
    assert waits[0]["object"] == f"{held['object']}, for a row of item"
    assert held["behind"] == 2
    assert set(held["behind_it"].split(", ")) == {str(middle), str(last)}
    for row in (*waits, held):
        assert row["root"].startswith(f"pid {root}, rooted, postgres, ")
        assert row["act"] == f"SELECT pg_terminate_backend({root})"
    if user == "an odd one":
        assert "its state is not visible" in held["root"]
        assert held["state"] is held["query"] is held["transaction_s"] is None
        for name in ("state", "query", "transaction_s", "client"):
            assert held[f"{name}__unknown"] == "not visible to this login"
            assert held[f"{name}__remedy"] == 'GRANT pg_monitor TO "an odd one"'
        assert (held["application"], held["login"]) == ("rooted", "postgres")
    else:
        assert re.search(r", idle in transaction for \d+ s$", held["root"])
        assert (held["state"], held["query"]) == ("idle in tx", update(1))
        assert held["state__unknown"] is None
    assert {row["__total"] for row in rows} == {len(rows)}
    keys = {(row["pid"], row["prepared_as"], row["lock_on"], row["mode"]) for row in rows}
    assert len(keys) == len(rows)


def test_a_queue_behind_an_exclusive_lock(any_pg: LiveServer) -> None:
    with ExitStack() as stack:
        reader = stack.enter_context(busy(any_pg, DB, 'SELECT FROM shop."Odd one"'))
        owner = stack.enter_context(stuck(any_pg, DB, 'LOCK TABLE shop."Odd one"'))
        late = stack.enter_context(stuck(any_pg, DB, 'SELECT FROM shop."Odd one"'))
        rows = locks(any_pg)
        elsewhere = locks(any_pg, db="postgres")

    held = of(rows, reader, "blocks")
    assert (held["object"], held["mode"], held["behind"]) == ("shop.Odd one", "AccessShare", 2)
    waiting = of(rows, owner, "waits")
    assert (waiting["mode"], waiting["behind"]) == ("AccessExclusive", 1)
    behind = of(rows, late, "waits")
    assert behind["blockers"] == str(owner)
    assert behind["root"].startswith(f"pid {reader}, ")
    there = of(elsewhere, reader, "blocks")["object"]
    assert there.startswith("relation ")
    assert there.endswith(f" of {DB}")


def test_strong_and_advisory_locks_are_listed_without_a_waiter(any_pg: LiveServer) -> None:
    with (
        busy(any_pg, DB, 'LOCK TABLE shop."Odd one" IN SHARE MODE') as strong,
        busy(any_pg, DB, "SELECT pg_advisory_xact_lock(-7)") as whole,
        busy(any_pg, DB, "SELECT pg_advisory_xact_lock_shared(5, -1)") as halves,
        busy(any_pg, DB, update(4)) as weak,
    ):
        rows = locks(any_pg)

    held = of(rows, strong, "holds")
    assert (held["object"], held["mode"], held["behind"]) == ("shop.Odd one", "Share", 0)
    assert held["root"] is held["act"] is None
    assert of(rows, whole, "holds")["object"] == "advisory -7"
    assert of(rows, halves, "holds")["object"] == "advisory (5, -1)"
    assert weak not in {row["pid"] for row in rows}
    assert not any((row["application"] or "").startswith("pgdeck") for row in rows)


def test_only_the_mode_that_conflicts_blocks(any_pg: LiveServer) -> None:
    with (
        busy(any_pg, DB, "SELECT FROM item", update(5)) as both,
        stuck(any_pg, DB, "LOCK TABLE item IN SHARE MODE"),
    ):
        rows = locks(any_pg)

    blocking = [row["mode"] for row in rows if row["pid"] == both]
    assert blocking == ["RowExclusive"]
    assert of(rows, both, "blocks")["fast_path"] is False
    assert of(rows, both, "blocks")["fast_path_held"] > 0  # those on the index


def test_a_prepared_transaction_is_named(any_pg: LiveServer) -> None:
    gid = 'it\'s "odd"'
    quoted = gid.replace("'", "''")
    any_pg.sql(f"BEGIN; {update(6)}; PREPARE TRANSACTION '{quoted}'", DB)
    try:
        with stuck(any_pg, DB, update(6)) as waiter:
            rows = locks(any_pg, "an odd one")
    finally:
        any_pg.sql(f"ROLLBACK PREPARED '{quoted}'", DB)

    waiting = of(rows, waiter, "waits")
    assert waiting["blockers"] == gid
    assert waiting["root"] == f"prepared transaction {gid}, in database {DB}"
    assert waiting["act"] == f"ROLLBACK PREPARED '{quoted}'"
    held = of(rows, None, "blocks")
    assert (held["prepared_as"], held["state"], held["login"]) == (gid, "prepared", "postgres")
    assert held["state__unknown"] is None
    assert held["behind_it"] == str(waiter)
    assert held["transaction_s"] >= 0


def test_a_circle_has_no_root(any_pg: LiveServer) -> None:
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
        wait_for(lambda: len([row for row in locks(any_pg) if row["doing"] == "waits"]) == 2)
        rows = [row for row in locks(any_pg) if row["pid"] in pids and row["doing"] == "waits"]
        for pid in pids:
            any_pg.sql(f"SELECT pg_terminate_backend({pid})")

    assert {row["pid"] for row in rows} == pids
    assert all(row["root"].startswith("a circle of waiters") for row in rows)
    assert [row["act"] for row in rows] == [None, None]
