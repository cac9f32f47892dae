"""Who stands in the way of a lock now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgdeck.core.numbers import age
from pgdeck.core.operation import Asker
from pgdeck.core.plan import Standing
from pgdeck.core.rows import Rows, Value
from pgdeck.core.text import safe
from pgdeck.maintenance.sqlfiles import query

WEAK = ("AccessShareLock", "RowShareLock")
WRITING = ("RowExclusiveLock",)
MAINTAINING = ("ShareUpdateExclusiveLock",)
SHARING = ("ShareLock",)
STRONG = ("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")

AGAINST_VACUUM = MAINTAINING + SHARING + STRONG
"""What the lock of VACUUM, ANALYZE and all that is CONCURRENTLY cannot stand beside."""

AGAINST_BUILD = WRITING + MAINTAINING + STRONG
"""What a lock that only keeps writers out cannot stand beside."""

AGAINST_ALL = WEAK + WRITING + MAINTAINING + SHARING + STRONG

Locks = tuple[Sequence[int], Sequence[str]]
"""Relations, and the modes on them that are in the way."""


async def in_the_way(asker: Asker, version: int, *locks: Locks) -> tuple[Standing, ...]:
    """Return the sessions that hold what is in the way; none where they cannot be seen."""
    asked = [
        query(
            "lockers",
            version,
            "{" + ",".join(map(str, oids)) + "}",
            "{" + ",".join(modes) + "}",
        )
        for oids, modes in locks
        if oids
    ]
    found: dict[object, Standing] = {}
    for answer in await asker.ask(*asked) if asked else ():
        if isinstance(answer, Rows):
            for row in answer.dicts():
                standing = _standing(row, _holding(row))
                found.setdefault((row["pid"], row["gid"]), standing)
    return tuple(found.values())


async def elders(asker: Asker, version: int) -> tuple[Standing, ...]:
    """Return the transactions whose end a CONCURRENTLY would wait for."""
    (answer,) = await asker.ask(query("elders", version))
    if not isinstance(answer, Rows):
        return ()
    return tuple(_standing(row, "has an open transaction") for row in answer.dicts())


def _holding(row: Mapping[str, Value]) -> str:
    mode = str(row["mode"]).removesuffix("Lock")
    many = int(str(row["relations"])) - 1
    more = f" and {many} more" if many else ""
    return f"holds {mode} on {safe(str(row['relation']))}{more}"


def _standing(row: Mapping[str, Value], doing: str) -> Standing:
    seconds = None if row["age_s"] is None else max(0.0, float(str(row["age_s"])))
    since = f" for {''.join(age(seconds))}" if seconds is not None else ""
    pid = int(str(row["pid"] or 0))
    login = str(row["login"] or "")
    application = str(row["application"] or "")
    state = str(row["state"] or "")
    if row["gid"] is not None:
        who = f"prepared transaction {safe(str(row['gid']))}"
    elif row["backend"] == "autovacuum worker":
        who = f"autovacuum, pid {pid} (it mostly gives way)"
    else:
        named = safe(application) or "no application name"
        who = f"pid {pid} ({named}, login {safe(login) or 'hidden'}, {state or 'state hidden'})"
    return Standing(pid, login, application, state, seconds, f"{who} {doing}{since}")
