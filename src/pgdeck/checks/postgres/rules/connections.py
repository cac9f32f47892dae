"""Rules on the connections, and on what sits on them for too long."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Facts, Transaction, known
from pgdeck.checks.postgres.rules.shape import fine, rule, said, see_all, share
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.spec import Format

IDLE_IS_TOLD_S = 300.0
"""Seconds of idling from which the rule on idle transactions speaks of a session."""

BACKUPS = frozenset({"pg_dump", "pg_dumpall", "pg_basebackup", "pg_restore"})
"""Applications whose transactions are long by nature."""

_MAINTENANCE = re.compile(
    r"(?:\s|/\*.*?\*/|--[^\n]*\n)*(?:vacuum|analy[sz]e|reindex|cluster|repack|copy|checkpoint"
    r"|create\s+(?:unique\s+)?index|refresh\s+materialized|alter\s+table|start_replication)\b",
    re.IGNORECASE | re.DOTALL,
)

_PLAIN_VACUUM = re.compile(
    r"(?:\s|/\*.*?\*/|--[^\n]*\n)*vacuum\b(?!\s*\([^)]*\bfull\b|\s+full\b)",
    re.IGNORECASE | re.DOTALL,
)
"""What holds nothing back, however long it takes."""


def who(session: Transaction) -> str:
    """Name a session: its pid with its application or login."""
    name = session.application or session.login
    return f"pid {session.pid}" + (f" ({name})" if name else "")


@rule(
    "connections",
    "Connections used",
    warn=0.75,
    crit=0.90,
    format=Format.RATIO,
    screen="connections",
    local=False,
    advice="When the last slot is taken, new logins are refused; a pool keeps their number down.",
)
def connections(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Slots that ordinary roles can use are running out."""
    server = known(facts.server)
    used = server.clients if server.sees_all else server.backends
    value = used / max(1, server.slots)
    sentence = f"{used} of {server.slots} connections are used ({share(value)})"
    state = at.judge(value)
    if state is State.OK:
        yield fine(sentence, value)
        return
    if server.top_application and server.top_sessions:
        sentence += f", {server.top_sessions} of them by {server.top_application}"
    yield Reading(
        state,
        f"{sentence}; at {server.slots} new logins are refused",
        value,
        fix="SELECT application_name, state, count(*) FROM pg_stat_activity "
        "GROUP BY 1, 2 ORDER BY 3 DESC",
    )


@rule(
    "idle_in_transaction",
    "Idle in transaction",
    warn=300.0,
    crit=1800.0,
    format=Format.DURATION,
    screen="activity",
    advice="It keeps its locks, and what died since it began cannot be removed; "
    "idle_in_transaction_session_timeout ends such sessions.",
)
def idle_in_transaction(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A session holds its locks and does nothing."""
    longest = 0.0
    for session in known(facts.transactions):
        if session.idle_s is None:
            continue
        longest = max(longest, session.idle_s)
        state = at.judge(session.idle_s)
        if state is not State.OK:
            yield Reading(
                state,
                f"{who(session)} is idle in transaction for {said(session.idle_s)}; "
                "it keeps its locks until it ends",
                session.idle_s,
                session.subject,
                f"SELECT pg_terminate_backend({session.pid})",
            )
    yield from see_all(known(facts.server))
    some = f"The longest is idle in transaction for {said(longest)}"
    yield fine(some if longest else "No session is idle in transaction", longest)


@rule(
    "oldest_transaction",
    "Oldest transaction",
    warn=900.0,
    crit=7200.0,
    format=Format.DURATION,
    screen="activity",
    advice="Vacuum can remove nothing that died since the oldest transaction began: tables grow.",
)
def oldest_transaction(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A transaction is open for so long that vacuum cannot remove what died since."""
    longest = 0.0
    for session in known(facts.transactions):
        if session.application in BACKUPS or (session.idle_s or 0.0) >= IDLE_IS_TOLD_S:
            continue
        if session.state == "active" and _PLAIN_VACUUM.match(session.query):
            continue
        if session.held_up:
            continue
        longest = max(longest, session.transaction_s)
        state = at.judge(session.transaction_s)
        if state is not State.OK:
            act = "cancel" if session.state == "active" else "terminate"
            yield Reading(
                state,
                f"{who(session)} has a transaction open for {said(session.transaction_s)}, "
                f"now {session.state or 'in an unknown state'}",
                session.transaction_s,
                session.subject,
                f"SELECT pg_{act}_backend({session.pid})",
            )
    yield from see_all(known(facts.server))
    some = f"The oldest transaction is open for {said(longest)}"
    yield fine(some if longest else "No other transaction is open", longest)


@rule(
    "long_query",
    "Longest statement",
    warn=600.0,
    crit=3600.0,
    format=Format.DURATION,
    screen="activity",
    advice="A statement that nobody waits for any more still takes CPU, memory and locks.",
)
def long_query(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A statement runs for very long and is no maintenance."""
    longest = 0.0
    for session in known(facts.transactions):
        if session.query_s is None or session.application in BACKUPS:
            continue
        if _MAINTENANCE.match(session.query) or session.waits:
            continue
        longest = max(longest, session.query_s)
        state = at.judge(session.query_s)
        if state is not State.OK:
            text = " ".join(session.query.split())[:60]
            yield Reading(
                state,
                f"{who(session)} runs one statement for {said(session.query_s)}: {text}",
                session.query_s,
                session.subject,
                f"SELECT pg_cancel_backend({session.pid})",
            )
    yield from see_all(known(facts.server))
    some = f"The longest statement runs for {said(longest)}"
    yield fine(some if longest else "No other statement is running", longest)


RULES = (connections, idle_in_transaction, oldest_transaction, long_query)
