"""When the book asks what is slow: now and then, and sooner where a rule waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glance import Glance, apply, glance
from pgdeck.checks.collector import Bench, ChecksCollector
from pgdeck.checks.pardons import FilePardons
from pgdeck.checks.policy import Policy
from pgdeck.checks.postgres.book import MIDDLE_EVERY, SLOW, SLOW_EVERY
from pgdeck.checks.samples import FileSamples
from pgdeck.core.check import Book, Check, State
from pgdeck.core.rows import Query
from pgdeck.core.source import Answer
from servers import LiveServer
from watching import target_of, wait_for


@dataclass
class Ticking:
    """A context whose clock is put forward by hand."""

    inner: Glance
    now: float = 0.0
    asked: list[str] = field(default_factory=list)
    version: int = 180000
    reported: int = 0
    pooled: bool = False

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        self.asked += [query.name for query in queries]
        return await self.inner.rounds.ask(queries, 5.0)


async def test_a_slow_rule_counts_samples_and_is_asked_again_soon(
    pg18: LiveServer, tmp_path: Path
) -> None:
    async with glance(pg18) as looking:
        ctx = Ticking(looking)
        books: tuple[Book[Any], ...] = (looking.book,)
        bench = Bench(
            target_of(pg18),
            books,
            lambda: Policy(only=frozenset({"pending_restart"})),
            lambda name: FilePardons(name, tmp_path),
            FileSamples(tmp_path),
        )
        collector = ChecksCollector(bench)

        async def tick(seconds: float) -> Check:
            ctx.now += seconds
            ctx.asked.clear()
            (check,) = (await collector.collect(ctx)).checks
            return check

        def slow() -> set[str]:
            return {*SLOW} & {*ctx.asked}

        assert (await tick(0)).state is State.OK
        assert slow() == {*SLOW}
        apply(pg18, "ALTER SYSTEM SET shared_buffers = '48MB'; SELECT pg_reload_conf()")
        try:
            wait_for(lambda: pg18.sql("SELECT name FROM pg_settings WHERE pending_restart"))
            # The first sample that sees it, which the next looks repeat without asking.
            shown = [(await tick(SLOW_EVERY)).state]
            for seconds in (4, 4):
                shown.append((await tick(seconds)).state)
                assert slow() == set()
            shown.append((await tick(MIDDLE_EVERY)).state)
            assert slow() == {"settings"}
            assert shown == [State.OK, State.OK, State.OK, State.WARNING]
            await tick(MIDDLE_EVERY)
            assert slow() == set()
        finally:
            apply(pg18, "ALTER SYSTEM RESET shared_buffers; SELECT pg_reload_conf()")
