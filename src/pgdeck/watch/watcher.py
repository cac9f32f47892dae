"""One target being watched: link, rounds, scheduler and store behind one door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from random import Random

from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure, FailureKind, Snapshot
from pgdeck.core.source import Answer, Collector, LinkState, Listener
from pgdeck.core.spec import Lookup
from pgdeck.core.target import Target
from pgdeck.errors import Unreachable
from pgdeck.pg.address import where_of
from pgdeck.pg.connect import open_session
from pgdeck.pg.session import Session
from pgdeck.pg.settings import PROBE_DEADLINE
from pgdeck.pg.values import array_literal
from pgdeck.watch.link import Link
from pgdeck.watch.round import Rounds
from pgdeck.watch.scheduler import Calendar, Clock, Scheduler, Source, is_local
from pgdeck.watch.store import Store


def utc_now() -> datetime:
    """Return the wall clock's time in UTC."""
    return datetime.now(UTC)


class DeckWatcher:
    """Watches one target over one connection; implements `core.source.Watcher`.

    Sources in the `background` are collected whatever is looked at.
    """

    def __init__(
        self,
        target: Target,
        collectors: Sequence[Collector[object]],
        *,
        lookups: Mapping[str, Lookup] | None = None,
        clock: Clock = time.monotonic,
        calendar: Calendar = utc_now,
        rng: Random | None = None,
        background: Collection[str] = (),
    ) -> None:
        self._target = target
        self._lookups = dict(lookups or {})
        rng = rng or Random()
        self._store = Store()
        self._link_listeners: list[Callable[[LinkState], None]] = []
        where = where_of(target.conninfo)
        self._link = Link(self._open, self._link_changed, where=where, clock=clock, rng=rng)
        self._rounds = Rounds(lambda: self._link)
        self._scheduler = Scheduler(
            (Source(each, target.name, clock, calendar) for each in collectors),
            self._collect,
            self._store.put,
            clock=clock,
            rng=rng,
            background=background,
        )

    @property
    def target(self) -> Target:
        """What is watched."""
        return self._target

    @property
    def link(self) -> LinkState:
        """The state of the watching connection."""
        return self._link.state

    @property
    def round_trip(self) -> float | None:
        """Seconds to the server and back, None while they are not known."""
        return self._link.round_trip

    @property
    def paused(self) -> bool:
        """Whether polling is paused."""
        return self._scheduler.paused

    @property
    def interval(self) -> float | None:
        """Seconds that override every collector's own interval, or None."""
        return self._scheduler.interval

    def latest(self, name: str) -> Snapshot[object] | None:
        """Return the newest snapshot of a source."""
        return self._store.latest(name)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each new snapshot; returns the way to stop it."""
        return self._store.subscribe(listener)

    def subscribe_link(self, listener: Callable[[LinkState], None]) -> Callable[[], None]:
        """Call `listener` at each change of the link; returns the way to stop it."""
        self._link_listeners.append(listener)

        def stop() -> None:
            if listener in self._link_listeners:
                self._link_listeners.remove(listener)

        return stop

    def look(self, *names: str) -> None:
        """Poll exactly these sources from now on; those newly looked at run at once."""
        self._scheduler.look(names)

    def pause(self) -> None:
        """Stop polling; the connection is kept."""
        self._scheduler.set_paused(True)

    def resume(self) -> None:
        """Poll again, at once."""
        self._scheduler.set_paused(False)

    def set_interval(self, seconds: float | None) -> None:
        """Override the collectors' intervals, or give them back their own."""
        self._scheduler.set_interval(seconds)

    def spare(self, seconds: float) -> None:
        """Let no interval be shorter that nobody chose by hand; 0 spares nothing."""
        self._scheduler.set_floor(seconds)

    def refresh(self) -> None:
        """Collect everything looked at now; while disconnected, try to connect now."""
        self._link.try_now()
        self._scheduler.run_now()

    async def lookup(self, name: str, keys: tuple[str, ...]) -> Answer:
        """Run the lazy query of a screen for the given row keys; never raises for the server."""
        lookup = self._lookups.get(name)
        try:
            sql = None if lookup is None else _variant(lookup.variants, self._link.version)
            if sql is None:
                return Failure(FailureKind.MISSING, f"{name} has no exact values to look up here")
            query = Query(f"{name} lookup", sql, (array_literal(keys),))
            (answer,) = await self._rounds.ask((query,), PROBE_DEADLINE)
        except Unreachable as error:
            return error.failure
        return answer

    async def start(self) -> None:
        """Begin; returns at once, the first connection is made in the background."""
        self._scheduler.start()
        self._link.start()

    async def close(self) -> None:
        """End all tasks and close the connection without waiting for the server."""
        self._scheduler.set_connected(False)
        await self._link.close()
        await self._scheduler.close()
        await self._rounds.close()

    async def _open(self) -> Session:
        return await open_session(self._target.conninfo)

    def _link_changed(self, state: LinkState) -> None:
        self._scheduler.set_connected(state.connected)
        # Not called from here: a listener's mistake must not end the link's task.
        for listener in tuple(self._link_listeners):
            asyncio.get_running_loop().call_soon(listener, state)

    def _collect(self, source: Source) -> asyncio.Task[Snapshot[object]]:
        version = 0 if is_local(source) else self._link.version
        taking = source.take(version, self._rounds)
        return asyncio.get_running_loop().create_task(taking)


def _variant(variants: Mapping[int, str], version: int) -> str | None:
    fitting = [floor for floor in variants if floor <= version // 10000]
    return variants[max(fitting)] if fitting else None
