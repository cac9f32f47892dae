"""Rules on what the counters grew by: rates between samples of one epoch, never across a reset."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Facts, known
from pgdeck.checks.postgres.rules.shape import bytes_, fine, number, rule, said, share, things
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.spec import Direction, Format

LOG = "SELECT pg_current_logfile()"
RELOAD = "SELECT pg_reload_conf()"


@rule(
    "requested_checkpoints",
    "Requested checkpoints",
    of="state",
    warn=0.3,
    crit=0.7,
    format=Format.RATIO,
    screen="overview",
    local=False,
    advice="A checkpoint before its time writes pages again and again; a larger max_wal_size "
    "spaces them out.",
)
def requested_checkpoints(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """WAL fills up before its time."""
    grown, state = known(facts.past.checkpoints), known(facts.state)
    total = grown.timed + grown.requested
    value = grown.requested / total if total >= facts.floors.checkpoints else 0.0
    sentence = f"{number(grown.requested)} of {things(total, 'checkpoint')} in the last "
    sentence += f"{said(grown.seconds)} came before their time"
    double = 2 * state.max_wal // 2**20
    fix = f"ALTER SYSTEM SET max_wal_size = '{double}MB'; {RELOAD}"
    yield Reading(at.judge(value), sentence, value, fix=fix)


@rule(
    "deadlocks",
    "Deadlocks per hour",
    warn=1.0,
    crit=10.0,
    screen="locks",
    advice="One of the two transactions was ended; those that take locks in one order never meet.",
)
def deadlocks(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Transactions lock each other out."""
    grown = known(facts.past.hour)
    sentence = f"{things(grown.deadlocks, 'deadlock')} in the last {said(grown.seconds)}"
    state = at.judge(grown.deadlocks)
    if state is not State.OK:
        sentence += "; the server's log names the statements"
    yield Reading(state, sentence, grown.deadlocks, fix=LOG)


@rule(
    "temp_bytes",
    "Temporary files per hour",
    warn=2.0**30,
    crit=10 * 2.0**30,
    format=Format.BYTES,
    screen="statements",
    advice="Sorts and hashes that do not fit in work_mem go to disk and come back.",
)
def temp_bytes(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Sorts and hashes spill to disk."""
    grown = known(facts.past.hour)
    sentence = f"{bytes_(grown.temp_bytes)} of temporary files in the last {said(grown.seconds)}"
    if grown.temp_files:
        sentence += f", {things(grown.temp_files, 'file')}"
    fix = f"ALTER SYSTEM SET log_temp_files = '10MB'; {RELOAD}"
    yield Reading(at.judge(grown.temp_bytes), sentence, grown.temp_bytes, fix=fix)


@rule(
    "cache_hit",
    "Cache hit",
    warn=0.95,
    crit=0.85,
    format=Format.RATIO,
    direction=Direction.LOW,
    screen="overview",
    local=False,
    advice="Blocks that are not in shared_buffers come from the system's cache or the disk; only "
    "judged under load.",
)
def cache_hit(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Much of what is read is not in the cache."""
    grown = known(facts.past.minute)
    pace = grown.fetched / grown.seconds
    if pace <= facts.floors.blocks_per_s:
        yield fine(f"{number(pace)} blocks/s are read: too few for a share to say anything")
        return
    value = grown.hits / grown.fetched
    sentence = f"{share(value)} of {number(pace)} blocks/s came from the cache"
    fix = (
        "SELECT relid::regclass, heap_blks_read FROM pg_statio_user_tables ORDER BY 2 DESC LIMIT 10"
    )
    yield Reading(at.judge(value, Direction.LOW), sentence, value, fix=fix)


@rule(
    "rollback_share",
    "Rollbacks",
    warn=0.1,
    crit=0.5,
    format=Format.RATIO,
    screen="overview",
    advice="Transactions that fail are work for nothing; only judged under load.",
)
def rollback_share(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Many transactions fail."""
    grown = known(facts.past.minute)
    total = max(0.0, grown.commits) + grown.rollbacks
    pace = total / grown.seconds
    if pace <= facts.floors.transactions_per_s:
        yield fine(f"{number(pace)} transactions/s: too few for a share to say anything")
        return
    value = grown.rollbacks / total
    sentence = f"{share(value)} of {number(pace)} transactions/s are rolled back"
    yield Reading(at.judge(value), sentence, value, fix=LOG)


RULES = (requested_checkpoints, deadlocks, temp_bytes, cache_hit, rollback_share)
