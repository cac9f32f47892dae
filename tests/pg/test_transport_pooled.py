"""Behind a transaction pooler nothing of ours stays with a connection that others use."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgdeck.checks.postgres.book import PostgresBook
from pgdeck.checks.postgres.facts import Floors
from pgdeck.core.check import State, Thresholds
from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Conninfo
from pgdeck.pg.account import server_account
from pgdeck.pg.connect import open_session
from pgdeck.pg.identity import SERVER
from pgdeck.watch.model import Throughput
from pgdeck.watch.overview import OverviewCollector
from pgdeck.watch.round import RoundContext, Rounds
from servers import Ground, LiveServer, free_port

CONFIG = """
[databases]
* = host={server.host} port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {home}/users
pool_mode = transaction
default_pool_size = 1
logfile = {home}/log
ignore_startup_parameters = extra_float_digits
"""


@pytest.fixture
def pooler(pg18: LiveServer, server_ground: Ground) -> Iterator[Conninfo]:
    """A PgBouncer with one server connection, in transaction mode."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        pytest.skip("no pgbouncer on this machine")
    port = free_port()
    home = server_ground.place / "pooler"
    home.mkdir(exist_ok=True)
    account = server_account()
    account.own(home)
    Path(home, "ini").write_text(CONFIG.format(server=pg18, port=port, home=home))
    Path(home, "users").write_text('"postgres" ""\n')
    process = account.spawn([program, str(home / "ini")], home, subprocess.DEVNULL)
    keywords = {"host": "127.0.0.1", "port": str(port), "user": "postgres", "dbname": "pooled"}
    pg18.create_database("pooled")
    try:
        _wait_for(keywords)
        yield Conninfo(keywords)
    finally:
        process.kill()
        process.wait()


def _wait_for(keywords: dict[str, str]) -> None:
    for _ in range(50):
        try:
            psycopg.connect(**keywords).close()  # type: ignore[arg-type]
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the pooler does not answer")


QUERIES = [
    Query("one", "SELECT 1"),
    Query("wrong", "SELECT 1/0"),
    Query("write", "CREATE TABLE public.t ()"),
    Query(
        "settings",
        "SELECT pg_catalog.current_setting('statement_timeout'),"
        " pg_catalog.current_setting('search_path'),"
        " pg_catalog.current_setting('transaction_read_only')",
    ),
    Query("two", "SELECT $1::pg_catalog.int4", ("2",)),
]


async def _check(conninfo: Conninfo, *, pooled: bool) -> None:
    session = await open_session(conninfo)
    try:
        session.pooled = session.pooled or pooled
        assert session.pooled
        for _ in range(3):
            one, wrong, write, settings, two = await session.round(QUERIES)
            assert isinstance(one, Rows)
            assert isinstance(two, Rows)
            assert (one.rows, two.rows) == (((1,),), ((2,),))
            assert isinstance(wrong, Failure)
            assert wrong.sqlstate == "22012"
            assert isinstance(write, Failure)
            assert write.kind is FailureKind.REFUSED
            assert isinstance(settings, Rows)
            assert settings.rows == (("2500ms", "", "on"),)
    finally:
        session.close()


async def test_a_transaction_pooler_s_connection_stays_as_it_was(pooler: Conninfo) -> None:
    await _check(pooler, pooled=False)
    with psycopg.connect(**pooler, autocommit=True, prepare_threshold=None) as other:  # type: ignore[arg-type]
        other.execute("CREATE TABLE public.written ()")
        assert other.execute("SHOW statement_timeout").fetchone() == ("0",)
        assert other.execute("SHOW search_path").fetchone() == ('"$user", public',)
        found = other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        assert found == (0,)


async def test_the_same_manners_on_a_session_of_one_s_own(any_pg: LiveServer) -> None:
    await _check(any_pg.conninfo(), pooled=True)


async def test_a_server_is_not_taken_for_a_pooler(any_pg: LiveServer) -> None:
    session = await open_session(any_pg.conninfo())
    session.close()
    assert not session.pooled


@pytest.mark.parametrize("pooled", [True, False])
async def test_what_is_our_own_is_no_trouble_of_the_database_s(
    pg18: LiveServer, *, pooled: bool
) -> None:
    pg18.create_database("quiet")
    session = await open_session(pg18.conninfo("quiet"))
    rounds = Rounds(lambda: session)
    book = PostgresBook(measure_at_once=True, floors=Floors(transactions_per_s=5.0))
    load = OverviewCollector()
    try:
        session.pooled = pooled
        for _ in range(3):
            ctx = RoundContext(session.version, time.monotonic, rounds, 5.0)
            # As a collector does, who answers is asked ahead.
            _, facts, overview = await asyncio.gather(
                ctx.ask(SERVER), book.gather(ctx), load.collect(ctx)
            )
            await asyncio.sleep(1.05)
    finally:
        await rounds.close()
        session.close()
    judged = {rule.name: rule for rule in book.rules}
    (reading,) = judged["rollback_share"].judge(facts, Thresholds(0.1, 0.5))
    assert reading.state is State.OK
    assert "too few" in reading.sentence
    assert isinstance(overview.throughput, Throughput)
    assert overview.throughput.rollback_share is None
