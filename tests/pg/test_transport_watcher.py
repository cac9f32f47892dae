"""The watcher and the single look of the command line, on real servers."""

from __future__ import annotations

import asyncio

import pytest

from faults.observer import Observer
from faults.proxy import FaultProxy
from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer, Context
from pgdeck.core.spec import Lookup
from pgdeck.core.target import Conninfo, Kind, Target
from pgdeck.errors import QueryFailed, Unreachable
from pgdeck.watch.identity import ServerCollector
from pgdeck.watch.model import Server
from pgdeck.watch.once import collect_once
from pgdeck.watch.watcher import DeckWatcher
from servers import LiveServer

OURS = (
    "SELECT count(*) FROM pg_catalog.pg_stat_activity"
    " WHERE application_name LIKE 'pgdeck %' AND datname = 'counted'"
)


class Asks:
    """A collector of one statement."""

    interval = 0.2
    timeout = 3.0
    stale_after = 5.0

    def __init__(self, name: str, sql: str) -> None:
        self.name = name
        self.sql = sql

    async def collect(self, ctx: Context) -> object:
        (answer,) = await ctx.ask(Query(self.name, self.sql))
        if isinstance(answer, Failure):
            raise QueryFailed(answer)
        return answer.rows[0][0]


def target(conninfo: Conninfo) -> Target:
    return Target("t", Kind.REMOTE, conninfo)


async def test_who_answers(any_pg: LiveServer) -> None:
    any_pg.create_database("identity")
    any_pg.sql("ALTER DATABASE identity SET pgdeck.env = 'staging'")
    seen = {}
    for user, memberships in (("postgres", ()), ("id_monitor", ("pg_monitor",)), ("id_plain", ())):
        if user != "postgres":
            any_pg.role(user, *memberships)
        conninfo = any_pg.conninfo("identity", user)
        snapshots = await collect_once(target(conninfo), [ServerCollector()])
        server = snapshots["server"].data
        assert isinstance(server, Server), snapshots
        seen[user] = server
    known = seen["postgres"]
    assert (known.superuser, known.monitor) == (True, True)
    assert (seen["id_monitor"].superuser, seen["id_monitor"].monitor) == (False, True)
    assert (seen["id_plain"].superuser, seen["id_plain"].monitor) == (False, False)
    assert {server.fingerprint for server in seen.values()} == {known.fingerprint}
    assert len(known.fingerprint) == 6
    assert known.version // 10000 == any_pg.major
    assert known.database == "identity"
    assert known.port == any_pg.port
    assert known.environment == "staging"
    assert known.uptime_s > 0
    assert not known.standby


async def test_a_failing_source_costs_only_itself(pg18: LiveServer) -> None:
    pair = [Asks("good", "SELECT 1"), Asks("bad", "SELECT 1/0")]
    snapshots = await collect_once(target(pg18.conninfo()), pair)
    assert snapshots["good"].data == 1
    assert snapshots["bad"].failure is not None
    assert snapshots["bad"].failure.sqlstate == "22012"


async def test_rates_take_two_samples(pg18: LiveServer) -> None:
    pair = [Asks("a", "SELECT pg_catalog.clock_timestamp()")]
    snapshots = await collect_once(target(pg18.conninfo()), pair, rates=True)
    assert snapshots["a"].seq == 2


async def test_one_look_at_nothing(pg18: LiveServer) -> None:
    with pytest.raises(Unreachable) as raised:
        await collect_once(target(pg18.conninfo("absent")), [ServerCollector()])
    assert raised.value.exit_code == 4


@pytest.mark.parametrize("refreshes", [10])
async def test_one_round_trip_per_refresh_over_one_connection(
    pg18: LiveServer, refreshes: int
) -> None:
    pg18.create_database("counted")
    others = [Asks(f"s{number}", "SELECT 1") for number in range(4)]
    with FaultProxy((pg18.host, pg18.port)) as line:
        host, port = line.address
        line.delay = 0.005
        conninfo = pg18.conninfo("counted").with_keywords(host=host, port=str(port))
        async with Observer(conninfo, *others) as seen:
            await seen.fresh()
            assert line.round_trips <= 6, "from nothing to data"
            seen.watcher.set_interval(0.2)
            await seen.fresh()
            line.reset_counts()
            begun = len(seen.snapshots)
            await seen.until(lambda: len(seen.snapshots) >= begun + refreshes * 5)
            assert line.round_trips <= refreshes + 1
            assert line.connects == 0
            assert (await asyncio.to_thread(pg18.sql, OURS))[0][0] == 1


async def test_never_more_than_two_connections(pg18: LiveServer) -> None:
    pg18.create_database("counted")
    kill = OURS.replace("count(*)", "pg_catalog.pg_terminate_backend(pid)")
    most = 0
    async with Observer(pg18.conninfo("counted")) as seen:
        seen.watcher.set_interval(0.2)
        await seen.fresh()
        for _ in range(10):
            await asyncio.to_thread(pg18.sql, kill)
            for _ in range(5):
                seen.watcher.refresh()
                most = max(most, (await asyncio.to_thread(pg18.sql, OURS))[0][0])
                await asyncio.sleep(0.01)
    assert 1 <= most <= 2


async def test_lookups_share_the_connection(pg18: LiveServer) -> None:
    sql = "SELECT k, pg_catalog.length(k) FROM pg_catalog.unnest($1::pg_catalog.text[]) AS k"
    lookups = {"tables": Lookup({0: sql}), "old": Lookup({99: sql})}
    watcher = DeckWatcher(target(pg18.conninfo()), [ServerCollector()], lookups=lookups)
    early = await watcher.lookup("tables", ("a",))
    assert isinstance(early, Failure)
    connected = asyncio.Event()
    watcher.subscribe_link(lambda link: connected.set() if link.connected else None)
    await watcher.start()
    try:
        async with asyncio.timeout(5):
            await connected.wait()
        answer: Answer = await watcher.lookup("tables", ('a"b\\', "{x,y}", ""))
        assert isinstance(answer, Rows)
        assert answer.rows == (('a"b\\', 4), ("{x,y}", 5), ("", 0))
        for name in ("old", "unknown"):
            missing = await watcher.lookup(name, ("a",))
            assert isinstance(missing, Failure)
            assert missing.kind is FailureKind.MISSING
    finally:
        await watcher.close()


async def test_pause_keeps_the_connection(pg18: LiveServer) -> None:
    pg18.create_database("counted")
    async with Observer(pg18.conninfo("counted")) as seen:
        seen.watcher.set_interval(0.1)
        await seen.fresh()
        seen.watcher.pause()
        assert seen.watcher.paused
        await asyncio.sleep(0.3)
        count = len(seen.snapshots)
        await asyncio.sleep(0.5)
        assert len(seen.snapshots) == count
        assert (await asyncio.to_thread(pg18.sql, OURS))[0][0] == 1
        seen.watcher.refresh()
        await seen.fresh()
        assert len(seen.snapshots) == count + 1
        seen.watcher.resume()
        await seen.until(lambda: len(seen.snapshots) > count + 3)
