"""The collector of the jobs: it reads this account's files, and asks no server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from pgdeck.core.source import Context
from pgdeck.errors import Problem
from pgdeck.jobs.event import JobState
from pgdeck.jobs.journal import Follower, job_dirs, was_told
from pgdeck.jobs.rows import Jobs

MOST = 500
"""Jobs that are looked at, the newest; `pgdeck jobs prune` removes old ones."""


class JobsCollector:
    """Gathers `Jobs`; what is over is read once, and of logs nothing at all."""

    name = "jobs"
    interval = 1.0
    timeout = 3.0
    stale_after = 5.0
    local = True

    def __init__(self) -> None:
        self._followed: dict[str, Follower] = {}
        self._over: dict[str, tuple[JobState, bool]] = {}

    async def collect(self, ctx: Context) -> Jobs:
        """Read what has come, in a thread: a disk may be slow."""
        return await asyncio.to_thread(self.read)

    def read(self) -> Jobs:
        """Read what has come of every job."""
        directories = job_dirs()[:MOST]
        names = {directory.name for directory in directories}
        for known in (self._followed, self._over):
            for gone in known.keys() - names:
                del known[gone]
        found = [state for each in directories if (state := self._state(each)) is not None]
        untold = frozenset(name for name, (_, told) in self._over.items() if not told)
        return Jobs(tuple(found), time.time(), untold)

    def _state(self, directory: Path) -> JobState | None:
        name = directory.name
        if name in self._over:
            return self._over[name][0]
        try:
            if name not in self._followed:
                self._followed[name] = Follower(directory, with_log=False)
            state = self._followed[name].poll()
        except Problem:  # half removed, or of a newer version: the others count
            return None
        if state.status.is_over:
            del self._followed[name]
            self._over[name] = (state, was_told(directory))
        return state
