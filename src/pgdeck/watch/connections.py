"""The collector of the connections: sessions, budget and limits in one round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from msgspec.structs import replace

from pgdeck.core.answers import Row
from pgdeck.core.history import History
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Context
from pgdeck.errors import QueryFailed
from pgdeck.watch.activity import read_activity, rows_of
from pgdeck.watch.crowd import Budget, By, Connected, Crowd, Limit
from pgdeck.watch.model import Session
from pgdeck.watch.sqlfiles import query

CLIENT, SENDER = "client backend", "walsender"


class ConnectionsCollector:
    """Gathers `Crowd`; raises `QueryFailed` when sessions or settings are refused."""

    name = "connections"
    interval = 2.0
    timeout = 3.0
    stale_after = 6.0

    def __init__(self) -> None:
        self._used = History()

    async def collect(self, ctx: Context) -> Crowd:
        """Ask for sessions, settings and limits in one round."""
        names = ("sessions", "connections", "connection_limits")
        before = ctx.now
        sessions, state, limits = await ctx.ask(*(query(name, ctx.version) for name in names))
        for answer in (sessions, state):
            if isinstance(answer, Failure):
                raise QueryFailed(answer)
        crowd = read_crowd(rows_of(sessions), rows_of(state)[0], rows_of(limits))
        self._used.add((before + ctx.now) / 2, float(crowd.budget.used))
        return replace(crowd, budget=replace(crowd.budget, series=self._used.series))


def read_crowd(sessions: Sequence[Row], state: Row, limits: Sequence[Row]) -> Crowd:
    """Part clients from the server's own processes, and count against the limits."""
    senders = set(cast("Sequence[int]", state["senders"]))
    everybody = read_activity(sessions, ()).sessions
    clients = [session for session in everybody if _is_client(session, senders)]
    sent = sum(1 for each in everybody if _is_sender(each, senders))
    budget = Budget(
        maximum=cast(int, state["maximum"]),
        superusers=cast(int, state["superusers"]),
        reserved=cast(int, state["reserved"]),
        used=len(clients) + 1,
        senders=sent,
        most_senders=cast(int, state["most_senders"]),
        processes=len(everybody) - len(clients) - sent,
    )
    hidden = any(not session.visible for session in clients)
    at = cast(datetime, state["at"])
    return Crowd(
        budget,
        tuple(Connected(session, _age(session, at)) for session in clients),
        _limits(limits, clients, state, hidden=hidden),
        str(state["login"]) if hidden else None,
    )


def _is_client(session: Session, senders: set[int]) -> bool:
    """Tell clients by their kind; where that is hidden, by what only clients have."""
    if session.visible:
        return session.backend_type == CLIENT
    named = session.login is not None and session.database is not None
    return named and session.pid not in senders


def _is_sender(session: Session, senders: set[int]) -> bool:
    return session.backend_type == SENDER or (not session.visible and session.pid in senders)


def _age(session: Session, at: datetime) -> float | None:
    start = session.backend_start
    return None if start is None else max(0.0, (at - start).total_seconds())


def _limits(
    rows: Sequence[Row], clients: Sequence[Session], state: Row, *, hidden: bool
) -> tuple[Limit, ...]:
    """Count what each limit counts: our own session too, and what only the server counts right."""
    logins = Counter(session.login for session in clients)
    databases = Counter(session.database for session in clients)
    logins[str(state["own_login"])] += 1
    databases[str(state["own_database"])] += 1
    found = []
    for row in rows:
        name, allowed = str(row["name"]), cast(int, row["allowed"])
        if row["kind"] == "login":
            found.append(Limit(By.LOGIN, name, logins[name], allowed))
        else:
            used = cast(int, row["backends"]) if hidden else databases[name]
            found.append(Limit(By.DATABASE, name, used, allowed))
    return tuple(found)
