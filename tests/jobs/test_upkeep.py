"""What is due in a database, in which order, how long at which pace, and that it is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from jobbing import Desk, desk_in, ended, sleeping
from pgdeck.jobs.past import forecast
from pgdeck.maintenance.due import Need, due_of
from servers import LiveServer

DB = "upkeep_test"
ROW: dict[str, Any] = {
    "oid": 1,
    "live": 1000,
    "dead": 0,
    "fresh": 0,
    "mods": 0,
    "enabled": True,
    "age_share": 0.1,
    "dead_due": False,
    "new_due": False,
    "mods_due": False,
    "never_analyzed": False,
    "dead_share": 0.0,
    "new_share": 0.0,
}
DEAD = {"dead": 600, "dead_due": True, "dead_share": 2.4}


@pytest.fixture
def neglected(any_pg: LiveServer, tmp_path: Path) -> Iterator[Desk]:
    any_pg.create_database(DB)
    any_pg.sql(
        """
        CREATE TABLE dying (id int) WITH (autovacuum_enabled = off);
        INSERT INTO dying SELECT generate_series(1, 5000);
        CREATE TABLE "sta""le %s" AS SELECT generate_series(1, 500) AS id;
        ALTER TABLE "sta""le %s" SET (autovacuum_enabled = off);
        CREATE TABLE fine AS SELECT 1 AS id;
        CREATE TABLE twice (id int);
        INSERT INTO twice VALUES (1), (1);
        """,
        DB,
    )
    any_pg.sql("VACUUM ANALYZE dying", DB)
    any_pg.sql("VACUUM ANALYZE fine", DB)
    any_pg.sql("VACUUM ANALYZE twice", DB)
    any_pg.sql("DELETE FROM dying WHERE id % 2 = 0", DB)
    with any_pg.connect(DB) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken_ccnew ON twice (id)")
    yield desk_in(tmp_path, any_pg.dsn(DB))
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


def test_what_is_due_is_planned_done_and_then_due_no_more(neglected: Desk) -> None:
    plan = json.loads(neglected.run("upkeep", neglected.url, "--plan", "--json").stdout)
    texts = [step["text"] for step in plan["steps"]]
    assert texts == [
        "VACUUM (VERBOSE, ANALYZE) public.dying",
        'ANALYZE (VERBOSE) public."sta""le %s"',
        "DROP INDEX CONCURRENTLY public.broken_ccnew",
    ]
    titles = " ".join(step["title"] for step in plan["steps"])
    for said in ("rows are dead (50 %)", "autovacuum is off for it", "never analyzed"):
        assert said in titles
    done = neglected.run("upkeep", neglected.url, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    again = neglected.run("upkeep", neglected.url, "--plan")
    assert again.returncode == 1
    assert "nothing is due" in again.stderr


def test_what_comes_near_the_forced_vacuum_goes_first_and_statistics_last() -> None:
    rows = [
        {**ROW, "oid": 1, "mods": 900, "mods_due": True},
        {**ROW, "oid": 2, **DEAD},
        {**ROW, "oid": 3, **DEAD, "dead_share": 9.0, "mods_due": True},
        {**ROW, "oid": 4, "age_share": 0.93},
        {**ROW, "oid": 5, "age_share": 1.2, **DEAD},
    ]
    found = due_of(rows)
    assert [due.oid for due in found] == [5, 4, 3, 2, 1]
    assert [due.need for due in found] == [
        Need.FREEZE,
        Need.FREEZE,
        Need.BOTH,
        Need.VACUUM,
        Need.ANALYZE,
    ]
    assert "93 %" in found[1].why


def test_the_pace_of_other_jobs_tells_how_long_this_one_takes(desk: Desk) -> None:
    step = replace(sleeping(1.5), weight=150 * 1024**2)
    ended(desk.start(desk.plan(step, title="Checkpoint of another thing")))
    plan = desk.plan(replace(sleeping(0), weight=300 * 1024**2), title="Checkpoint of this")
    expected = forecast(plan, desk.jobs)
    assert expected is not None
    assert expected.rate is not None
    assert 1.5 < expected.seconds <= 3.5
    assert "a second as in 1 job here before" in expected.sentence
