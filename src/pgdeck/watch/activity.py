"""The collector of sessions: one round, whoever the login is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from msgspec.structs import replace

from pgdeck.core.blocking import Place, blocking_tree
from pgdeck.core.quoting import sql_text
from pgdeck.core.rows import Rows, Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Answer, Context
from pgdeck.errors import QueryFailed
from pgdeck.pg.statements import query as shared
from pgdeck.watch.model import Activity, BlockingNode, Session
from pgdeck.watch.sqlfiles import query

PREPARED = "prepared transaction"

Row = Mapping[str, Value]


class ActivityCollector:
    """Gathers `Activity`; raises `QueryFailed` when the server refuses the list of sessions."""

    name = "activity"
    interval = 2.0
    timeout = 3.0
    stale_after = 6.0

    async def collect(self, ctx: Context) -> Activity:
        """Ask for sessions and prepared transactions in one round."""
        sessions, prepared = await ctx.ask(
            query("sessions", ctx.version), shared("prepared", ctx.version)
        )
        if isinstance(sessions, Failure):
            raise QueryFailed(sessions)
        return read_activity(sessions.dicts(), rows_of(prepared))


def rows_of(answer: Answer) -> Sequence[Row]:
    """Return an answer's rows as mappings, none of a failure."""
    return answer.dicts() if isinstance(answer, Rows) else ()


def read_activity(rows: Sequence[Row], prepared: Sequence[Row]) -> Activity:
    """Build the sessions and the tree over them from the rows of the two statements."""
    sessions = {cast(int, row["pid"]): _session(row) for row in rows}
    # A prepared transaction has no pid: the tree knows it by a negative number of our own.
    dormant = {-1 - at: _prepared(row) for at, row in enumerate(prepared)}
    holders: dict[int, list[int]] = {}
    for number, row in zip(dormant, prepared, strict=True):
        for waiter in cast("Sequence[int] | None", row["waiters"]) or ():
            holders.setdefault(waiter, []).append(number)
    edges = {pid: _blockers(session, holders) for pid, session in sessions.items()}
    queues = {cast(int, row["pid"]): row["queue"] for row in rows if row["queue"] is not None}
    ranks = {pid: -(session.waits_s or 0.0) for pid, session in sessions.items()}
    places = blocking_tree(edges, queues, ranks)
    everybody = {**sessions, **dormant}
    hidden = [session for session in sessions.values() if not session.visible]
    return Activity(
        sessions=(*_led(list(sessions.values())), *dormant.values()),
        tree=tuple(_node(place, everybody) for place in places),
        hidden=len(hidden),
        hidden_from=next((str(row["hidden_from"]) for row in rows if row["hidden_from"]), None),
    )


def _blockers(session: Session, holders: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """Return who blocks a session, prepared transactions by their numbers."""
    named = [pid for pid in session.blocked_by if pid]
    if 0 in session.blocked_by:
        named += holders.get(session.pid, (0,))
    return tuple(named)


def _node(place: Place, sessions: Mapping[int, Session]) -> BlockingNode:
    session = sessions.get(place.node) or _missing(place.node)
    return BlockingNode(
        session=session,
        depth=place.depth,
        root_pid=max(0, place.root),
        blocks=place.blocks,
        last_child=place.last_child,
        deadlock=place.deadlock,
    )


def _led(sessions: Sequence[Session]) -> list[Session]:
    """Order the sessions so that parallel workers follow their leader."""
    workers: dict[int, list[Session]] = {}
    present = {session.pid for session in sessions}
    for session in sessions:
        if session.leader_pid in present and session.leader_pid != session.pid:
            workers.setdefault(session.leader_pid or 0, []).append(session)
    led = {worker.pid for group in workers.values() for worker in group}
    ordered: list[Session] = []
    for session in sessions:
        if session.pid not in led:
            ordered += [session, *workers.get(session.pid, ())]
    return ordered


def _session(row: Row) -> Session:
    return Session(
        pid=cast(int, row["pid"]),
        backend_start=cast("datetime | None", row["backend_start"]),
        backend_type=cast("str | None", row["backend_type"]),
        database=cast("str | None", row["database"]),
        login=cast("str | None", row["login"]),
        application=str(row["application"] or ""),
        client=cast("str | None", row["client"]),
        state=cast("str | None", row["state"]),
        wait_type=cast("str | None", row["wait_type"]),
        wait_event=cast("str | None", row["wait_event"]),
        transaction_s=_seconds(row["transaction_s"]),
        query_s=_seconds(row["query_s"]),
        state_s=_seconds(row["state_s"]),
        xmin_age=cast("int | None", row["xmin_age"]),
        leader_pid=cast("int | None", row["leader_pid"]),
        query_id=cast("int | None", row["query_id"]),
        query=str(row["query"] or ""),
        visible=row["hidden_from"] is None,
        wants=_wants(row),
        waits_s=_seconds(row["waits_s"]),
        blocked_by=tuple(dict.fromkeys(cast("Sequence[int] | None", row["blocked_by"]) or ())),
    )


def _seconds(value: Value) -> float | None:
    """Return seconds, never below zero: a transaction may begin after the clock was read."""
    return None if value is None else max(0.0, cast(float, value))


def _wants(row: Row) -> str | None:
    """Say which lock a session waits for: its mode, and on what."""
    if row["wants"] is None:
        return None
    kind = str(row["locktype"])
    named = row["relation_name"]
    if named is None and row["relation_oid"] is not None:
        named = f"relation {row['relation_oid']}"
    if kind == "transactionid":
        thing = f"transaction {row['object']}"
    elif kind == "relation":
        thing = str(named)
    elif kind == "tuple":
        thing = f"a row of {named}"
    elif named is not None:
        thing = f"{kind} of {named}"
    else:
        thing = f"{kind} {row['object'] or ''}".strip()
    return f"{row['wants']} on {thing}"


def _prepared(row: Row) -> Session:
    age = _seconds(row["age_s"])
    return replace(
        _missing(0),
        backend_type=PREPARED,
        database=cast("str | None", row["database"]),
        login=cast("str | None", row["login"]),
        state="prepared",
        transaction_s=age,
        state_s=age,
        xmin_age=cast("int | None", row["xmin_age"]),
        query=f"PREPARE TRANSACTION {sql_text(str(row['gid']))}",
        visible=True,
        prepared_gid=str(row["gid"]),
    )


def _missing(pid: int) -> Session:
    """Stand in for a blocker that the list of sessions does not hold."""
    return Session(
        pid=max(0, pid),
        backend_start=None,
        backend_type=None,
        database=None,
        login=None,
        application="",
        client=None,
        state=None,
        wait_type=None,
        wait_event=None,
        transaction_s=None,
        query_s=None,
        state_s=None,
        xmin_age=None,
        leader_pid=None,
        query_id=None,
        query="",
        visible=False,
    )
