"""Watches a watcher: when fresh data came, what the link said, and whether the loop stood still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import Collector, LinkState
from pgdeck.core.target import Conninfo, Kind, Target
from pgdeck.watch.identity import ServerCollector
from pgdeck.watch.watcher import DeckWatcher

TICK = 0.01


class Observer:
    """A running watcher over the `server` source and its record; an async context manager."""

    def __init__(self, conninfo: Conninfo, *others: Collector[object]) -> None:
        collectors = (ServerCollector(), *others)
        self.watcher = DeckWatcher(Target("broken", Kind.REMOTE, conninfo), collectors)
        self.names = tuple(each.name for each in collectors)
        self.snapshots: list[Snapshot[object]] = []
        self.links: list[LinkState] = []
        self.longest_block = 0.0
        self._arrived = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Observer:
        self.watcher.subscribe(self._snapshot)
        self.watcher.subscribe_link(self._link)
        self._ticking = asyncio.create_task(self._tick())
        self.watcher.look(*self.names)
        await self.watcher.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        begun = time.monotonic()
        await self.watcher.close()
        assert time.monotonic() - begun < 0.2, "closing waited for somebody"
        if self._ticking is not None:
            self._ticking.cancel()
        if kind is None:
            assert self.longest_block < 0.2, f"the loop stood still for {self.longest_block:.2f} s"

    async def fresh(self, within: float = 10.0) -> float:
        """Wait for data collected from now on; return the seconds that took."""
        begun = time.monotonic()
        return await self.until(lambda: self._is_fresh(begun), within)

    async def until(self, happened: Callable[[], bool], within: float = 10.0) -> float:
        """Wait until something holds; return the seconds that took."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(within):
                while not happened():
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            last = self.snapshots[-1] if self.snapshots else None
            raise AssertionError(f"not in {within:g} s: {self.watcher.link}, {last}") from None
        return time.monotonic() - begun

    async def lost(self, within: float = 10.0) -> LinkState:
        """Wait until the link says that it is down."""
        await self.until(lambda: not self.watcher.link.connected, within)
        return self.watcher.link

    def _is_fresh(self, since: float) -> bool:
        newest = self.snapshots[-1] if self.snapshots else None
        return newest is not None and newest.failure is None and newest.started >= since

    def _snapshot(self, snapshot: Snapshot[object]) -> None:
        self.snapshots.append(snapshot)
        self._arrived.set()

    def _link(self, link: LinkState) -> None:
        self.links.append(link)
        self._arrived.set()

    async def _tick(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK)
            self.longest_block = max(self.longest_block, time.monotonic() - before - TICK)
