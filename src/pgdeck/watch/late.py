"""A collector that is imported when it is first wanted: a start pays for one screen alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pgdeck.core.source import Collector, Context
from pgdeck.core.spec import ScreenSpec

STALE_INTERVALS = 3.0


class LateCollector:
    """Stands for the collector of a screen until it is looked at; `make` is called in a thread."""

    def __init__(self, spec: ScreenSpec, make: Callable[[], Collector[object]]) -> None:
        self.name = spec.name
        self.interval = spec.interval
        self.timeout = spec.timeout
        self.stale_after = STALE_INTERVALS * spec.interval
        self.local = spec.is_local
        self._make = make
        self._made: Collector[object] | None = None

    async def collect(self, ctx: Context) -> object:
        """Gather once; raises what making it or gathering raises."""
        if self._made is None:
            self._made = await asyncio.to_thread(self._make)
        return await self._made.collect(ctx)
