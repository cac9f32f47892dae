"""Fleets of live servers for tests: real looks and real watchers, names given by the test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace
from textual.pilot import Pilot

from decks import Size
from pgdeck.cli.fleet import FileFleet
from pgdeck.core.fleet import Member
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.targets.roster import roster
from pgdeck.tui.app import DeckApp
from pgdeck.wiring import load_specs, open_pardons, open_watcher
from servers import LiveServer, free_port


class NamedFleet(FileFleet):
    """A fleet whose named targets are those of the test."""

    def __init__(self, named: Sequence[Target]) -> None:
        super().__init__(load_specs())
        self.named = named

    def members(self, current: Target | None) -> Sequence[Member]:
        from pgdeck import paths

        named = [Member(each.name, each) for each in self.named]
        return roster(current, named, {}, paths.state_dir())


def named(
    name: str,
    server: LiveServer,
    database: str = "postgres",
    user: str = "postgres",
    environment: Environment = Environment.UNKNOWN,
) -> Target:
    """Return a database of a live server under a name."""
    conninfo = server.conninfo(database, user)
    return Target(name, Kind.REMOTE, conninfo, environment, source="config.toml")


def dead(name: str = "dead") -> Target:
    """Return a target where nobody listens."""
    keywords = {"host": "127.0.0.1", "port": str(free_port()), "user": "u", "dbname": "gone"}
    return Target(name, Kind.REMOTE, Conninfo(keywords), Environment.STAGING, source="config.toml")


def through(target: Target, address: tuple[str, int], name: str) -> Target:
    """Return a target as it is reached over another address."""
    host, port = address
    return replace(
        target, name=name, conninfo=target.conninfo.with_keywords(host=host, port=str(port))
    )


@asynccontextmanager
async def fleet_deck(
    *targets: Target, size: Size = (100, 30), start: str = "overview", interval: float = 0.5
) -> AsyncIterator[Pilot[int]]:
    """Run the dashboard on the first target of a fleet."""
    specs = load_specs()
    app = DeckApp(
        lambda: open_watcher(targets[0], specs, start),
        specs,
        targets[0],
        start=start,
        interval=interval,
        open_pardons=open_pardons,
        author="anna",
        fleet=NamedFleet(targets),
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot


def ours(server: LiveServer) -> int:
    """Count pgdeck's sessions on a server."""
    ((count,),) = server.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgdeck%'"
    )
    assert isinstance(count, int)
    return count


def descriptors() -> int:
    """Count what this process has open."""
    return len(os.listdir("/proc/self/fd"))
