"""Table screens on live servers: one question, honest values, reasons for what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pgdeck.core.header import parse_screen
from pgdeck.core.rows import Query, Rows, Table, Unknown, Value
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Environment
from pgdeck.errors import QueryFailed
from pgdeck.watch.once import collect_once
from pgdeck.watch.query import MOST_SERIES, SAMPLES, QueryCollector
from servers import LiveServer
from watching import look, target_of

HEADER = """/*
title = "Test"
row_key = ["id"]
{more}
[[columns]]
name = "name"
[[columns]]
name = "n"
format = "{format}"
*/
{sql}
"""


def screen(sql: str, format: str = "count", more: str = "", **options: bool) -> ScreenSpec:
    text = HEADER.format(sql=sql, format=format, more=more)
    return parse_screen(Path("test.sql"), text, **options)


async def failure_of(server: LiveServer, spec: ScreenSpec, user: str = "postgres") -> Failure:
    collector = QueryCollector(spec)
    taken = await collect_once(target_of(server, user=user), [collector])
    failure = taken[spec.name].failure
    assert failure is not None
    return failure


@dataclass
class Told:
    """A context whose answers are told beforehand, one list a collection."""

    answers: list[Sequence[Answer]]
    version: int = 180_000
    now: float = 0.0
    reported: int = 0
    pooled: bool = False
    asked: list[tuple[Query, ...]] = field(default_factory=list)

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        self.asked.append(queries)
        return tuple(self.answers.pop(0))


def rows(*values: tuple[Value, ...]) -> Rows:
    return Rows(("id", "name", "n"), values)


async def test_values_keys_and_reasons(any_pg: LiveServer) -> None:
    sql = """SELECT * FROM (VALUES
      (1, 'a', NULL::int8, NULL::text, NULL::text, 7, 5),
      (2, 'b', 0, 'not visible', 'GRANT x', 7, 5),
      (3, 'c', 9, NULL, 'not needed', 7, 5))
      AS t (id, name, n, n__unknown, n__remedy, other, __total)"""
    table: Table = await look(any_pg, QueryCollector(screen(sql)))
    assert [row.key for row in table.rows] == [(1,), (2,), (3,)]
    assert [row.values for row in table.rows] == [
        ("a", None),
        ("b", Unknown("not visible", "GRANT x")),
        ("c", 9),
    ]
    assert table.extra[0] == {"id": 1, "other": 7}
    assert table.truncated == 2


async def test_a_key_given_twice_loses_no_row() -> None:
    told = Told([[rows((1, "a", 1), (1, "b", 2), (1, "c", 3))]])
    table = await QueryCollector(screen("SELECT 1")).collect(told)
    assert [row.values[0] for row in table.rows] == ["a", "b", "c"]
    assert len({row.key for row in table.rows}) == 3


async def test_the_variant_for_the_server(pg18: LiveServer, pg16: LiveServer) -> None:
    spec = screen("SELECT 1 AS id, 'old' AS name, 0 AS n")
    spec = replace(spec, variants={**spec.variants, 18: "SELECT 1 AS id, 'new' AS name, 0 AS n"})
    assert (await look(pg18, QueryCollector(spec))).rows[0].values[0] == "new"
    assert (await look(pg16, QueryCollector(spec))).rows[0].values[0] == "old"
    failure = await failure_of(pg16, replace(spec, variants={18: "SELECT 1"}))
    assert failure.kind is FailureKind.MISSING
    assert failure.message == "Test needs PostgreSQL 18; this server is 16"


async def test_columns_are_as_declared(pg18: LiveServer) -> None:
    failure = await failure_of(pg18, screen("SELECT 1 AS id, 'x' AS nome, 2 AS n"))
    assert "test.sql: the statement returns no column name" in failure.message
    assert failure.hint == "it returns id, nome, n"
    failure = await failure_of(pg18, screen("SELECT 'x' AS name, 2 AS n"))
    assert "no column id" in failure.message


async def test_a_missing_extension_has_its_command(pg18: LiveServer) -> None:
    more = 'requires = { extension = "pg_stat_statements" }'
    spec = screen("SELECT queryid AS id, query AS name, calls AS n FROM nowhere.s", more=more)
    failure = await failure_of(pg18, spec)
    assert failure.kind is FailureKind.MISSING
    assert "needs the extension pg_stat_statements" in failure.message
    assert failure.hint == "CREATE EXTENSION pg_stat_statements"
    plpgsql = screen(
        "SELECT 1 AS id, 'x' AS name, 2 AS n", more='requires = { extension = "plpgsql" }'
    )
    assert len((await look(pg18, QueryCollector(plpgsql))).rows) == 1


async def test_a_missing_privilege_has_its_grant(pg18: LiveServer) -> None:
    pg18.role("Quite Ordinary")
    pg18.role("watcher", "pg_monitor")
    spec = screen(
        "SELECT 1 AS id, 'x' AS name, 2 AS n", more='requires = { privilege = "pg_monitor" }'
    )
    failure = await failure_of(pg18, spec, "Quite Ordinary")
    assert failure.kind is FailureKind.PERMISSION
    assert failure.hint == 'GRANT pg_monitor TO "Quite Ordinary"'
    for user in ("watcher", "postgres"):
        assert len((await look(pg18, QueryCollector(spec), user=user)).rows) == 1


async def test_one_question_a_collection() -> None:
    told = Told([[rows((1, "a", 1))], [rows((1, "a", 1)), Rows(("extension",), ((True,),))]])
    await QueryCollector(screen("SELECT 1")).collect(told)
    await QueryCollector(screen("SELECT 1", more='requires = { extension = "x" }')).collect(told)
    assert [len(queries) for queries in told.asked] == [1, 2]
    assert told.asked[0][0].sql == "SELECT 1"


async def test_rates_are_per_second_of_measured_time_and_survive_resets() -> None:
    told = Told(
        [
            [rows((1, "a", 100), (2, "b", Unknown("no")))],
            [rows((1, "a", 150), (2, "b", Unknown("no")), (3, "c", 5))],
            [rows((1, "a", 10), (3, "c", 5))],
            [rows((1, "a", 20), (3, "c", None))],
        ]
    )
    collector = QueryCollector(screen("SELECT 1", "rate"))
    seen = []
    for moment in (10.0, 14.0, 15.0, 17.0):
        told.now = moment
        seen.append([row.values[1] for row in (await collector.collect(told)).rows])
    assert seen == [[None, Unknown("no")], [12.5, Unknown("no"), None], [None, 0.0], [5.0, None]]


async def test_real_counters_become_rates(pg18: LiveServer) -> None:
    spec = screen(
        "SELECT 1 AS id, 'x' AS name, (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS n",
        "rate",
    )
    assert (await look(pg18, QueryCollector(spec))).rows[0].values[1] is None
    rate = (await look(pg18, QueryCollector(spec), rates=True)).rows[0].values[1]
    assert rate == pytest.approx(1000, rel=0.3)


async def test_samples_of_a_sparkline_are_bounded_and_leave_with_their_row() -> None:
    collector = QueryCollector(screen("SELECT 1", "sparkline"))
    told = Told([[rows((1, "a", n), (2, "b", None))] for n in range(SAMPLES + 20)])
    for _ in range(SAMPLES + 20):
        table = await collector.collect(told)
    first: Any = table.rows[0].values[1]
    assert first == tuple(range(20, SAMPLES + 20))
    assert set(table.rows[1].values[1] or ()) == {None}  # type: ignore[call-overload]
    told.answers = [[rows((2, "b", 1))], [rows((1, "a", 1))]]
    await collector.collect(told)
    assert (await collector.collect(told)).rows[0].values[1] == (1,)
    many = [(n, "x", 1) for n in range(MOST_SERIES + 5)]
    told.answers = [[rows(*many)]]
    table = await collector.collect(told)
    assert table.rows[-1].values[1] == 1
    assert table.rows[0].values[1] == (1,)


async def test_ones_own_screens_do_not_run_with_great_power(pg18: LiveServer) -> None:
    """Even a read-only transaction lets a superuser's COPY start programs."""
    pg18.role("plain_soul")
    own = screen("SELECT 1 AS id, 'x' AS name, 2 AS n", trusted=False)
    failure = await failure_of(pg18, own)
    assert failure.kind is FailureKind.PERMISSION
    assert "is not run as a superuser" in failure.message
    assert len((await look(pg18, QueryCollector(own), user="plain_soul")).rows) == 1
    allowed = QueryCollector(own, allow_own=True)
    assert len((await look(pg18, allowed)).rows) == 1
    pg18.create_database("prod_like")
    pg18.sql("ALTER DATABASE prod_like SET pgdeck.env = 'prod'")
    taken = await collect_once(target_of(pg18, "prod_like", "plain_soul"), [QueryCollector(own)])
    assert "not run on production" in str(taken["test"].failure)


async def test_the_statement_is_not_sent_before_that_is_known() -> None:
    own = screen("SELECT 'mine'", trusted=False)
    told = Told([[Rows(("superuser", "environment"), ((True, None),))]])
    with pytest.raises(QueryFailed):
        await QueryCollector(own).collect(told)
    assert all("mine" not in query.sql for queries in told.asked for query in queries)
    told = Told([[Rows(("superuser", "environment"), ((False, None),))]])
    with pytest.raises(QueryFailed, match="on production"):
        await QueryCollector(own, environment=Environment.PROD).collect(told)


async def test_a_refusal_is_the_screen_s_own(pg18: LiveServer) -> None:
    bad, good = (
        screen("SELECT 1/0 AS id, 'x' AS name, 1 AS n"),
        screen("SELECT 1 AS id, 'x' AS name, 1 AS n"),
    )
    collectors = [QueryCollector(bad), QueryCollector(replace(good, name="good"))]
    taken = await collect_once(target_of(pg18), collectors)
    assert taken["test"].failure is not None
    assert taken["good"].failure is None
    assert asyncio.iscoroutinefunction(collectors[0].collect)
