"""Who holds something that others wait for: sessions, prepared transactions, slots, standbys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct

from pgdeck.core.answers import Answers, Row, rows_of, seconds, text, whole
from pgdeck.core.blocking import Place, blocking_tree

HORIZON_WORTH_NAMING = 10_000
"""Transactions below which a snapshot is nobody's concern."""


class Holder(Struct, frozen=True):
    """Somebody who holds something: a session, or (`gid`) a prepared transaction.

    `seconds` says how long; None is not known.
    """

    pid: int | None
    application: str = ""
    login: str | None = None
    state: str | None = None
    seconds: float | None = None
    gid: str | None = None
    database: str | None = None


class LockWait(Struct, frozen=True):
    """Sessions that wait for locks: how many, the longest in seconds, and the root that blocks."""

    waiters: int
    longest_s: float
    root: Holder | None = None
    blocked: int = 0


class Horizon(Struct, frozen=True):
    """Who keeps vacuum from removing dead rows: session, prepared, slot or standby; age in xids."""

    kind: str
    name: str
    age: int
    pid: int | None = None
    note: str | None = None


def read_lock_wait(answers: Answers) -> LockWait | None:
    """Find out who waits longest and who blocks most in the end; None when nobody waits."""
    rows = {cast(int, row["pid"]): row for row in rows_of(answers, "waits")}
    waiters = {pid: row for pid, row in rows.items() if row["blocked_by"] is not None}
    if not waiters:
        return None
    prepared = rows_of(answers, "prepared")
    dormant = _dormant(prepared)
    edges = {
        pid: [
            blocker
            for named in cast("Sequence[int]", row["blocked_by"])
            for blocker in ((named,) if named else dormant.get(pid, (0,)))
        ]
        for pid, row in waiters.items()
    }
    places = blocking_tree(edges, {pid: row["queue"] for pid, row in waiters.items()})
    return LockWait(
        waiters=len(waiters),
        longest_s=max(seconds(row["waits_s"]) or 0.0 for row in waiters.values()),
        root=_holder(places[0], rows, prepared) if places else None,
        blocked=places[0].blocks if places else 0,
    )


def _dormant(prepared: Sequence[Row]) -> dict[int, list[int]]:
    """Return who waits for which prepared transaction, these by negative numbers of our own."""
    waits: dict[int, list[int]] = {}
    for at, row in enumerate(prepared):
        for waiter in cast("Sequence[int] | None", row["waiters"]) or ():
            waits.setdefault(waiter, []).append(-1 - at)
    return waits


def _holder(place: Place, rows: Mapping[int, Row], prepared: Sequence[Row]) -> Holder:
    if place.node < 0:
        return read_prepared(prepared[-1 - place.node])
    row = rows.get(place.node)
    if row is None:
        return Holder(place.node or None)
    return Holder(
        pid=place.node,
        application=str(row["application"] or ""),
        login=text(row["login"]),
        state=text(row["state"]),
        seconds=seconds(row["state_s"]),
    )


def read_prepared(row: Row) -> Holder:
    """Return a prepared transaction as a holder."""
    return Holder(
        pid=None,
        login=text(row["login"]),
        state="prepared",
        seconds=seconds(row["age_s"]),
        gid=str(row["gid"]),
        database=text(row["database"]),
    )


def read_horizon(row: Row, least: int = HORIZON_WORTH_NAMING) -> Horizon | None:
    """Return who holds the horizon back, None when nobody does by `least` transactions."""
    held = whole(row["held"])
    if held is None or held < least:
        return None
    return Horizon(
        kind=str(row["kind"]),
        name=str(row["holder"] or ""),
        age=held,
        pid=whole(row["pid"]),
        note=text(row["note"]),
    )
