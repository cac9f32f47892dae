"""The collector of the Overview: every pane's questions in one round, each failing by itself."""

from __future__ import annotations

from msgspec.structs import replace

from pgdeck.core.answers import Answers, part
from pgdeck.core.history import History
from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Context
from pgdeck.pg.statements import query as shared
from pgdeck.watch.load import Load
from pgdeck.watch.model import Overview
from pgdeck.watch.revisions import Revisions
from pgdeck.watch.space import Space, read_vacuum
from pgdeck.watch.sqlfiles import query
from pgdeck.watch.summary import read_activity_summary, read_connections

PREFIX = "overview_"
# The counters lead: no transaction of ours may be reported between this round's start and them.
ALWAYS = ("counters", "sessions", "statements", "progress")
SHARED = ("waits", "horizon", "prepared")


class OverviewCollector:
    """Gathers `Overview`; keeps the samples that rates and sparklines need.

    Tables are summed up every quarter of a minute and the database is measured every half, in the
    same round as the rest.  `measure_at_once` measures it in the first round already, which a
    single look needs and a first picture does not.
    """

    name = "overview"
    interval = 2.0
    timeout = 3.0
    stale_after = 6.0

    def __init__(self, *, measure_at_once: bool = False) -> None:
        self._load = Load()
        self._space = Space(measure_at_once=measure_at_once)
        self._revisions = Revisions()
        self._used = History()
        self._reported = 0

    async def collect(self, ctx: Context) -> Overview:
        """Ask everything that is due in one round; a part that failed is its Failure."""
        before = ctx.now
        # Each of our questions is a transaction: at rest they would be all that is seen.
        own, self._reported = ctx.reported - self._reported, ctx.reported
        asked = _questions(ctx.version, *self._space.due(before), *self._revisions.due(before))
        replies = await ctx.ask(*asked)
        taken = (before + ctx.now) / 2
        answers = {
            each.name.removeprefix(PREFIX): reply
            for each, reply in zip(asked, replies, strict=True)
        }
        self._space.take(taken, answers)
        self._revisions.take(taken, answers)
        return self._read(taken, answers, (0, own) if ctx.pooled else (own, 0))

    def _read(self, at: float, answers: Answers, own: tuple[int, int]) -> Overview:
        connections = part(lambda: read_connections(answers))
        if isinstance(connections, Failure):
            self._used.add(at, None)
        else:
            self._used.add(at, float(connections.used))
            connections = replace(connections, series=self._used.series)
        return Overview(
            connections=connections,
            throughput=part(lambda: self._load.read(at, answers, own)),
            activity=part(lambda: read_activity_summary(answers)),
            tables=part(lambda: self._space.tables(at, answers)),
            vacuum=part(lambda: read_vacuum(answers, self._space.due_tables)),
            migrations=self._revisions.found,
        )


def _questions(version: int, *seldom: str) -> list[Query]:
    named = [query(PREFIX + name, version) for name in (*ALWAYS, *seldom)]
    return [*named, *(shared(name, version) for name in SHARED)]
