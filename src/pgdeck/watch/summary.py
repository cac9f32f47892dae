"""Connections and activity of the Overview, from a few aggregated rows."""

from __future__ import annotations

from typing import cast

from pgdeck.core.answers import Answers, row_of, rows_of, seconds, whole
from pgdeck.core.holding import LockWait, read_lock_wait
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
    # What a narrow pane cuts off is who it is, not what it does.
    return f"pid {root.pid} blocks {wait.blocked}{who}"


def _waiters(answers: Answers) -> int:
    return sum(1 for row in rows_of(answers, "waits") if row["blocked_by"] is not None)
