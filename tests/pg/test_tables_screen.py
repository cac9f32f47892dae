"""The Tables screen on live servers: nothing waits, nothing is invented."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pgdeck.core.rows import Unknown
from pgdeck.core.spec import ScreenSpec
from pgdeck.watch.menu import load_menu
from pgdeck.watch.query import QueryCollector
from servers import LiveServer
from watching import at_work, busy, look, screen_rows, sql_of, stuck, wait_for

DB = "tables_screen"
SPEC: ScreenSpec = next(spec for spec in load_menu().specs if spec.name == "tables")
NAMES = [column.name for column in SPEC.columns]

OPTIONS = {
    "due": "",
    "off": "WITH (autovacuum_enabled = off)",
    "quick": "WITH (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)",
}

SCHEMA = """
CREATE SCHEMA shop;
CREATE TABLE shop.messages (id int PRIMARY KEY, body text, note text);
INSERT INTO shop.messages SELECT g, repeat('x', 300), repeat(md5(g::text), 200)
  FROM generate_series(1, 4000) g;
VACUUM ANALYZE shop.messages;
CREATE TABLE shop.never (id int);
INSERT INTO shop.never SELECT generate_series(1, 5000);
CREATE TABLE shop.event (at int, v text) PARTITION BY RANGE (at);
CREATE TABLE shop.event_1 PARTITION OF shop.event FOR VALUES FROM (0) TO (1000);
CREATE TABLE shop.event_2 PARTITION OF shop.event FOR VALUES FROM (1000) TO (2000)
  PARTITION BY RANGE (at);
