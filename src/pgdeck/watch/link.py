"""The one watching connection: made, kept, and made again after every loss."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Protocol

from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer, LinkState
from pgdeck.errors import Unreachable
from pgdeck.watch.round import Line

FIRST_DELAY = 0.25
LAST_DELAY = 2.0
AUTH_DELAY = 15.0
"""Seconds between tries of a refused login: more might lock the account."""

HURRY = 1.5
"""Seconds of a silent try after which a second one is made beside it."""

STABLE = 2.0
"""Seconds that a session must live for its loss to be answered at once."""


class OpenLine(Line, Protocol):
    """A session as the link needs it."""

    on_lost: Callable[[Failure], None] | None
    closed: bool
    pooled: bool
    backend_pid: int

    @property
    def round_trip(self) -> float | None:
        """Seconds to the server and back, None before they were measured."""

    def close(self) -> None:
        """Close without waiting."""


CLOSED = Failure(FailureKind.REFUSED, "The connection was closed")

Open = Callable[[], Awaitable[OpenLine]]
"""Opens a session, bounded in time; raises `Unreachable`."""


class Link:
    """Keeps one session open, and says in `state` how that goes.

    While a try stays silent a second is made beside it, never a third: a server that is slow
    has the time it needs, and one whose answer was lost is asked anew.
    """

    def __init__(
        self,
        open_: Open,
        publish: Callable[[LinkState], None],
        *,
        where: str,
        clock: Callable[[], float],
        rng: Random,
    ) -> None:
        self._open = open_
        self._where = where
        self._publish = publish
        self._clock = clock
        self._rng = rng
        self._session: OpenLine | None = None
        self._lost = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._opened_at = 0.0
        self._tries = 0
        self.state = LinkState(False, clock())

    @property
    def version(self) -> int:
        """The server's server_version_num; raises `Unreachable` without a connection."""
        return self._line().version

    @property
    def opening(self) -> int:
        """Transactions of its own that lead its next round; 0 without a session."""
        return self._session.opening if self._session is not None else 0

    @property
    def pooled(self) -> bool:
        """Whether a pooler is between; False without a session."""
        return self._session is not None and self._session.pooled

    @property
    def round_trip(self) -> float | None:
        """Seconds to the server and back; None without a session, or before a measurement."""
        return self._session.round_trip if self._session is not None else None

    def forget(self) -> None:
        """Prepare every statement anew."""
        if self._session is not None:
            self._session.forget()

    async def round(self, queries: Sequence[Query], deadline: float) -> tuple[Answer, ...]:
        """Ask over the open session; its loss is noticed here too.  Raises `Unreachable`."""
        session = self._line()
        try:
            return await session.round(queries, deadline)
        except Unreachable as error:
            self._lose(session, error.failure)
            raise
        finally:
            if session.closed:
                self._lose(session, CLOSED)

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    def try_now(self) -> None:
        """Do not wait for the next try's time."""
        self._hurry.set()

    async def close(self) -> None:
        """Close the session and stop trying, without waiting for the server."""
        session, self._session = self._session, None
        if session is not None:
            session.on_lost = None
            session.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _line(self) -> OpenLine:
        if self._session is None:
            waiting = Failure(FailureKind.REFUSED, "Not connected yet")
            raise Unreachable(self.state.failure or waiting)
        return self._session

    async def _keep(self) -> None:
        while True:
            session = await self._connect()
            if session is not None:
                self._take(session)
                await self._lost.wait()
            await self._wait()

    async def _connect(self) -> OpenLine | None:
        """Try once, with a second try beside a silent one; on failure say so in the state."""
        tries: list[asyncio.Task[OpenLine]] = []
        loop = asyncio.get_running_loop()
        done: set[asyncio.Task[OpenLine]] = set()
        try:
            while not done:
                if tries:
                    self._say_silent()
                if len(tries) == 2:
                    _discard(tries.pop())
                tries.append(loop.create_task(_opened(self._open)))
                done, _ = await asyncio.wait(
                    tries, timeout=HURRY, return_when=asyncio.FIRST_COMPLETED
                )
            ended = [each for each in tries if each in done]
            winner = next((each for each in ended if each.exception() is None), ended[0])
            tries.remove(winner)
            if (problem := winner.exception()) is None:
                return winner.result()
            self._fail(_failure_of(problem))
            return None
        finally:
            for each in tries:
                _discard(each)

    def _say_silent(self) -> None:
        failure = Failure(FailureKind.TIMEOUT, f"No answer yet from {self._where}")
        if self.state.failure is None or self.state.failure.retry_at is not None:
            self._say(LinkState(False, self.state.since, failure, self._tries))

    def _take(self, session: OpenLine) -> None:
        self._session = session
        self._lost.clear()
        self._opened_at = self._clock()
        session.on_lost = lambda failure: self._lose(session, failure)
        pid = 0 if session.pooled else session.backend_pid
        self._say(LinkState(True, self._opened_at, pooled=session.pooled, pid=pid))

    def _lose(self, session: OpenLine, failure: Failure) -> None:
        if session is not self._session:
            return
        self._session = None
        if self._clock() - self._opened_at >= STABLE:
            self._tries = 0
        self._fail(failure)
        self._lost.set()

    def _fail(self, failure: Failure) -> None:
        now = self._clock()
        self._tries += 1
        since = now if self.state.connected else self.state.since
        again = failure.retrying_at(now + self._delay(failure))
        self._say(LinkState(False, since, again, self._tries))

    def _delay(self, failure: Failure) -> float:
        if failure.kind is FailureKind.AUTH:
            return AUTH_DELAY
        grown = min(LAST_DELAY, FIRST_DELAY * 2.0 ** min(self._tries - 1, 10))
        return grown * self._rng.uniform(0.75, 1.0)

    async def _wait(self) -> None:
        failure = self.state.failure
        if failure is None or failure.retry_at is None:
            return
        self._hurry.clear()
        try:
            async with asyncio.timeout(max(0.0, failure.retry_at - self._clock())):
                await self._hurry.wait()
        except TimeoutError:
            return

    def _say(self, state: LinkState) -> None:
        self.state = state
        self._publish(state)


async def _opened(open_: Open) -> OpenLine:
    return await open_()


def _failure_of(problem: BaseException) -> Failure:
    if isinstance(problem, Unreachable):
        return problem.failure
    return Failure(FailureKind.BUG, f"{type(problem).__name__}: {problem}")


def _discard(task: asyncio.Task[OpenLine]) -> None:
    def close(task: asyncio.Task[OpenLine]) -> None:
        if not task.cancelled() and task.exception() is None:
            task.result().close()

    task.add_done_callback(close)
    task.cancel()
