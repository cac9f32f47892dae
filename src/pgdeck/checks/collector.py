"""The collector of the checks: every book's facts in one round, judged, debounced, pardoned."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.checks.engine import Engine, Judged
from pgdeck.checks.policy import Policy, is_developers
from pgdeck.core.address import endpoint
from pgdeck.core.check import Book, Checks, Pardon, PardonKind, Pardons, Reading, Rule, State
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Context
from pgdeck.core.target import Target
from pgdeck.errors import Problem, QueryFailed, Unreachable
from pgdeck.pg.identity import IDENTIFIER, SERVER, fingerprint


class Past(Protocol):
    """What must know which database is judged."""

    def bind(self, name: str) -> None:
        """Name the database and the way to it."""


class Bench(Struct, frozen=True):
    """What the collector judges with: the books, what was decided, and who keeps pardons."""

    target: Target
    books: Sequence[Book[Any]]
    policy: Callable[[], Policy]
    pardons: Callable[[str], Pardons]
    past: Past


class ChecksCollector:
    """Gathers `Checks`; one round for all books.

    With `patient` states are debounced over the samples; a single look has no past.  `forgives`
    says whether acknowledgements end when their check is ok: not where thresholds are only tried.
    """

    name = "checks"
    interval = 4.0
    timeout = 3.0
    stale_after = 12.0

    def __init__(
        self,
        bench: Bench,
        *,
        patient: bool = True,
        forgives: bool = True,
        calendar: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bench = bench
        self._patient = patient
        self._forgives = forgives
        self._calendar = calendar
        self._engine = Engine(patient=patient)
        self._fingerprint = ""
        self._environment: str | None = None
        self._pardons: Pardons | None = None

    async def collect(self, ctx: Context) -> Checks:
        """Ask everything that is due in one round; a book that fails costs its own rules.

        Raises `Problem` for a configuration or a file of pardons that cannot be read, and
        `QueryFailed` when the server does not say who it is.
        """
        policy = self._bench.policy()
        gathering = [book.gather(ctx) for book in self._bench.books]
        # The database's name comes first, so that the past is there when the facts are.
        known, *gathered = await asyncio.gather(
            self._identify(ctx), *gathering, return_exceptions=True
        )
        for outcome in (known, *gathered):
            if isinstance(outcome, (Unreachable, asyncio.CancelledError)):
                raise outcome
        if isinstance(known, BaseException):
            raise known
        sample = list(self._judge(policy, gathered))
        checks = self._settle(sample, ctx)
        for book in self._bench.books:
            book.look_again(self._engine.undecided)
        return checks

    async def _identify(self, ctx: Context) -> None:
        """Learn which database answers; another one than before has no past here."""
        answer, identifier = await ctx.ask(SERVER, IDENTIFIER)
        if isinstance(answer, Failure):
            raise QueryFailed(answer)
        row = answer.one()
        number = None if isinstance(identifier, Failure) else identifier.one()["system_identifier"]
        found = fingerprint(None if number is None else str(number), int(str(row["database_oid"])))
        environment = row["environment"]
        self._environment = str(environment) if environment else None
        if found != self._fingerprint:
            self._fingerprint = found
            self._engine = Engine(patient=self._patient)
            self._pardons = self._bench.pardons(found)
            self._bench.past.bind(past_name(found, self._bench.target))

    def _judge(self, policy: Policy, gathered: Iterable[object]) -> Iterable[Judged]:
        developer = is_developers(self._bench.target, self._environment)
        for book, facts in zip(self._bench.books, gathered, strict=True):
            for rule in book.rules:
                if policy.judges(rule, developer=developer):
                    yield _judged(rule, policy, facts)

    def _settle(self, sample: Sequence[Judged], ctx: Context) -> Checks:
        """Debounce and pardon; an acknowledgement ends when its check is ok again."""
        assert self._pardons is not None
        wall = self._calendar()
        pardons = self._pardons.current(wall)
        checks = self._engine.take(sample, pardons, at=ctx.now, wall=wall)
        if not checks.alerts and not self._engine.undecided:
            checks = replace(checks, settled=True)
        if self._forgives:
            for pardon in pardons:
                if self._is_over(pardon):
                    with suppress(Problem):  # a disk that refuses: it holds on, and harms nobody
                        self._pardons.remove(pardon.rule, pardon.subject)
        return checks

    def _is_over(self, pardon: Pardon) -> bool:
        acknowledged = pardon.kind is PardonKind.ACKNOWLEDGED
        return acknowledged and self._engine.is_over(pardon.rule, pardon.subject)


def past_name(fingerprint: str, target: Target) -> str:
    """Return the name of the past of a database as it is reached here.

    A standby is the same database as its primary, and counts for itself.
    """
    way = hashlib.blake2b(endpoint(target.conninfo).encode(), digest_size=3).hexdigest()
    return f"{fingerprint}-{way}"


def _judged(rule: Rule[Any], policy: Policy, facts: object) -> Judged:
    """Judge one rule; a book or rule that fails by itself leaves it unknown."""
    thresholds = policy.thresholds(rule)
    if isinstance(facts, BaseException):
        return Judged(rule, thresholds, (_unknown(facts),))
    try:
        readings = tuple(rule.judge(facts, thresholds))
        return Judged(rule, thresholds, readings, rule.is_new(facts))
    except Exception as error:  # noqa: BLE001  # a rule's bug costs its own line
        return Judged(rule, thresholds, (_unknown(error),))


def _unknown(error: BaseException) -> Reading:
    if isinstance(error, Problem):
        return Reading(State.UNKNOWN, error.message, fix=error.hint)
    return Reading(State.UNKNOWN, f"Could not be judged: {type(error).__name__}: {error}")
