"""The Indexes screen on live servers: findings that hold, and nothing that waits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pgdeck.core.rows import Unknown
from pgdeck.core.spec import ScreenSpec
from pgdeck.watch.menu import load_menu
from pgdeck.watch.query import QueryCollector
from servers import LiveServer
from watching import at_work, busy, look, screen_rows, sql_of, wait_for

DB = "indexes_screen"
SPEC: ScreenSpec = next(spec for spec in load_menu().specs if spec.name == "indexes")
NAMES = [column.name for column in SPEC.columns]

SCHEMA = """
CREATE TABLE item (id int PRIMARY KEY, x int, y int, s text, UNIQUE (x, y));
CREATE INDEX item_x ON item (x);
CREATE INDEX item_x_again ON item (x);
CREATE INDEX item_x_desc ON item (x DESC);
CREATE INDEX item_x_hash ON item USING hash (x);
CREATE INDEX item_x_s ON item (x) INCLUDE (s);
CREATE INDEX item_low ON item (lower(s));
CREATE INDEX item_low_and_more ON item (lower(s), y);
CREATE INDEX item_some ON item (y) WHERE x > 3;
CREATE INDEX item_some_with_a_longer_name ON item (y) WHERE x > 3;
CREATE INDEX item_others ON item (y) WHERE x > 4;
CREATE INDEX item_s_c ON item (s COLLATE "C");
CREATE INDEX item_s ON item (s);
CREATE INDEX item_s_pattern ON item (s text_pattern_ops);
CREATE INDEX item_brin ON item USING brin (x);
CREATE INDEX item_brin_fine ON item USING brin (x) WITH (pages_per_range = 8);
CREATE UNIQUE INDEX item_id_again ON item (id);
CREATE TABLE part_of (id int, item_id int REFERENCES item, other_id int REFERENCES item);
CREATE INDEX part_of_item ON part_of (item_id);
CREATE INDEX part_of_some ON part_of (other_id) WHERE other_id > 3;
CREATE TABLE copied (id int NOT NULL);
CREATE UNIQUE INDEX copied_id ON copied (id);
ALTER TABLE copied REPLICA IDENTITY USING INDEX copied_id;
CREATE TABLE event (at int, v text, item_id int REFERENCES item) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (1000);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (1000) TO (2000);
CREATE INDEX event_at ON event (at);
CREATE INDEX event_1_own ON event_1 (at);
CREATE INDEX event_v ON ONLY event (v);
CREATE INDEX event_both ON event (v, at);
INSERT INTO item SELECT g, g, g, md5(g::text) FROM generate_series(1, 20000) g;
DELETE FROM item WHERE id % 10 > 1;
INSERT INTO event SELECT g % 2000, 'v', 1 FROM generate_series(1, 4000) g;
VACUUM ANALYZE item;
ANALYZE event;
SELECT 1 FROM item WHERE id = 1;
SELECT pg_stat_force_next_flush()
"""


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    with any_pg.connect(DB) as connection:
        for statement in SCHEMA.split(";\n"):
            connection.execute(statement.strip().encode())
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY item_bad ON item ((x % 10))")
    any_pg.role("see_all", "pg_monitor")
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


async def indexes_of(
    server: LiveServer, user: str = "postgres", db: str = DB
) -> dict[str, dict[str, Any]]:
    table = await look(server, QueryCollector(SPEC), db, user)
    rows = [dict(zip(NAMES, row.values, strict=True)) | {"key": row.key[0]} for row in table.rows]
    return {str(row["name"]): row for row in rows}


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_what_is_wrong_is_said_in_words(any_pg: LiveServer, user: str) -> None:
    found = await indexes_of(any_pg, user)

    said = {name: row["finding"] for name, row in found.items() if row["finding"]}
    unused = {
        name for name, finding in said.items() if re.fullmatch(r"unused since \d+ s", finding)
    }
    assert {name: said[name] for name in said.keys() - unused} == {
        "item_x": "prefix of item_x_s",
        "item_x_again": "duplicate of item_x",
        "item_low": "prefix of item_low_and_more",
        "item_some_with_a_longer_name": "duplicate of item_some",
        "item_id_again": "duplicate of item_pkey",
        "item_bad": "invalid",
        "event_1_own": "duplicate of event_1_at_idx",
        "event_v": "invalid: not on every partition",
        "part_of_other_id_fkey": "foreign key without index",
        "event_item_id_fkey": "foreign key without index",
    }
    # Neither what guards something nor what gives the planner statistics is called unused.
    assert unused.isdisjoint({"item_x_y_key", "copied_id", "item_low_and_more"})
    assert {"item_x_desc", "item_s", "item_s_c", "item_s_pattern", "item_others"} <= unused
    assert {"item_brin", "item_brin_fine", "item_x_hash", "event_at", "item_x_s"} <= unused


async def test_statements_to_run_spare_what_something_needs(any_pg: LiveServer) -> None:
    found = await indexes_of(any_pg)

    fixes = {name: row["fix"] for name, row in found.items() if row["fix"]}
    assert fixes == {
        "item_x": "DROP INDEX CONCURRENTLY public.item_x",
        "item_x_again": "DROP INDEX CONCURRENTLY public.item_x_again",
        "item_low": "DROP INDEX CONCURRENTLY public.item_low",
        "item_some_with_a_longer_name":
            "DROP INDEX CONCURRENTLY public.item_some_with_a_longer_name",
        "item_bad": "REINDEX INDEX CONCURRENTLY public.item_bad",
        "event_1_own": "DROP INDEX CONCURRENTLY public.event_1_own",
        "part_of_other_id_fkey": "CREATE INDEX CONCURRENTLY ON public.part_of (other_id)",
        "event_item_id_fkey": "CREATE INDEX ON public.event (item_id)",
    }  # fmt: skip
    assert "too short" in found["item_s"]["advice"]
    assert "kept by its role (unique)" in found["item_id_again"]["advice"]
    roles = {name: row["role"] for name, row in found.items() if row["role"]}
    assert roles["item_pkey"] == "primary key"
    assert roles["item_x_y_key"] == "unique constraint"
    assert roles["copied_id"] == "unique, replica identity"
    assert not any(found[name]["removable"] for name in roles if name in found)


async def test_use_and_since_when_it_is_counted(any_pg: LiveServer) -> None:
    found = await indexes_of(any_pg)
    # Two serve the query equally well.
    used = max(found["item_pkey"], found["item_id_again"], key=lambda row: row["scans"])

    assert used["scans"] > 0
    assert used["counted"] < 3600
    if any_pg.major == 15:
        assert used["used"] == Unknown("PostgreSQL 16 is the first to remember it")
    else:
        assert 0 <= used["used"] < 600


async def test_after_a_week_of_counting_an_unused_one_may_go(any_pg: LiveServer) -> None:
    sql = sql_of("indexes", any_pg.major)
    assert sql.count("604800") == 2
    with any_pg.connect(DB) as connection:
        cursor = psycopg.RawCursor(connection)
        cursor.execute(sql.replace("604800", "0").encode())
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
    found = {row["name"]: row for row in rows}

    assert found["item_s"]["fix"] == "DROP INDEX CONCURRENTLY public.item_s"
    assert found["event_both"]["fix"] == "DROP INDEX public.event_both"
    for name in ("item_pkey", "item_x_y_key", "copied_id", "item_low_and_more"):
        assert found[name]["fix"] is None
    # Another one may go because these stay: both statements together would leave nothing.
    for name, rests_on_it in (("item_some", "item_some_with_a_longer_name"),
                              ("event_at", "event_1_own")):  # fmt: skip
        assert found[rests_on_it]["fix"]
        assert found[name]["fix"] is None
        assert "drop one, not both" in found[name]["advice"]


async def test_partitions_are_one_row(any_pg: LiveServer) -> None:
    found = await indexes_of(any_pg)

    assert found["event_at"]["index"] == "event_at (2)"
    assert found["event_at"]["entries"] == 4000
    assert "event_1_at_idx" not in found


async def test_a_reset_and_a_crash_begin_the_counting_anew(fresh_server: LiveServer) -> None:
    fresh_server.sql("CREATE TABLE t (id int); CREATE INDEX t_id ON t (id); SELECT pg_stat_reset()")
    fresh_server.sql("CHECKPOINT")
    after_reset = (await indexes_of(fresh_server, db="postgres"))["t_id"]
    fresh_server.stop("immediate")
    fresh_server.start()
    after_crash = (await indexes_of(fresh_server, db="postgres"))["t_id"]

    (crashed,) = fresh_server.sql(
        "SELECT extract(epoch FROM now() - stats_reset) FROM pg_stat_archiver"
    )[0]
    assert after_reset["counted_from"] == "a reset of the statistics"
    assert after_crash["counted_from"] == "the birth of the server, its last crash, or a reset"
    assert after_crash["counted"] <= float(crashed) + 0.1
    assert after_crash["finding"].startswith("unused since")


@pytest.mark.parametrize("user", ["postgres", "see_all"])
async def test_a_build_shows_how_far_it_is(any_pg: LiveServer, user: str) -> None:
    build = "CREATE INDEX CONCURRENTLY item_new ON item (y, x)"
    with (
        busy(any_pg, DB, "UPDATE item SET y = y WHERE id = 10"),
        at_work(any_pg, DB, build, autocommit=True),
    ):
        wait_for(
            lambda: any_pg.sql(
                "SELECT 1 FROM pg_index WHERE indisvalid = false AND "
                "indexrelid::regclass::text = 'item_new'",
                DB,
            )
        )
        seen = (await indexes_of(any_pg, user))["item_new"]
        hidden = (await indexes_of(any_pg, "nobody_much"))["item_new"]
    any_pg.sql("DROP INDEX IF EXISTS item_new", DB)

    assert seen["finding"].startswith("building ")
    assert seen["fix"] is None
    assert hidden["finding"] == "invalid, or being built"


async def test_a_lock_holds_nothing_up(any_pg: LiveServer) -> None:
    rows = await indexes_of(any_pg)
    keys = [str(rows[name]["key"]) for name in ("item_s", "event_at", "part_of_item", "copied_id")]
    keys += [str(rows["part_of_other_id_fkey"]["key"])]
    with busy(any_pg, DB, "LOCK TABLE item"), busy(any_pg, DB, "REINDEX INDEX event_1_at_idx"):
        assert set(await indexes_of(any_pg)) == set(rows)
        exact = {row["oid"]: row for row in screen_rows(any_pg, "indexes+sizes", DB, keys=keys)}

    assert set(exact) == set(keys[2:])
    assert exact[keys[3]]["size"] == 8192
    assert "copied_id ON public.copied USING btree (id)" in exact[keys[3]]["definition"]
    assert "FOREIGN KEY (other_id)" in exact[keys[4]]["definition"]


async def test_exact_sizes_and_bloat_where_its_inputs_are_visible(any_pg: LiveServer) -> None:
    rows = await indexes_of(any_pg)
    keys = [str(rows[name]["key"]) for name in ("item_s", "event_at")]

    seen = {row["oid"]: row for row in screen_rows(any_pg, "indexes+sizes", DB, keys=keys)}
    (hidden,) = screen_rows(any_pg, "indexes+sizes", DB, "nobody_much", keys=keys[:1])

    expected = "SELECT pg_relation_size('event_1_at_idx') + pg_relation_size('event_2_at_idx')"
    assert seen[keys[1]]["size"] == any_pg.sql(expected, DB)[0][0]
    assert seen[keys[0]]["bloat"] == pytest.approx(0.8, abs=0.11)
    assert hidden["bloat"] is None
    assert hidden["bloat__remedy"].startswith("GRANT pg_read_all_data TO nobody_much")


async def test_awkward_names(any_pg: LiveServer, hostile_names: str) -> None:
    name = any_pg.create_database("awkward_indexes")
    any_pg.sql(hostile_names, name)
    tables = any_pg.sql("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' "
                        "AND relnamespace::regnamespace::text = 'awkward_t'", name)  # fmt: skip
    for (table,) in tables:
        any_pg.sql(f"ALTER TABLE {table} ADD pgdeck_a int; CREATE INDEX ON {table} (pgdeck_a);"
                   f"CREATE INDEX ON {table} (pgdeck_a)", name)  # fmt: skip
    found = await indexes_of(any_pg, db=name)
    drops = [row["fix"] for row in found.values() if str(row["fix"]).startswith("DROP")]
    any_pg.sql("; ".join(drop.replace("CONCURRENTLY ", "") for drop in drops), name)
    left = await indexes_of(any_pg, db=name)
    any_pg.sql(f"DROP DATABASE {name}")

    assert len(drops) >= len(tables) > 5
    assert not [row for row in left.values() if str(row["finding"]).startswith("duplicate")]


async def test_what_is_not_counted_is_unknown_and_not_zero(any_pg: LiveServer) -> None:
    any_pg.sql("ALTER ROLE see_all SET track_counts = off")
    try:
        found = await indexes_of(any_pg, "see_all")
    finally:
        any_pg.sql("ALTER ROLE see_all RESET track_counts")

    assert found["item_s"]["scans"].remedy == "ALTER SYSTEM SET track_counts = on"
    assert found["item_s"]["finding"] is None
