"""Backends that somebody wants to cancel or terminate: as they are now, and whether that may be."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from pgdeck.core.numbers import age
from pgdeck.core.operation import Row, Wish
from pgdeck.errors import UsageProblem
from pgdeck.pg.sqlstate import quoted

HIGHEST_PID = 2**31 - 1
MOST = 500
"""Sessions in one plan: more than anybody can read before saying yes."""

LOOK = """
SELECT w.pid, a.pid IS NOT NULL AS there,
       a.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AS asking,
       a.backend_start, a.backend_type, a.state, a.query_start, a.xact_start, a.leader_pid,
       pg_catalog.pg_get_userbyid(a.usesysid) AS login, a.application_name AS application,
       d.datname AS database, pg_catalog.host(a.client_addr) AS client,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
           OPERATOR(pg_catalog.-) a.state_change) AS state_s,
       a.query LIKE '%to prevent wraparound)' AS wraparound,
       r.rolsuper AS superuser,
       pg_catalog.pg_has_role(a.usesysid, 'USAGE') AS ours,
       pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AS may_signal,
       EXISTS (SELECT FROM pg_catalog.pg_roles AS v
                WHERE v.rolname OPERATOR(pg_catalog.=) 'pg_signal_autovacuum_worker'
                  AND pg_catalog.pg_has_role(v.oid, 'USAGE')) AS may_stop_vacuum,
       pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' AS we_are_superuser,
       CURRENT_USER AS we
  FROM (VALUES {wanted}) AS w (pid)
  LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS a ON a.pid OPERATOR(pg_catalog.=) w.pid
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) a.datid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) a.usesysid
"""

CLIENT, AUTOVACUUM, PARALLEL = "client backend", "autovacuum worker", "parallel worker"
OF_REPLICATION = ("walsender", "walreceiver", "logical replication worker", "slotsync worker")
RUNNING = ("active", "fastpath function call", "disabled")
OPEN = "idle in transaction"


class Deed(StrEnum):
    """What is done to a session."""

    CANCEL = "cancel"
    TERMINATE = "terminate"


class Wanted(Struct, frozen=True):
    """A session that was asked for: with its start, only the one that began then."""

    pid: int
    started: datetime | None = None


class Hit(Struct, frozen=True):
    """A session that will be hit: by pid and start, and what it does by its own start.

    `since` is when the statement to cancel, or the transaction to end, began; None binds the
    session alone.
    """

    pid: int
    started: datetime
    deed: Deed
    since: datetime | None
    said: str
    note: str = ""
    twice: bool = False


class Spared(Struct, frozen=True):
    """A session that will not be hit: it is gone, or there is a reason."""

    pid: int
    reason: str
    hint: str = ""
    gone: bool = False

    @property
    def said(self) -> str:
        """The same in a sentence."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"pid {self.pid} is left alone: {self.reason}{hint}"


def wanted_of(wish: Wish) -> tuple[Wanted, ...]:
    """Return the sessions of a wish: pids, each with ``@`` and its start where that is pinned.

    Raises `UsageProblem`.
    """
    found: dict[int, Wanted] = {}
    for word in wish.get("sessions", "").split():
        pid, _, started = word.partition("@")
        if not (pid.isascii() and pid.isdigit() and 0 < int(pid) <= HIGHEST_PID):
            raise UsageProblem(f"{pid or word} is no process id", "pgdeck ls activity lists them")
        found[int(pid)] = Wanted(int(pid), moment(started) if started else None)
    if not found:
        raise UsageProblem("no session is named", "--pid N; pgdeck ls activity lists them")
    if len(found) > MOST:
        raise UsageProblem(f"{len(found)} sessions at once are too many", f"at most {MOST}")
    return tuple(found.values())


