"""Every screen of the menu, as it is: for each login and version, over resets and crashes."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import Size, deck, drawn, says, text, until
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import Watcher
from pgdeck.tui.app import DeckApp
from pgdeck.tui.views.rows import RowsView
from pgdeck.wiring import open_watcher
from servers import Ground, LiveServer
from walking import (
    cells,
    hidden_as_nothing,
    impossible,
    number,
    shipped,
    unexplained,
    unknowns,
    walk,
)
from watching import busy, crash, target_of

LOGINS = {"walk_super": "SUPERUSER LOGIN", "walk_monitor": "LOGIN", "walk_plain": "LOGIN"}
DATABASE = "walk"
DATA = """
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent, note text);
INSERT INTO parent SELECT g FROM generate_series(1, 2000) g;
INSERT INTO child SELECT g, g, repeat('x', 100) FROM generate_series(1, 2000) g;
CREATE INDEX child_twice ON child (id);
DELETE FROM child WHERE id % 3 = 0;
CREATE TABLE parts (d int) PARTITION BY RANGE (d);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE SCHEMA closed;
CREATE TABLE closed.secret AS SELECT g FROM generate_series(1, 1000) g;
REVOKE ALL ON SCHEMA closed FROM PUBLIC;
ANALYZE;
SELECT count(*) FROM child WHERE id < 100;
SELECT count(*) FROM pg_class
"""
HASTE = 5000
"""Transactions a second; a session reports those of some seconds at once."""

HOSTILE = "ev\x1b[31mil\u202e [bold]x[/] \x9b2J\n"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def walked(any_pg: LiveServer) -> LiveServer:
    """A server with the three logins and a database that has something of everything."""
    for name, options in LOGINS.items():
        any_pg.role(name, options=options)
    any_pg.role("walk_monitor", "pg_monitor")
    any_pg.create_database(DATABASE)
    any_pg.sql(DATA, DATABASE)
    return any_pg


@pytest.mark.parametrize("login", LOGINS)
async def test_every_screen_for_every_login(walked: LiveServer, login: str) -> None:
    taken = await walk(target_of(walked, DATABASE, login))
    assert set(taken) == set(shipped())
    assert unexplained(taken) == []
    assert unknowns(taken) == []
    assert impossible(taken) == []


@pytest.mark.parametrize("login", LOGINS)
async def test_every_screen_is_drawn_for_every_login(walked: LiveServer, login: str) -> None:
    async with deck(walked.dsn(DATABASE, login)) as pilot:
        assert isinstance(pilot.app, DeckApp)
        for name, spec in shipped().items():
            await pilot.app.run_action(f"screen('{name}')")
            found = await first(pilot, name)
            # What cannot be shown is said instead.
            expected = found.failure.message.split()[:3] if found.failure else [spec.title[:4]]
            for size in ((120, 36), (80, 24)):
                await pilot.resize_terminal(*size)
                await until(pilot, lambda size=size: fits(pilot, size))  # type: ignore[misc]
                await until(pilot, says(pilot, *expected))
                assert not re.findall(r"Unknown\(|Estimate\(|\bNone\b", text(pilot)), text(pilot)


def fits(pilot: Pilot[int], size: Size) -> bool:
    screen = pilot.app.screen
    return tuple(screen.size) == tuple(screen._compositor.size) == size


async def first(pilot: Pilot[int], name: str) -> Snapshot[object]:
    """Wait for a screen's first data, or why there is none."""
    app = pilot.app
    assert isinstance(app, DeckApp)
    await until(pilot, lambda: app.watcher is not None and bool(app.watcher.latest(name)))
    found = app.watcher and app.watcher.latest(name)
    assert found
    return found


async def test_what_a_login_may_not_see_is_unknown_and_not_nothing(walked: LiveServer) -> None:
    with busy(walked, DATABASE, "UPDATE child SET note = 'y' WHERE id = 1"):
        walked.sql("SELECT pg_stat_force_next_flush()", DATABASE)
        seen = await walk(target_of(walked, DATABASE, "walk_super"))
        plain = await walk(target_of(walked, DATABASE, "walk_plain"))
        monitor = await walk(target_of(walked, DATABASE, "walk_monitor"))
    assert hidden_as_nothing(seen, plain) == []
    assert hidden_as_nothing(seen, monitor) == []


@pytest.fixture(scope="module")
def rough(server_ground: Ground) -> Iterator[LiveServer]:
    """A server of this module's own: it is reset, crashed, and full of names that bite."""
    with server_ground.server(18, "rough") as server:
        server.create_database(DATABASE)
        server.sql(DATA, DATABASE)
        yield server


@asynccontextmanager
async def watching(server: LiveServer) -> AsyncIterator[Watcher]:
    """Watch every screen at once, twice a second."""
    watcher = open_watcher(target_of(server, DATABASE))
    watcher.set_interval(0.5)
    watcher.look(*shipped())
    await watcher.start()
    try:
        yield watcher
    finally:
        await watcher.close()


