"""Rules on whether vacuum and analyze come, and whether vacuum may remove what is dead."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import ChangedTable, Facts, LateTable, Server, known
from pgdeck.checks.postgres.rules.shape import (
    counted,
    fine,
    number,
    rule,
    said,
    share,
    things,
    within,
)
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.holding import HORIZON_WORTH_NAMING, Horizon
from pgdeck.core.quoting import sql_text

LATE_AFTER_S, VERY_LATE_AFTER_S = 3600.0, 600.0
"""Seconds since the last vacuum from which being late warns, and from which much is critical."""

DEAD_SHARE = 0.2
"""Share of dead rows from which a table without autovacuum is in trouble."""

STALE_AFTER_S, NEVER_AFTER_S = 3600.0, 300.0
"""Seconds for which autovacuum may leave statistics old, or a table without any."""


@rule(
    "xmin_horizon",
    "Vacuum's horizon",
    warn=10e6,
    crit=100e6,
    screen="overview",
    advice="Vacuum removes nothing that somebody could still see: tables and indexes grow, and "
    "rows cannot be frozen.",
)
def xmin_horizon(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Somebody keeps vacuum from removing dead rows."""
    held = known(facts.horizon)
    if held is not None and (state := at.judge(held.age)) is not State.OK:
        yield Reading(
            state,
            f"Vacuum cannot remove what died in the last {number(held.age)} transactions: "
            f"{holder(held)} still needs it",
            float(held.age),
            fix=release(held),
            screen="activity" if held.kind == "session" else "",
        )
    if held is None or held.age < HORIZON_WORTH_NAMING:
        yield fine("Nobody holds vacuum's horizon back", float(held.age) if held else 0.0)
    else:
        far = f"{holder(held)} holds vacuum's horizon back by {number(held.age)} transactions"
        yield fine(far, float(held.age))


def holder(held: Horizon) -> str:
    """Name who holds the horizon back."""
    kinds = {
        "prepared": f"prepared transaction {held.name}",
        "slot": f"replication slot {held.name}",
        "standby": f"standby {held.name} (hot_standby_feedback)",
    }
    about = ", ".join(each for each in (held.name, held.note) if each)
    return kinds.get(held.kind) or f"pid {held.pid}" + (f" ({about})" if about else "")


def release(held: Horizon) -> str:
    """Return the statement that frees the horizon."""
    fixes = {
        "prepared": f"ROLLBACK PREPARED {sql_text(held.name)}; -- in its own database",
        "slot": f"SELECT pg_drop_replication_slot({sql_text(held.name)}); -- if nobody needs it",
        "standby": "SELECT pid, query FROM pg_stat_activity ORDER BY xact_start; -- on the standby",
    }
    return fixes.get(held.kind) or f"SELECT pg_terminate_backend({held.pid})"


@rule(
    "autovacuum_off",
    "Autovacuum switched off",
    screen="tables",
    advice="Without autovacuum dead rows stay, statistics age, and rows are frozen too late.",
)
def autovacuum_off(facts: Facts, _at: Thresholds) -> Iterator[Reading]:
    """Autovacuum cannot work at all."""
    server = known(facts.server)
    for works, setting in ((server.autovacuum, "autovacuum"), (server.counting, "track_counts")):
        if not works:
            yield Reading(
                State.WARNING,
                f"Autovacuum does not work: {setting} is off",
                subject=setting,
                fix=f"ALTER SYSTEM SET {setting} = on; SELECT pg_reload_conf()",
            )
    yield fine("Autovacuum is on")


