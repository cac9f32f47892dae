"""The desk around the screens: going by a word, one pane alone, a picture of what is seen."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual.actions import parse
from textual.pilot import Pilot

from decks import deck, drawn, live, says, text, until
from pgdeck.themes import find_theme
from pgdeck.tui.app import DeckApp
from pgdeck.tui.commands import COMMANDS, HELP
from pgdeck.tui.deck import Deck
from pgdeck.tui.views.activity import ActivityView
from pgdeck.tui.views.table import TableView
from pgdeck.tui.widgets.palette import Palette
from servers import LiveServer


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("typed", ["tables", ":tab", "vacuum", "4", "Tabl"])
async def test_a_word_and_enter_go_there_at_once(pg18: LiveServer, typed: str) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        # All in one go, as a quick hand over a slow line: nothing of it may reach the deck.
        for key in ("colon", *(":" if char == ":" else char for char in typed), "enter"):
            pilot.app._driver.process_message(key_event(key))  # type: ignore[union-attr]
        await until(pilot, lambda: bool(pilot.app.query(TableView)))
        assert not isinstance(pilot.app.screen, Palette)


def key_event(key: str):  # type: ignore[no-untyped-def]
    from textual import events
    from textual.keys import _character_to_key

    if len(key) > 1:
        return events.Key(key, ":" if key == "colon" else "\r")
    return events.Key(_character_to_key(key), key)


async def test_every_command_of_the_palette_is_one(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        for _, _, _, action in COMMANDS:
            namespace, name, _ = parse(action)
            owner = pilot.app.screen if namespace == "screen" else pilot.app
            assert hasattr(owner, f"action_{name}"), action


async def test_every_command_says_what_it_is_in_a_narrow_terminal(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        for title, _, _, action in COMMANDS:
            await pilot.press("colon", *title)
            await until(pilot, says(pilot, title, HELP[action]))
            await pilot.press("escape")


@pytest.mark.parametrize("theme", ["dark", "mono"])
async def test_a_scrollbar_is_a_glyph_and_no_ground(pg18: LiveServer, theme: str) -> None:
    async with deck(pg18.dsn("postgres"), start="tables") as pilot:
        await until(pilot, live(pilot))
        pilot.app.wear(find_theme(theme))  # type: ignore[attr-defined]
        for key in ("colon", "question_mark"):
            await pilot.press(key)
            await until(pilot, lambda: "▐" in text(pilot))
            before = marks(pilot)
            await pilot.press("pagedown", "pagedown", "pagedown")
            await until(pilot, lambda before=before: marks(pilot)[0] > before[0])  # type: ignore[misc]
            # All of it, and nothing that a part of a cell would need.
            assert marks(pilot) == list(range(marks(pilot)[0], marks(pilot)[-1] + 1))
            assert not set("▁▂▃▄▅▆▇") & set(text(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Deck))


async def test_a_click_below_the_mark_of_a_scrollbar_goes_on(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), start="tables") as pilot:
        await until(pilot, live(pilot))
        await pilot.press("question_mark")
        await until(pilot, lambda: "▐" in text(pilot))
        before = marks(pilot)
        at = drawn(pilot)[before[0]].index("▐")
        await pilot.click(offset=(at, before[-1] + 2))
        await until(pilot, lambda: marks(pilot)[0] > before[0])
        await pilot.click(offset=(at, before[0]))
        await until(pilot, lambda: marks(pilot) == before)


def marks(pilot: Pilot[int]) -> list[int]:
    """Return the lines beside which the mark of a scrollbar stands."""
    return [at for at, line in enumerate(drawn(pilot)) if "▐" in line]


async def test_an_unknown_word_is_said_and_escape_leaves(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("colon", *"xyzzy", "enter")
        await until(pilot, says(pilot, "No screen and no command is called xyzzy."))
        assert isinstance(pilot.app.screen, Palette)
        await pilot.press(*["backspace"] * 5)
        await until(pilot, says(pilot, "Overview", "Locks"))
        await pilot.press("escape", "escape", "escape")
        await until(pilot, says(pilot, "Alerts", "q quit"))
        assert pilot.app.is_running


async def test_a_colon_in_a_filter_is_a_colon(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), start="activity") as pilot:
        await until(pilot, live(pilot))
        await pilot.press("slash", *"state", "colon", *"act")
        await until(pilot, lambda: " / state:act" in drawn(pilot)[-2])


async def test_arrows_choose_and_a_click_does(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("colon", "down", "enter")
        await until(pilot, lambda: bool(pilot.app.query(ActivityView)))
        await pilot.press("colon")
        await until(pilot, says(pilot, "Every table of this"))
        row = next(at for at, line in enumerate(drawn(pilot)) if "Every table of this" in line)
        await pilot.click(offset=(10, row))
        await until(pilot, lambda: bool(pilot.app.query(TableView)))


async def test_one_pane_fills_the_overview(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, says(pilot, "Alerts", "Connections", "Throughput"))
        await pilot.press("M")
        await until(pilot, lambda: drawn(pilot)[1].startswith("╭─ Alerts"))
        assert "M back" in drawn(pilot)[0]
        assert drawn(pilot)[-1].startswith("╰")
        assert "Throughput" not in text(pilot)
        await pilot.press("tab", "tab", "tab")
        await until(pilot, lambda: "Throughput" in drawn(pilot)[1])
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: drawn(pilot)[-1].startswith("╰") and len(drawn(pilot)) == 36)
        assert "Throughput" in drawn(pilot)[1]
        await pilot.press("2", "1")
        await until(pilot, lambda: "Throughput" in drawn(pilot)[1])
        await pilot.press("colon", *"maxim", "enter")
        await until(pilot, says(pilot, "Alerts", "Connections", "Throughput", "2 Acti"))
        await pilot.press("M")
        await until(pilot, lambda: "Throughput" in drawn(pilot)[1])
        await pilot.press("escape")
        await until(pilot, says(pilot, "Alerts", "Connections", "Throughput", "2 Acti"))
        await until(pilot, lambda: drawn(pilot)[-1].rstrip().endswith("q back"))


async def test_a_table_fills_the_terminal_but_keeps_what_must_be_said(pg18: LiveServer) -> None:
    database = pg18.create_database("zen")
    for name in ("apples", "pears"):
        pg18.sql(f"CREATE TABLE {name} (id int)", database)
    async with deck(pg18.dsn(database), start="tables") as pilot:
        await until(pilot, says(pilot, "apples", "2 rows"))
        await pilot.press("M")
        await until(pilot, lambda: drawn(pilot)[1].lstrip().startswith("table"))
        assert "2 rows" not in text(pilot)
        await pilot.press("enter")
        await until(pilot, says(pilot, "vacuum at dead rows"))
        await pilot.press("escape")
        await until(pilot, lambda: drawn(pilot)[1].lstrip().startswith("table"))
        await pilot.press("slash", *"app", "enter")
        await until(pilot, says(pilot, "1 of 2 rows", "/ app"))
        await pilot.press("escape", "M")
        await until(pilot, says(pilot, "2 rows", "4 Tabl", "quit"))


async def test_every_screen_can_fill_the_terminal(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)
        await until(pilot, live(pilot))
        for name in app.specs:
            await app.run_action(f"screen('{name}')")
            await until(pilot, lambda: " 1 Over" in drawn(pilot)[1])
            await pilot.press("M")
            await until(pilot, lambda: "M back" in drawn(pilot)[0])
            # The layout follows with the next frame.
            await until(pilot, lambda: " 1 Over" not in drawn(pilot)[1])
            await until(pilot, lambda: "q quit" not in drawn(pilot)[-1])
        for name in reversed(list(app.specs)):
            await app.run_action(f"screen('{name}')")
            await until(pilot, lambda: "M back" in drawn(pilot)[0])
            await pilot.press("escape")
            await until(pilot, lambda: " 1 Over" in drawn(pilot)[1])
        assert app.is_running


async def test_the_frame_comes_back_whole_at_once(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), start="tables", interval=60.0) as pilot:
        await until(pilot, live(pilot, "60 s"))
        for _ in range(3):
            await pilot.press("M")
            await until(pilot, lambda: "M back" in drawn(pilot)[0])
            await asyncio.sleep(0.2)  # what is hidden is painted, in no room
            await pilot.press("escape")
            # Nothing arrives from the server that would paint it anew.
            await until(pilot, lambda: " 1 Over" in drawn(pilot)[1], 5.0)
            await until(pilot, lambda: "q quit" in drawn(pilot)[-1], 5.0)


async def test_a_picture_of_the_screen_is_kept(pg18: LiveServer, tmp_path: Path) -> None:
    async with deck(pg18.dsn("postgres"), (120, 30), start="tables") as pilot:
        await until(pilot, live(pilot))
        for _ in range(2):
            await pilot.press("colon", *"screenshot", "enter")
            await until(pilot, says(pilot, "The screen is in"))
            await pilot.pause(0.1)
        await until(pilot, lambda: len(pictures(tmp_path)) == 2)


def pictures(place: Path) -> list[Path]:
    """Return the pictures in a directory; whole ones, and nothing half-made beside them."""
    files = list(place.glob("*.svg"))
    for file in files:
        assert re.fullmatch(r"pgdeck-tables-\d{8}T\d{6}Z(-\d)?\.svg", file.name)
        svg = file.read_text(encoding="utf-8")
        assert svg.startswith("<svg")
        assert "Tables" in svg
        assert "Go&#160;to" not in svg
    assert not [file for file in place.iterdir() if file.name.startswith(".")]
    return files


async def test_a_picture_without_a_place_says_so(
    pg18: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgdeck.tui import picture

    monkeypatch.setattr(picture, "_places", lambda: iter([tmp_path / "absent"]))
    async with deck(pg18.dsn("postgres"), (120, 30)) as pilot:
        await until(pilot, live(pilot))
        assert isinstance(pilot.app, DeckApp)
        await pilot.app.run_action("picture")
        await until(pilot, says(pilot, "the picture cannot be written"))


@pytest.mark.parametrize("width", [63, 80])
async def test_a_notice_is_read_to_its_end(pg18: LiveServer, width: int) -> None:
    async with deck(pg18.dsn("postgres"), (width, 24), start="locks") as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)
        # What nearly fits the line is where a border forgotten costs the second one.
        for room in range(5, 17):
            app.clear_notifications()
            app.tell(f"{room:<2} {'x' * (width - room - 10)} last")
            await until(pilot, says(pilot, f" {room:<2} ", "last"))
