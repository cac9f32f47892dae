"""The fleet as the dashboard is given it: names from the files, looks and watchers from wiring."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pgdeck import paths
from pgdeck.core.fleet import Glance, Member
from pgdeck.core.source import Watcher
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Target
from pgdeck.errors import Problem


class FileFleet:
    """Implements `core.fleet.Fleet`; everything is imported when it is first asked for."""

    def __init__(self, specs: Mapping[str, ScreenSpec]) -> None:
        self._specs = specs

    def members(self, current: Target | None) -> Sequence[Member]:
        """Return all there are, recent ones first; reads files."""
        from pgdeck.targets.roster import roster

        return roster(current, _named(), os.environ, _state())

    def visited(self, target: Target) -> None:
        """Keep that a target was watched."""
        from pgdeck.targets.recent import keep_visit

        if (state := _state()) is not None:
            keep_visit(state, target)

    async def glance(self, target: Target) -> Glance:
        """Look once over a connection of its own, within a few seconds."""
        from pgdeck.wiring import take_glance

        return await take_glance(target)

    def watcher(self, target: Target, first: str) -> Watcher:
        """Return a watcher that begins with a screen."""
        from pgdeck.wiring import open_watcher

        return open_watcher(target, self._specs, first)


def _named() -> Sequence[Member]:
    """Return the targets that the configuration names."""
    return ()


def _state() -> Path | None:
    try:
        return paths.state_dir()
    except Problem:
        return None
