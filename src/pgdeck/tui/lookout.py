"""Looking at the databases of a fleet while somebody wants to see them: a few at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from pgdeck.core.berth import Passwords
from pgdeck.core.fleet import Fleet, Glance, Member
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Target

AT_ONCE = 4
"""Connections that looking may hold at a time, one for each database."""

HOLDS = 20.0
"""Seconds after which a database is looked at again, while somebody watches."""

Clock = Callable[[], float]


class Lookout:
    """Keeps what was last seen of each database; looks anew between `begin` and `stop`.

    A login that was refused is not tried again unasked: more tries might lock the account.
    """

    def __init__(self, fleet: Fleet, passwords: Passwords, clock: Clock = time.monotonic) -> None:
        self._fleet = fleet
        self._passwords = passwords
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._changed: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._watched = ""
        self.members: Sequence[Member] = ()
        self.glances: dict[str, Glance] = {}
        self.made = 0
        """Connections that were made, or tried, so far."""

    @property
    def open(self) -> frozenset[str]:
        """The keys of the databases that are being looked at."""
        return frozenset(self._running)

    async def load(self, current: Target | None) -> None:
        """Read which databases there are."""
        self.members = await asyncio.to_thread(self._fleet.members, current)

    def begin(self, watched: str, changed: Callable[[], None]) -> None:
        """Look at all but the one that is `watched` anyway; `changed` hears of what is new."""
        self._watched, self._changed = watched, changed
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def ask(self, *keys: str) -> None:
        """Look at databases now, or at all of them, whatever was found before."""
        self._wanted |= set(keys) or {member.key for member in self.members}
        self._wake.set()

    async def stop(self) -> None:
        """End every look under way; what was seen is kept."""
        tasks = [task for task in (self._task, *self._running.values()) if task is not None]
        self._task, self._changed = None, None
        self._wanted.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            self._start_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._wake.wait()

    def _start_due(self) -> None:
        for member in self.members:
            if len(self._running) >= AT_ONCE:
                return
            if member.target is not None and self._is_due(member):
                self._start(member.key, member.target)

    def _is_due(self, member: Member) -> bool:
        key, target = member.key, member.target
        if key == self._watched or key in self._running:
            return False
        if key in self._wanted:
            return True
        glance = self.glances.get(key)
        if glance is None:
            return member.asked or (target is not None and self._passwords.knows(target))
        refused = glance.failure is not None and glance.failure.kind is FailureKind.AUTH
        return not refused and self._clock() - glance.at >= HOLDS

    def _start(self, key: str, target: Target) -> None:
        self._wanted.discard(key)
        self.made += 1
        task = asyncio.get_running_loop().create_task(self._look(key, target))
        self._running[key] = task
        task.add_done_callback(lambda task: self._done(key, task))
        self._tell()

    async def _look(self, key: str, target: Target) -> None:
        self.glances[key] = await self._fleet.glance(self._passwords.unlock(target))

    def _done(self, key: str, task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            bug = Failure(FailureKind.BUG, f"{type(error).__name__}: {error}")
            self.glances[key] = Glance(self._clock(), bug)
        self._wake.set()
        self._tell()

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed()
