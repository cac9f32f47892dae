"""Sessions as rows: the columns of Activity's views and what fills them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgdeck.core.quoting import sql_text
from pgdeck.core.rows import Key, Table, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format
from pgdeck.watch.model import Activity, BlockingNode, Session, SessionView

TRANSACTION_WARN, TRANSACTION_BAD = 900.0, 7200.0
WAIT_WARN, WAIT_BAD = 15.0, 120.0

SHORT_STATES = {
    "idle in transaction": "idle in tx",
    "idle in transaction (aborted)": "aborted tx",
    "fastpath function call": "fastpath",
}
ENDED = frozenset({None, "client backend", "autovacuum worker", "parallel worker"})
"""Kinds of processes that may be ended; None is what this login may not see."""

QUIET_WAITS = frozenset({"Activity", "Client"})
"""Waits of somebody who has nothing to do; not worth a look."""

_PID = Column("pid", "pid", align=Align.RIGHT, width=7, priority=0)
_TRANSACTION = Column(
    "transaction_s",
    "in tx",
    Format.DURATION,
    Align.RIGHT,
    7,
    4,
    warn=TRANSACTION_WARN,
    bad=TRANSACTION_BAD,
    note="since its transaction began",
)
_QUERY = Column("query", "query", Format.QUERY, priority=1)
_ACT = Column(
    "act",
    "ends it",
    Format.QUERY,
    hidden=True,
    note="for who blocks in the end; needs its role, or pg_signal_backend",
)

ACTIVITY_COLUMNS: tuple[Column, ...] = (
    _PID,
    Column("doing", "state", width=10, priority=1),
    Column("wait", "wait", width=14, priority=3, note="what it waits for; nothing while on a CPU"),
    Column(
        "seconds",
        "time",
        Format.DURATION,
        Align.RIGHT,
        7,
        1,
        note="of its statement, its wait for a lock, or its idling",
    ),
    _TRANSACTION,
    Column("application", "application", width=12, priority=2),
    Column("login", "login", width=10, priority=5),
    Column("database", "database", width=12, priority=6),
    Column("client", "client", width=15, priority=7),
    Column(
        "xmin_age",
        "xmin age",
        Format.COUNT,
        Align.RIGHT,
        8,
        8,
        note="transactions since its snapshot: what vacuum must keep for it",
    ),
    _QUERY,
    _ACT,
    Column("state", "state of the session", hidden=True),
    Column("wants", "wants", hidden=True),
    Column("waits_s", "waits", Format.DURATION, Align.RIGHT, hidden=True),
    Column("blocked_by", "blocked by", hidden=True),
    Column("root", "blocked in the end by", hidden=True),
    Column("query_s", "statement", Format.DURATION, Align.RIGHT, hidden=True),
    Column("state_s", "in this state", Format.DURATION, Align.RIGHT, hidden=True),
    Column("wait_type", "wait type", hidden=True),
    Column("wait_event", "wait event", hidden=True),
    Column("backend_type", "kind", hidden=True),
    Column("leader_pid", "leader", hidden=True),
    Column("query_id", "query id", hidden=True),
    Column("backend_start", "connected", Format.TIME, hidden=True),
    Column("prepared_gid", "prepared as", hidden=True),
)
"""One row a session; `seconds` is what the current view is about."""

BLOCKING_COLUMNS: tuple[Column, ...] = (
    Column("tree", "session", width=16, priority=0),
    Column(
        "waits_s",
        "waits",
        Format.DURATION,
        Align.RIGHT,
        7,
        1,
        warn=WAIT_WARN,
        bad=WAIT_BAD,
        note="for the lock; nothing at a root",
    ),
    Column("blocks", "blocks", Format.COUNT, Align.RIGHT, 6, 1, note="who wait for it in the end"),
    Column("doing", "state", width=10, priority=2),
    _TRANSACTION,
    Column("wants", "wants", width=0, priority=3, note="the lock it waits for"),
    Column("application", "application", width=14, priority=5),
    Column("login", "login", width=10, priority=6),
    Column("database", "database", width=12, priority=7),
    _QUERY,
    _ACT,
    Column("pid", "pid", align=Align.RIGHT, hidden=True),
    Column("state", "state of the session", hidden=True),
    Column("blocked_by", "blocked by", hidden=True),
    Column("root", "blocked in the end by", hidden=True),
    Column("prepared_gid", "prepared as", hidden=True),
)
"""One row a session that blocks or waits, drawn as a tree in the first column."""


def to_table(activity: Activity, view: SessionView | None, *, idle: bool = False) -> Table:
    """Return the rows of a view; None means every session, `idle` adds those that do nothing."""
    hidden = Unknown(
        "not visible to this login", f"GRANT pg_monitor TO {activity.hidden_from or 'this login'}"
    )
    roots = roots_of(activity.tree)
    if view is SessionView.BLOCKING:
        return _table(BLOCKING_COLUMNS, blocking_rows(activity.tree, hidden))
    involved = {node.session.pid for node in activity.tree}
    chosen = [
        session
        for session in activity.sessions
        if _belongs(session, view, everybody=idle, involved=involved)
    ]
    return _table(
        ACTIVITY_COLUMNS,
        ((session, _values(session, roots.get(id(session)), hidden)) for session in chosen),
    )


def _belongs(
    session: Session, view: SessionView | None, *, everybody: bool, involved: set[int]
) -> bool:
    if view is None:
        return True
    if view is SessionView.WAITING:
        return session.wants is not None or bool(session.blocked_by)
    if everybody or session.pid in involved:
        return True
    return session.visible and session.state not in {None, "idle", "disabled"}


def _table(columns: Sequence[Column], rows: Iterable[tuple[Session, dict[str, Value]]]) -> Table:
    return Table(
        tuple(
            TableRow(key_of(session), tuple(values[column.name] for column in columns))
            for session, values in rows
        )
    )


def key_of(session: Session) -> Key:
    """Identify a session for longer than its pid, which the system gives away again."""
    return (session.pid, session.prepared_gid or session.backend_start)


def session_at(activity: Activity, key: Key) -> Session | None:
    """Return the session of a row."""
    return next((each for each in activity.sessions if key_of(each) == key), None)


def blocker_of(activity: Activity, session: Session) -> Session | None:
    """Return who can be ended so that a session waits no more: the root above it, None at one."""
    root = roots_of(activity.tree).get(id(session))
    return root.session if root is not None and not root.deadlock and root.session.pid else None


def roots_of(tree: Iterable[BlockingNode]) -> dict[int, BlockingNode]:
    """Return for each waiting session, by its identity, the node it waits for in the end."""
    found: dict[int, BlockingNode] = {}
    root: BlockingNode | None = None
    for node in tree:
        if node.depth and root is not None:
            found[id(node.session)] = root
        elif not node.depth:
            root = node
    return found


def ending(session: Session, root: BlockingNode | None) -> str | None:
    """Return the statement that ends what a session does, or what it waits for in the end.

    A statement is cancelled, an open transaction ended with its session; None is nothing to end.
    """
    if root is not None and root.deadlock:
        return None  # the server ends one of the circle itself
    ended = session if root is None else root.session
    if ended.prepared_gid is not None:
        return f"ROLLBACK PREPARED {sql_text(ended.prepared_gid)}"
    if not ended.pid or ended.backend_type not in ENDED:
        return None
    if ended.state == "active":
        return f"SELECT pg_cancel_backend({ended.pid})"
    open_transaction = (ended.state or "").startswith("idle in transaction")
    if open_transaction or (root is not None and ended.state is None):
        return f"SELECT pg_terminate_backend({ended.pid})"
    return None


def _values(session: Session, root: BlockingNode | None, hidden: Unknown) -> dict[str, Value]:
    """Return a session's values by column name; what this login may not see is Unknown."""
    seen = session.visible
    waiting = session.wants is not None

    def shown(value: Value) -> Value:
        return value if seen or value is not None else hidden

    return {
        "pid": session.pid if session.prepared_gid is None else None,
        "doing": "waiting" if waiting else shown(_doing(session)),
        "wait": _wait(session) if waiting or seen else hidden,
        "seconds": shown(_seconds(session)),
        "transaction_s": shown(session.transaction_s),
        "application": _application(session) if seen else session.application or hidden,
        "login": shown(session.login),
        "database": shown(session.database),
        "client": session.client if seen else hidden,
        "xmin_age": shown(session.xmin_age),
        "query": session.query if seen else hidden,
        "state": shown(session.state),
        "wants": session.wants,
        "waits_s": session.waits_s,
        "blocked_by": list(session.blocked_by),
        "root": root.session.pid if root else None,
        "act": ending(session, root),
        "query_s": shown(session.query_s),
        "state_s": shown(session.state_s),
        "wait_type": shown(session.wait_type),
        "wait_event": shown(session.wait_event),
        "backend_type": shown(session.backend_type),
        "leader_pid": session.leader_pid,
        "query_id": session.query_id,
        "backend_start": shown(session.backend_start),
        "prepared_gid": session.prepared_gid,
    }