def moment(text: str) -> datetime:
    """Return a moment with its offset; raises `UsageProblem` for one that is not exact."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageProblem(
            f"{text} is no moment with its offset from UTC",
            "as backend_start in pgdeck ls activity --json: 2026-01-31T09:30:00.123456+00:00",
        )
    return found.astimezone(UTC)


def judged(row: Row, wanted: Wanted, deed: Deed, own: frozenset[int]) -> Hit | Spared:
    """Say what becomes of a session that was asked for, from what `LOOK` tells of it."""
    pid = wanted.pid
    if not row["there"]:
        return Spared(pid, "no process of the server has this pid", gone=True)
    if row["asking"] or pid in own:
        return Spared(pid, "it is this pgdeck's own connection")
    spared = _of_a_kind(row, pid, deed) or _without_rights(row, pid)
    if spared is not None:
        return spared
    started = row["backend_start"]
    assert isinstance(started, datetime)
    started = started.astimezone(UTC)
    if wanted.started is not None and wanted.started != started:
        return Spared(
            pid,
            f"it is another session now: that one began {shown(wanted.started)}, "
            f"this one {shown(started)}",
            "nothing was hit; look again",
            gone=True,
        )
    return _hit(row, pid, started, deed)


def _of_a_kind(row: Row, pid: int, deed: Deed) -> Spared | None:
    """Spare what is no client's session and no autovacuum."""
    kind = row["backend_type"]
    if kind in (None, CLIENT) or (kind == AUTOVACUUM and deed is Deed.CANCEL):
        return None
    if kind == AUTOVACUUM:
        return Spared(pid, "it is an autovacuum", "cancel it: that ends it, and it comes again")
    if kind == PARALLEL:
        return Spared(pid, f"it is a parallel worker of pid {row['leader_pid']}", "take that one")
    if kind in OF_REPLICATION:
        return Spared(pid, f"it is a {kind}: it serves replication", "end what it serves instead")
    return Spared(pid, f"it is a process of the server's own ({kind})")


def _without_rights(row: Row, pid: int) -> Spared | None:
    """Spare what this login may not signal, or cannot see well enough to be sure whom it hits."""
    if row["we_are_superuser"]:
        return None
    to = quoted(str(row["we"]))
    if row["superuser"]:
        return Spared(pid, "it belongs to a superuser: only a superuser may", "log in as one")
    if row["backend_type"] == AUTOVACUUM:
        if row["may_stop_vacuum"]:
            return None
        hint = f"from 18 on: GRANT pg_signal_autovacuum_worker TO {to}"
        return Spared(pid, "only a superuser may cancel an autovacuum", hint)
    if not (row["ours"] or row["may_signal"]):
        grant = "pg_signal_backend" + ("" if row["backend_start"] else ", pg_read_all_stats")
        return Spared(pid, "this login may not signal it", f"GRANT {grant} TO {to}")
    if row["backend_start"] is None:
        return Spared(
            pid, "this login cannot see when it began", f"GRANT pg_read_all_stats TO {to}"
        )
    return None


def _hit(row: Row, pid: int, started: datetime, deed: Deed) -> Hit | Spared:
    state = str(row["state"] or "")
    said = described(row, pid, started)
    if deed is Deed.TERMINATE:
        return Hit(pid, started, deed, None, said)
    if state.startswith(OPEN):
        note = f"pid {pid} is {state}: a cancel does nothing to it, so it is terminated"
        return Hit(pid, started, Deed.TERMINATE, _utc(row["xact_start"]), said, note)
    if state not in RUNNING and row["backend_type"] != AUTOVACUUM:
        hint = "terminate ends the session"
        return Spared(pid, f"it is {state or 'doing nothing'}: there is nothing to cancel", hint)
    note, twice = "", row["backend_type"] == AUTOVACUUM and bool(row["wraparound"])
    if twice:
        note = (
            f"pid {pid} vacuums against transaction id wraparound: it will come again, "
            "and until one ends the server comes closer to refusing all writes"
        )
    elif row["backend_type"] == AUTOVACUUM:
        note = f"pid {pid} is an autovacuum: it comes again later"
    return Hit(pid, started, deed, _utc(row["query_start"]), said, note, twice)


def described(row: Row, pid: int, started: datetime) -> str:
    """Name a session so that nobody takes another one for it."""
    kind = row["backend_type"]
    name = str(row["application"] or "") or (str(kind) if kind != CLIENT else "no application name")
    who = f", login {row['login']}" if row["login"] else ""
    where = f" on {row['database']}" if row["database"] else ""
    client = f" from {row['client']}" if row["client"] else ""
    seconds = row["state_s"]
    since = f" for {''.join(age(float(str(seconds))))}" if seconds is not None else ""
    began = _utc(row["query_start"])
    query = f", query began {shown(began)}" if began is not None else ""
    state = row["state"] or "state unknown"
    return (
        f"pid {pid}: {name}{who}{where}{client}, {state}{since}{query}, connected {shown(started)}"
    )


def shown(at: datetime) -> str:
    """Return a moment for people: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _utc(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