async def samples(watcher: Watcher, count: int) -> dict[str, Snapshot[object]]:
    """Wait for so many further good samples of every screen; none may hold an impossible number."""
    begun = time.monotonic()
    good: dict[str, set[float]] = {name: set() for name in shipped()}
    while any(len(times) < count for times in good.values()):
        assert time.monotonic() - begun < 20, {n: watcher.latest(n) for n in good}
        taken = latest(watcher)
        assert impossible(taken) == []
        assert hasty(taken) == []
        for name, snapshot in taken.items():
            reading = snapshot.last_good
            explained = snapshot.failure is not None and not unexplained({name: snapshot})
            if explained:
                good[name] |= {float(at) for at in range(count)}
            elif reading is not None and reading.at > begun:
                good[name].add(reading.at)
        await asyncio.sleep(0.02)
    return latest(watcher)


def hasty(taken: Mapping[str, Snapshot[object]]) -> list[str]:
    """Return the rates of transactions beyond what a server that is watched alone makes."""
    return [
        f"{where[0]} {where[1]} {where[2]}: {value!r}"
        for where, value in cells(taken)
        if (where[0], where[2]) == ("databases", "commits") or "transactions_per_s" in where[1]
        if (number(value) or 0) > HASTE
    ]


def latest(watcher: Watcher) -> dict[str, Snapshot[object]]:
    found = {name: watcher.latest(name) for name in shipped()}
    return {name: snapshot for name, snapshot in found.items() if snapshot is not None}


def reset(server: LiveServer) -> None:
    server.sql("SELECT pg_stat_reset(), pg_stat_reset_shared()", DATABASE)


def power_cut(server: LiveServer) -> None:
    server.stop("immediate")
    server.start()


@pytest.mark.parametrize("blow", [reset, crash, power_cut])
async def test_no_number_is_impossible_after(
    rough: LiveServer, blow: Callable[[LiveServer], None]
) -> None:
    await asyncio.to_thread(
        rough.sql,
        DATA.split("CREATE SCHEMA")[0].replace("CREATE TABLE", "CREATE TEMP TABLE"),
        DATABASE,
    )
    # Far more than what is watched here does a second: a total that is taken for a rate shows.
    many = f"DO $$ BEGIN FOR i IN 1..{20 * HASTE} LOOP COMMIT; END LOOP; END $$"
    await asyncio.to_thread(rough.sql, many, DATABASE)
    async with watching(rough) as watcher:
        await samples(watcher, 3)
        await asyncio.to_thread(blow, rough)
        await samples(watcher, 3)


@pytest.fixture(scope="module")
def hostile(rough: LiveServer, hostile_names: str) -> Mapping[str, str]:
    """A database of awkward names, with awkward sessions at work in it."""
    rough.create_database("hostile")
    rough.sql(hostile_names, "hostile")
    rough.sql("ANALYZE", "hostile")
    rough.create_database(HOSTILE)
    rough.role(HOSTILE, options="SUPERUSER LOGIN")
    return {"user": HOSTILE, "application_name": HOSTILE}


@pytest.mark.parametrize("name", shipped())
async def test_no_screen_lets_a_name_reach_the_terminal_raw(
    rough: LiveServer, hostile: Mapping[str, str], name: str
) -> None:
    import psycopg

    login = rough.conninfo("hostile").with_keywords(**hostile)
    holder = psycopg.connect(**login)  # type: ignore[arg-type]
    waiter = await psycopg.AsyncConnection.connect(**login)  # type: ignore[arg-type]
    target = 'awkward_t."say ""hi"""'
    try:
        holder.execute(f"LOCK TABLE {target} /* {HOSTILE} */".encode())
        waiting = asyncio.create_task(
            waiter.execute(f"LOCK TABLE {target} /* {HOSTILE} */".encode())
        )
        async with deck(rough.dsn("hostile"), (140, 40), start=name) as pilot:
            app = pilot.app
            assert isinstance(app, DeckApp)
            await until(pilot, lambda: app.watcher is not None and bool(app.watcher.latest(name)))
            await pilot.pause(0.1)
            assert raw(drawn(pilot)) == []
            if isinstance(app._deck.view, RowsView):
                await pilot.press("enter")
                for _ in range(12):
                    await pilot.pause()
                    assert raw(drawn(pilot)) == [], text(pilot)
                    await pilot.press("pagedown" if _ % 3 == 2 else "j")
    finally:
        holder.close()
        await asyncio.wait_for(waiting, 5)
        await waiter.close()


def raw(lines: list[str]) -> list[str]:
    """Return the lines with a character that would steer a terminal or hide another."""
    return [
        line
        for line in lines
        if any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)
        or set(line) & set("\u202e\u200d\u2066\u2028")
    ]
