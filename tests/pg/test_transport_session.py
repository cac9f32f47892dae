"""One session on real servers: a round is a round trip, and nothing of theirs runs as us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from faults.proxy import FaultProxy
from pgdeck import __version__
from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer
from pgdeck.core.target import Conninfo
from pgdeck.errors import Unreachable
from pgdeck.pg.connect import open_session
from pgdeck.pg.session import Session
from servers import LiveServer


@asynccontextmanager
async def opened(conninfo: Conninfo) -> AsyncIterator[Session]:
    session = await open_session(conninfo)
    try:
        yield session
    finally:
        session.close()


def ask(*texts: str) -> list[Query]:
    return [Query(f"q{number}", text) for number, text in enumerate(texts)]


def value(answer: Answer) -> object:
    assert isinstance(answer, Rows), answer
    return answer.rows[0][0]


def failure(answer: Answer) -> Failure:
    assert isinstance(answer, Failure), answer
    return answer


async def test_every_query_is_answered_or_fails_by_itself(any_pg: LiveServer) -> None:
    async with opened(any_pg.conninfo()) as session:
        assert session.version // 10000 == any_pg.major
        first, broken, parameter, absent, refused, last = await session.round(
            [
                *ask("SELECT 1", "SELECT 1/0"),
                Query("p", "SELECT $1::pg_catalog.int4", ("41",)),
                *ask("SELECT * FROM nowhere.nothing", "CREATE TABLE public.t ()", "SELECT 6"),
            ]
        )
    assert (value(first), value(parameter), value(last)) == (1, 41, 6)
    assert failure(broken) == Failure(FailureKind.QUERY, "division by zero", "", "22012")
    assert failure(absent).kind is FailureKind.MISSING
    assert failure(refused).sqlstate == "25006"


async def test_one_round_is_one_round_trip_and_the_settings_cost_none(pg18: LiveServer) -> None:
    with FaultProxy((pg18.host, pg18.port)) as line:
        host, port = line.address
        conninfo = pg18.conninfo().with_keywords(host=host, port=str(port))
        async with opened(conninfo) as session:
            assert line.round_trips <= 5
            line.delay = 0.01
            for _ in range(3):
                line.reset_counts()
                answers = await session.round(ask(*["SELECT 1"] * 20))
                assert [value(answer) for answer in answers] == [1] * 20
                assert line.round_trips == 1
            line.delay = 0.05
            begun = time.monotonic()
            await session.round(ask(*["SELECT 1", "SELECT 1/0"] * 5))
            assert time.monotonic() - begun < 2 * 0.1


async def test_a_repeated_question_is_prepared_and_survives_a_change(pg18: LiveServer) -> None:
    pg18.create_database("changing")
    pg18.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1)", "changing")
    question = ask("SELECT * FROM public.t")
    async with opened(pg18.conninfo("changing")) as session:
        for _ in range(4):
            assert [value(answer) for answer in await session.round(question)] == [1]
            await session.round(ask("SELECT 1/0", "SELECT nonsense"))
        prepared = "SELECT count(*) FROM pg_catalog.pg_prepared_statements"
        (count,) = await session.round(ask(prepared))
        assert value(count) == 3, "the table, the division and the count itself"
        pg18.sql("ALTER TABLE t ADD b int DEFAULT 2", "changing")
        failure((await session.round(question))[0])
        (answer,) = await session.round(question)
        assert isinstance(answer, Rows)
        assert answer.rows == ((1, 2),)


async def test_a_large_round_in_both_directions(pg18: LiveServer) -> None:
    text = "x" * 300_000
    queries = [Query(f"q{n}", "SELECT $1::pg_catalog.text", (text,)) for n in range(30)]
    async with opened(pg18.conninfo()) as session:
        answers = await session.round(queries, 20.0)
        assert all(value(answer) == text for answer in answers)
        rows = (
            await session.round(ask("SELECT n, n FROM pg_catalog.generate_series(1, 50000) n"))
        )[0]
        assert isinstance(rows, Rows)
        assert rows.rows[-1] == (50_000, 50_000)


async def test_limits_are_the_session_s_own(pg18: LiveServer) -> None:
    pg18.create_database("limits")
    pg18.sql("ALTER DATABASE limits SET statement_timeout = '25ms'")
    pg18.sql("ALTER DATABASE limits SET default_transaction_read_only = off")
    pg18.sql("ALTER DATABASE limits SET transaction_timeout = '25ms'")
    pg18.sql("ALTER DATABASE limits SET idle_session_timeout = '25ms'")
    names = ("statement_timeout", "lock_timeout", "search_path", "default_transaction_read_only")
    more = ("jit", "TimeZone", "application_name", "lc_messages", "client_encoding")
    async with opened(pg18.conninfo("limits")) as session:
        (answer,) = await session.round(
            ask("SELECT " + ", ".join(f"pg_catalog.current_setting('{n}')" for n in names + more))
        )
        assert isinstance(answer, Rows)
        assert answer.rows == (
            ("2500ms", "250ms", "", "on", "off", "UTC", f"pgdeck {__version__}", "C", "UTF8"),
        )
        slow, fine = await session.round(ask("SELECT pg_catalog.pg_sleep(9)", "SELECT 1"))
        assert failure(slow).kind is FailureKind.TIMEOUT
        assert value(fine) == 1
        await asyncio.sleep(0.1)
        assert not session.closed


async def test_a_held_lock_costs_a_quarter_of_a_second(pg18: LiveServer) -> None:
    pg18.create_database("held")
    with pg18.connect("held", autocommit=False) as holder:
        holder.execute("CREATE TABLE t ()")
        holder.commit()
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        async with opened(pg18.conninfo("held")) as session:
            begun = time.monotonic()
            locked, fine = await session.round(ask("SELECT * FROM public.t", "SELECT 1"))
            assert time.monotonic() - begun < 2.0
        assert failure(locked).kind is FailureKind.LOCKED
        assert value(fine) == 1


SHADOWS = """
CREATE SCHEMA trap;
CREATE TABLE trap.sprung (what text);
CREATE FUNCTION trap.spring(what text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN INSERT INTO trap.sprung VALUES (what); RETURN what; END $$;
CREATE FUNCTION trap.version() RETURNS text LANGUAGE sql AS $$ SELECT trap.spring('version') $$;
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql
    AS $$ SELECT trap.spring('now')::timestamptz $$;
CREATE FUNCTION trap.current_setting(text) RETURNS text LANGUAGE sql
    AS $$ SELECT trap.spring('current_setting') $$;
CREATE FUNCTION trap.set_config(text, text, boolean) RETURNS text LANGUAGE sql
    AS $$ SELECT trap.spring('set_config') $$;
CREATE FUNCTION trap.equal(name, name) RETURNS boolean LANGUAGE sql
    AS $$ SELECT trap.spring('=') IS NOT NULL $$;
CREATE OPERATOR trap.= (LEFTARG = name, RIGHTARG = name, FUNCTION = trap.equal);
CREATE VIEW trap.pg_stat_activity AS SELECT trap.spring('pg_stat_activity') AS pid;
CREATE VIEW trap.pg_database AS SELECT trap.spring('pg_database') AS datname, 1::oid AS oid;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
"""


async def test_shadows_in_the_search_path_never_run_as_us(any_pg: LiveServer) -> None:
    from pgdeck.watch.identity import ServerCollector
    from pgdeck.watch.round import RoundContext, Rounds

    any_pg.create_database("trapped")
    any_pg.sql(SHADOWS, "trapped")
    any_pg.sql("ALTER DATABASE trapped SET search_path = trap, pg_catalog")
    async with opened(any_pg.conninfo("trapped")) as session:
        ctx = RoundContext(session.version, time.monotonic, Rounds(lambda: session), 3.0)
        server = await ServerCollector().collect(ctx)
        unqualified = await session.round(ask("SELECT version()", "SELECT now()"))
    assert server.version // 10000 == any_pg.major
    assert server.database == "trapped"
    assert str(value(unqualified[0])).startswith("PostgreSQL ")
    assert isinstance(value(unqualified[1]), datetime)
    assert any_pg.sql("SELECT * FROM trap.sprung", "trapped") == []


@pytest.mark.parametrize("memberships", [(), ("pg_monitor",)])
async def test_ordinary_logins(any_pg: LiveServer, memberships: tuple[str, ...]) -> None:
    login = any_pg.role("watcher_" + ("monitor" if memberships else "plain"), *memberships)
    async with opened(any_pg.conninfo(user=login)) as session:
        fine, refused = await session.round(ask("SELECT 1", "SELECT * FROM pg_catalog.pg_authid"))
        assert value(fine) == 1
        assert failure(refused).kind is FailureKind.PERMISSION
        assert failure(refused).hint == f"GRANT SELECT ON pg_authid TO {login}"
        (listed,) = await session.round(ask("SELECT pg_catalog.pg_ls_waldir()"))
        if memberships:
            assert isinstance(listed, Rows)
        else:
            assert failure(listed).hint == f"GRANT pg_monitor TO {login}"


async def test_bytes_that_no_encoding_explains(any_pg: LiveServer) -> None:
    any_pg.sql("DROP DATABASE IF EXISTS ascii WITH (FORCE)")
    any_pg.sql(
        "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
        + (" LOCALE_PROVIDER libc" if any_pg.major >= 15 else "")
    )
    table = "DO $$ BEGIN EXECUTE 'CREATE TABLE \"gr' || chr(246) || 'sse\" ()'; END $$"
    any_pg.sql(table, "ascii")
    async with opened(any_pg.conninfo("ascii")) as session:
        named, plain = await session.round(
            ask(
                "SELECT relname FROM pg_catalog.pg_class WHERE relname LIKE 'gr%'",
                "SELECT 'ü'",
            )
        )
        assert value(named) == "gr\udcf6sse"
        assert value(plain) == "ü"


async def test_a_database_in_latin1(any_pg: LiveServer) -> None:
    any_pg.sql("DROP DATABASE IF EXISTS latin WITH (FORCE)")
    any_pg.sql(
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 LOCALE_PROVIDER libc"
    )
    any_pg.sql('CREATE TABLE public.U&"gr\\00F6\\00DFe" ()', "latin")
    async with opened(any_pg.conninfo("latin")) as session:
        named, given = await session.round(
            [
                *ask("SELECT relname FROM pg_catalog.pg_class WHERE relname LIKE 'gr%'"),
                Query("given", "SELECT 'é' || $1::pg_catalog.text", ("ü",)),
            ]
        )
        assert value(named) == "größe"
        assert value(given) == "éü"


async def test_values(any_pg: LiveServer) -> None:
    texts = (
        "'2026-11-21 06:30:00.5+02'::timestamptz",
        "'infinity'::timestamptz",
        "'0044-03-15 BC'::timestamptz",
        "interval '-1 day 2 hours 3.5 seconds'",
        "interval '1 year 2 months'",
        "1.5::numeric",
        "12345678901234567890123::numeric",
        "-5::numeric",
        "'NaN'::numeric = 'NaN'::float8",
        "'{1,NULL,3}'::int[]",
        "ARRAY['a,b', 'c\"d\\', NULL, 'NULL', '']",
        "'{{1,2},{3,4}}'::bigint[]",
        "'[0:1]={t,f}'::bool[]",
        "'{\"a\": [1, null]}'::jsonb",
        "'10.0.0.1/8'::inet",
        "'16/B374D848'::pg_lsn",
        "'pg_class'::pg_catalog.regclass",
        "4294967295::oid",
        "'a'::\"char\"",
        "NULL::int",
        "1.25e300::float8",
    )
    async with opened(any_pg.conninfo()) as session:
        (answer,) = await session.round(ask("SELECT " + ", ".join(texts)))
    assert isinstance(answer, Rows)
    assert answer.rows[0] == (
        datetime(2026, 11, 21, 4, 30, 0, 500000, UTC),
        None,
        "0044-03-15 00:00:00+00 BC",
        -86400.0 + 7203.5,
        31_557_600.0 + 2 * 2_592_000.0,
        1.5,
        12345678901234567890123,
        -5,
        True,
        [1, None, 3],
        ["a,b", 'c"d\\', None, "NULL", ""],
        [[1, 2], [3, 4]],
        [True, False],
        {"a": [1, None]},
        "10.0.0.1/8",
        "16/B374D848",
        "pg_class",
        4294967295,
        "a",
        None,
        1.25e300,
    )


async def test_what_a_spoilt_line_had_prepared_is_forgotten(any_pg: LiveServer) -> None:
    asked = ask("SELECT 7 AS right")
    async with opened(any_pg.conninfo()) as session:
        await session.round(asked)
        named = "SELECT name FROM pg_catalog.pg_prepared_statements WHERE statement LIKE '%7 AS%'"
        (name,) = await session.round(ask(f"{named} AND statement NOT LIKE '%name%'"))
        # As if a byte of the text had been another one on its way.
        await session.round(ask(f"DEALLOCATE {value(name)}"))
        await session.round(ask(f"PREPARE {value(name)} AS SELECT 8 AS light"))
        (wrong,) = await session.round(asked)
        assert value(wrong) == 8
        session.forget()
        assert session.opening == 1
        (right,) = await session.round(asked)
        assert value(right) == 7
        count = "SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statements"
        (held,) = await session.round(ask(count))
        assert value(held) == 2, "the question and the count"


async def test_a_round_that_is_cancelled_closes_its_session(pg18: LiveServer) -> None:
    async with opened(pg18.conninfo()) as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await session.round(ask("SELECT pg_catalog.pg_sleep(2)"))
        assert session.closed
        with pytest.raises(Unreachable):
            await session.round(ask("SELECT 1"))


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"port": "1"}, FailureKind.REFUSED, "No answer from 127.0.0.1:1 (connection refused)"),
        ({"host": "/nowhere"}, FailureKind.REFUSED, "(no such socket)"),
        ({"host": "no-such-host.invalid"}, FailureKind.REFUSED, "host name no-such-host.invalid"),
        ({"dbname": "absent"}, FailureKind.MISSING, "There is no database absent on 127.0.0.1:"),
        ({"user": "nobody_here"}, FailureKind.AUTH, 'role "nobody_here" does not exist'),
        ({"sslmode": "require"}, FailureKind.REFUSED, "No secure connection to 127.0.0.1:"),
        ({"nonsense": "1"}, FailureKind.REFUSED, "nonsense"),
        ({"port": "x"}, FailureKind.REFUSED, "invalid integer value"),
        ({"host": "a,b", "port": "1,2,3"}, FailureKind.QUERY, "numbers of hosts"),
    ],
)
async def test_why_no_connection_came_about(
    pg18: LiveServer, changes: dict[str, str], kind: FailureKind, says: str
) -> None:
    with pytest.raises(Unreachable) as raised:
        await open_session(pg18.conninfo().with_keywords(**changes))
    assert raised.value.failure.kind is kind
    assert says in raised.value.failure.message
    assert raised.value.exit_code == 4


async def test_the_next_host_is_tried(pg18: LiveServer) -> None:
    hosts = pg18.conninfo().with_keywords(host="127.0.0.1,localhost", port=f"1,{pg18.port}")
    async with opened(hosts) as session:
        assert value((await session.round(ask("SELECT 1")))[0]) == 1
        assert session.peer.where == f"localhost:{pg18.port}"


async def test_over_the_unix_socket(pg18: LiveServer) -> None:
    conninfo = pg18.conninfo().with_keywords(host=str(pg18.socket_dir))
    async with opened(conninfo) as session:
        assert value((await session.round(ask("SELECT 1")))[0]) == 1
