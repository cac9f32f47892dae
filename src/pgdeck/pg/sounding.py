"""How long the way to the server and back is, apart from what the server does in between."""

from __future__ import annotations

from collections import deque

from psycopg.pq.abc import PGconn

from pgdeck.pg.pipeline import Statement

EVERY = 5
"""Rounds from one sounding to the next: the answer to each costs some bytes."""

KEPT = 3
"""Soundings of which the shortest counts: a busy program reads late, never early."""


class Sounding:
    """Measures round trips within the rounds that are made anyway.

    A prepared statement that leads a round is described before it runs; what a server knows by
    heart it says at once.  Without such a statement (behind a pooler, or in a session's first
    round) the first of the answer counts, which holds the server's work, too.
    """

    def __init__(self) -> None:
        self._sent: float | None = None
        self._rounds = 0
        self._exact = False
        self._taken: deque[float] = deque(maxlen=KEPT)

    @property
    def seconds(self) -> float | None:
        """The round trip, None before the first."""
        return min(self._taken) if self._taken else None

    def begin(self, pgconn: PGconn, first: Statement, now: float) -> None:
        """Note that a round is sent; may queue a question of its own before its first."""
        known = bool(first.name) and not first.prepare
        due = known and (not self._exact or self._rounds % EVERY == 0)
        self._rounds += 1
        self._sent = now if due or not self._exact else None
        if due:
            if not self._exact:
                self._taken.clear()
            self._exact = True
            pgconn.send_describe_prepared(first.name.encode())
            pgconn.send_flush_request()

    def end(self, now: float) -> None:
        """Note that something has arrived."""
        if self._sent is not None:
            self._taken.append(max(0.0, now - self._sent))
            self._sent = None
