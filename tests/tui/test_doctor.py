"""The doctor over the dashboard: it opens while the target is dead, and sees it come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import deck, drawn, live, says, text, until
from pgdeck.core.abilities import Abilities
from pgdeck.core.ladder import Ladder, Report
from pgdeck.core.target import Target
from pgdeck.tui.widgets.doctor import DoctorScreen
from pgdeck.wiring import examine
from servers import LiveServer, free_port

examined = partial(deck, examine=examine)
ASCII = Abilities(unicode=False)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def ended(pilot: Pilot[int]) -> bool:
    """Whether the doctor is there and has tried everything."""
    screen = pilot.app.screen
    return isinstance(screen, DoctorScreen) and screen.ladder is not None


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_opens_on_a_dead_target_and_says_why(size: tuple[int, int]) -> None:
    port = free_port()
    async with examined(f"host=127.0.0.1 port={port} user=app dbname=shop", size) as pilot:
        await until(pilot, says(pilot, "! why"))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: ended(pilot))
        await until(pilot, says(pilot, "■ port", "connection refused", "○ tools"))

        assert "The first rung that does not hold is port." in text(pilot)
        assert "cure" in text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, DoctorScreen))


async def test_the_palette_knows_it_and_so_does_a_click_on_the_banner() -> None:
    async with examined(f"host=127.0.0.1 port={free_port()} user=app dbname=shop") as pilot:
        await until(pilot, says(pilot, "! why"))
        await pilot.press("colon", *"doctor", "enter")
        await until(pilot, lambda: ended(pilot))
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(pilot.app.screen, DoctorScreen))
        await pilot.click("#banner")
        await until(pilot, lambda: ended(pilot))


async def test_it_sees_the_server_come_back(fresh_server: LiveServer) -> None:
    dsn = fresh_server.dsn()
    fresh_server.stop("immediate")
    async with examined(dsn, (100, 60)) as pilot:
        await until(pilot, says(pilot, "! why"))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: ended(pilot))
        assert "connection refused" in text(pilot)
        await asyncio.to_thread(fresh_server.start)
        await pilot.press("R")
        await until(pilot, says(pilot, "Every rung holds", "✓ database"))
        await pilot.press("escape")
        await until(pilot, live(pilot))


async def test_in_ascii_everything_is_ascii(fresh_server: LiveServer) -> None:
    async with examined(fresh_server.dsn(), (80, 60), abilities=ASCII) as pilot:
        await until(pilot, live_in_ascii(pilot))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: ended(pilot))
        await until(pilot, says(pilot, "v server"))

        inside = [line[4:-4] for line in drawn(pilot) if "configuration" in line]
        assert inside
        assert all(line.isascii() for line in inside)


def live_in_ascii(pilot: Pilot[int]) -> Callable[[], bool]:
    return lambda: "* " in drawn(pilot)[0]


async def test_a_doctor_who_breaks_ends_nothing() -> None:
    async def broken(_target: Target, _report: Report) -> Ladder:
        raise ZeroDivisionError

    async with deck(f"host=127.0.0.1 port={free_port()} user=app", examine=broken) as pilot:
        await until(pilot, says(pilot, "! why"))
        await pilot.press("exclamation_mark")
        await until(pilot, says(pilot, "An error of pgdeck's own"))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, DoctorScreen))