@rule(
    "autovacuum_overdue",
    "Autovacuum overdue",
    of="late",
    warn=2.0,
    crit=5.0,
    screen="tables",
    advice="Dead rows make every scan slower; more workers or a lower cost delay let autovacuum "
    "keep up. The value is a multiple of the table's own threshold.",
)
def autovacuum_overdue(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Autovacuum should have come to a table long ago, or is switched off for it."""
    server = counted(facts, "dead rows")
    worst = 0.0
    for table in known(facts.late):
        times = table.dead / max(1.0, table.due_at)
        worst = max(worst, times)
        state = _late(table, times, server, at) if table.enabled else _left_alone(table)
        if state is not State.OK:
            yield _overdue(table, times, state)
    far = f"The worst table is at {worst:.1f} times its threshold; autovacuum will come"
    yield fine(far if worst else "No table is overdue for autovacuum", within(worst, at))


def _late(table: LateTable, times: float, server: Server, at: Thresholds) -> State:
    """Judge how late vacuum is; one that never came is given the server's own lifetime."""
    state = at.judge(times)
    since = server.at - server.started if table.vacuumed_s is None else table.vacuumed_s
    if state is State.CRITICAL and since < VERY_LATE_AFTER_S:
        state = State.OK
    return State.OK if state is State.WARNING and since < LATE_AFTER_S else state


def _left_alone(table: LateTable) -> State:
    dead = table.dead / max(1, table.dead + table.live)
    return State.CRITICAL if dead >= DEAD_SHARE else State.OK


def _overdue(table: LateTable, times: float, state: State) -> Reading:
    dead = table.dead / max(1, table.dead + table.live)
    since = "" if table.vacuumed_s is None else f", vacuumed {said(table.vacuumed_s)} ago"
    why = since if table.enabled else ", and autovacuum is off for it"
    vacuum = f"VACUUM {table.sql_name}"
    return Reading(
        state,
        f"{table.schema}.{table.name} has {number(table.dead)} dead rows ({share(dead)}), "
        f"{times:.0f} times what makes autovacuum come{why}",
        times,
        f"{table.schema}.{table.name}",
        vacuum
        if table.enabled
        else f"ALTER TABLE {table.sql_name} RESET (autovacuum_enabled); {vacuum}",
    )


@rule(
    "vacuum_frees_nothing",
    "Vacuum frees nothing",
    of="late",
    warn=2.0,
    crit=5.0,
    screen="tables",
    advice="Vacuum reads the whole table and removes nothing, again and again: end whoever holds "
    "the horizon back.",
)
def vacuum_frees_nothing(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Vacuum runs and runs, and the dead rows stay."""
    counted(facts, "dead rows")
    held = facts.horizon if isinstance(facts.horizon, Horizon) else None
    by = f"; {holder(held)} holds the horizon back" if held else ""
    fix = release(held) if held else "SELECT pid, backend_xmin FROM pg_stat_activity"
    worst = 0
    for table in known(facts.late):
        runs = facts.past.futile.get(table.oid, 0)
        worst = max(worst, runs)
        if (state := at.judge(runs)) is not State.OK:
            yield Reading(
                state,
                f"{things(runs, 'vacuum')} of {table.schema}.{table.name} left all of its "
                f"{number(table.dead)} dead rows{by}",
                float(runs),
                f"{table.schema}.{table.name}",
                fix,
            )
    yield fine("Vacuum removes what is dead", float(worst))


@rule(
    "stale_statistics",
    "Stale statistics",
    of="changed",
    warn=2.0,
    screen="tables",
    advice="The planner guesses from old statistics and picks bad plans. The value is a multiple "
    "of what makes autovacuum analyze the table.",
)
def stale_statistics(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A table changed far beyond what makes autovacuum analyze it, and nobody came."""
    counted(facts, "changed rows")
    worst = 0.0
    for table in known(facts.changed):
        times = table.changed / max(1.0, table.due_at)
        worst = max(worst, times)
        state = _stale(table, times, facts, at)
        if state is not State.OK:
            since = "" if table.analyzed_s is None else f", analyzed {said(table.analyzed_s)} ago"
            told = f"{number(table.changed)} changed rows, {times:.0f} times what makes "
            told += f"autovacuum analyze it{since}"
            if table.never:
                told = f"about {number(table.live)} rows and was never analyzed"
            yield Reading(
                state,
                f"{table.schema}.{table.name} has {told}",
                times,
                f"{table.schema}.{table.name}",
                f"ANALYZE {table.sql_name}",
            )
    far = f"The worst table is at {worst:.1f} times its threshold; autovacuum will come"
    yield fine(far if worst else "The planner's statistics are fresh", within(worst, at))


def _stale(table: ChangedTable, times: float, facts: Facts, at: Thresholds) -> State:
    seen = facts.past.stale_s.get(table.oid, 0.0)
    if table.never and table.live > facts.floors.changed_rows and seen >= NEVER_AFTER_S:
        return State.CRITICAL
    return at.judge(times) if seen >= STALE_AFTER_S else State.OK


RULES = (
    xmin_horizon,
    autovacuum_off,
    autovacuum_overdue,
    vacuum_frees_nothing,
    stale_statistics,
)
