"""Locks between operators, wherever they sit: held in the cluster's maintenance database."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from pgdeck.core.numbers import age
from pgdeck.core.plan import Plan, Sharing
from pgdeck.core.target import Conninfo
from pgdeck.errors import Refused, Unreachable
from pgdeck.pg.acting import Acting, ActionFailed

CLASS = int.from_bytes(b"pgdk")
"""The first half of every key, so that ours are told from others' in pg_locks."""

MAINTENANCE = ("postgres", "template1")
"""Databases in which locks are taken, the first that lets us in: such locks are per database."""

POLL_SECONDS = 0.25

HOLDERS = """
SELECT a.pid, a.application_name AS application, a.usename AS login,
       pg_catalog.host(a.client_addr) AS address,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
           OPERATOR(pg_catalog.-) a.backend_start) AS age_s
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid OPERATOR(pg_catalog.=) l.pid
  JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid
 WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted
   AND l.classid OPERATOR(pg_catalog.=) %s::pg_catalog.oid
   AND l.objid OPERATOR(pg_catalog.=) %s::pg_catalog.oid
   AND l.objsubid OPERATOR(pg_catalog.=) 2
   AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
 ORDER BY a.backend_start LIMIT 1
"""


class Lock(Struct, frozen=True):
    """One thing that is held: what it is for people, and its key."""

    name: str
    key: int
    shared: bool


def locks_of(plan: Plan) -> tuple[Lock, ...]:
    """Return what a plan holds: its database, as it says, and each of its names alone."""
    oid = plan.target.database_oid
    found: list[Lock] = []
    if plan.sharing is not Sharing.NONE:
        database = f"database {plan.target.database}"
        found.append(Lock(database, key(oid, ""), plan.sharing is Sharing.SHARED))
    # In one order, or two operations on the same two tables could each hold one.
    found += [Lock(name, key(oid, name), shared=False) for name in sorted(set(plan.holds))]
    return tuple(found)


def key(database_oid: int, name: str) -> int:
    """Return the second half of a lock's key, 31 bits of a hash."""
    text = f"{database_oid}/{name}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest()) >> 1


def open_maintenance(conninfo: Conninfo, application_name: str) -> Acting:
    """Open a session in the maintenance database; raises `Unreachable` when none lets us in."""
    last: Unreachable | None = None
    for name in MAINTENANCE:
        try:
            return Acting(conninfo.with_keywords(dbname=name), application_name)
        except Unreachable as unreachable:
            last = unreachable
    assert last is not None
    raise last


def take(session: Acting, locks: Sequence[Lock], patience_s: float = 1.0) -> None:
    """Take all locks or raise `Refused`, which names who holds one, from where, since when."""
    until = time.monotonic() + patience_s
    for lock in locks:
        function = "pg_try_advisory_lock_shared" if lock.shared else "pg_try_advisory_lock"
        while True:
            (row,) = session.ask(
                f"SELECT pg_catalog.{function}(%s::pg_catalog.int4, %s::pg_catalog.int4) AS taken",
                (CLASS, lock.key),
            )
            if row["taken"]:
                break
            if time.monotonic() >= until:
                raise Refused(*_held(session, lock))
            time.sleep(POLL_SECONDS)


def _held(session: Acting, lock: Lock) -> tuple[str, str]:
    with suppress(ActionFailed):
        for row in session.ask(HOLDERS, (CLASS, lock.key)):
            since = row["age_s"]
            when = f", since {''.join(age(float(str(since))))}" if since is not None else ""
            who = row["application"] or "a session"
            place = f" from {row['address']}" if row["address"] else ""
            about = f"pid {row['pid']}, login {row['login']}{place}{when}"
            return f"{lock.name} is held by {who} ({about})", "wait until it ends, or ask its owner"
    return f"{lock.name} is held by another operation", "wait until it ends"


def application_name(op: str, user: str, host: str) -> str:
    """Return what a job calls itself in the server, for those who wonder who holds something."""
    return f"pgdeck:{op}:{user}@{host}"
