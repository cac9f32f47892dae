"""Vacuum, analyze and reindex as jobs: their plans, the objects they hit, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from jobbing import Desk, desk_in, ended
from pgdeck.core.plan import Plan
from pgdeck.jobs.event import Status
from pgdeck.operating import plan_operation
from pgdeck.targets.detect import find_target
from servers import LiveServer

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, v text) WITH (autovacuum_enabled = off);
INSERT INTO orders SELECT g, repeat('x', 40) FROM generate_series(1, 3000) g;
DELETE FROM orders WHERE id % 3 = 0;
CREATE TABLE items (id int PRIMARY KEY, note text);
CREATE TABLE days (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (100);
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (100) TO (200);
INSERT INTO days SELECT g, 'x' FROM generate_series(1, 150) g;
"""
WEIRD = 'weird"name; drop table x--'
LONG = "n" * 63
LINES = "two\nlines \x1b[31mred"


class Shop:
    """A database to maintain, and a desk whose commands go there."""

    def __init__(self, server: LiveServer, desk: Desk, database: str) -> None:
        self.server, self.desk, self.database = server, desk, database
        self.url = desk.url

    def sql(self, text: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        return self.server.sql(text, self.database, user)

    def plan(self, op: str, **wish: str) -> Plan:
        import asyncio

        target = find_target(self.url, {})
        assert target is not None
        return asyncio.run(plan_operation(op, target, wish))

    def oid(self, name: str) -> str:
        return str(self.sql(f"SELECT '{name}'::regclass::oid")[0][0])

    @contextmanager
    def holding(self, statement: str, name: str = "night shift") -> Iterator[int]:
        """Hold what a statement takes in an open transaction; yields its pid."""
        url = self.server.dsn(self.database)
        with psycopg.connect(url, application_name=name) as holder:
            holder.execute(statement.encode())
            yield holder.info.backend_pid


@pytest.fixture(scope="module", params=[18, 15])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    server: LiveServer = request.getfixturevalue(f"pg{request.param}")
    database = server.create_database("maintained")
    server.sql(SHOP, database)
    with server.connect(database) as link:
        link.execute('CREATE SCHEMA "per%cent"')
        for name in (WEIRD, LONG, LINES):
            create = sql.SQL("CREATE TABLE {} (id int PRIMARY KEY)")
            link.execute(create.format(sql.Identifier("per%cent", name)))
    desk = desk_in(tmp_path_factory.mktemp("desk"), server.dsn(database))
    return Shop(server, desk, database)


def vacuums(shop: Shop, name: str, schema: str = "public") -> int:
    with shop.server.connect(shop.database) as link:
        row = link.execute(
            "SELECT vacuum_count FROM pg_stat_user_tables WHERE schemaname = %s AND relname = %s",
            [schema, name],
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_plan_of_a_vacuum_says_what_it_touches_and_takes(shop: Shop) -> None:
    done = shop.desk.run("vacuum", shop.url, "--table", "orders", "--plan")
    assert done.returncode == 0, done.stderr
    for said in ("VACUUM (VERBOSE) public.orders;", "SHARE UPDATE EXCLUSIVE", "1 index"):
        assert said in done.stdout
    plan = shop.plan("vacuum", oids=shop.oid("orders"))
    assert plan.holds == ("table public.orders",)
    assert (plan.steps[0].patience_s, plan.asking) == (5.0, "yes")


@pytest.mark.parametrize("name", [WEIRD, LONG, LINES])
def test_the_right_object_is_maintained_whatever_it_is_called(shop: Shop, name: str) -> None:
    before = vacuums(shop, name, "per%cent")
    quoted = name.replace('"', '""')
    typed = f'"per%cent"."{quoted}"'
    shown = shop.desk.run("vacuum", shop.url, "--table", typed, "--plan").stdout
    assert "\x1b" not in shown
    assert name[:3] in shown
    done = shop.desk.run("vacuum", shop.url, "--table", typed, "--yes")
    assert done.returncode == 0, done.stderr
    assert vacuums(shop, name, "per%cent") == before + 1


def test_a_renamed_table_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.sql("CREATE TABLE moving (id int)")
    plan = shop.plan("vacuum", oids=shop.oid("moving"))
    shop.sql("ALTER TABLE moving RENAME TO moved; CREATE TABLE moving (id int)")
    state = ended(shop.desk.start(plan))
    assert (state.status, state.exit) == (Status.FAILED, 3)
    assert "public.moved" in state.text
    assert vacuums(shop, "moving") == 0 == vacuums(shop, "moved")
    shop.sql("DROP TABLE moving, moved")


def test_each_operation_ends_well(shop: Shop) -> None:
    for words in (
        ("vacuum", "--table", "orders", "--analyze"),
        ("analyze", "--table", "days"),
        ("reindex", "--table", "orders"),
        ("reindex", "--index", "days_pkey"),
        ("vacuum", "--schema", "public", "--freeze"),
    ):
        done = shop.desk.run(words[0], shop.url, *words[1:], "--yes", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["status"] == "finished"
