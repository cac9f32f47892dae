"""Statements on live servers: what is counted, what is new, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgdeck.core.rows import Unknown
from pgdeck.core.snapshot import FailureKind
from pgdeck.errors import QueryFailed
from pgdeck.pg.connect import open_session
from pgdeck.watch.once import collect_once
from pgdeck.watch.round import RoundContext, Rounds
from pgdeck.watch.statement_collector import StatementsCollector
from pgdeck.watch.statements import (
    RECENT_COLUMNS,
    TOTAL_COLUMNS,
    Statement,
    Statements,
    StatementsView,
    to_table,
)
from servers import Ground, LiveServer
from watching import crash, look, target_of

SCHEMA = '"wh at"'


@pytest.fixture(scope="module", params=[15, 16, 18])
def counting(server_ground: Ground, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    preload = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "200"}
    binaries = server_ground.with_contrib(request.param)
    with server_ground.server(
        request.param, f"counting{request.param}", binaries=binaries, **preload
    ) as server:
        server.role("see_all", "pg_monitor")
        server.role("nobody_much")
        server.sql(f"CREATE SCHEMA {SCHEMA}; CREATE EXTENSION pg_stat_statements SCHEMA {SCHEMA};"
                   f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC")  # fmt: skip
        yield server


@pytest.fixture(autouse=True)
def forgotten(request: pytest.FixtureRequest) -> None:
    if "counting" in request.fixturenames:
        server = request.getfixturevalue("counting")
        server.sql(f"SELECT {SCHEMA}.pg_stat_statements_reset()")


class Watch:
    """One collector over one session, as the dashboard holds it."""

    def __init__(self, server: LiveServer, user: str = "postgres") -> None:
        self.server, self.user = server, user
        self.now = 100.0
        self.collector = StatementsCollector()

    async def look(self, *statements: str) -> Statements:
        """Run statements, let five seconds pass, and collect."""
        for statement in statements:
            self.server.sql(statement)
        self.now += 5.0
        session = await open_session(self.server.conninfo("postgres", self.user))
        rounds = Rounds(lambda: session)
        try:
            ctx = RoundContext(session.version, lambda: self.now, rounds, 3.0)
            return await self.collector.collect(ctx)
        finally:
            await rounds.close()
            session.close()


def of(data: Statements, text: str) -> Statement:
    return next(each for each in data.statements if each.text and text in each.text)


@pytest.mark.parametrize("user", ["postgres", "see_all"])
async def test_totals_since_the_reset(counting: LiveServer, user: str) -> None:
    for number in range(3):
        counting.sql(f"SELECT generate_series(1, {number + 10}) AS apples")

    data = await look(counting, StatementsCollector(), user=user)

    apples = of(data, "AS apples")
    assert apples.text == "SELECT generate_series($1, $2) AS apples"
    assert (apples.total.calls, apples.total.rows) == (3, 33)
    names = [column.name for column in TOTAL_COLUMNS]
    rows = {row.key: row.values for row in to_table(data, StatementsView.TOTAL).rows}
    shown = dict(zip(names, rows[apples.key], strict=True))
    whole = ("calls", "rows", "temp", "wal", "blocks_read", "blocks_dirtied", "blocks_written")
    assert {name: type(shown[name]) for name in whole} == dict.fromkeys(whole, int)
    assert (apples.database, apples.login, apples.top_level) == ("postgres", "postgres", True)
    assert shown["planning"] == Unknown(
        "planning is not timed", "ALTER SYSTEM SET pg_stat_statements.track_planning = on"
    )
    assert apples.recent is None
    assert data.reset_at is not None
    assert (data.hidden, data.dealloc) == (0, 0)
    assert sum(each.total.executing_s for each in data.statements) == pytest.approx(data.all_s)


async def test_what_came_in_since_the_last_refresh(counting: LiveServer) -> None:
    watch = Watch(counting)
    first = await watch.look("SELECT 1 AS old", "SELECT 1, 2 AS busy")
    second = await watch.look(
        "SELECT 1, 2 AS busy", "SELECT 3, 4 AS busy", "SELECT 1, 2, 3 AS fresh"
    )

    assert first.elapsed_s is None
    assert to_table(first, StatementsView.RECENT).rows == ()
    assert second.elapsed_s == 5.0
    recent = {name: of(second, f"AS {name}").recent for name in ("old", "busy", "fresh")}
    assert {name: grown and grown.calls for name, grown in recent.items()} == {
        "old": 0, "busy": 2, "fresh": 1}  # fmt: skip
    names = [column.name for column in RECENT_COLUMNS]
    rows = [dict(zip(names, row.values, strict=True))
            for row in to_table(second, StatementsView.RECENT).rows]  # fmt: skip
    busy = next(row for row in rows if "busy" in str(row["query"]))
    assert busy["calls_per_s"] == pytest.approx(0.4)
    assert not [row for row in rows if "AS old" in str(row["query"])]
    assert sum(float(str(row["share"])) for row in rows) == pytest.approx(1.0)


async def test_a_reset_makes_no_negative_figures(counting: LiveServer) -> None:
    watch = Watch(counting)
    await watch.look(*["SELECT 1, 2 AS busy"] * 3)
    after = await watch.look(
        f"SELECT {SCHEMA}.pg_stat_statements_reset()",
        "SELECT 1, 2 AS busy",
        "SELECT 1, 2, 3, 4 AS other",
    )
    then = await watch.look("SELECT 1, 2 AS busy")

    assert after.elapsed_s is None
    assert all(each.recent is None for each in after.statements)
    grown = of(then, "AS busy").recent
    assert grown is not None
    assert grown.calls == 1


async def test_a_crash_makes_no_negative_figures(counting: LiveServer) -> None:
    watch = Watch(counting)
    await watch.look(*["SELECT 1, 2 AS busy"] * 9)
    counting.sql("CHECKPOINT")  # what is not on disk is lost in a crash, the extension too
    crash(counting)
    after = await watch.look(*["SELECT 1, 2 AS busy"] * 2)
    then = await watch.look("SELECT 1, 2 AS busy")

    assert of(after, "AS busy").total.calls == 2
    assert all(each.recent is None for each in after.statements)
    grown = of(then, "AS busy").recent
    assert grown is not None
    assert grown.calls == 1


async def test_one_entry_reset_alone_has_no_rate(counting: LiveServer) -> None:
    watch = Watch(counting)
    data = await watch.look(*["SELECT 1, 2 AS busy"] * 3)
    query_id = of(data, "AS busy").query_id

    data = await watch.look(
        f"SELECT {SCHEMA}.pg_stat_statements_reset(0, 0, {query_id})", "SELECT 1, 2 AS busy"
    )

    assert of(data, "AS busy").recent is None


async def test_texts_of_others_are_hidden_and_not_empty(counting: LiveServer) -> None:
    counting.sql("SELECT 1 AS secret")
    counting.sql("SELECT 1 AS mine", user="nobody_much")

    data = await look(counting, StatementsCollector(), user="nobody_much")
    table = to_table(data, StatementsView.TOTAL)
    names = [column.name for column in TOTAL_COLUMNS]
    rows = [dict(zip(names, row.values, strict=True)) for row in table.rows]

    assert data.hidden > 0
    assert of(data, "AS mine").visible
    unseen = Unknown("not visible to this login", "GRANT pg_read_all_stats TO nobody_much")
    assert [row["query"] for row in rows].count(unseen) == data.hidden
    assert all(float(str(row["calls"])) > 0 for row in rows)
    assert len({row.key for row in table.rows}) == len(rows)


async def test_of_many_the_best_by_each_measure_come(
    counting: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting.sql("; ".join(f"SELECT {', '.join('1' * count)}" for count in range(1, 41)))
    monkeypatch.setattr("pgdeck.watch.statement_sql.BEST", 5)

    data = await look(counting, StatementsCollector())

    assert 5 <= len(data.statements) <= 25 < data.entries
    assert to_table(data, StatementsView.TOTAL).truncated == data.entries - len(data.statements)


async def failure_of(server: LiveServer, user: str = "postgres") -> tuple[str, str]:
    with pytest.raises(QueryFailed) as caught:
        await Watch(server, user).look()
    assert caught.value.failure.kind in {FailureKind.MISSING, FailureKind.PERMISSION}
    return caught.value.failure.message, caught.value.failure.hint


async def test_an_installation_without_it_says_so(pg18: LiveServer, pg16: LiveServer) -> None:
    pg18.role("nobody_much")
    for server in (pg18, pg16):
        message, hint = await failure_of(server)
        assert message == (
            "The server's installation does not have the extension pg_stat_statements"
        )
        assert f"contrib modules ({server.major})" in hint
        assert "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'; restart" in hint
    assert "add pg_stat_statements to" in (await failure_of(pg18, "nobody_much"))[1]


async def test_a_library_that_is_not_loaded_is_named(pg15: LiveServer) -> None:
    before = await failure_of(pg15)
    pg15.sql("CREATE EXTENSION pg_stat_statements")
    try:
        after = await failure_of(pg15)
    finally:
        pg15.sql("DROP EXTENSION pg_stat_statements")

    load = "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'; restart the server"
    message = "The library pg_stat_statements is not in shared_preload_libraries"
    assert before == (message, f"{load}; CREATE EXTENSION pg_stat_statements")
    assert after == (message, load)


async def test_a_database_without_the_extension_and_a_schema_without_usage(
    counting: LiveServer,
) -> None:
    taken = await collect_once(target_of(counting, "template1"), [StatementsCollector()])
    counting.sql(f"REVOKE USAGE ON SCHEMA {SCHEMA} FROM PUBLIC")
    try:
        refused = await failure_of(counting, "nobody_much")
    finally:
        counting.sql(f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC")

    failure = taken["statements"].failure
    assert failure is not None
    assert failure.hint == "CREATE EXTENSION pg_stat_statements"
    assert refused[1] == f"GRANT USAGE ON SCHEMA {SCHEMA} TO nobody_much"


async def test_an_extension_that_moves_is_followed(counting: LiveServer) -> None:
    watch = Watch(counting)
    await watch.look()
    counting.sql("CREATE SCHEMA elsewhere")
    moved = await watch.look("ALTER EXTENSION pg_stat_statements SET SCHEMA elsewhere")
    back = await watch.look(f"ALTER EXTENSION pg_stat_statements SET SCHEMA {SCHEMA}")

    assert moved.statements
    assert back.statements


async def test_counting_switched_off_is_said(counting: LiveServer) -> None:
    counting.sql("ALTER ROLE see_all SET compute_query_id = off")
    try:
        data = await look(counting, StatementsCollector(), user="see_all")
    finally:
        counting.sql("ALTER ROLE see_all RESET compute_query_id")

    assert data.notice == "nothing is counted: compute_query_id is off"
