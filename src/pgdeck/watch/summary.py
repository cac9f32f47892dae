"""Connections and activity of the Overview, from a few aggregated rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from pgdeck.core.alert import Holder, LockWait
from pgdeck.core.answers import Answers, Row, row_of, rows_of, seconds, text, whole
from pgdeck.core.blocking import Place, blocking_tree
from pgdeck.core.numbers import age
from pgdeck.watch.model import ActivitySummary, Connections


def read_connections(answers: Answers) -> Connections:
    """Count slots; counts by state stay None for a login that does not see all sessions."""
    row = row_of(answers, "sessions")
    sees_all = bool(row["sees_all"])

    def counted(name: str) -> int | None:
        return whole(row[name]) if sees_all else None

    return Connections(
        maximum=cast(int, row["maximum"]),
        reserved=cast(int, row["reserved"]),
        used=cast(int, row["clients"] if sees_all else row["backends"]),
        active=counted("active"),
        idle=counted("idle"),
        idle_in_transaction=counted("idle_in_transaction"),
        waiting=_waiters(answers),
        oldest_idle_in_transaction_s=seconds(row["idle_s"]) if sees_all else None,
    )


def read_activity_summary(answers: Answers) -> ActivitySummary:
    """Say who is busy and who waits."""
    row = row_of(answers, "sessions")
    wait = read_lock_wait(answers)
    return ActivitySummary(
        longest_query_s=seconds(row["longest_query_s"]),
        longest_transaction_s=seconds(row["oldest_s"]),
        waiting=_waiters(answers),
        root_blocker=said_blocker(wait) if wait else None,
        blocked_longest_s=wait.longest_s if wait else None,
        sample=tuple(
            (
                cast(int, each["pid"]),
                str(each["application"] or ""),
                seconds(each["seconds"]),
                str(each["query"] or ""),
            )
            for each in rows_of(answers, "statements")
        ),
        hidden=0 if row["sees_all"] else cast(int, row["hidden"]),
    )


def said_blocker(wait: LockWait) -> str | None:
    """Name the root that blocks most, in a few words."""
    root = wait.root
    if root is None:
        return None
    if root.gid is not None:
        return f"prepared transaction {root.gid} blocks {wait.blocked}"
    state = f", {root.state}" if root.state else ""
    since = f" {''.join(age(root.seconds))}" if root.seconds is not None and root.state else ""
    name = root.application or root.login
    who = f" ({name}{state}{since})" if name else ""
    return f"pid {root.pid}{who} blocks {wait.blocked}"


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


def _waiters(answers: Answers) -> int:
    return sum(1 for row in rows_of(answers, "waits") if row["blocked_by"] is not None)


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
