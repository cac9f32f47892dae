"""What a person types is seen, what is wrong with it is said, and the footer names what works."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from textual import events

from decks import deck, drawn, live, says, text, until
from pgdeck.tui.app import DeckApp
from pgdeck.tui.keynames import shown as shown_key
from pgdeck.tui.views.table import TableView
from pgdeck.tui.widgets.help import SCOPES
from pgdeck.tui.widgets.prompt import Prompt
from servers import LiveServer
from terminals import program


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def orchard(pg18: LiveServer) -> str:
    database = pg18.create_database("orchard")
    for name in ("apples", "pears", "plums"):
        pg18.sql(f"CREATE TABLE {name} (id int)", database)
    return pg18.dsn(database)


async def test_the_filter_is_seen_while_it_is_typed_and_its_rows_are_counted(orchard: str) -> None:
    async with deck(orchard, start="tables") as pilot:
        await until(pilot, says(pilot, "apples", "3 rows"))
        await pilot.press("slash", *"app")
        await until(pilot, lambda: drawn(pilot)[-2].startswith(" / app"))
        await until(pilot, says(pilot, "1 of 3 rows"))
        assert drawn(pilot)[-1].split() == ["Enter", "keep", "Esc", "take", "back"]
        await pilot.press("enter")
        await until(pilot, lambda: "c clear" in drawn(pilot)[-1])
        await pilot.press("enter")
        await until(pilot, lambda: "q back" in drawn(pilot)[-1])
        await pilot.press("q", "c")
        await until(pilot, says(pilot, "3 rows", "n N match", "q quit"))


async def test_a_wrong_filter_is_explained_and_cannot_be_kept(orchard: str) -> None:
    async with deck(orchard, start="tables") as pilot:
        await until(pilot, says(pilot, "apples"))
        await pilot.press("slash", *"nope:1", "enter")
        await until(pilot, lambda: "▲ no column is called nope" in drawn(pilot)[-2])
        assert drawn(pilot)[-2].rstrip().endswith("…")
        assert pilot.app.screen.query_one(Prompt).is_open
        await pilot.press("escape")
        await until(pilot, says(pilot, "apples", "pears", "plums"))
        assert not pilot.app.screen.query_one(Prompt).is_open


async def test_the_prompt_ends_with_its_screen(orchard: str) -> None:
    async with deck(orchard, start="tables") as pilot:
        await until(pilot, says(pilot, "apples"))
        await pilot.press("slash", *"pe")
        await until(pilot, says(pilot, "1 of 3 rows"))
        await pilot.click(TableView, offset=(10, 5))
        await until(pilot, lambda: not pilot.app.screen.query_one(Prompt).is_open)
        assert "pears" in text(pilot)
        await pilot.press("slash")
        await pilot.app.run_action("screen('activity')")
        await until(pilot, says(pilot, "F1 running"))
        assert not pilot.app.screen.query_one(Prompt).is_open


@pytest.mark.parametrize("screen", ["overview", "activity", "tables"])
@pytest.mark.parametrize("width", [60, 80, 120])
async def test_the_way_out_is_always_named(pg18: LiveServer, screen: str, width: int) -> None:
    async with deck(pg18.dsn("postgres"), (width, 24), start=screen) as pilot:
        await until(pilot, live(pilot))
        assert drawn(pilot)[-1].rstrip().endswith("q quit")


async def test_a_resize_is_seen_on_a_busy_machine(
    pg18: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textual import _time

    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        now = _time.get_time()

        def late() -> float:
            nonlocal now
            now += 0.01
            return now

        with monkeypatch.context() as slow:
            slow.setattr(_time, "get_time", late)
            await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: len(drawn(pilot)[0]) == 100)


async def test_a_click_on_a_tab_opens_its_screen(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        await pilot.click("#tabs", offset=(drawn(pilot)[1].index("Tabl"), 0))
        await until(pilot, lambda: bool(pilot.app.query(TableView)))


async def test_a_tree_offers_no_order(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), (120, 30), start="activity") as pilot:
        await until(pilot, lambda: "< > sort" in drawn(pilot)[-1])
        await pilot.press("f3")
        await until(pilot, lambda: "sort" not in drawn(pilot)[-1])


async def test_help_explains_filters_where_there_are_rows(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres"), (100, 90), start="activity") as pilot:
        await until(pilot, live(pilot))
        await pilot.press("question_mark")
        await until(pilot, says(pilot, "size>10MB", "!word", "F1", "Esc closes"))
    async with deck(pg18.dsn("postgres"), (100, 90)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("question_mark")
        await until(pilot, says(pilot, "Esc closes"))
        assert "size>10MB" not in text(pilot)


async def test_a_newcomer_finds_how_to_sort_at_eighty_columns(orchard: str) -> None:
    async with deck(orchard, (80, 24), start="tables") as pilot:
        await until(pilot, says(pilot, "apples", "/ filter", "y copy", "E export", "< > sort"))
        await pilot.press("question_mark")
        await until(pilot, says(pilot, "PgDn more", "Esc closes", "Copy the row"))


async def test_where_there_are_no_rows_the_palette_says_where_they_are(orchard: str) -> None:
    async with deck(orchard, (80, 24)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("colon", *"search")
        await until(pilot, says(pilot, "on a screen with rows"))
        await pilot.press("enter")
        await until(pilot, says(pilot, "Filter is / on a screen with rows, such as Tables (4)"))
        await pilot.press("4")
        await until(pilot, says(pilot, "apples"))
        await pilot.press("slash")
        await until(pilot, lambda: "such as Tables" not in text(pilot))


def test_what_is_typed_in_one_piece_goes_where_it_was_meant(
    pg18: LiveServer, tmp_path: Path
) -> None:
    database = pg18.create_database("hasty")
    for name in ("invoices", "pqpq"):
        pg18.sql(f"CREATE TABLE {name} (id int)", database)
    with program(pg18, tmp_path, "--screen", "tables", database=database) as terminal:
        terminal.wait_for(b"2 rows")
        # None of these letters may mark, sort, or quit; `c` is a key again after Enter.
        os.write(terminal.master, b"/pq\r")
        terminal.wait_for(b"1 of .*2 rows")
        os.write(terminal.master, b"c/inv\r dd:help\rq:tabl\ry2")
        terminal.wait_to_see("Copied name in SQL")
        assert b"InB1YmxpYyIuImludm9pY2VzIg==" in terminal.written  # "public"."invoices"
        os.write(terminal.master, b":quit\rjjjj")
        assert terminal.ended() == 0


async def test_the_way_out_waits_for_no_other_key(
    pg18: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        left, stuck = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(pilot.app, "leave", lambda code: left.set())
        pilot.app.screen.call_later(stuck.wait)
        for key in ("j", "k", "ctrl+c"):
            pilot.app.post_message(events.Key(key, None))
        await asyncio.wait_for(left.wait(), 8)
        stuck.set()


async def test_help_has_every_key_of_every_screen(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)
        for name in app.specs:
            await app.action_screen(name)
            await pilot.pause()
            for active in app.screen.active_bindings.values():
                binding = active.binding
                # Those without a name are Textual's own.
                if binding.id and binding.description:
                    assert binding.id.split(".")[0] in SCOPES, (name, binding)
                    shown = shown_key(binding.key)
                    assert len(shown) == 1 or shown[0].isupper() or "ctrl+" in shown, binding
