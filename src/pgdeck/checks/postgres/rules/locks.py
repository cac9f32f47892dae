"""Rules on those who wait for locks, and on prepared transactions, which keep theirs."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Facts, known
from pgdeck.checks.postgres.rules.shape import elsewhere, fine, rule, said, things
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.holding import Holder, LockWait
from pgdeck.core.quoting import sql_text
from pgdeck.core.spec import Format

NOBODY = "No session waits for a lock"


def who(holder: Holder) -> str:
    """Name a holder: a pid with its application or login, or a prepared transaction."""
    if holder.gid is not None:
        return f"prepared transaction {holder.gid}"
    name = holder.application or holder.login
    return f"pid {holder.pid}" + (f" ({name})" if name else "")


def release(holder: Holder) -> str:
    """Return the statement that ends what a holder holds."""
    if holder.gid is not None:
        return f"ROLLBACK PREPARED {sql_text(holder.gid)}{elsewhere(holder.database)}"
    return f"SELECT pg_terminate_backend({holder.pid})" if holder.pid else ""


def _root(wait: LockWait) -> str:
    root = wait.root
    if root is None:
        return ""
    doing = ""
    if root.gid is None:
        since = f" for {said(root.seconds)}" if root.state and root.seconds is not None else ""
        doing = f", {root.state or 'its state is not visible'}{since},"
    return f": {who(root)}{doing} blocks {wait.blocked}"


@rule(
    "lock_wait",
    "Longest lock wait",
    warn=15.0,
    crit=120.0,
    format=Format.DURATION,
    screen="locks",
    advice="Whoever waits holds up its own callers too; ending the root frees all of them.",
)
def lock_wait(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Somebody waits for a lock for long; the root is named, not the one next to them."""
    wait = known(facts.lock_wait)
    if wait is None:
        yield fine(NOBODY, 0.0)
        return
    verb = "waits" if wait.waiters == 1 else "wait"
    sentence = f"{things(wait.waiters, 'session')} {verb} for a lock, the longest for "
    sentence += f"{said(wait.longest_s)}{_root(wait)}"
    fix = release(wait.root) if wait.root else ""
    yield Reading(at.judge(wait.longest_s), sentence, wait.longest_s, fix=fix)


@rule(
    "lock_queue",
    "Sessions waiting for locks",
    warn=3.0,
    crit=10.0,
    screen="locks",
    advice="A pile of waiters uses up the connections; new ones queue behind the first.",
)
def lock_queue(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Sessions pile up behind a lock."""
    wait = known(facts.lock_wait)
    if wait is None:
        yield fine(NOBODY, 0.0)
        return
    verb = "waits" if wait.waiters == 1 else "wait"
    sentence = f"{things(wait.waiters, 'session')} {verb} for locks{_root(wait)}"
    fix = release(wait.root) if wait.root else ""
    yield Reading(at.judge(wait.waiters), sentence, float(wait.waiters), fix=fix)


@rule(
    "prepared_transaction",
    "Prepared transactions",
    warn=600.0,
    crit=3600.0,
    format=Format.DURATION,
    screen="locks",
    advice="A prepared transaction outlives sessions and restarts; forgotten, it blocks vacuum "
    "and the creation of logical slots.",
)
def prepared_transaction(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A prepared transaction was forgotten."""
    oldest = 0.0
    for holder in known(facts.prepared):
        seconds = holder.seconds or 0.0
        oldest = max(oldest, seconds)
        state = at.judge(seconds)
        if state is not State.OK:
            yield Reading(
                state,
                f"Prepared transaction {holder.gid} of {holder.login} in database "
                f"{holder.database} is {said(seconds)} old; it keeps its locks, "
                "also over a restart",
                seconds,
                holder.gid or "",
                release(holder),
            )
    some = f"The oldest prepared transaction is {said(oldest)} old"
    yield fine(some if known(facts.prepared) else "There is no prepared transaction", oldest)


RULES = (lock_wait, lock_queue, prepared_transaction)
