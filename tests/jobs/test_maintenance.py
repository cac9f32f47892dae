"""Vacuum, analyze and reindex as jobs: their plans, the objects they hit, and how they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from jobbing import Desk, acting, desk_in, ended, until
from pgdeck.core.plan import Plan
from pgdeck.errors import Problem, Refused, UsageProblem
from pgdeck.jobs.event import JobState, Status
from pgdeck.jobs.journal import ask_to_stop
from pgdeck.operating import plan_operation
from pgdeck.targets.detect import find_target
from servers import Ground, LiveServer, standby_of

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
        target = find_target(self.url, {})
        assert target is not None
        return asyncio.run(plan_operation(op, target, wish))

    def job(self, op: str, **wish: str) -> JobState:
        """Carry a plan out to its end."""
        return ended(self.desk.start(self.plan(op, **wish)))

    def seen_by(self, login: str) -> Shop:
        """Return the same database as another login has it."""
        desk = desk_in(self.desk.home, self.server.dsn(self.database, login))
        return Shop(self.server, desk, self.database)

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
    for op, wish in (
        ("vacuum", {"oids": shop.oid("orders"), "mode": "analyze"}),
        ("vacuum", {"tables": json.dumps(["items", "orders"]), "mode": "full"}),
        ("analyze", {"database": "yes"}),
        ("reindex", {"oids": shop.oid("orders"), "concurrently": "no"}),
        ("reindex", {"oids": shop.oid("days_pkey")}),
        ("vacuum", {"schema": "public", "mode": "freeze"}),
    ):
        state = shop.job(op, **wish)
        assert state.status is Status.FINISHED, state.text


@pytest.fixture
def clerk(shop: Shop) -> Shop:
    """Somebody who may look at everything and owns nothing but one partitioned table."""
    shop.server.role("clerk")
    shop.sql("ALTER TABLE days OWNER TO clerk; ALTER TABLE days_1 OWNER TO clerk")
    return shop.seen_by("clerk")


def test_what_the_server_skips_for_lack_of_a_right_has_failed(shop: Shop, clerk: Shop) -> None:
    plan = clerk.plan("vacuum", oids=shop.oid("orders"))
    assert "clerk may not vacuum public.orders" in plan.warnings[0]
    before = vacuums(shop, "orders")
    state = ended(clerk.desk.start(plan))
    assert (state.status, state.exit) == (Status.FAILED, 1)
    assert "public.orders was not vacuumed" in state.text
    assert vacuums(shop, "orders") == before


@pytest.mark.parametrize("op", ["vacuum", "analyze"])
def test_a_partition_that_was_skipped_is_named(shop: Shop, clerk: Shop, op: str) -> None:
    state = clerk.job(op, oids=shop.oid("days"))
    assert state.status is Status.FAILED
    assert "days_2" in state.text
    assert "days_1" not in state.text


def test_of_a_schema_only_what_one_may_maintain_is_planned(shop: Shop, clerk: Shop) -> None:
    plan = clerk.plan("vacuum", schema="public")
    assert [step.title for step in plan.steps] == ["Vacuum public.days"]
    assert "public.orders" in plan.warnings[0]


def test_a_partitioned_table_stands_for_its_partitions(shop: Shop) -> None:
    plan = shop.plan("vacuum", tables='["days"]')
    assert "2 partitions, each is vacuumed on its own" in plan.touches[0]
    assert set(plan.holds) == {f"table public.days{part}" for part in ("", "_1", "_2")}
    before = vacuums(shop, "days_1"), vacuums(shop, "days_2")
    assert ended(shop.desk.start(plan)).status is Status.FINISHED
    assert (vacuums(shop, "days_1"), vacuums(shop, "days_2")) == tuple(n + 1 for n in before)


def test_a_rewrite_tells_its_price_and_wants_a_name(shop: Shop) -> None:
    plan = shop.plan("vacuum", tables='["public.orders"]', mode="full")
    assert (plan.asking, plan.confirm) == ("name", "public.orders")
    assert "ACCESS EXCLUSIVE" in plan.steps[0].takes
    said = " ".join(plan.touches)
    assert "are free" in said
    assert "time: " in said
    odd = shop.plan("vacuum", schema="per%cent", mode="full")
    assert odd.confirm == "maintained"
    weird = json.dumps([f"per%cent.{WEIRD}"])
    assert shop.plan("vacuum", tables=weird, mode="full").confirm.isalpha()
    words = ("vacuum", shop.url, "--table", "orders", "--full")
    assert shop.desk.run(*words, "--yes").returncode == 2


def test_a_rewrite_against_a_held_lock_names_who_holds_it(shop: Shop) -> None:
    files = "SELECT pg_relation_filenode('orders')"
    before = shop.sql(files)
    with shop.holding("LOCK TABLE orders IN ACCESS SHARE MODE") as pid:
        plan = shop.plan("vacuum", oids=shop.oid("orders"), mode="full", patience="1.5")
        (standing,) = plan.in_the_way
        assert (standing.pid, standing.application) == (pid, "night shift")
        assert "holds AccessShare on public.orders" in standing.sentence
        state = ended(shop.desk.start(plan))
    assert (state.status, state.exit) == (Status.FAILED, 1)
    for said in (f"pid {pid}", "night shift", "login postgres", "idle in transaction", " s)"):
        assert said in state.text
    assert "--wait" in state.hint
    assert shop.sql(files) == before
    assert shop.plan("vacuum", oids=shop.oid("orders"), mode="full").in_the_way == ()


def test_a_plan_waits_for_no_lock_and_calls_no_unknown_size_nothing(shop: Shop) -> None:
    shop.sql("CREATE TABLE fresh AS SELECT generate_series(1, 100) AS id")
    with shop.holding("LOCK TABLE fresh"):
        plan = shop.plan("vacuum", tables='["fresh"]', mode="full")
    shop.sql("DROP TABLE fresh")
    assert "its size is not known yet" in plan.touches[0]
    assert "not known" in plan.touches[1]
    assert "not known" in plan.touches[2]
    assert plan.in_the_way


def test_what_is_in_the_way_of_a_plain_vacuum_is_only_what_is(shop: Shop) -> None:
    with shop.holding("LOCK TABLE orders IN ROW EXCLUSIVE MODE"):
        assert shop.plan("vacuum", oids=shop.oid("orders")).in_the_way == ()
    with shop.holding("LOCK TABLE orders IN SHARE MODE"):
        assert shop.plan("vacuum", oids=shop.oid("orders")).in_the_way != ()


@pytest.fixture
def slow(shop: Shop) -> Shop:
    """Somebody whose vacuum takes its time."""
    shop.server.role("slow", options="LOGIN SUPERUSER")
    shop.sql(
        "ALTER ROLE slow SET vacuum_cost_delay = 100; ALTER ROLE slow SET vacuum_cost_limit = 1"
    )
    return shop.seen_by("slow")


def test_a_vacuum_tells_how_far_it_is_and_can_be_cancelled(shop: Shop, slow: Shop) -> None:
    before = vacuums(shop, "orders")
    directory = slow.desk.start(slow.plan("vacuum", oids=shop.oid("orders"), mode="freeze"))
    state = until(directory, lambda state: state.total is not None or state.status.is_over)
    assert state.total
    assert state.text.startswith("scanning heap, ")
    ask_to_stop(directory)
    state = ended(directory)
    assert (state.status, state.exit) == (Status.CANCELLED, 130)
    assert "what it did so far stays" in state.text
    assert vacuums(shop, "orders") == before


def test_an_interrupted_reindex_says_what_is_left_and_the_next_one_removes_it(shop: Shop) -> None:
    with shop.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM items") as pid:
        plan = shop.plan("reindex", oids=shop.oid("items"))
        assert plan.steps[0].patience_s == 0
        assert [each.pid for each in plan.in_the_way] == [pid]
        directory = shop.desk.start(plan)
        until(directory, lambda state: f"pid {pid}" in state.text)
        ask_to_stop(directory)
        state = ended(directory)
    assert (state.status, state.exit) == (Status.CANCELLED, 130)
    assert "left behind: public.items_pkey_cc" in state.text
    assert "--leftovers" in state.hint
    only = shop.plan("reindex", oids=shop.oid("items"), leftovers="yes")
    assert all(step.text.startswith("DROP INDEX CONCURRENTLY ") for step in only.steps)
    again = shop.plan("reindex", oids=shop.oid("items"))
    assert [step.text for step in again.steps] == [
        *(step.text for step in only.steps),
        "REINDEX TABLE CONCURRENTLY public.items",
    ]
    assert ended(shop.desk.start(again)).status is Status.FINISHED
    assert shop.sql("SELECT FROM pg_index WHERE NOT indisvalid") == []
    with pytest.raises(Problem, match="no leftovers"):
        shop.plan("reindex", oids=shop.oid("items"), leftovers="yes")


def test_an_index_that_the_server_passes_over_is_named(shop: Shop) -> None:
    shop.sql(
        "CREATE TABLE booked (id int UNIQUE, span int4range, EXCLUDE USING gist (span WITH &&));"
        "CREATE TABLE only_spans (span int4range, EXCLUDE USING gist (span WITH &&))"
    )
    some = shop.job("reindex", oids=shop.oid("booked"))
    assert some.status is Status.FINISHED
    assert "booked_span_excl" in some.warnings[0]
    none = shop.job("reindex", oids=shop.oid("only_spans"))
    assert (none.status, none.exit) == (Status.FAILED, 1)
    assert "only_spans_span_excl was not built anew" in none.text
    assert "--no-concurrently" in none.hint
    by_name = shop.plan("reindex", oids=shop.oid("only_spans_span_excl"))
    assert by_name.steps[0].text == "REINDEX INDEX public.only_spans_span_excl"
    assert by_name.asking == "name"
    assert ended(shop.desk.start(by_name)).status is Status.FINISHED
    shop.sql("DROP TABLE booked, only_spans")


def test_a_failed_build_that_left_an_index_invalid_is_built_by_name(shop: Shop) -> None:
    shop.sql("CREATE TABLE twice (id int); INSERT INTO twice VALUES (1), (1)")
    with shop.server.connect(shop.database) as link, pytest.raises(psycopg.errors.UniqueViolation):
        link.execute("CREATE UNIQUE INDEX CONCURRENTLY twice_id ON twice (id)")
    plan = shop.plan("reindex", tables='["twice"]')
    assert plan.steps[-1].text == "REINDEX INDEX CONCURRENTLY public.twice_id"
    state = ended(shop.desk.start(plan))
    assert state.status is Status.FAILED
    assert "public.twice_id_ccnew" in state.text
    shop.sql("DELETE FROM twice")
    again = shop.job("reindex", tables='["twice"]')
    assert again.status is Status.FINISHED, again.text
    assert shop.sql("SELECT FROM pg_index WHERE NOT indisvalid") == []
    shop.sql("DROP TABLE twice")


def test_two_operators_do_not_maintain_the_same_table(shop: Shop, slow: Shop) -> None:
    first = slow.desk.start(slow.plan("vacuum", oids=shop.oid("orders"), mode="freeze"))
    acting(first)
    second = shop.job("reindex", oids=shop.oid("orders_pkey"))
    assert (second.status, second.exit) == (Status.FAILED, 3)
    assert "table public.orders is held by" in second.text
    assert shop.job("vacuum", oids=shop.oid("items")).status is Status.FINISHED
    ask_to_stop(first)
    ended(first)


def test_a_step_that_fails_does_not_stop_the_others(shop: Shop) -> None:
    before = vacuums(shop, "orders")
    plan = shop.plan("vacuum", tables='["items", "orders"]', patience="1.5")
    with shop.holding("LOCK TABLE items"):
        state = ended(shop.desk.start(plan))
    assert (state.status, state.exit) == (Status.FAILED, 1)
    assert "1 of 2 steps" in state.text
    assert "night shift" in state.text
    assert vacuums(shop, "orders") == before + 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--table", "ordres"), "did you mean public.orders?"),
        (("--schema", "publc"), "did you mean public?"),
        (("--table", "orders", "--database"), "exclude each other"),
        ((), "--table NAME"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(
    shop: Shop, words: tuple[str, ...], said: str
) -> None:
    done = shop.desk.run("vacuum", shop.url, *words, "--plan")
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    "wish",
    [
        {"oids": "1; drop"},
        {"oids": "4294967296"},
        {"tables": '["a\\u0000b"]'},
        {"tables": "orders"},
        {"database": "yes", "mode": "fuller"},
        {"database": "yes", "patience": "nan"},
        {},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(shop: Shop, wish: dict[str, str]) -> None:
    with pytest.raises(UsageProblem):
        shop.plan("vacuum", **wish)


def test_what_was_chosen_and_is_gone_is_said(shop: Shop) -> None:
    with pytest.raises(Problem, match="oid 4000000000"):
        shop.plan("vacuum", oids=f"{shop.oid('orders')},4000000000")


def test_a_reload_shows_what_would_change_and_no_secret(
    fresh_server: LiveServer, desk: Desk
) -> None:
    shop = Shop(fresh_server, desk_in(desk.home, fresh_server.dsn()), "postgres")
    shop.sql("ALTER SYSTEM SET work_mem = '7MB'")
    shop.sql("ALTER SYSTEM SET primary_conninfo = 'password=hunter2'")
    shop.sql("ALTER SYSTEM SET max_connections = 77")
    plan = shop.plan("reload")
    assert "work_mem: 4MB becomes 7MB" in " ".join(plan.touches)
    assert "primary_conninfo changes" in " ".join(plan.touches)
    assert "hunter2" not in repr(plan)
    assert ended(shop.desk.start(plan)).status is Status.FINISHED
    assert shop.sql("SHOW work_mem") == [("7MB",)]
    assert "max_connections" in shop.plan("reload").warnings[0]


def test_counters_are_set_back_after_a_name_was_typed(fresh_server: LiveServer, desk: Desk) -> None:
    shop = Shop(fresh_server, desk_in(desk.home, fresh_server.dsn()), "postgres")
    since = "SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()"
    before = shop.sql(since)
    plan = shop.plan("reset-stats")
    assert (plan.asking, plan.confirm) == ("name", "postgres")
    assert ended(shop.desk.start(plan)).status is Status.FINISHED
    assert shop.sql(since) != before


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_names_are_the_same_in_a_database_of_another_encoding(
    pg18: LiveServer, desk: Desk, encoding: str
) -> None:
    name = f"kept_in_{encoding.lower()}"
    pg18.sql(f"DROP DATABASE IF EXISTS {name}")
    pg18.sql(
        f"CREATE DATABASE {name} ENCODING {encoding} TEMPLATE template0 LOCALE 'C'"
        " LOCALE_PROVIDER libc"
    )
    shop = Shop(pg18, desk_in(desk.home, pg18.dsn(name)), name)
    with psycopg.connect(pg18.dsn(name), client_encoding="UTF8", autocommit=True) as link:
        link.execute('CREATE TABLE "café" (id int)')
    state = shop.job("vacuum", database="yes")
    assert (state.status, state.text) == (Status.FINISHED, "public.café is vacuumed")


def test_nothing_is_maintained_on_a_standby(pg18: LiveServer, server_ground: Ground) -> None:
    with standby_of(pg18, server_ground, "replay", connections=60) as standby:
        target = find_target(standby.dsn(), {})
        assert target is not None
        for op in ("vacuum", "analyze", "reindex"):
            with pytest.raises(Refused, match="standby"):
                asyncio.run(plan_operation(op, target, {"database": "yes"}))
