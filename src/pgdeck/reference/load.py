"""People at work on the reference databases: a modest load in a process of its own.

``python -m pgdeck.reference.load`` reads one line of JSON from its standard input,
``{"operational": {...}, "analytics": {...}}`` with libpq keywords, and works until the input ends,
so it never outlives the process that started it. A server that is away is waited for, quietly.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import signal
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import psycopg

from pgdeck.reference import scenes
from pgdeck.reference.scenes import Actor, Scene

RETRY_SECONDS = 1.0
SEED = 20_250_303

CAST = (
    Actor("api", "operational", scenes.converse, count=4, pause=0.16),
    Actor("worker", "operational", scenes.remember, count=2, pause=0.2),
    Actor("worker", "analytics", scenes.record_usage, count=1, pause=0.25),
    Actor("api", "operational", scenes.search_memory, count=1, pause=1.0),
    Actor("api", "operational", scenes.dither, count=2, pause=25.0),
    Actor("cron", "operational", scenes.purge, count=1, pause=20.0),
    Actor("cron", "analytics", scenes.sum_up, count=1, pause=30.0),
    Actor("cron", "operational", scenes.export, count=1, pause=40.0),
    Actor("nightly-export", "operational", scenes.hold_up, count=1, pause=35.0),
)


class Troupe:
    """All the actors of one load, each with its own session."""

    def __init__(self, addresses: Mapping[str, Mapping[str, str]], seed: int = SEED) -> None:
        self._addresses = addresses
        self._seed = seed

    async def perform(self, until: asyncio.Event) -> None:
        """Work until the event is set, then end every session."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._keep_acting(actor, number))
                for actor in CAST
                for number in range(actor.count)
            ]
            await until.wait()
            for task in tasks:
                task.cancel()

    async def _keep_acting(self, actor: Actor, number: int) -> None:
        luck = random.Random(f"{self._seed} {actor.name} {actor.act.__name__} {number}")
        # Not all at once: a start looks like a Monday morning otherwise.
        await asyncio.sleep(luck.random() * min(actor.pause, 8.0))
        while True:
            # The server is away, or a migration has taken the tables: both pass.
            with contextlib.suppress(psycopg.Error):
                await self._act(actor, luck)
            await asyncio.sleep(RETRY_SECONDS * (0.5 + luck.random()))

    async def _act(self, actor: Actor, luck: random.Random) -> None:
        open_session = partial(_connect, self._addresses[actor.database])
        async with await open_session(actor.name) as session:
            scene = Scene(session, luck, open_session)
            while True:
                await actor.act(scene)
                await asyncio.sleep(actor.pause * (0.5 + luck.random()))


async def _connect(
    address: Mapping[str, str], name: str
) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    keywords: dict[str, Any] = {"connect_timeout": "5", **address, "application_name": name}
    connection = await psycopg.AsyncConnection.connect(autocommit=True, **keywords)
    connection.prepare_threshold = 2
    return connection


async def work(addresses: Mapping[str, Mapping[str, str]]) -> None:
    """Put load on both databases until standard input ends or a signal asks to stop."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, over.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def await_end() -> None:
        while await reader.read(1024):
            pass
        over.set()

    watching = asyncio.create_task(await_end())
    await Troupe(addresses).perform(over)
    watching.cancel()


def main() -> int:
    """Read the addresses from the pipe and work; returns the exit code."""
    # Unbuffered: what follows the line belongs to the event loop.
    line = bytearray()
    while (byte := os.read(sys.stdin.fileno(), 1)) not in (b"", b"\n"):
        line += byte
    if not line:
        return 2
    os.nice(5)
    # A rollback on a lost connection is no news here.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    asyncio.run(work(json.loads(line)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
