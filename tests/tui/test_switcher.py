"""The target switcher on live servers: what is seen, where Enter leads, and what it leaves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import drawn, live, says, text, until
from faults.proxy import FaultProxy, Mode
from fleets import dead, descriptors, fleet_deck, named, ours, through
from pgdeck.core.target import Environment
from pgdeck.tui.app import DeckApp
from pgdeck.tui.views.table import TableView
from pgdeck.tui.widgets.password import PasswordDialog
from pgdeck.tui.widgets.switcher import Switcher
from servers import Ground, LiveServer, standby_of
from watching import wait_for


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def standby(pg18: LiveServer, server_ground: Ground) -> Iterator[LiveServer]:
    with standby_of(pg18, server_ground, "follower") as server:
        yield server


def app_of(pilot: Pilot[int]) -> DeckApp:
    assert isinstance(pilot.app, DeckApp)
    return pilot.app


def line_of(pilot: Pilot[int], word: str) -> str:
    return next((line for line in drawn(pilot)[1:] if f" {word} " in line), "")


def watches(pilot: Pilot[int], server: LiveServer) -> bool:
    return f":{server.port}/" in drawn(pilot)[0] and "●" in drawn(pilot)[0]


async def test_a_fleet_at_a_glance(pg18: LiveServer, pg16: LiveServer, standby: LiveServer) -> None:
    database = pg16.create_database("marked")
    pg16.sql("ALTER DATABASE marked SET pgdeck.env = 'prod'")
    fleet = (
        named("here", pg18, environment=Environment.DEV),
        named("other", pg16, database),
        named("follower", standby),
        dead(),
    )
    async with fleet_deck(*fleet) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("grave_accent")
        await until(pilot, lambda: f"primary {pg16.major}." in line_of(pilot, "other"))
        await until(pilot, lambda: "standby 18" in line_of(pilot, "follower"))
        await until(pilot, lambda: "no" in line_of(pilot, "dead"))
        await until(pilot, lambda: "primary 18" in line_of(pilot, "here"))
        assert " dev " in line_of(pilot, "here")
        assert " prod " in line_of(pilot, "other")
        assert " staging " in line_of(pilot, "dead")
        # A standby that has replayed all that there is is not late.
        await until(pilot, lambda: " 0 s " in line_of(pilot, "follower"))
        await until(pilot, says(pilot, "connections to look: 0 open, 3 so far"))
        await pilot.press(*"dead")
        await until(pilot, says(pilot, "connection refused"))
        assert not line_of(pilot, "other")


async def test_letters_and_enter_switch_and_the_old_connections_go(
    pg18: LiveServer, pg16: LiveServer
) -> None:
    async with fleet_deck(named("one", pg18), named("two", pg16)) as pilot:
        await until(pilot, live(pilot))
        wait_for(lambda: ours(pg18) == 1)
        await pilot.press("grave_accent", *"tw", "enter")
        await until(pilot, lambda: watches(pilot, pg16))
        await until(pilot, says(pilot, f"PG {pg16.major}"))
        wait_for(lambda: ours(pg18) == 0)
        wait_for(lambda: ours(pg16) <= 2)
        # The one before is the one that is chosen: back and forth with two keys.
        await pilot.press("ctrl+t", "enter")
        await until(pilot, lambda: watches(pilot, pg18))
        wait_for(lambda: ours(pg16) == 0)


async def test_each_target_keeps_its_place(pg18: LiveServer, pg16: LiveServer) -> None:
    database = pg18.create_database("places")
    for name in ("apples", "apricots", "pears"):
        pg18.sql(f"CREATE TABLE {name} (id int)", database)
    async with fleet_deck(named("one", pg18, database), named("two", pg16)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("4")
        await until(pilot, says(pilot, "pears"))
        await pilot.press("slash", *"ap", "enter")
        await until(pilot, says(pilot, "2 of 3 rows"))
        table = pilot.app.query_one(TableView).table
        table.sort_by("table", descending=True)
        await pilot.press("G")
        await until(pilot, lambda: "apples" in str(table.cursor_row))
        await pilot.press("grave_accent", *"two", "enter")
        await until(pilot, lambda: watches(pilot, pg16))
        assert app_of(pilot)._deck.current == "tables"
        await pilot.press("2")
        await until(pilot, says(pilot, "running"))
        await pilot.press("grave_accent", *"one", "enter")
        await until(pilot, lambda: watches(pilot, pg18))
        await until(pilot, says(pilot, "2 of 3 rows", "/ ap"))
        after = pilot.app.query_one(TableView).table
        assert after is not table
        await until(pilot, lambda: "apples" in str(after.cursor_row))
        assert (after.state.sort_column, after.state.descending) == ("table", True)
        # And the way back leads through the screens of this target.
        await pilot.press("backspace")
        await until(pilot, says(pilot, "Alerts"))
        await pilot.press("grave_accent", "enter")
        await until(pilot, lambda: watches(pilot, pg16))
        await until(pilot, says(pilot, "F1 running"))


async def test_it_works_while_the_current_one_is_dead(
    fresh_server: LiveServer, pg18: LiveServer
) -> None:
    async with fleet_deck(named("mortal", fresh_server), named("other", pg18)) as pilot:
        await until(pilot, live(pilot))
        fresh_server.stop("immediate")
        await until(pilot, says(pilot, "■"))
        await pilot.press("grave_accent")
        await until(pilot, lambda: "primary" in line_of(pilot, "other"))
        assert "■" in line_of(pilot, "mortal")
        await pilot.press("enter")
        await until(pilot, lambda: watches(pilot, pg18))
        assert "next try" not in text(pilot)


async def test_a_target_dies_while_it_is_switched_to(
    fresh_server: LiveServer, pg18: LiveServer
) -> None:
    async with fleet_deck(named("safe", pg18), named("mortal", fresh_server)) as pilot:
        await until(pilot, live(pilot))
        stopping = asyncio.to_thread(fresh_server.stop, "immediate")
        task = asyncio.create_task(stopping)
        await pilot.press("grave_accent", *"mortal", "enter")
        await task
        await until(pilot, lambda: f":{fresh_server.port}/" in drawn(pilot)[0])
        await until(pilot, says(pilot, "next try"))
        await pilot.press("grave_accent", *"safe", "enter")
        await until(pilot, lambda: watches(pilot, pg18))


async def test_fifty_quick_switches_leave_nothing_behind(
    pg18: LiveServer, pg16: LiveServer
) -> None:
    one, two = named("one", pg18), named("two", pg16)
    async with fleet_deck(one, two) as pilot:
        await until(pilot, live(pilot))
        app = app_of(pilot)
        for target, server in ((two, pg16), (one, pg18)):
            app.go_to(target)
            await until(pilot, partial(watches, pilot, server))
        tasks, open_before = len(asyncio.all_tasks()), descriptors()
        widgets = len(list(app._deck.query("*")))
        for at in range(50):
            app.go_to((two, one)[at % 2])
            if at % 3 == 0:
                await asyncio.sleep(0.03)
        await until(pilot, lambda: watches(pilot, pg18))
        await until(pilot, lambda: len(asyncio.all_tasks()) <= tasks)
        assert descriptors() <= open_before
        assert len(list(app._deck.query("*"))) == widgets
        wait_for(lambda: ours(pg16) == 0)
        wait_for(lambda: ours(pg18) <= 2)


async def test_to_a_black_hole_and_back(pg18: LiveServer, pg16: LiveServer) -> None:
    with FaultProxy((pg16.host, pg16.port)) as line:
        line.mode = Mode.SWALLOW
        hole = through(named("two", pg16), line.address, "hole")
        async with fleet_deck(named("one", pg18), hole) as pilot:
            await until(pilot, live(pilot))
            tasks = len(asyncio.all_tasks())
            await pilot.press("grave_accent", *"hole", "enter")
            await until(pilot, lambda: "hole" in drawn(pilot)[0])
            await until(pilot, says(pilot, "No answer yet"))
            assert "PG 18" not in drawn(pilot)[0]
            await pilot.press("grave_accent", *"one", "enter")
            await until(pilot, lambda: watches(pilot, pg18))
            await until(pilot, lambda: len(asyncio.all_tasks()) <= tasks)


async def test_looking_ends_with_the_switcher(pg18: LiveServer, pg16: LiveServer) -> None:
    with FaultProxy((pg16.host, pg16.port)) as line:
        line.mode = Mode.STALL
        slow = through(named("two", pg16), line.address, "slow")
        async with fleet_deck(named("one", pg18), slow) as pilot:
            await until(pilot, live(pilot))
            tasks = len(asyncio.all_tasks())
            await pilot.press("grave_accent")
            await until(pilot, lambda: "asking" in line_of(pilot, "slow"))
            await until(pilot, says(pilot, "connections to look: 1 open"))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(pilot.app.screen, Switcher))
            await until(pilot, lambda: len(asyncio.all_tasks()) <= tasks)


async def test_another_database_is_one_key_apart(pg18: LiveServer) -> None:
    first, second = pg18.create_database("apart_a"), pg18.create_database("apart_b")
    async with fleet_deck(named("shop", pg18, first)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("b")
        await until(pilot, says(pilot, "Databases of this server", "sessions"))
        await pilot.press(*"apart_b", "enter")
        await until(pilot, lambda: f"/{second}" in drawn(pilot)[0] and "●" in drawn(pilot)[0])
        await app_of(pilot).run_action("screen('databases')")
        await until(pilot, says(pilot, "MB", "b watch it"))
        await pilot.press("slash", *first, "enter")
        await until(pilot, says(pilot, "/ apart_a"))
        await pilot.press("b")
        await until(pilot, lambda: f"/{first}" in drawn(pilot)[0] and "●" in drawn(pilot)[0])
        # The way back to what the configuration names: it has its own name again.
        assert app_of(pilot)._deck.framing.target == named("shop", pg18, first)


async def test_a_database_without_connections_says_so(pg18: LiveServer) -> None:
    async with fleet_deck(named("shop", pg18)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("b")
        await until(pilot, says(pilot, "type to search", "sessions"))
        await pilot.press(*"template0", "enter")
        await until(pilot, says(pilot, "It allows no connections"))
        assert isinstance(pilot.app.screen, Switcher)


async def test_a_click_switches(pg18: LiveServer, pg16: LiveServer) -> None:
    async with fleet_deck(named("one", pg18), named("two", pg16), size=(80, 24)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("colon", *"targets", "enter")
        await until(pilot, lambda: "primary" in line_of(pilot, "two"))
        row = next(at for at, line in enumerate(drawn(pilot)) if " two " in line)
        await pilot.click(offset=(12, row))
        await until(pilot, lambda: watches(pilot, pg16))


PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def guarded(server_ground: Ground) -> Iterator[LiveServer]:
    """A server that asks the login clerk for a password."""
    with server_ground.server(18, "guarded") as server:
        server.role("clerk", options=f"LOGIN PASSWORD '{PASSWORD}'")
        rules = server.cluster.data_dir / "pg_hba.conf"
        rules.write_text(f"host all clerk all scram-sha-256\n{rules.read_text()}")
        server.sql("SELECT pg_reload_conf()")
        yield server


async def test_a_missing_password_is_asked_for_and_kept_in_memory(
    guarded: LiveServer, pg18: LiveServer, tmp_path: Path
) -> None:
    clerk = named("guarded", guarded, user="clerk")
    async with fleet_deck(named("one", pg18), clerk) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("grave_accent", *"guarded", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PasswordDialog))
        await until(pilot, says(pilot, "no password supplied"))
        await pilot.press(*"wrong", "enter")
        await until(pilot, says(pilot, "password authentication"))
        assert isinstance(pilot.app.screen, PasswordDialog)
        for char in PASSWORD:
            await pilot.press("space" if char == " " else char)
        assert PASSWORD not in text(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: watches(pilot, guarded))
        # It serves the other databases of the server, too, and comes along when we come back.
        await pilot.press("b", *"template1", "enter")
        await until(pilot, lambda: "/template1" in drawn(pilot)[0] and "●" in drawn(pilot)[0])
        await pilot.press("grave_accent", *"one", "enter")
        await until(pilot, lambda: watches(pilot, pg18))
        await pilot.press("grave_accent", *"guarded", "enter")
        await until(pilot, lambda: watches(pilot, guarded))
        await until(pilot, lambda: len(written(tmp_path)) > 0)
    assert not [file for file in written(tmp_path) if PASSWORD.encode() in file.read_bytes()]


def written(place: Path) -> list[Path]:
    return [file for file in place.rglob("*") if file.is_file()]


async def test_a_person_may_leave_the_password_open(guarded: LiveServer) -> None:
    async with fleet_deck(named("guarded", guarded, user="clerk")) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, PasswordDialog))
        await pilot.press("escape")
        await until(pilot, says(pilot, "refused login clerk"))
        await pilot.press("colon", *"password", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PasswordDialog))
        assert os.environ.get("PGPASSWORD") is None
