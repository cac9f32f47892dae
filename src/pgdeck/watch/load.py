"""Rates of the watched database between two samples, with their past."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import cast

from pgdeck.core.answers import Answers, Row, row_of
from pgdeck.core.history import History, Window
from pgdeck.core.rates import RateBook
from pgdeck.core.rows import Value
from pgdeck.errors import QueryFailed
from pgdeck.watch.model import Throughput

COUNTERS = ("commits", "rollbacks", "hits", "fetched", "temp_bytes", "wal")

ENOUGH_BLOCKS = 1000.0
"""Blocks below which a share of cache hits says nothing."""

HIT_SAMPLES = 15
"""Samples over which the cache's share is taken: half a minute at two seconds."""

ENOUGH_TRANSACTIONS = 20.0
"""Transactions below which a share of rollbacks says nothing."""

HOUR = 3600.0

Rates = Mapping[str, float | None]


class Load:
    """Turns counters into rates; blind to resets, crashes and changes of database."""

    def __init__(self) -> None:
        self._book = RateBook()
        self._epoch: tuple[Value, ...] | None = None
        self._at: float | None = None
        self._blocks: deque[tuple[float, float]] = deque(maxlen=HIT_SAMPLES)
        self._deadlocks = Window(HOUR)
        self._transactions, self._hits, self._wal = History(), History(), History()

    def read(self, at: float, answers: Answers, own: tuple[int, int] = (0, 0)) -> Throughput:
        """Take the counters at monotonic time `at`; raises `QueryFailed`, leaving a gap.

        `own` commits and rollbacks were made by ourselves since the last sample and do not count.
        """
        try:
            row = row_of(answers, "counters")
        except QueryFailed:
            self._remember(at, None, None, None)
            raise
        elapsed = 0.0 if self._at is None else at - self._at
        rates = self._rates(at, row)
        self._at = at
        commits = _without(rates["commits"], own[0], elapsed)
        rollbacks = _without(rates["rollbacks"], own[1], elapsed)
        transactions = _total(commits, rollbacks)
        hit = self._hit_share(rates, elapsed)
        self._remember(at, transactions, hit, rates["wal"])
        return Throughput(
            transactions_per_s=transactions,
            rollback_share=_share(rollbacks, transactions, ENOUGH_TRANSACTIONS, elapsed),
            cache_hit=hit,
            wal_bytes_per_s=rates["wal"],
            temp_bytes_per_s=rates["temp_bytes"],
            deadlocks_per_h=self._deadlocks.growth if transactions is not None else None,
            transactions=self._transactions.series,
            hits=self._hits.series,
            wal=self._wal.series,
            transactions_max=self._transactions.highest,
        )

    def _rates(self, at: float, row: Row) -> Rates:
        epoch = tuple(row.get(name) for name in ("database", "stats_reset", "started"))
        if epoch != self._epoch:
            self._forget()
            self._epoch = epoch
        rates = self._book.sample(at, ((name, row.get(name)) for name in COUNTERS))
        if self._at is not None and None in (rates["commits"], rates["rollbacks"]):
            # A counter fell without a reset: the server crashed and lost its statistics.
            self._forget()
            rates = self._book.sample(at, ((name, row.get(name)) for name in COUNTERS))
        self._deadlocks.add(at, float(cast(int, row.get("deadlocks") or 0)))
        return {name: rates[name] for name in COUNTERS}

    def _forget(self) -> None:
        self._book.clear()
        self._blocks.clear()
        self._deadlocks.clear()

    def _hit_share(self, rates: Rates, elapsed: float) -> float | None:
        hits, fetched = rates["hits"], rates["fetched"]
        if hits is not None and fetched is not None:
            self._blocks.append((hits * elapsed, fetched * elapsed))
        asked = sum(each for _, each in self._blocks)
        return sum(each for each, _ in self._blocks) / asked if asked >= ENOUGH_BLOCKS else None

    def _remember(
        self, at: float, transactions: float | None, hit: float | None, wal: float | None
    ) -> None:
        self._transactions.add(at, transactions)
        self._hits.add(at, hit)
        self._wal.add(at, wal)


def _without(rate: float | None, own: int, elapsed: float) -> float | None:
    return None if rate is None else max(0.0, rate - own / elapsed)


def _total(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _share(piece: float | None, all_: float | None, enough: float, elapsed: float) -> float | None:
    if piece is None or all_ is None or all_ * elapsed < enough:
        return None
    return piece / all_
