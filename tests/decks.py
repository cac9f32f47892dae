"""The dashboard without a terminal, as tests of it run it and read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from pgdeck.cli.dash import Operator
from pgdeck.targets.detect import find_target
from pgdeck.tui.app import DeckApp
from pgdeck.wiring import load_specs, open_pardons, open_watcher

Size = tuple[int, int]


@asynccontextmanager
async def deck(
    dsn: str,
    size: Size = (80, 24),
    *,
    start: str = "overview",
    interval: float | None = 0.5,
    **given: Any,
) -> AsyncIterator[Pilot[int]]:
    """Run the dashboard; what else is `given` goes to `DeckApp` as it is."""
    target = find_target(dsn, {})
    assert target is not None
    app = DeckApp(
        lambda: open_watcher(target),
        load_specs(),
        target,
        start=start,
        interval=interval,
        open_pardons=open_pardons,
        author="anna",
        operator=Operator(),
        **given,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot


def drawn(pilot: Pilot[Any]) -> list[str]:
    """Return the lines on screen as a person reads them."""
    screen = pilot.app.screen
    width, height = screen.size
    strips = screen._compositor.render_strips(screen.size)
    assert len(strips) == height
    return [strip.text[:width] for strip in strips]


def text(pilot: Pilot[Any]) -> str:
    return "\n".join(drawn(pilot))


async def until(pilot: Pilot[Any], condition: Callable[[], bool], seconds: float = 20.0) -> float:
    """Wait until something is true and return the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not in {seconds} s:\n{text(pilot)}"
        await asyncio.sleep(0.02)
        await pilot.pause()
    return time.monotonic() - began


def live(pilot: Pilot[int], every: str = "") -> Callable[[], bool]:
    return lambda: f"● {every}" in drawn(pilot)[0]


def says(pilot: Pilot[Any], *words: str) -> Callable[[], bool]:
    return lambda: all(word in text(pilot) for word in words)
