"""The fleet as the dashboard is given it: names from the files, looks and watchers from wiring."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pgdeck import paths
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Target
from pgdeck.errors import Problem

if TYPE_CHECKING:
    from pgdeck.core.fleet import Glance, Member
    from pgdeck.core.source import Watcher
    from pgdeck.core.spec import ScreenSpec


class FileFleet:
    """Implements `core.fleet.Fleet`; everything is imported when it is first asked for."""

    def __init__(self, specs: Mapping[str, ScreenSpec]) -> None:
        self._specs = specs

    def members(self, current: Target | None) -> Sequence[Member]:
        """Return all there are, recent ones first; reads files."""
        from pgdeck.targets.roster import roster

        return roster(current, list(_named()), os.environ, _state())

    def visited(self, target: Target) -> None:
        """Keep that a target was watched."""
        from pgdeck.targets.recent import keep_visit

        if (state := _state()) is not None:
            keep_visit(state, target)

    async def glance(self, target: Target) -> Glance:
        """Look once over a connection of its own, within a few seconds."""
        from pgdeck.core.fleet import Glance
        from pgdeck.wiring import take_glance

        try:
            ready = await asyncio.to_thread(_unlocked, target)
        except Problem as problem:
            failure = Failure(FailureKind.AUTH, problem.message, problem.hint)
            return Glance(time.monotonic(), failure)
        return await take_glance(ready)

    def watcher(self, target: Target, first: str) -> Watcher:
        """Return a watcher that begins with a screen; raises `Problem` without its password."""
        from pgdeck.wiring import open_watcher

        return open_watcher(_unlocked(target), self._specs, first)


def known_members() -> Sequence[Member]:
    """Return what the configuration names and what was watched before, recent ones first."""
    from pgdeck.targets.roster import roster

    return roster(None, list(_named()), None, _state())


def _unlocked(target: Target) -> Target:
    if not target.password_command:
        return target
    from pgdeck.targets.passwords import unlock

    return unlock(target)


def _named() -> Iterator[Member]:
    """Yield the targets that the configuration names; one with a mistake says which."""
    from pgdeck.core.fleet import Member
    from pgdeck.targets.detect import own_settings, working_directory
    from pgdeck.targets.order import Search

    try:
        search = Search(os.environ, own_settings(), working_directory())
        candidates = search.named()
    except Problem as problem:
        yield Member("configuration", problem=problem)
        return
    for each in candidates:
        try:
            target = search.target(each)
        except Problem as problem:
            yield Member(each.name, problem=problem)
        else:
            yield Member(each.name, target, asked=not target.password_command)


def _state() -> Path | None:
    try:
        return paths.state_dir()
    except Problem:
        return None
