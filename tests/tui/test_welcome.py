"""Where nothing names a database: what is offered at a terminal, and what is said elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import drawn, says, text, until
from pgdeck.cli.welcome import _read
from pgdeck.core.surroundings import Sight, Sighting, Surroundings
from pgdeck.core.target import Conninfo, Kind, Target
from pgdeck.tui.keycensus import read_keys
from pgdeck.tui.keymap import Keymap
from pgdeck.tui.welcome import DEMO, INIT, Choice, WelcomeApp, WelcomeScreen
from pgdeck.tui.welcomelines import ways
from pgdeck.wiring import load_specs
from terminals import running

SHOP = Target("shop", Kind.CONTAINER, Conninfo({"host": "127.0.0.1", "dbname": "shop"}))
AROUND = Surroundings(
    Path("/src/shop"),
    services=(
        Sighting(Sight.COMPOSE, "db", "127.0.0.1:5433/shop", running=True, target=SHOP),
        Sighting(Sight.COMPOSE, "old\x1b[31m", running=False, note="stopped: docker compose up"),
    ),
    entries=(Sighting(Sight.SERVICE, "prod", "db.example.com"),),
    notes=(".env names a SQLite database; pgdeck watches PostgreSQL",),
)


@asynccontextmanager
async def welcome(
    around: Surroundings = AROUND,
    size: tuple[int, int] = (80, 24),
    keymap: Keymap | None = None,
) -> AsyncIterator[Pilot[int]]:
    screen = WelcomeScreen(lambda: around, _read, around.directory)
    app = WelcomeApp(screen, keymap=keymap)
    async with app.run_test(size=size) as pilot:
        yield pilot


def chosen_by(pilot: Pilot[int]) -> Choice | None:
    assert isinstance(pilot.app, WelcomeApp)
    return pilot.app.choice


async def test_what_is_in_sight_is_listed_with_its_keys() -> None:
    async with welcome() as pilot:
        await until(pilot, says(pilot, "1  ● compose service", "127.0.0.1:5433/shop"))
        screen = text(pilot)
        assert "2  ○ compose service" in screen
        assert "docker compose up" in screen
        assert "\x1b" not in screen
        assert "names a SQLite database" in screen
        for key, words in (("u", "type an address"), ("d", "pgdeck demo"), ("c", "config init")):
            assert any(f" {key}  {words[:6]}" in line or words in line for line in drawn(pilot))


@pytest.mark.parametrize(
    ("key", "chosen"), [("1", SHOP), ("enter", SHOP), ("d", DEMO), ("c", INIT)]
)
async def test_a_key_takes_each(key: str, chosen: object) -> None:
    async with welcome() as pilot:
        await until(pilot, says(pilot, "127.0.0.1:5433/shop"))
        await pilot.press(key)
        await pilot.pause()
        assert chosen_by(pilot) == chosen


async def test_what_cannot_be_taken_says_why() -> None:
    async with welcome() as pilot:
        await until(pilot, says(pilot, "127.0.0.1:5433/shop"))
        await pilot.press("2")
        await until(pilot, says(pilot, "▲ old", "stopped: docker compose up"))
        await pilot.press("j")
        await until(pilot, says(pilot, "q leave"))


async def test_an_address_is_typed_and_a_wrong_one_is_said() -> None:
    async with welcome() as pilot:
        await until(pilot, says(pilot, "127.0.0.1:5433/shop"))
        await pilot.press("u", *"mysql://x", "enter")
        await until(pilot, says(pilot, "this is an address of MySQL"))
        await pilot.press("escape")
        await until(pilot, says(pilot, "q leave"))
        await pilot.press("u", "ctrl+u", *"postgresql://me@db/1d", "enter")
        await pilot.pause()
        target = chosen_by(pilot)
        assert isinstance(target, Target)
        assert target.conninfo["dbname"] == "1d"


async def test_a_password_that_is_typed_is_not_drawn() -> None:
    async with welcome() as pilot:
        await until(pilot, says(pilot, "127.0.0.1:5433/shop"))
        await pilot.press("u", *"postgresql://me:s3c@db/shop")
        await until(pilot, says(pilot, "postgresql://me:***@db/shop"))
        assert "s3c" not in text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        target = chosen_by(pilot)
        assert isinstance(target, Target)
        assert target.conninfo["password"] == "s3c"


async def test_chosen_keys_count_and_are_named() -> None:
    keys = {"welcome.leave": "1", "welcome.next": "u", "welcome.look": ["L", "f5"]}
    async with welcome(keymap=read_keys(keys, load_specs())) as pilot:
        await until(pilot, says(pilot, "127.0.0.1:5433/shop", "L look again  1 leave"))
        # What they stood for before has the next key, or none.
        assert "▸ 2  ● compose service" in text(pilot)
        await pilot.press("u")
        await until(pilot, says(pilot, "▸ 3  ○ compose service"))
        await pilot.press("q")
        await pilot.pause()
        assert pilot.app.is_running
        await pilot.press("1")
        await until(pilot, lambda: not pilot.app.is_running)
        assert chosen_by(pilot) is None


async def test_a_click_takes_what_it_is_on() -> None:
    async with welcome() as pilot:
        await until(pilot, says(pilot, "127.0.0.1:5433/shop"))
        row = next(at for at, line in enumerate(drawn(pilot)) if "127.0.0.1:5433" in line)
        await pilot.click(offset=(8, row))
        await pilot.pause()
        assert chosen_by(pilot) == SHOP


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (200, 50)])
async def test_many_things_in_a_small_window(size: tuple[int, int]) -> None:
    many = tuple(Sighting(Sight.CONTAINER, f"c{at}", running=True, target=SHOP) for at in range(40))
    around = Surroundings(Path("/src"), containers=many, notes=("one note " * 30,) * 5)
    async with welcome(around, size) as pilot:
        await until(pilot, says(pilot, " c0 "))
        await pilot.press(*["up"] * 4)
        await until(pilot, says(pilot, " c39 "))
        assert "▸" in text(pilot)
    keys = [way.key for way in ways(around) if way.key]
    assert len(keys) == len(set(keys))
    assert not {"j", "k", "q", "R"} & set(keys)


BARE = {"PGDECK_URL": "", "DATABASE_URL": "", "PGHOST": "", "PGSERVICE": "", "PGDATABASE": ""}


@pytest.mark.parametrize("key", ["q", "x"])
def test_leaving_leaves_the_terminal_as_it_was(key: str, tmp_path: Path) -> None:
    if key != "q":
        (tmp_path / "pgdeck").mkdir(mode=0o700)
        (tmp_path / "pgdeck/config.toml").write_text(f'[keys]\nwelcome.leave = "{key}"\n')
        (tmp_path / "pgdeck/config.toml").chmod(0o600)
    # The working directory of the tests is a project with a database of its own.
    command = ("sh", "-c", f"cd {tmp_path} && exec {sys.executable} -m pgdeck")
    home = {"XDG_CONFIG_HOME": str(tmp_path)}
    with running(tmp_path, *command, variables={**BARE, **home}) as terminal:
        terminal.wait_to_see("no database is named here")
        os.write(terminal.master, key.encode())
        assert terminal.ended() == 0
        assert terminal.modes_left_on() == []


def test_without_a_terminal_it_is_an_error(tmp_path: Path) -> None:
    environ = {**os.environ, **BARE, "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "pgdeck"],
        cwd=tmp_path,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "no database is named" in done.stderr
    assert done.stdout == ""
