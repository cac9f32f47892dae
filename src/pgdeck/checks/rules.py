"""The rules: facts in, sentences out; pure, and silent about what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pgdeck.core.alert import Alert, Facts, OverdueTable, sql_name
from pgdeck.core.cell import Level
from pgdeck.core.holding import Holder, Horizon
from pgdeck.core.numbers import age, count
from pgdeck.core.quoting import sql_text

CONNECTIONS = (0.75, 0.90)
IDLE_IN_TRANSACTION_S = (300.0, 1800.0)
OLDEST_TRANSACTION_S = (900.0, 7200.0)
LOCK_WAIT_S = (15.0, 120.0)
PREPARED_S = (600.0, 3600.0)
HORIZON_XIDS = (10e6, 100e6)
WRAPAROUND_FORCED = 1.1
WRAPAROUND_STOP = 0.5 * 2.0**31
OVERDUE = (2.0, 5.0)
OVERDUE_AFTER_S = (3600.0, 600.0)
DEAD_SHARE_WITHOUT_AUTOVACUUM = 0.2

Rule = Callable[[Facts], Iterator[Alert]]


def judge(facts: Facts) -> tuple[Alert, ...]:
    """Return the alerts, the most serious first, in the order of the rules."""
    found = [alert for rule in RULES for alert in rule(facts)]
    return tuple(sorted(found, key=lambda alert: -alert.level))


def level_of(value: float, thresholds: tuple[float, float]) -> Level | None:
    """Return how serious a value is by its two thresholds; None when it is not."""
    warn, bad = thresholds
    return Level.CRITICAL if value >= bad else Level.WARNING if value >= warn else None


def connections(facts: Facts) -> Iterator[Alert]:
    """Slots that ordinary roles can use are running out."""
    used, limit = facts.connections_used, facts.connections_for_everyone
    if used is None or limit is None or limit <= 0:
        return
    level = level_of(used / limit, CONNECTIONS)
    if level is not None:
        yield Alert(
            "connections",
            level,
            f"{used} of {limit} connections used; at {limit} new logins are refused",
            "SELECT application_name, state, count(*) FROM pg_stat_activity "
            "GROUP BY 1, 2 ORDER BY 3 DESC",
            "activity",
        )


def idle_in_transaction(facts: Facts) -> Iterator[Alert]:
    """A session holds its locks and does nothing."""
    holder = facts.idle_in_transaction
    if holder is None or holder.seconds is None:
        return
    level = level_of(holder.seconds, IDLE_IN_TRANSACTION_S)
    if level is not None and not _told_as_blocker(holder, facts):
        yield Alert(
            "idle_in_transaction",
            level,
            f"{who(holder)} is idle in transaction for {said(holder.seconds)}; "
            "it keeps its locks until it ends",
            f"SELECT pg_terminate_backend({holder.pid})",
            "activity",
        )


def oldest_transaction(facts: Facts) -> Iterator[Alert]:
    """A transaction is open for so long that vacuum cannot remove what died since."""
    holder, idle = facts.oldest_transaction, facts.idle_in_transaction
    if holder is None or holder.seconds is None:
        return
    level = level_of(holder.seconds, OLDEST_TRANSACTION_S)
    told = idle is not None and idle.pid == holder.pid and any(idle_in_transaction(facts))
    if level is not None and not told and not _told_as_blocker(holder, facts):
        act = "cancel" if holder.state == "active" else "terminate"
        yield Alert(
            "oldest_transaction",
            level,
            f"{who(holder)} has a transaction open for {said(holder.seconds)}, "
            f"now {holder.state or 'in an unknown state'}",
            f"SELECT pg_{act}_backend({holder.pid})",
            "activity",
        )


def lock_wait(facts: Facts) -> Iterator[Alert]:
    """Sessions wait for a lock; the root is named, not the one next to them."""
    wait = facts.lock_wait
    if wait is None:
        return
    level = level_of(wait.longest_s, LOCK_WAIT_S)
    if level is None:
        return
    waiters = "1 session waits" if wait.waiters == 1 else f"{wait.waiters} sessions wait"
    sentence = f"{waiters} for a lock, the longest for {said(wait.longest_s)}"
    fix = ""
    if wait.root is not None:
        sentence += f": {who(wait.root)}{_doing(wait.root)} blocks {wait.blocked}"
        fix = release(wait.root)
    yield Alert("lock_wait", level, sentence, fix, "activity")


def prepared_transaction(facts: Facts) -> Iterator[Alert]:
    """A prepared transaction was forgotten; it survives restarts."""
    for holder in facts.prepared:
        level = None if holder.seconds is None else level_of(holder.seconds, PREPARED_S)
        if level is not None and holder.seconds is not None:
            yield Alert(
                "prepared_transaction",
                level,
                f"Prepared transaction {holder.gid} of {holder.login} in database "
                f"{holder.database} is {said(holder.seconds)} old; it keeps its locks, "
                "also over a restart",
                release(holder),
                "activity",
            )


def horizon(facts: Facts) -> Iterator[Alert]:
    """Somebody keeps vacuum from removing dead rows."""
    held = facts.horizon
    level = None if held is None else level_of(held.age, HORIZON_XIDS)
    if held is not None and level is not None:
        yield Alert(
            "horizon",
            level,
            f"Vacuum cannot remove what died in the last {number(held.age)} transactions: "
            f"{_horizon_holder(held)} still needs it",
            _horizon_fix(held),
            "activity",
        )


def wraparound(facts: Facts) -> Iterator[Alert]:
    """Transaction numbers run out unless old rows are frozen; touching 100 % is normal."""
    for oldest in facts.wraparound:
        share = oldest.age / oldest.forced_at
        bad = oldest.age >= WRAPAROUND_STOP
        if bad or share >= WRAPAROUND_FORCED:
            yield Alert(
                "wraparound",
                Level.CRITICAL if bad else Level.WARNING,
                f"The oldest rows of the server, in {oldest.database}, are {number(oldest.age)} "
                f"{oldest.kind} old, {share:.0%} of the age at which vacuum is forced",
                "VACUUM (FREEZE) of the tables with the greatest age",
                "tables",
            )


def autovacuum_off(facts: Facts) -> Iterator[Alert]:
    """Autovacuum cannot work at all."""
    for working, setting in ((facts.autovacuum, "autovacuum"), (facts.counting, "track_counts")):
        if working is False:
            yield Alert(
                "autovacuum_disabled",
                Level.WARNING,
                f"Autovacuum does not work: {setting} is off",
                f"ALTER SYSTEM SET {setting} = on; SELECT pg_reload_conf()",
                "tables",
            )


def overdue_tables(facts: Facts) -> Iterator[Alert]:
    """Autovacuum should have come to a table long ago, or is switched off for it."""
    for table in facts.overdue:
        if table.enabled:
            level = _overdue_level(table, facts.uptime_s)
            why = "" if table.vacuumed_s is None else f", vacuumed {said(table.vacuumed_s)} ago"
            rule = "autovacuum_overdue"
        else:
            level = _disabled_level(table)
            why, rule = ", and autovacuum is off for it", "autovacuum_disabled"
        if level is not None:
            name = sql_name(table.schema, table.name)
            yield Alert(
                rule,
                level,
                f"{table.schema}.{table.name} has {number(table.dead)} dead rows, "
                f"{table.dead / table.due_at:.0f} times what makes autovacuum come{why}",
                f"VACUUM {name}"
                if table.enabled
                else f"ALTER TABLE {name} RESET (autovacuum_enabled); VACUUM {name}",
                "tables",
            )


RULES: tuple[Rule, ...] = (
    connections,
    lock_wait,
    idle_in_transaction,
    oldest_transaction,
    prepared_transaction,
    horizon,
    wraparound,
    autovacuum_off,
    overdue_tables,
)


def who(holder: Holder) -> str:
    """Name a holder: a pid with its application or login, or a prepared transaction."""
    if holder.gid is not None:
        return f"prepared transaction {holder.gid}"
    name = holder.application or holder.login
    return f"pid {holder.pid}" + (f" ({name})" if name else "")


def release(holder: Holder) -> str:
    """Return the statement that ends what a holder holds."""
    if holder.gid is not None:
        place = f" -- in database {holder.database}" if holder.database else ""
        return f"ROLLBACK PREPARED {sql_text(holder.gid)}{place}"
    return f"SELECT pg_terminate_backend({holder.pid})" if holder.pid else ""


def _doing(root: Holder) -> str:
    if root.gid is not None:
        return ""
    since = f" for {said(root.seconds)}" if root.state and root.seconds is not None else ""
    return f", {root.state or 'state not visible'}{since},"


def _told_as_blocker(holder: Holder, facts: Facts) -> bool:
    """Whether the alert about the lock names this session already."""
    root = facts.lock_wait.root if facts.lock_wait else None
    return root is not None and root.pid == holder.pid and any(lock_wait(facts))


def said(seconds: float) -> str:
    """Return seconds as an age in one unit."""
    return "".join(age(seconds))


def number(value: float) -> str:
    """Return a count in three digits."""
    return "".join(count(value))


def _horizon_holder(held: Horizon) -> str:
    kinds = {
        "prepared": f"prepared transaction {held.name}",
        "slot": f"replication slot {held.name}",
        "standby": f"standby {held.name} (hot_standby_feedback)",
    }
    about = ", ".join(each for each in (held.name, held.note) if each)
    return kinds.get(held.kind) or f"pid {held.pid}" + (f" ({about})" if about else "")


def _horizon_fix(held: Horizon) -> str:
    fixes = {
        "prepared": f"ROLLBACK PREPARED {sql_text(held.name)}",
        "slot": f"SELECT pg_drop_replication_slot({sql_text(held.name)}), if nobody uses it",
        "standby": "End the old query on the standby",
    }
    return fixes.get(held.kind) or f"SELECT pg_terminate_backend({held.pid})"


def _overdue_level(table: OverdueTable, uptime_s: float | None) -> Level | None:
    """Judge how late vacuum is; one that never came is given the server's own lifetime."""
    since = table.vacuumed_s if table.vacuumed_s is not None else uptime_s
    if since is None or table.due_at <= 0:
        return None
    times = table.dead / table.due_at
    if times >= OVERDUE[1] and since >= OVERDUE_AFTER_S[1]:
        return Level.CRITICAL
    return Level.WARNING if times >= OVERDUE[0] and since >= OVERDUE_AFTER_S[0] else None


def _disabled_level(table: OverdueTable) -> Level | None:
    share = table.dead / (table.dead + table.live) if table.dead + table.live > 0 else 0.0
    return Level.WARNING if share >= DEAD_SHARE_WITHOUT_AUTOVACUUM else None
