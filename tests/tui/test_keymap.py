"""A dashboard under keys of a person's own, with and without a mouse."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.binding import ActiveBinding
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen

from decks import drawn, live, says, text, until
from pgdeck.targets.detect import find_target
from pgdeck.tui.app import DeckApp
from pgdeck.tui.keycensus import Surface, read_keys, surfaces
from pgdeck.tui.views.activity import ActivityView
from pgdeck.tui.views.table import TableView
from pgdeck.tui.widgets.choosing import ColumnChooser
from pgdeck.tui.widgets.copying import CopyMenu
from pgdeck.tui.widgets.doctor import DoctorScreen
from pgdeck.tui.widgets.export import ExportDialog
from pgdeck.tui.widgets.help import HelpScreen
from pgdeck.tui.widgets.palette import Palette
from pgdeck.tui.widgets.prompt import Prompt
from pgdeck.tui.widgets.wardrobe import ThemeChooser
from pgdeck.wiring import examine, load_specs, open_pardons, open_watcher
from servers import LiveServer
from terminals import program, running

SPECS = load_specs()


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@asynccontextmanager
async def keyed(
    dsn: str, keys: dict[str, object], *, start: str = "overview", size: tuple[int, int] = (100, 30)
) -> AsyncIterator[Pilot[int]]:
    target = find_target(dsn, {})
    assert target is not None
    app = DeckApp(
        lambda: open_watcher(target),
        SPECS,
        target,
        start=start,
        interval=0.5,
        open_pardons=open_pardons,
        examine=examine,
        author="anna",
        keymap=read_keys(keys, SPECS),
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, live(pilot))
        yield pilot


async def test_chosen_keys_act_and_are_named_everywhere(pg18: LiveServer) -> None:
    keys: dict[str, object] = {
        "live": {"pause": "P"},
        "app.help": "f12",
        "table.copy": "ctrl+e",
        "activity.waiting": "f7",
        "screen.tables": "f9",
        "go.zen": "Z",
    }
    async with keyed(pg18.dsn("postgres"), keys, start="activity") as pilot:
        await until(pilot, says(pilot, "F7 waiting"))
        assert "F9 Tabl" in drawn(pilot)[1]
        assert "F12 help" in drawn(pilot)[-1]
        await pilot.press("p", "question_mark", "4")
        assert not isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("P")
        await until(pilot, lambda: "⏸" in drawn(pilot)[0])
        await pilot.press("P", "f7")
        await until(pilot, says(pilot, "No session waits"))
        await pilot.press("f12")
        await until(pilot, says(pilot, "Esc closes"))
        await pilot.resize_terminal(100, 100)
        await until(pilot, says(pilot, "Pause or go on", "ctrl+e"))
        lines = [line for line in drawn(pilot) if "Pause or go on" in line]
        assert lines[0].split()[1] == "P"
        await pilot.press("escape", "colon", *"pause")
        await until(pilot, says(pilot, "Pause or go on"))
        (line,) = (line for line in drawn(pilot) if "Pause or go on" in line)
        assert " P " in line
        await pilot.press("escape", "f9")
        await until(pilot, lambda: bool(pilot.app.query(TableView)))
        await pilot.press("Z")
        await until(pilot, lambda: "Z back" in drawn(pilot)[0])


async def test_the_palette_begins_with_what_was_chosen_last(
    pg18: LiveServer, tmp_path: Path
) -> None:
    file = tmp_path / "state/pgdeck/palette.json"
    async with keyed(pg18.dsn("postgres"), {}) as pilot:
        await pilot.press("colon", *"locks", "enter")
        await until(pilot, lambda: "Locks" in drawn(pilot)[2])
        await pilot.press("colon", *"tabl", "enter")
        await until(pilot, lambda: bool(pilot.app.query(TableView)))
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == ["screen('tables')", "screen('locks')"]
    async with keyed(pg18.dsn("postgres"), {}) as pilot:
        await pilot.press("colon")
        await until(pilot, says(pilot, "recent"))
        offered = [line for line in drawn(pilot) if "recent ·" in line]
        assert [("Tables" in line, "Locks" in line) for line in offered] == [
            (True, False),
            (False, True),
        ]
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Locks" in drawn(pilot)[2])
    assert json.loads(file.read_text()) == ["screen('locks')", "screen('tables')"]


@pytest.mark.parametrize("broken", ["", "{", "{}", '[1, "x", null]', "[" * 5000])
async def test_a_broken_history_costs_only_the_history(
    pg18: LiveServer, tmp_path: Path, broken: str
) -> None:
    file = tmp_path / "state/pgdeck/palette.json"
    file.parent.mkdir(parents=True)
    file.write_text(broken)
    async with keyed(pg18.dsn("postgres"), {}) as pilot:
        await pilot.press("colon", *"activ", "enter")
        await until(pilot, lambda: bool(pilot.app.query(ActivityView)))
        assert json.loads(file.read_text())[0] == "screen('activity')"


async def test_a_click_on_a_key_presses_it(pg18: LiveServer) -> None:
    async with keyed(pg18.dsn("postgres"), {"table.filter": "f"}, start="activity") as pilot:

        async def click(where: str, line: int, word: str) -> None:
            await pilot.click(where, offset=(drawn(pilot)[line].index(word), 0))

        await click("ActivityView .title", 2, "F3")
        await until(pilot, says(pilot, "Nobody blocks anybody"))
        await click("ActivityView .title", 2, "waiting")
        await until(pilot, says(pilot, "No session waits"))
        await click("#footer", -1, "filter")
        await until(pilot, lambda: pilot.app.screen.query_one(Prompt).is_open)
        await pilot.press("escape")
        await until(pilot, lambda: "help" in drawn(pilot)[-1])
        await click("#footer", -1, "help")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.click(offset=(0, 0))
        await until(pilot, lambda: not isinstance(pilot.app.screen, HelpScreen))
        await click("#footer", -1, "commands")
        await until(pilot, lambda: isinstance(pilot.app.screen, Palette))
        await pilot.click(offset=(50, 5))
        assert not isinstance(pilot.app.screen, HelpScreen)
        if isinstance(pilot.app.screen, Palette):
            await pilot.press("escape")
        await click("#footer", -1, "quit")
        await until(pilot, lambda: not pilot.app.is_running)


def deeds_of(surface: Surface) -> set[str]:
    return {deed.id for deed in surface.deeds if deed.id}


def at_home(app: DeckApp, name: str) -> bool:
    """Whether a screen has its data and the keyboard."""
    focused = app.focused
    view = app._deck.view
    home = focused is not None and view in list[object](focused.ancestors_with_self)
    return home and app._deck.current == name and app._deck.framing.latest(name) is not None


class Walk:
    """Presses every key that is offered, and notes which of them did what they are there for."""

    def __init__(self, pilot: Pilot[int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.pilot = pilot
        self.done: set[str] = set()
        self._ran: list[tuple[object, str]] = []
        app = pilot.app

        async def run(action: object, namespace: object = None, *_: object) -> bool:
            self._ran.append((namespace, str(action)))
            return True

        self._patch = monkeypatch
        self._run = run
        self._app = app

    async def here(self, screen: Screen[object], only: str = "") -> None:
        """Press every key that works now; what it would do is noted and not done."""
        active: dict[str, ActiveBinding] = screen.active_bindings
        with self._patch.context() as noting:
            noting.setattr(self._app, "run_action", self._run)
            for key, each in active.items():
                name = each.binding.id or ""
                if not name.startswith(only) or name in {"", *self.done} or not each.enabled:
                    continue
                self._ran.clear()
                await self.pilot.press(key)
                wanted = (each.node, each.binding.action)
                await until(self.pilot, lambda wanted=wanted: wanted in self._ran)  # type: ignore[misc]
                self.done.add(name)


DIALOGS = {
    "y": CopyMenu,
    "vertical_line": ColumnChooser,
    "E": ExportDialog,
    "question_mark": HelpScreen,
    "exclamation_mark": DoctorScreen,
    "colon": Palette,
}
ELSEWHERE = ("screen.", "password.", "switcher.", "welcome.", "confirm.", "plan.", "explain.")
"""Digits have a test of their own, and so have Welcome and the dialogs of targets and plans."""


async def walk_dialogs(pilot: Pilot[int], walk: Walk, keys: Iterable[str]) -> None:
    """Open dialogs by their keys and press every key in them."""
    app = pilot.app
    home = app.screen
    for key in keys:
        await pilot.press(key)
        kind = DIALOGS.get(key, ModalScreen)
        await until(pilot, lambda kind=kind: isinstance(app.screen, kind))  # type: ignore[misc]
        await walk.here(app.screen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is home)


async def test_every_action_has_a_key_that_reaches_it(
    pg18: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = pg18.create_database("walk")
    pg18.sql("CREATE TABLE apples (id int)", database)
    async with keyed(pg18.dsn(database), {}, start="tables") as pilot:
        app, walk = pilot.app, Walk(pilot, monkeypatch)
        assert isinstance(app, DeckApp)
        for name in app.specs:
            await app.action_screen(name)
            await until(pilot, lambda name=name: at_home(app, name))  # type: ignore[misc]
            await walk.here(app.screen)
        await app.action_screen("tables")
        await until(pilot, says(pilot, "apples"))
        prompt = app.screen.query_one(Prompt)
        await pilot.press("slash", *"app")
        await until(pilot, lambda: prompt.is_open and "1 row" in text(pilot))
        await walk.here(app.screen, "prompt.")
        await pilot.press("enter")
        await until(pilot, lambda: not prompt.is_open and at_home(app, "tables"))
        await walk.here(app.screen)
        await walk_dialogs(pilot, walk, DIALOGS)
        await app.run_action("themes")
        await until(pilot, lambda: isinstance(app.screen, ThemeChooser))
        await walk.here(app.screen)
        await pilot.press("escape")
        await app.action_screen("checks")
        await until(pilot, lambda: at_home(app, "checks") and " ok" in text(pilot))
        await walk_dialogs(pilot, walk, "xS")
        known = set().union(*(deeds_of(surface) for surface in surfaces(app.specs)))
    reachable = {name for name in known if not name.startswith(ELSEWHERE)}
    assert sorted(reachable - walk.done) == []


@pytest.fixture
def config(tmp_path: Path) -> Path:
    place = tmp_path / "config/pgdeck"
    place.mkdir(parents=True, mode=0o700)
    file = place / "config.toml"
    file.touch(0o600)
    return file


def test_a_file_of_keys_holds_in_a_real_terminal(pg18: LiveServer, config: Path) -> None:
    config.write_text('[keys]\nlive.pause = "alt+p"\n"app.quit" = ["ctrl+x", "Q"]\n')
    home = {"XDG_CONFIG_HOME": str(config.parent.parent)}
    with program(pg18, config.parent, variables=home) as terminal:
        terminal.wait_to_see("● ")
        os.write(terminal.master, b"\x1bp")
        terminal.wait_to_see("⏸")
        os.write(terminal.master, b"q")
        os.write(terminal.master, b"\x18")
        assert terminal.ended() == 0


def test_a_mistake_in_the_keys_is_said_before_the_screen_is_taken(
    pg18: LiveServer, config: Path
) -> None:
    config.write_text('[keys]\n"live.pause" = "j"\n')
    home = {"XDG_CONFIG_HOME": str(config.parent.parent), "PGDECK_URL": pg18.dsn()}
    with running(config.parent, sys.executable, "-m", "pgdeck", variables=home) as terminal:
        assert terminal.ended() == 2
        said = bytes(terminal.written).decode()
        assert "live.pause" in said
        assert "keyed-table.row_down" in said
        assert "\x1b[?1049h" not in said


def test_a_mistake_in_the_keys_leaves_the_shipped_ones_to_who_names_an_address(
    pg18: LiveServer, config: Path
) -> None:
    config.write_text('[keys]\n"live.pause" = "j"\n')
    home = {"XDG_CONFIG_HOME": str(config.parent.parent)}
    with program(pg18, config.parent, variables=home) as terminal:
        terminal.wait_to_see("live.pause")
        terminal.wait_to_see("● ")
        os.write(terminal.master, b"p")
        terminal.wait_to_see("⏸")


@pytest.mark.parametrize("mouse", [True, False])
def test_the_mouse_is_asked_for_or_left_to_the_terminal(
    pg18: LiveServer, tmp_path: Path, mouse: bool
) -> None:
    with program(pg18, tmp_path, *([] if mouse else ["--no-mouse"])) as terminal:
        terminal.wait_to_see("● ")
        assert (b"\x1b[?1000h" in terminal.written) is mouse
        if mouse:
            # On the tab of Tables, as a terminal reports a click: the second line.
            x = len(" 1 Overview 2 Activity 3 Connections 4 T")
            os.write(terminal.master, f"\x1b[<0;{x};2M\x1b[<0;{x};2m".encode())
        else:
            os.write(terminal.master, b"4")
        terminal.wait_to_see(" rows")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
