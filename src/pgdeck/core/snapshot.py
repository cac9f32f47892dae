"""What was seen and when: immutable readings, and the failures that stand in for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")


class FailureKind(StrEnum):
    """What sort of trouble kept a value from being known."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    AUTH = "auth"
    PERMISSION = "permission"
    MISSING = "missing"
    LOCKED = "locked"
    CANCELLED = "cancelled"
    QUERY = "query"
    BUG = "bug"


class Failure(Struct, frozen=True):
    """Why something is not known, and the way out.

    `message` says what happened, `hint` what to do (a GRANT, a setting, a command).
    `retry_at` is a monotonic time in seconds, or None when no retry is planned.
    """

    kind: FailureKind
    message: str
    hint: str = ""
    sqlstate: str | None = None
    retry_at: float | None = None

    def retrying_at(self, moment: float) -> Failure:
        """Return the same failure with the time of its next try."""
        return replace(self, retry_at=moment)


class Freshness(StrEnum):
    """How far a reading can be trusted to be the present."""

    NEVER = "never"
    FRESH = "fresh"
    STALE = "stale"
    FAILED = "failed"


class Reading(Struct, Generic[T], frozen=True):
    """A value and when it was taken: `at` is monotonic seconds, `wall` is UTC."""

    data: T
    at: float
    wall: datetime


class Snapshot(Struct, Generic[T], frozen=True):
    """The outcome of one collection; a failure keeps the last good reading beside it.

    `started` is monotonic seconds, `elapsed` seconds, `last_good` the newest reading that
    succeeded (this one's own when `failure` is None).
    """

    source: str
    target: str
    seq: int
    started: float
    elapsed: float
    failure: Failure | None = None
    last_good: Reading[T] | None = None

    @property
    def data(self) -> T | None:
        """The newest value known, however old; None before the first success."""
        return None if self.last_good is None else self.last_good.data

    def age(self, now: float) -> float | None:
        """Seconds since the value was taken, None before the first success."""
        return None if self.last_good is None else max(0.0, now - self.last_good.at)

    def freshness(self, now: float, stale_after: float) -> Freshness:
        """Judge the value at monotonic time `now`; over `stale_after` seconds it is stale."""
        age = self.age(now)
        if age is None:
            return Freshness.FAILED if self.failure else Freshness.NEVER
        if self.failure:
            return Freshness.FAILED
        return Freshness.STALE if age > stale_after else Freshness.FRESH
