"""Every question of one tick in one round trip, whoever asks it, and each of them once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from msgspec import Struct

from pgdeck.core.rows import Query
from pgdeck.core.source import Answer
from pgdeck.errors import Unreachable

REPORT_EVERY = 1.0
"""Seconds between two reports of a backend to the statistics (PGSTAT_MIN_INTERVAL)."""

FORCED_REPORT = "pg_stat_force_next_flush"


class Line(Protocol):
    """What can answer a round: a session."""

    @property
    def version(self) -> int:
        """The server's server_version_num."""

    @property
    def opening(self) -> int:
        """Transactions of its own that lead its next round: a new session's settings."""

    @property
    def pooled(self) -> bool:
        """Whether a pooler is between."""

    def forget(self) -> None:
        """Prepare every statement anew."""

    async def round(self, queries: Sequence[Query], deadline: float) -> tuple[Answer, ...]:
        """Answer in order, in one round trip; raises `Unreachable`."""


class _Asked(Struct, frozen=True):
    queries: tuple[Query, ...]
    deadline: float
    answered: asyncio.Future[tuple[Answer, ...]]


class Rounds:
    """Collects the questions of one turn of the event loop and asks them together.

    `line` returns the open session, or raises `Unreachable`.  One round is under way at a time;
    what is asked meanwhile waits for the next.
    """

    def __init__(self, line: Callable[[], Line]) -> None:
        self._line = line
        self._waiting: list[_Asked] = []
        self._task: asyncio.Task[None] | None = None
        self._spent = 0
        self._reported = 0
        self._forced = 0
        self._reported_at = -math.inf

    @property
    def reported(self) -> int:
        """How many transactions of ours the server has counted before the next round begins.

        A session reports what it has done when a statement ends and a second has passed since
        the last report: with the first statement of a round, unless the round before was a moment
        ago.  A statement that forces the report decides it.
        """
        return self._reported

    @property
    def pooled(self) -> bool:
        """Whether a pooler is between, as far as there is a connection."""
        try:
            return self._line().pooled
        except Unreachable:
            return False

    async def ask(self, queries: tuple[Query, ...], deadline: float) -> tuple[Answer, ...]:
        """Answer the queries with those of all others who ask in this turn.

        Raises `Unreachable` when there is no connection, or it is lost meanwhile.
        """
        if not queries:
            return ()
        loop = asyncio.get_running_loop()
        asked = _Asked(queries, deadline, loop.create_future())
        self._waiting.append(asked)
        if self._task is None:
            self._task = loop.create_task(self._run())
        return await asked.answered

    def forget(self) -> None:
        """Have every statement prepared anew: one of them may not be what was sent."""
        with suppress(Unreachable):
            self._line().forget()

    async def close(self) -> None:
        """Give up what is under way; those who wait are cancelled."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for asked in self._waiting:
            asked.answered.cancel()
        self._waiting = []

    async def _run(self) -> None:
        # The first turn belongs to the others of this tick, who were started beside the first.
        await asyncio.sleep(0)
        batch: list[_Asked] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                batch = [asked for asked in batch if not asked.answered.done()]
                await self._answer(batch)
        finally:
            for asked in batch:
                asked.answered.cancel()
            self._task = None

    def _count(self, queries: Sequence[Query], now: float) -> None:
        try:
            opening = self._line().opening
        except Unreachable:
            return
        forcing = (at for at, query in enumerate(queries) if FORCED_REPORT in query.sql)
        forced = next(forcing, None)
        # A new session has never reported, and does so at once.
        if forced == 0 or opening or now - self._reported_at >= REPORT_EVERY:
            self._reported = self._spent + (opening + 1 if forced == 0 else 1)
            self._reported_at = now
        else:
            self._reported = max(self._reported, self._forced)
        if forced:  # in the midst of a round: the statements of the next one can see it
            self._forced = self._spent + opening + forced + 1
            self._reported_at = now
        self._spent += opening + len(queries)

    async def _line_round(self, queries: Sequence[Query], deadline: float) -> tuple[Answer, ...]:
        return await self._line().round(queries, deadline)

    async def _answer(self, batch: Sequence[_Asked]) -> None:
        if not batch:
            return
        # What two ask alike is asked once: the rules and a screen often need the same answer.
        queries = list(dict.fromkeys(query for asked in batch for query in asked.queries))
        loop = asyncio.get_running_loop()
        self._count(queries, loop.time())
        round_ = loop.create_task(self._line_round(queries, max(a.deadline for a in batch)))
        try:
            await asyncio.wait([round_])
        finally:
            round_.cancel()
        problem = round_.exception()
        if problem is not None:
            for asked in batch:  # whatever it was, those who asked must hear of it
                if not asked.answered.done():
                    asked.answered.set_exception(problem)
            return
        answers = dict(zip(queries, round_.result(), strict=True))
        for asked in batch:
            if not asked.answered.done():
                asked.answered.set_result(tuple(answers[query] for query in asked.queries))


class RoundContext(Struct):
    """What a collector gets: the server's version, the time, and a way to ask."""

    version: int
    clock: Callable[[], float]
    rounds: Rounds
    deadline: float

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self.clock()

    @property
    def reported(self) -> int:
        """Transactions of our own, whoever asked, that the server has counted so far."""
        return self.rounds.reported

    @property
    def pooled(self) -> bool:
        """Whether a pooler is between."""
        return self.rounds.pooled

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        """Answer the queries in order, in the round trip of this tick."""
        return await self.rounds.ask(queries, self.deadline)
