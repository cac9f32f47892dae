"""What is judged and how the judgement reads: values that wings hand to the screens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from pgdeck.core.history import Series
from pgdeck.core.source import Context
from pgdeck.core.spec import Direction, Format

F = TypeVar("F")


class State(IntEnum):
    """How a rule stands; the numbers are the exit codes that monitoring plugins share."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def word(self) -> str:
        """The state in lower case, as the machine interface says it."""
        return self.name.lower()

    @property
    def severity(self) -> int:
        """Its place among the others: ok, unknown, warning, critical."""
        return (0, 2, 3, 1)[self]


class Thresholds(Struct, frozen=True):
    """From which value on a rule warns, and from which it is critical; None is never."""

    warn: float | None = None
    crit: float | None = None

    def judge(self, value: float, direction: Direction = Direction.HIGH) -> State:
        """Return how a value stands: at a threshold it counts as passed."""
        sign = 1.0 if direction is Direction.HIGH else -1.0
        for bound, state in ((self.crit, State.CRITICAL), (self.warn, State.WARNING)):
            if bound is not None and sign * value >= sign * bound:
                return state
        return State.OK


class Reading(Struct, frozen=True):
    """What a rule makes of one sample, before hysteresis.

    `subject` names what within the rule is meant, stably from sample to sample (a table, a slot);
    empty is the server or database as a whole.  `value` is in the raw unit of the rule's format.
    `fix` is SQL or a command, for an unknown state the GRANT or setting that would make it known.
    `screen` shows the evidence, where it is another than the rule's.
    """

    state: State
    sentence: str
    value: float | None = None
    subject: str = ""
    fix: str = ""
    screen: str = ""


class Rule(Struct, Generic[F], frozen=True):
    """One rule of a book: what it judges, by which thresholds, and why it matters.

    `name` is stable: it stands in configuration, JSON and performance data.  `thresholds` and
    every value are in the raw unit of `format` (`core.cells` states them: bytes, seconds, shares
    of one).  `local` says whether it is judged on a developer's own database.  `judge` gives at
    least one reading, OK or UNKNOWN included, so that silence never looks like health.
    `is_new` says whether facts hold a new sample of what it judges, or what an earlier one told.
    """

    name: str
    title: str
    judge: Callable[[F, Thresholds], Iterable[Reading]]
    thresholds: Thresholds = Thresholds()
    format: Format = Format.COUNT
    direction: Direction = Direction.HIGH
    advice: str = ""
    screen: str = ""
    local: bool = True
    is_new: Callable[[F], bool] = lambda _facts: True


class Book(Protocol[F]):
    """Rules over one sort of facts, and the way to gather those; each wing may bring one."""

    @property
    def name(self) -> str:
        """The book's name, unique."""

    @property
    def rules(self) -> tuple[Rule[F], ...]:
        """The rules in their order."""

    async def gather(self, ctx: Context) -> F:
        """Gather the facts once; what is not due anew comes from the last time.

        A question that failed leaves its facts unknown.  Raises `Unreachable` when the connection
        is lost.
        """

    def look_again(self, rules: Collection[str]) -> None:
        """Hear which rules wait for another sample: what they judge may be gathered sooner."""


class PardonKind(StrEnum):
    """Why an alert is not counted: told not to be, or seen by somebody."""

    SILENCED = "silenced"
    ACKNOWLEDGED = "acknowledged"


class Pardon(Struct, frozen=True):
    """Somebody's word that an alert is known; times are UTC.

    A silence ends at `until`; an acknowledgement when the check is ok again, at the latest at
    `until` where that is given.  An empty `subject` means every subject of the rule.
    """

    kind: PardonKind
    rule: str
    subject: str
    by: str
    reason: str
    since: datetime
    until: datetime | None = None


class Check(Struct, frozen=True):
    """A rule's state as it is shown: after hysteresis, with its past and who pardoned it.

    A rule has one check for each subject that is not ok, else one.  `state` is the debounced
    one; `since` is when it was entered (UTC), None when it was so from the first sample on.
    `trend` holds the last values, oldest first.
    """

    rule: str
    title: str
    state: State
    sentence: str
    value: float | None = None
    thresholds: Thresholds = Thresholds()
    format: Format = Format.COUNT
    direction: Direction = Direction.HIGH
    subject: str = ""
    fix: str = ""
    screen: str = ""
    advice: str = ""
    since: datetime | None = None
    trend: Series = ()
    pardon: Pardon | None = None

    @property
    def counts(self) -> bool:
        """Whether it is an alert: a warning or worse that nobody pardoned."""
        return self.state in (State.WARNING, State.CRITICAL) and self.pardon is None


SETTLED_RESTS = 8.0
"""Seconds between two looks at rules that find nothing, while another screen is looked at."""


class Checks(Struct, frozen=True):
    """What the source ``checks`` gives: every rule's checks, the most serious first."""

    checks: tuple[Check, ...]
    settled: bool = False
    """Whether nothing alerts, and no rule says something else than it did."""

    @property
    def rests(self) -> float:
        """Seconds for which nobody who looks elsewhere needs them anew."""
        return SETTLED_RESTS if self.settled else 0.0

    @property
    def alerts(self) -> tuple[Check, ...]:
        """Warnings and worse that nobody pardoned, the most serious first."""
        return tuple(check for check in self.checks if check.counts)

    @property
    def critical(self) -> bool:
        """Whether any alert is critical."""
        return any(alert.state is State.CRITICAL for alert in self.alerts)

    @property
    def blind(self) -> bool:
        """Whether there are rules and not one of them can be judged."""
        return {check.state for check in self.checks} == {State.UNKNOWN}

    @property
    def worst(self) -> State:
        """The most serious state of what is not pardoned; OK when there is nothing."""
        states = (check.state for check in self.checks if check.pardon is None)
        return max(states, key=lambda state: state.severity, default=State.OK)


class Pardons(Protocol):
    """Where pardons of one target are kept; writing raises `Problem` when it cannot."""

    def current(self, now: datetime) -> tuple[Pardon, ...]:
        """Return those that hold at a moment."""

    def add(self, pardon: Pardon) -> None:
        """Keep one; it replaces an older one of the same rule and subject."""

    def remove(self, rule: str, subject: str) -> bool:
        """Drop one; False when there was none."""
