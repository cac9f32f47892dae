"""Every screen in windows of every size: nothing wraps, nothing is halved, the frame is whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from decks import deck, drawn, live, says, until
from pgdeck.tui.app import DeckApp
from pgdeck.tui.frame import LEAST
from servers import LiveServer

SIZES = ((40, 10), (80, 24), (131, 41), (300, 100))
WIDE = "界" * 20


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def wide_names(pg18: LiveServer) -> str:
    database = pg18.create_database("windows")
    for at in range(3):
        pg18.sql(f'CREATE TABLE "{WIDE}{at}" (id int PRIMARY KEY)', database)
    return pg18.dsn(database)


def laid_out(pilot: Pilot[int], width: int, height: int) -> bool:
    """Whether what is on screen has taken a size."""
    screen = pilot.app.screen
    return (screen.size == (width, height)) and len(
        screen._compositor.render_strips(screen.size)
    ) == height


def whole(pilot: Pilot[int], width: int, height: int) -> bool:
    """Whether the frame on screen is one of this size, from the first line to the last."""
    if not laid_out(pilot, width, height):
        return False
    strips = pilot.app.screen._compositor.render_strips(pilot.app.screen.size)
    shown = drawn(pilot)
    return (
        all(strip.cell_length == cell_len(strip.text) == width for strip in strips)
        and "· " in shown[0]
        and "? help" in shown[-1]
    )


async def test_every_screen_fits_every_window(wide_names: str) -> None:
    async with deck(wide_names, SIZES[1]) as pilot:
        await until(pilot, live(pilot))
        app = pilot.app
        assert isinstance(app, DeckApp)
        for name in app.specs:
            await app.run_action(f"screen('{name}')")
            await until(pilot, lambda: app.watcher is not None and bool(app.watcher.latest(name)))  # noqa: B023
            for size in SIZES:
                await pilot.resize_terminal(*size)
                await until(pilot, lambda: whole(pilot, *size))  # noqa: B023


async def test_a_detail_and_a_dialog_survive_a_storm_of_sizes(wide_names: str) -> None:
    chance = random.Random(7)
    async with deck(wide_names, (130, 40), start="tables") as pilot:
        await until(pilot, says(pilot, "界"))
        for keys in (("enter",), ("question_mark",), ("escape", "E")):
            await pilot.press(*keys)
            for _ in range(4):
                await pilot.resize_terminal(chance.randint(1, 120), chance.randint(1, 40))
            await pilot.resize_terminal(130, 40)
            await until(pilot, lambda: laid_out(pilot, 130, 40))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: whole(pilot, 130, 40) and "界" in "".join(drawn(pilot)))


@pytest.mark.parametrize("size", [(LEAST[0] - 1, 30), (100, LEAST[1] - 1), (12, 3), (1, 1)])
async def test_a_window_too_small_says_how_large_it_must_be(
    wide_names: str, size: tuple[int, int]
) -> None:
    async with deck(wide_names, LEAST) as pilot:
        await until(pilot, lambda: whole(pilot, *LEAST))
        await pilot.resize_terminal(*size)
        first = "40x10 at least; this window is "[: size[0]].split(" ")[0]
        await until(pilot, lambda: laid_out(pilot, *size))
        await until(pilot, lambda: drawn(pilot)[0].startswith(first))
        await pilot.resize_terminal(*LEAST)
        await until(pilot, lambda: whole(pilot, *LEAST))