def _application(session: Session) -> str:
    """Name a process of the server by its kind: it has no application."""
    kind = session.backend_type
    if session.application or kind in (None, "client backend"):
        return session.application
    return kind or ""


def _doing(session: Session) -> str | None:
    state = session.state
    return None if state is None else SHORT_STATES.get(state, state)


def _seconds(session: Session) -> float | None:
    if session.waits_s is not None:
        return session.waits_s
    return session.query_s if session.state == "active" else session.state_s


def _wait(session: Session) -> str | None:
    if session.wait_type is None:
        return "Lock" if session.wants is not None else None
    if session.wait_type in QUIET_WAITS:
        return None
    return f"{session.wait_type}:{session.wait_event}"


def blocking_rows(
    tree: Sequence[BlockingNode], hidden: Unknown
) -> Iterable[tuple[Session, dict[str, Value]]]:
    """Yield the tree's sessions with their values; the first column draws the branches."""
    open_levels: list[bool] = []
    roots = roots_of(tree)
    for node in tree:
        session = node.session
        del open_levels[max(0, node.depth - 1) :]
        drawn = "".join("│ " if more else "  " for more in open_levels)
        if node.depth:
            drawn += "└ " if node.last_child else "├ "
            open_levels.append(not node.last_child)
        values = _values(session, roots.get(id(session)), hidden)
        values["tree"] = drawn + _name(session)
        values["blocks"] = node.blocks
        if node.deadlock:
            values["doing"] = "deadlock"
        yield session, values


def _name(session: Session) -> str:
    if session.prepared_gid is not None:
        return f"prepared {session.prepared_gid}"
    return str(session.pid) if session.pid else "prepared ?"
