"""The session in which a dashboard acts at once: opened ahead, so that a full server has it too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pgdeck import __version__
from pgdeck.core.rows import Query, Rows
from pgdeck.core.source import Answer
from pgdeck.core.target import Conninfo, Target
from pgdeck.errors import Problem, Unreachable

if TYPE_CHECKING:
    from pgdeck.pg.acting import Acting

APPLICATION_NAME = f"pgdeck {__version__} acts"


class Seat:
    """One session at most, on the target that was last asked for; used by one at a time."""

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._session: Acting | None = None
        self._on: Conninfo | None = None

    @property
    def pid(self) -> int:
        """The process that serves it, 0 while there is none."""
        return self._session.pid if self._session is not None else 0

    def open_ahead(self, target: Target) -> None:
        """Have the session opened by and by; returns at once, and nobody hears if it fails."""

        def open_it() -> None:
            with suppress(Problem), self.taken(target):
                pass

        self._beside(open_it)

    def leave(self) -> None:
        """Have the session closed once nobody uses it; returns at once."""

        def close_it() -> None:
            with self._free:
                self._drop()

        self._beside(close_it)

    @contextmanager
    def taken(self, target: Target) -> Iterator[Acting]:
        """Hold the session on a target, opened now where none is; for a thread, since it waits.

        Raises `Unreachable`, or `Refused` behind a pooler.
        """
        with self._free:
            yield self._opened(target)

    def _opened(self, target: Target) -> Acting:
        if self._session is not None and self._on == target.conninfo and _answers(self._session):
            return self._session
        self._drop()
        from pgdeck.pg.acting import Acting
        from pgdeck.targets.passwords import unlock

        given = unlock(target, interactive=False) if target.password_command else target
        self._session = Acting(given.conninfo, APPLICATION_NAME)
        self._on = target.conninfo
        return self._session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _beside(self, do: Callable[[], None]) -> None:
        # Nothing waits for it, the end of the program included.
        threading.Thread(target=do, name="pgdeck-seat", daemon=True).start()


class SeatAsker:
    """Asks over the seat, so that a plan needs no slot either."""

    def __init__(self, seat: Seat, target: Target) -> None:
        self._seat = seat
        self._target = target

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        """Answer the queries, which take no parameters, one after another."""
        return await asyncio.to_thread(self._ask, queries)

    def _ask(self, queries: tuple[Query, ...]) -> tuple[Answer, ...]:
        with self._seat.taken(self._target) as session:
            return tuple(_answer(session, query) for query in queries)


def _answers(session: Acting) -> bool:
    try:
        session.ask("SELECT 1 AS there")
    except Unreachable:
        return False
    return True


def _answer(session: Acting, query: Query) -> Answer:
    from pgdeck.pg.acting import ActionFailed

    assert not query.params
    try:
        rows = session.ask(query.sql)
    except ActionFailed as failed:
        return failed.failure
    columns = tuple(rows[0]) if rows else ()
    return Rows(columns, tuple(tuple(row.values()) for row in rows))