CREATE TABLE shop.event_2a PARTITION OF shop.event_2 FOR VALUES FROM (1000) TO (1500);
CREATE TABLE shop.event_2b PARTITION OF shop.event_2 FOR VALUES FROM (1500) TO (2000);
CREATE INDEX ON shop.event (at);
INSERT INTO shop.event SELECT g % 2000, repeat('y', 100) FROM generate_series(0, 9999) g;
VACUUM ANALYZE shop.event_1; VACUUM ANALYZE shop.event_2a; VACUUM ANALYZE shop.event_2b;
CREATE TABLE shop.empty (id int);
"""


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    with any_pg.connect(DB) as connection:
        for statement in SCHEMA.split(";"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("SELECT pg_stat_force_next_flush()")
    any_pg.role("see_all", "pg_monitor")
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


async def tables_of(server: LiveServer, user: str = "postgres") -> dict[str, dict[str, Any]]:
    table = await look(server, QueryCollector(SPEC), DB, user)
    rows = [dict(zip(NAMES, row.values, strict=True)) for row in table.rows]
    return {
        str(row["name"]): row | {"key": key.key} for row, key in zip(rows, table.rows, strict=True)
    }


def oid_of(server: LiveServer, name: str) -> str:
    return str(server.sql(f"SELECT '{name}'::regclass::oid", DB)[0][0])


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_every_login_sees_every_table(any_pg: LiveServer, user: str) -> None:
    tables = await tables_of(any_pg, user)

    assert set(tables) == {"messages", "never", "event", "empty"}
    messages = tables["messages"]
    assert messages["rows"] == 4000
    assert messages["size"] > 1_000_000
    assert messages["vacuumed"] < 600
    assert messages["dead_rows"] == 0
    assert messages["table"] == "messages"


async def test_what_was_never_analyzed_is_unknown_and_not_zero(any_pg: LiveServer) -> None:
    never = (await tables_of(any_pg))["never"]

    for name in ("rows", "size"):
        assert isinstance(never[name], Unknown)
        assert never[name].remedy == "ANALYZE"
    assert never["vacuumed"] is None


async def test_partitions_are_rolled_up_into_their_root(any_pg: LiveServer) -> None:
    event = (await tables_of(any_pg))["event"]

    assert event["table"] == "event (3)"
    assert event["rows"] == 10_000
    assert event["partitions"] == 3
    assert event["heap"] > 1_000_000
    assert event["never_vacuumed"] == 0
    assert event["vacuumed"] < 600


async def test_a_locked_table_is_marked_and_holds_nothing_up(any_pg: LiveServer) -> None:
    with (
        busy(any_pg, DB, "LOCK TABLE shop.messages") as holder,
        busy(any_pg, DB, "SELECT * FROM shop.event_1") as reader,
        stuck(any_pg, DB, "LOCK TABLE shop.event_1") as waiter,
        busy(any_pg, DB, "REINDEX INDEX shop.event_2a_at_idx") as rebuilder,
    ):
        began = time.monotonic()
        tables = await tables_of(any_pg)
        assert time.monotonic() - began < 2
        oids = [oid_of(any_pg, f"shop.{name}") for name in ("messages", "event", "empty")]
        sizes = screen_rows(any_pg, "tables+sizes", DB, keys=oids)

    assert reader
    assert tables["messages"]["state"] == f"locked by pid {holder}"
    assert tables["event"]["state"] in {
        f"locked by pid {rebuilder}",
        f"pid {waiter} waits to lock it",
    }
    assert tables["messages"]["size"] > 1_000_000
    assert [str(row["oid"]) for row in sizes] == [oids[2]]


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_exact_sizes_are_those_of_the_server(any_pg: LiveServer, user: str) -> None:
    oids = [oid_of(any_pg, f"shop.{name}") for name in ("messages", "event", "never")]

    rows = screen_rows(any_pg, "tables+sizes", DB, user, keys=[*oids, "4294967295"])

    exact = {str(row["oid"]): row for row in rows}
    for oid, tree in zip(oids, ("messages", "event", "never"), strict=True):
        (expected,) = any_pg.sql(
            "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class "
            f"WHERE relkind = 'r' AND relname LIKE '{tree}%' "
            "AND relnamespace = 'shop'::regnamespace",
            DB,
        )[0]
        assert exact[oid]["size"] == expected
    messages = exact[oids[0]]
    assert messages["size"] == messages["heap"] + messages["indexes"] + messages["toast"]
    assert len(rows) == 3


async def test_bloat_is_estimated_only_where_its_inputs_are_visible(any_pg: LiveServer) -> None:
    any_pg.sql(
        "DROP TABLE IF EXISTS shop.holes; CREATE TABLE shop.holes AS SELECT g, repeat('z', 100) z "
        "FROM generate_series(1, 30000) g; DELETE FROM shop.holes WHERE g % 10 > 3",
        DB,
    )
    any_pg.sql("VACUUM ANALYZE shop.holes", DB)
    keys = [oid_of(any_pg, "shop.holes")]

    (seen,) = screen_rows(any_pg, "tables+sizes", DB, keys=keys)
    (hidden,) = screen_rows(any_pg, "tables+sizes", DB, "see_all", keys=keys)
    (small,) = screen_rows(any_pg, "tables+sizes", DB, keys=[oid_of(any_pg, "shop.empty")])
    any_pg.sql("DROP TABLE shop.holes", DB)

    assert seen["bloat"] == pytest.approx(0.6, abs=0.11)
    assert hidden["bloat"] is None
    assert hidden["bloat__remedy"].startswith("GRANT pg_read_all_data TO see_all")
    assert (small["bloat"], small["bloat__unknown"]) == (None, None)


async def test_when_autovacuum_comes(any_pg: LiveServer) -> None:
    with any_pg.connect(DB) as connection:
        for name, options in OPTIONS.items():
            connection.execute(f"DROP TABLE IF EXISTS shop.{name}".encode())
            connection.execute(f"CREATE TABLE shop.{name} (id int) {options}".encode())
            connection.execute(f"INSERT INTO shop.{name} SELECT generate_series(1, 2000)".encode())
            # What was inserted has to be counted before vacuum says that it is done with it.
            connection.execute("SELECT pg_stat_force_next_flush()")
            connection.execute(f"VACUUM ANALYZE shop.{name}".encode())
        connection.execute("DELETE FROM shop.due WHERE id <= 451")
        connection.execute("DELETE FROM shop.off WHERE id <= 451")
        connection.execute("DELETE FROM shop.quick WHERE id <= 5")
        connection.execute("SELECT pg_stat_force_next_flush()")
    tables = await tables_of(any_pg)
    any_pg.sql("DROP TABLE shop.due, shop.off, shop.quick", DB)

    due, off, quick = tables["due"], tables["off"], tables["quick"]
    assert due["vacuum_at"] == 450
    assert (due["state"], due["next"]) == ("vacuum due", 0)
    assert due["due"] == pytest.approx(451 / 450)
    assert due["dead"] == pytest.approx(451 / 2000)
    assert (off["state"], off["next"], off["autovacuum"]) == ("autovacuum off", None, False)
    assert off["due"] > 1
    assert quick["vacuum_at"] == 10
    assert quick["due"] == pytest.approx(0.5)
    assert quick["next"] == pytest.approx(quick["vacuumed"], rel=0.05)


async def test_18_caps_the_threshold_and_counts_what_is_not_frozen(any_pg: LiveServer) -> None:
    cap = ", autovacuum_vacuum_max_threshold = 100" if any_pg.major >= 18 else ""
    # A page with a row whose commit is not on disk yet does not count as frozen.
    any_pg.sql(
        "SET synchronous_commit = on; DROP TABLE IF EXISTS shop.capped;"
        f"CREATE TABLE shop.capped (id int) WITH (fillfactor = 90{cap});"
        "INSERT INTO shop.capped SELECT generate_series(1, 20000)",
        DB,
    )
    any_pg.sql("VACUUM (FREEZE, ANALYZE) shop.capped", DB)
    capped = (await tables_of(any_pg))["capped"]
    any_pg.sql("DROP TABLE shop.capped", DB)

    assert capped["vacuum_at"] == (100 if any_pg.major >= 18 else 4050)
    assert capped["vacuum_inserts_at"] == (1000 if any_pg.major >= 18 else 5000)


async def test_a_running_vacuum_shows_its_phase(any_pg: LiveServer) -> None:
    slow = "SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1"
    vacuum = "VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) shop.messages"
    with at_work(any_pg, DB, *slow.split("; "), vacuum, autocommit=True):
        wait_for(
            lambda: any_pg.sql("SELECT 1 FROM pg_stat_progress_vacuum WHERE heap_blks_total > 0")
        )
        for_all = (await tables_of(any_pg))["messages"]
        for_few = (await tables_of(any_pg, "nobody_much"))["messages"]

    assert re.fullmatch(r"vacuum \d+ % scanning heap", for_all["state"])
    assert "scanning" not in (for_few["state"] or "")


async def test_awkward_names(any_pg: LiveServer, hostile_names: str) -> None:
    name = any_pg.create_database("awkward_tables")
    any_pg.sql(hostile_names, name)
    expected = {row[0] for row in any_pg.sql("SELECT name FROM awkward.names", name)}

    table = await look(any_pg, QueryCollector(SPEC), name)
    rows = [dict(zip(NAMES, row.values, strict=True)) for row in table.rows]
    keys = [str(row.key[0]) for row in table.rows]
    sizes = screen_rows(any_pg, "tables+sizes", name, keys=keys)
    any_pg.sql(f"DROP DATABASE {name}")

    assert {row["name"] for row in rows if row["schema"] == "awkward_t"} == expected
    assert len(sizes) == len(rows)
    assert len(set(keys)) == len(keys)
    parts = next(row for row in rows if row["name"] == "parts [x]")
    assert parts["table"] == "awkward_zoo.parts [x] (2)"


async def test_a_search_path_full_of_traps_runs_nothing(any_pg: LiveServer) -> None:
    name = any_pg.create_database("trapped_tables")
    called = sorted(set(re.findall(r"pg_catalog\.([a-z_0-9]+)\(", sql_of("tables", any_pg.major))))
    traps = "".join(
        f"CREATE FUNCTION evil.{function}({arguments}) RETURNS text LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'trap'; END$$;"
        for function in called
        for arguments in ("", "text", "anyelement")
    )
    any_pg.sql(
        f"CREATE SCHEMA evil; {traps} CREATE TABLE evil.pg_class (oid int);"
        f"ALTER DATABASE {name} SET search_path = evil, pg_catalog",
        name,
    )
    table = await look(any_pg, QueryCollector(SPEC), name)
    any_pg.sql(f"DROP DATABASE {name}")

    assert len(table.rows) == 1


async def test_what_is_not_counted_is_unknown_and_not_zero(any_pg: LiveServer) -> None:
    any_pg.sql("ALTER ROLE see_all SET track_counts = off")
    try:
        messages = (await tables_of(any_pg, "see_all"))["messages"]
    finally:
        any_pg.sql("ALTER ROLE see_all RESET track_counts")

    for name in ("dead", "dead_rows", "next"):
        assert isinstance(messages[name], Unknown)
        assert messages[name].remedy == "ALTER SYSTEM SET track_counts = on"
    assert messages["rows"] == 4000
