"""What the rules judge, gathered from the Overview's answers; what failed stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pgdeck.core.alert import Facts, OverdueTable
from pgdeck.core.answers import Answers, Row, part, row_of, rows_of, seconds, text, whole
from pgdeck.core.holding import Holder, read_horizon, read_lock_wait, read_prepared
from pgdeck.core.snapshot import Failure
from pgdeck.watch.model import Connections
from pgdeck.watch.space import read_wraparound

T = TypeVar("T")


def read_facts(
    answers: Answers, connections: Connections | Failure, overdue: tuple[OverdueTable, ...]
) -> Facts:
    """Gather the facts; a query that failed leaves its facts unknown."""
    sessions = _known(lambda: row_of(answers, "sessions"))
    horizon = _known(lambda: row_of(answers, "horizon"))
    counted = None if isinstance(connections, Failure) else connections
    return Facts(
        connections_used=counted.used if counted else None,
        connections_for_everyone=counted.for_everyone if counted else None,
        idle_in_transaction=_holder(sessions, "idle") if sessions else None,
        oldest_transaction=_holder(sessions, "oldest") if sessions else None,
        lock_wait=_known(lambda: read_lock_wait(answers)),
        prepared=tuple(
            read_prepared(row) for row in _known(lambda: rows_of(answers, "prepared")) or ()
        ),
        horizon=read_horizon(horizon) if horizon else None,
        wraparound=read_wraparound(horizon) if horizon else (),
        overdue=overdue,
        autovacuum=bool(horizon["autovacuum"]) if horizon else None,
        counting=bool(horizon["counting"]) if horizon else None,
        uptime_s=seconds(horizon["uptime_s"]) if horizon else None,
        standby=bool(horizon["standby"]) if horizon else None,
    )


def _known(read: Callable[[], T]) -> T | None:
    found = part(read)
    return None if isinstance(found, Failure) else found


def _holder(row: Row, name: str) -> Holder | None:
    """Return one of the two sessions that the row tells about."""
    pid = whole(row[f"{name}_pid"])
    if pid is None:
        return None
    state = text(row["oldest_state"]) if name == "oldest" else "idle in transaction"
    return Holder(
        pid=pid,
        application=str(row[f"{name}_application"] or ""),
        login=text(row[f"{name}_login"]),
        state=state,
        seconds=seconds(row[f"{name}_s"]),
    )
