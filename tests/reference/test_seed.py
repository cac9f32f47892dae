"""The reference rows: enough of them, in one go, and only once; and a load that stays modest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from pgdeck.core.target import Conninfo
from pgdeck.reference import databases, migrate, seed
from pgdeck.reference.rows import MESSAGES, USAGE_EVENTS
from servers import LiveServer

APPLICATIONS = ("api", "worker", "cron", "nightly-export")


COUNTED: dict[str, int] = {}
"""How many rows the building made, before anything else wrote some."""


@pytest.fixture(scope="module")
def seeded(pg18: LiveServer) -> Iterator[LiveServer]:
    """A server with both reference databases."""
    assert not databases.are_complete(pg18.conninfo)
    databases.build(pg18.conninfo, lambda text: None)
    COUNTED["messages"] = count(pg18, databases.OPERATIONAL, "ops.messages")
    COUNTED["events"] = count(pg18, databases.ANALYTICS, "analytics.usage_events")
    yield pg18
    for name in databases.HISTORIES:
        pg18.sql(f"DROP DATABASE {name} WITH (FORCE)")


def count(server: LiveServer, database: str, table: str) -> int:
    return int(server.sql(f"SELECT count(*) FROM {table}", database)[0][0])


def test_some_hundred_thousand_rows(seeded: LiveServer) -> None:
    assert databases.are_complete(seeded.conninfo)
    assert COUNTED["messages"] == MESSAGES >= 150_000
    assert COUNTED["events"] == USAGE_EVENTS
    months = seeded.sql(
        "SELECT DISTINCT tableoid::regclass::text FROM analytics.usage_events ORDER BY 1",
        databases.ANALYTICS,
    )
    assert 6 <= len(months) <= 7
    assert ("analytics.usage_events_default",) not in months
    nearest = seeded.sql(
        "SET enable_seqscan = off; EXPLAIN SELECT id FROM ops.passages"
        " ORDER BY embedding <=> (SELECT embedding FROM ops.passages LIMIT 1) LIMIT 3",
        databases.OPERATIONAL,
    )
    assert any("passages_embedding_idx" in row[0] for row in nearest)


def test_the_older_server_takes_them_too(pg16: LiveServer) -> None:
    for history, plan in (
        ("operational", seed.OPERATIONAL_PLAN),
        ("analytics", seed.ANALYTICS_PLAN),
    ):
        address = pg16.conninfo(pg16.create_database(f"seeded_{history}"))
        migrate.upgrade(history, address, migrate.below_head(history, 2))
        assert seed.seed(address, plan)


def test_the_rows_hold_together(seeded: LiveServer) -> None:
    """They are loaded without foreign key checks where that is allowed."""
    keys = seeded.sql(
        """
        SELECT conrelid::regclass::text, confrelid::regclass::text, a.attname
          FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
         WHERE contype = 'f'""",
        databases.OPERATIONAL,
    )
    assert len(keys) >= 9
    for table, referenced, column in keys:
        lost = seeded.sql(
            f"SELECT count(*) FROM {table} t WHERE NOT EXISTS"
            f" (SELECT FROM {referenced} r WHERE r.id = t.{column})",
            databases.OPERATIONAL,
        )
        assert lost == [(0,)], table


def test_seeding_again_changes_nothing(seeded: LiveServer) -> None:
    before = count(seeded, databases.OPERATIONAL, "ops.messages")
    assert not seed.seed_both(
        seeded.conninfo(databases.OPERATIONAL), seeded.conninfo(databases.ANALYTICS)
    )
    assert count(seeded, databases.OPERATIONAL, "ops.messages") == before


def test_two_revisions_wait_to_be_applied(seeded: LiveServer) -> None:
    for name, history in databases.HISTORIES.items():
        here = seeded.sql(
            f"SELECT version_num FROM {databases.SCHEMAS[name]}.alembic_version", name
        )
        assert here == [(migrate.below_head(history, 2),)]
        migrate.upgrade(history, seeded.conninfo(name))


def start_load(operational: Conninfo, analytics: Conninfo) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pgdeck.reference.load"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdin is not None
    addresses = {"operational": dict(operational), "analytics": dict(analytics)}
    process.stdin.write(json.dumps(addresses).encode() + b"\n")
    process.stdin.flush()
    return process


def await_sessions(server: LiveServer, wanted: int, seconds: float) -> set[str]:
    deadline = time.monotonic() + seconds
    while True:
        rows = server.sql(
            "SELECT DISTINCT application_name FROM pg_stat_activity"
            f" WHERE application_name IN {APPLICATIONS}"
        )
        if (len(rows) >= wanted if wanted else not rows) or time.monotonic() > deadline:
            return {name for (name,) in rows}
        time.sleep(0.1)


def test_the_load_works_and_ends_with_its_input(seeded: LiveServer) -> None:
    before = seeded.sql("SELECT sum(n_tup_upd) FROM pg_stat_user_tables", databases.OPERATIONAL)
    messages = count(seeded, databases.OPERATIONAL, "ops.messages")
    load = start_load(seeded.conninfo(databases.OPERATIONAL), seeded.conninfo(databases.ANALYTICS))
    try:
        assert await_sessions(seeded, len(APPLICATIONS), 20) == set(APPLICATIONS)
    finally:
        _, said = load.communicate(timeout=10)
    assert load.returncode == 0
    assert said == b""
    assert await_sessions(seeded, 0, 10) == set()
    assert count(seeded, databases.OPERATIONAL, "ops.messages") > messages
    after = seeded.sql("SELECT sum(n_tup_upd) FROM pg_stat_user_tables", databases.OPERATIONAL)
    assert after > before


def test_the_load_waits_quietly_for_a_server_that_is_away(fresh_server: LiveServer) -> None:
    for history in databases.HISTORIES.values():
        migrate.upgrade(history, fresh_server.conninfo(fresh_server.create_database(history)))
    load = start_load(fresh_server.conninfo("operational"), fresh_server.conninfo("analytics"))
    try:
        assert await_sessions(fresh_server, 2, 20)
        fresh_server.stop("immediate")
        time.sleep(1.5)
        assert load.poll() is None
        fresh_server.start()
        assert await_sessions(fresh_server, 2, 20)
    finally:
        _, said = load.communicate(timeout=10)
    assert (load.returncode, said) == (0, b"")
