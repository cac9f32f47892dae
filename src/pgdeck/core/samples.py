"""A past that outlives a process: numbers of one database, kept for those who judge growth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Growth(Struct, frozen=True):
    """How much a number grew, and the seconds between the two samples that say so.

    `seconds` is less than was asked for while the past does not reach that far back.
    """

    amount: float
    seconds: float

    def per(self, seconds: float) -> float:
        """Return the growth as it would be over so many seconds."""
        return self.amount / self.seconds * seconds


Points = tuple[tuple[datetime, float], ...]
"""Values with their times (UTC), oldest first."""


class Samples(Protocol):
    """The past of one database: at most a sample a minute, over two hours, also between runs.

    Names are the caller's own and stable; values of a later sample replace nothing.  What the
    disk refuses costs only the past: nothing here raises.
    """

    def put(self, at: datetime, epoch: str, values: Mapping[str, float]) -> None:
        """Take a sample, `at` in UTC.

        `epoch` changes when the counters began anew (the statistics' reset and the postmaster's
        start, say): growth never reaches over such a change.  Several may put at the same time
        under names of their own, each with its epoch.
        """

    def growth(self, name: str, seconds: float) -> Growth | None:
        """Return how much a number grew within the last `seconds` up to its newest sample.

        None before there are two samples of one epoch.  A number that fell began anew there.
        """

    def points(self, name: str, seconds: float) -> Points:
        """Return the samples kept of a number within the last `seconds` up to its newest."""

    def unchanged_since(self, name: str) -> datetime | None:
        """Return since when a number is what it is, as far as it was seen; UTC.

        It reaches further back than the samples, over changes of the epoch too, as long as the
        number stays in every sample; None when there is no sample.
        """
