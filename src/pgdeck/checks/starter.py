"""A first small book: the connection budget and who sits idle in a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgdeck.core.check import Reading, Rule, Thresholds
from pgdeck.core.numbers import age
from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Answer, Context
from pgdeck.core.spec import Format

QUESTION = Query(
    "checks_starter",
    """
    SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4
             OPERATOR(pg_catalog.-)
           pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4 AS slots,
           pg_catalog.count(*) FILTER (
             WHERE s.backend_type OPERATOR(pg_catalog.=) 'client backend') AS used,
           pg_catalog.max(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
             OPERATOR(pg_catalog.-) s.state_change)) FILTER (
             WHERE s.state OPERATOR(pg_catalog.~~) 'idle in transaction%') AS idle_s
      FROM pg_catalog.pg_stat_activity AS s
    """,
)


@dataclass(frozen=True, slots=True)
class Starter:
    """The one answer."""

    answer: Answer


def _connections(facts: Starter, thresholds: Thresholds) -> Iterator[Reading]:
    if isinstance(facts.answer, Failure):
        yield _unknown(facts.answer)
        return
    row = facts.answer.one()
    used, slots = float(str(row["used"])), float(str(row["slots"]))
    share = used / slots
    sentence = f"{used:.0f} of {slots:.0f} connections used"
    yield Reading(thresholds.judge(share), sentence, share)


def _idle(facts: Starter, thresholds: Thresholds) -> Iterator[Reading]:
    if isinstance(facts.answer, Failure):
        yield _unknown(facts.answer)
        return
    found = facts.answer.one()["idle_s"]
    seconds = 0.0 if found is None else float(str(found))
    said = f"The longest has been idle in transaction for {''.join(age(seconds))}"
    words = "Nobody is idle in transaction" if found is None else said
    yield Reading(thresholds.judge(seconds), words, seconds)


def _unknown(failure: Failure) -> Reading:
    from pgdeck.core.check import State

    return Reading(State.UNKNOWN, failure.message, fix=failure.hint)


class StarterBook:
    """Two rules over one question."""

    name = "starter"
    rules: tuple[Rule[Starter], ...] = (
        Rule(
            "connections",
            "Connections used",
            _connections,
            Thresholds(0.75, 0.9),
            Format.RATIO,
            advice="At the limit new logins are refused.",
            screen="activity",
            local=False,
        ),
        Rule(
            "idle_in_transaction",
            "Idle in transaction",
            _idle,
            Thresholds(300.0, 1800.0),
            Format.DURATION,
            advice="A transaction keeps its locks, and vacuum from removing what died since.",
            screen="activity",
        ),
    )

    async def gather(self, ctx: Context) -> Starter:
        """Ask once."""
        (answer,) = await ctx.ask(QUESTION)
        return Starter(answer)
