"""Two hours of a lively server in some minutes: nothing that the dashboard holds may grow."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg
import pytest
from textual.pilot import Pilot

from decks import deck, live, until
from pgdeck.tui.app import DeckApp
from servers import LiveServer

pytestmark = pytest.mark.soak

REFRESHES = 3600
"""Two hours at the two seconds that screens take by default."""

INTERVAL = 0.1
SAMPLE_EVERY = 100
SWITCH_EVERY = 15
GROWTH = 1.02
SIZES = ((80, 24), (120, 36), (200, 50), (40, 12))


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds: memory in bytes, descriptors, threads, tasks of the event loop."""

    memory: int
    descriptors: int
    threads: int
    tasks: int


def held() -> Held:
    gc.collect()
    sizes = Path("/proc/self/smaps_rollup").read_text()
    pss = next(line for line in sizes.splitlines() if line.startswith("Pss:"))
    return Held(
        memory=int(pss.split()[1]) * 1024,
        descriptors=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        tasks=len(asyncio.all_tasks()),
    )


def stir(server: LiveServer, database: str, stop: threading.Event, seed: int) -> None:
    """Make sessions, tables and dead rows come and go, with names never seen before."""
    rng = random.Random(seed)
    number = 0
    while not stop.is_set():
        number += 1
        name = f"t_{seed}_{number}"
        try:
            with psycopg.connect(
                server.dsn(database), autocommit=True, application_name=f"app {name}"
            ) as session:
                session.execute(f"CREATE TABLE {name} AS SELECT g FROM generate_series(1, 500) g")
                session.execute(f"CREATE INDEX ON {name} (g)")
                session.execute(f"UPDATE {name} SET g = g + {number}")
                session.execute(f"SELECT pg_sleep({rng.random() / 5:.3f}), '{name}'")
                session.execute("BEGIN")
                session.execute(f"LOCK TABLE {name}")
                stop.wait(rng.random() / 5)
                session.execute("ROLLBACK")
                session.execute(f"DROP TABLE {name}")
        except psycopg.Error:  # the server was restarted below
            stop.wait(0.2)


@contextmanager
def churn(server: LiveServer, database: str, workers: int = 3) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=stir, args=(server, database, stop, seed), daemon=True)
        for seed in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


async def wander(pilot: Pilot[int], turn: int) -> None:
    """Do what a person does: another screen, a filter, a detail, another size, a pause."""
    app = pilot.app
    assert isinstance(app, DeckApp)
    names = list(app.specs)
    await app.action_screen(names[turn % len(names)])
    await pilot.pause()
    await pilot.press("down", "enter", "s", "escape", "slash", *"t_1", "enter", "c")
    if turn % 5 == 0:
        await pilot.resize_terminal(*SIZES[turn // 5 % len(SIZES)])
    if turn % 7 == 0:
        await pilot.press("question_mark", "escape", "p", "p")


async def test_nothing_grows_in_two_hours(fresh_server: LiveServer) -> None:
    database = fresh_server.create_database("soak")
    samples: list[Held] = []
    async with deck(fresh_server.dsn(database), (120, 36), interval=INTERVAL) as pilot:
        await until(pilot, live(pilot))
        app = pilot.app
        assert isinstance(app, DeckApp)
        watcher = app.watcher
        assert watcher is not None
        seen = 0

        def count(_snapshot: object) -> None:
            nonlocal seen
            seen += 1

        watcher.subscribe(count)
        with churn(fresh_server, database):
            turn = refreshes = 0
            restarted = False
            while refreshes < REFRESHES:
                if not watcher.paused:
                    refreshes += 1
                await asyncio.sleep(INTERVAL)
                if refreshes % SWITCH_EVERY == 0:
                    turn += 1
                    await wander(pilot, turn)
                if refreshes > REFRESHES / 2 and not restarted:
                    restarted = True
                    fresh_server.stop("immediate")
                    fresh_server.start()
                if refreshes % SAMPLE_EVERY == 0:
                    samples.append(held())
    assert seen >= REFRESHES / 2, "it hardly refreshed"
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    for name in ("memory", "descriptors", "threads", "tasks"):
        before = median(getattr(sample, name) for sample in middle)
        after = median(getattr(sample, name) for sample in last)
        told = [getattr(sample, name) for sample in samples]
        assert after <= before * GROWTH + (0 if name == "memory" else 2), (name, told)
