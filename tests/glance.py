"""Judging a live server rule by rule, with a clock that can be put forward."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pgdeck.checks.postgres.book import SLOW_EVERY, PostgresBook
from pgdeck.checks.postgres.facts import Facts, Floors
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.rows import Query, Rows
from pgdeck.core.samples import Samples
from pgdeck.core.source import Answer
from pgdeck.pg.connect import open_session
from pgdeck.pg.session import Session
from pgdeck.watch.round import Rounds
from servers import LiveServer
from watching import target_of

PATIENCE = 15.0


class Glance:
    """Looks at a database again and again; each look asks everything, as if time had passed."""

    def __init__(self, session: Session, floors: Floors, samples: Samples | None) -> None:
        self.rounds = Rounds(lambda: session)
        self.book = PostgresBook(samples, measure_at_once=True, floors=floors)
        self.version = session.version
        self.now = 0.0
        self.ahead = 0.0
        self.aged = 0.0
        """By how many seconds longer the server is pretended to have counted."""
        self.facts = Facts()
        self.asked: list[str] = []

    @property
    def reported(self) -> int:
        return self.rounds.reported

    @property
    def pooled(self) -> bool:
        return self.rounds.pooled

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        """Answer as the server does, but date the sample as late as it is pretended."""
        self.asked = [query.name for query in queries]
        answers = await self.rounds.ask(queries, 5.0)
        return tuple(
            self._dated(answer) if query.name == "server" else answer
            for query, answer in zip(queries, answers, strict=True)
        )

    def _dated(self, answer: Answer) -> Answer:
        assert isinstance(answer, Rows), answer
        assert answer.columns[0] == "at"
        (row,) = answer.rows
        assert isinstance(row[0], float)
        at = answer.columns.index("born")
        born = row[at]
        assert isinstance(born, float)
        told = (row[0] + self.ahead, *row[1:at], born - self.aged, *row[at + 1 :])
        return Rows(answer.columns, (told,))

    async def look(self, later: float = 0.0) -> Facts:
        """Gather everything, `later` seconds further on by the server's clock."""
        self.ahead += later
        self.now += SLOW_EVERY + 1
        self.facts = await self.book.gather(self)
        return self.facts

    def readings(self, name: str, at: Thresholds | None = None) -> tuple[Reading, ...]:
        """Judge the last look by one rule, at its own thresholds if none are given."""
        rule = next(rule for rule in self.book.rules if rule.name == name)
        return tuple(rule.judge(self.facts, at or rule.thresholds))

    async def until(
        self, name: str, state: State, at: Thresholds | None = None, subject: str = ""
    ) -> Reading:
        """Look until a rule has a reading of a state; fails when it does not come to that."""
        deadline = time.monotonic() + PATIENCE
        while True:
            await self.look()
            readings = self.readings(name, at)
            for reading in readings:
                if reading.state is state and subject in reading.subject:
                    return reading
            assert time.monotonic() < deadline, readings
            await asyncio.sleep(0.03)


@asynccontextmanager
async def glance(
    server: LiveServer,
    db: str = "postgres",
    user: str = "postgres",
    *,
    floors: Floors | None = None,
    samples: Samples | None = None,
) -> AsyncIterator[Glance]:
    """Open a watching session and judge over it."""
    session = await open_session(target_of(server, db, user).conninfo)
    looking = Glance(session, floors or Floors(), samples)
    try:
        yield looking
    finally:
        await looking.rounds.close()
        session.close()


def apply(server: LiveServer, fix: str, db: str = "postgres") -> None:
    """Run a fix as a person would: one statement after the other."""
    with server.connect(db) as connection:
        for statement in fix.split("; "):
            connection.execute(statement.encode())
