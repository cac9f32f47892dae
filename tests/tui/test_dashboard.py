"""The dashboard on a live server: what is seen, what keys do, and what no fault may do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from decks import Size, deck, drawn, live, says, text, until
from pgdeck.tui.app import DeckApp
from pgdeck.tui.views.activity import ActivityView
from pgdeck.tui.views.table import TableView
from pgdeck.tui.widgets.help import HelpScreen
from servers import LiveServer

SIZES: tuple[Size, ...] = ((80, 24), (120, 36), (200, 50))


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.parametrize("size", SIZES)
async def test_overview_shows_live_data(any_pg: LiveServer, size: Size) -> None:
    async with deck(any_pg.dsn("postgres"), size) as pilot:
        await until(pilot, says(pilot, f"PG {any_pg.major}", "primary", "Alerts"))
        screen = text(pilot)
        for pane in ("Activity", "Connections", "Throughput", "Tables", "Vacuum"):
            assert pane in screen
        assert "of forced" in screen
        await until(pilot, lambda: "measuring" not in text(pilot))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("key", "words"), [("2", "running"), ("3", "free for everyone"), ("4", "Tables")]
)
async def test_a_digit_opens_a_screen(pg18: LiveServer, size: Size, key: str, words: str) -> None:
    database = pg18.dsn(pg18.create_database("digits"))
    pg18.sql("CREATE TABLE invoices AS SELECT g FROM generate_series(1, 1000) g", "digits")
    pg18.sql("ANALYZE invoices", "digits")
    async with deck(database, size) as pilot:
        await pilot.press(key)
        await until(pilot, says(pilot, words))
        if key == "4":
            await until(pilot, says(pilot, "invoices", "kB"))
        await pilot.press("backspace")
        await until(pilot, says(pilot, "Alerts"))


async def test_help_names_the_keys_that_hold_here(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), (100, 90), start="tables") as pilot:
        await until(pilot, says(pilot, "Tables"))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await until(pilot, says(pilot, "Tables · help", "Pause or go on", "Columns"))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, HelpScreen))


async def test_palette_opens_a_screen_by_alias(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), (100, 40)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("colon", *"vacuum")
        await until(pilot, says(pilot, "Tables"))
        await asyncio.sleep(0.3)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: bool(pilot.app.query(TableView)))


async def test_palette_offers_what_keys_do(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), (100, 40)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("colon", *"less often")
        await until(pilot, says(pilot, "Refresh less often"))
        await asyncio.sleep(0.3)
        await pilot.press("enter", "enter")
        await until(pilot, live(pilot, "1 s"))


async def test_detail_follows_the_cursor_and_shows_exact_values(pg18: LiveServer) -> None:
    database = pg18.dsn(pg18.create_database("detail"))
    for name in ("alpha", "beta"):
        pg18.sql(f"CREATE TABLE {name} AS SELECT g FROM generate_series(1, 5000) g", "detail")
        pg18.sql(f"VACUUM ANALYZE {name}", "detail")
    async with deck(database, (140, 40), start="tables") as pilot:
        await until(pilot, says(pilot, "alpha", "beta"))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.query_one(TableView).has_class("with-detail"))
        await until(pilot, says(pilot, "vacuum at dead rows"))
        await pilot.press("escape")
        await until(pilot, lambda: "vacuum at dead rows" not in text(pilot))


async def test_filter_hides_and_escape_brings_back(pg18: LiveServer) -> None:
    database = pg18.dsn(pg18.create_database("filtering"))
    for name in ("apples", "pears"):
        pg18.sql(f"CREATE TABLE {name} (id int)", "filtering")
    async with deck(database, (100, 30), start="tables") as pilot:
        await until(pilot, says(pilot, "apples", "pears"))
        await pilot.press("slash", *"app", "enter")
        await until(pilot, lambda: "apples" in text(pilot) and "pears" not in text(pilot))
        await pilot.press("escape")
        await until(pilot, says(pilot, "apples", "pears"))


async def test_pause_stops_the_polling_and_says_so(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("p")
        await until(pilot, says(pilot, "paused"))
        app = pilot.app
        assert isinstance(app, DeckApp)
        assert app.watcher is not None
        await asyncio.sleep(0.7)
        before = app.watcher.latest("overview")
        await asyncio.sleep(1.2)
        assert app.watcher.latest("overview") is before
        assert "⏸ paused, 1 s old" in drawn(pilot)[0] or "⏸ paused, 2 s old" in drawn(pilot)[0]
        await pilot.press("p")
        await until(pilot, lambda: app.watcher.latest("overview") is not before)  # type: ignore[union-attr]


async def test_plus_and_minus_step_the_interval(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), interval=1.0) as pilot:
        await until(pilot, live(pilot, "1 s"))
        await pilot.press("plus")
        await until(pilot, live(pilot, "2 s"))
        await pilot.press("minus", "minus")
        await until(pilot, live(pilot, "0.5 s"))


async def test_blocking_view_names_the_root(pg18: LiveServer) -> None:
    import psycopg

    database = pg18.dsn(pg18.create_database("blocking"))
    pg18.sql("CREATE TABLE t AS SELECT 1 AS id", "blocking")
    root = psycopg.connect(database, application_name="the-root")
    waiter = await psycopg.AsyncConnection.connect(database, application_name="the-waiter")
    try:
        root.execute("UPDATE t SET id = 2")
        waiting = asyncio.create_task(waiter.execute("UPDATE t SET id = 3"))
        async with deck(database, (120, 30), start="activity") as pilot:
            await until(pilot, says(pilot, "waiting 1"))
            await pilot.press("f3")
            await until(pilot, says(pilot, "the-root", "the-waiter"))
            lines = drawn(pilot)
            first = next(at for at, line in enumerate(lines) if "the-root" in line)
            second = next(at for at, line in enumerate(lines) if "the-waiter" in line)
            assert first < second
            assert any(branch in lines[second] for branch in "└├")
            assert isinstance(pilot.app.query_one(ActivityView), ActivityView)
    finally:
        root.close()
        await asyncio.wait_for(waiting, 5)
        await waiter.close()


@pytest.mark.parametrize("screen", ["overview", "activity", "connections", "locks", "tables"])
async def test_a_restart_costs_freshness_and_nothing_else(
    fresh_server: LiveServer, screen: str
) -> None:
    async with deck(fresh_server.dsn("postgres"), start=screen) as pilot:
        await until(pilot, live(pilot))
        await asyncio.to_thread(fresh_server.stop, "immediate")
        await until(pilot, says(pilot, "next try in", " old"))
        assert "127.0.0.1" in text(pilot)
        # How soon keys answer is measured in tests/faults, on the event loop itself.
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await asyncio.to_thread(fresh_server.start)
        assert await until(pilot, live(pilot)) <= 3.0


async def test_it_starts_without_a_server_and_finds_it_later(fresh_server: LiveServer) -> None:
    fresh_server.stop()
    async with deck(fresh_server.dsn("postgres")) as pilot:
        await until(pilot, says(pilot, "refused"))
        await asyncio.to_thread(fresh_server.start)
        assert await until(pilot, live(pilot)) <= 3.0


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (20, 5), (40, 10), (300, 100)])
async def test_extreme_sizes_are_survived(pg18: LiveServer, size: Size) -> None:
    async with deck(pg18.dsn("postgres"), size) as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)
        for key in ("1", "2", "3", "4", "question_mark", "escape", "1"):
            await pilot.press(key)
            await asyncio.sleep(0.2)
        await until(pilot, lambda: app.watcher is not None and app.watcher.link.connected)
        for width, height in ((80, 24), (3, 2), size):
            await pilot.resize_terminal(width, height)
            await pilot.pause()


async def test_resizing_keeps_the_row_under_the_cursor(pg18: LiveServer) -> None:
    database = pg18.dsn(pg18.create_database("resizing"))
    for number in range(40):
        pg18.sql(f"CREATE TABLE table_{number:02d} (id int)", "resizing")
    async with deck(database, (120, 40), start="tables") as pilot:
        await until(pilot, says(pilot, "table_00"))
        await pilot.press(*["j"] * 25)
        table = pilot.app.query_one(TableView).table
        row = table.cursor_row
        assert row is not None
        for width, height in ((80, 24), (200, 50), (60, 12)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert table.cursor_row is not None
            assert table.cursor_row.key == row.key
            assert row.key in table.visible_keys


async def test_hostile_names_reach_no_terminal(pg18: LiveServer, hostile_names: str) -> None:
    database = pg18.dsn(pg18.create_database("hostile"))
    pg18.sql(hostile_names, "hostile")
    async with deck(database, (120, 60), start="tables") as pilot:
        await until(pilot, says(pilot, "CamelCase"))
        await pilot.press("enter")
        for _ in range(45):
            for line in drawn(pilot):
                bad = [char for char in line if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
                assert not bad, line
                assert not set(line) & set("\u202e\u200d\u2066\u2028"), line
            await pilot.press("j")
            await pilot.pause()
        await pilot.press("1")
        await until(pilot, says(pilot, "Alerts"))
        await pilot.press("2")
        await until(pilot, says(pilot, "running"))
