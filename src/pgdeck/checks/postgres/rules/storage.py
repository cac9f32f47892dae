"""Rules on what is stored: bloat, indexes that are no use, and numbers that run out."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Bloat, Facts, Missing, Sequence, known
from pgdeck.checks.postgres.rules.shape import (
    bytes_,
    counted,
    fine,
    grant,
    not_known,
    number,
    rule,
    said,
    share,
    things,
    within,
)
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.spec import Format

BAND = 0.1
"""How far an estimate of bloat may be off, either way."""

SMALL = {"integer": "2.15 G", "smallint": "32767"}
"""The types that a column of numbers outgrows."""


@rule(
    "bloat",
    "Bloat",
    of="bloat",
    warn=0.4,
    crit=0.6,
    format=Format.RATIO,
    screen="tables",
    advice="Empty space in a table is read and cached like rows; an estimate from the column "
    "widths, which is off by up to ten points.",
)
def bloat(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Much of a large table is empty space."""
    worst, hidden = 0.0, 0
    for table in known(facts.bloat):
        if table.needed is None:
            hidden += not table.readable
            continue
        value = max(0.0, 1 - table.needed / max(1, table.bytes))
        worst = max(worst, value)
        state = _bloated(table, value, facts.floors.bloat_bytes, at)
        if state is not State.OK:
            low, high = share(max(0.0, value - BAND)), share(min(1.0, value + BAND))
            yield Reading(
                state,
                f"About {low} to {high} of {table.schema}.{table.name} is empty, some "
                f"{bytes_(value * table.bytes)} of {bytes_(table.bytes)}",
                value,
                f"{table.schema}.{table.name}",
                f"VACUUM (FULL) {table.sql_name}; -- locks it meanwhile, pg_repack does not",
            )
    if hidden:
        tables = things(hidden, "large table")
        reason = f"The statistics of {tables} are not visible to {known(facts.server).login}"
        yield not_known(Missing(reason, grant(known(facts.server), "pg_read_all_data")))
    told = f"Of the large tables at most {share(worst)} are empty, by estimate"
    yield fine(
        told if known(facts.bloat) else "No table is large enough to matter", within(worst, at)
    )


def _bloated(table: Bloat, value: float, floors: tuple[float, float], at: Thresholds) -> State:
    """Judge by the share, as far as the wasted bytes are worth it too."""
    state, waste = at.judge(value), value * table.bytes
    if state is State.CRITICAL and waste < floors[1]:
        state = State.WARNING
    return State.OK if waste < floors[0] else state


@rule(
    "invalid_index",
    "Invalid indexes",
    of="indexes",
    warn=3600.0,
    format=Format.AGE,
    screen="indexes",
    advice="A build failed or was cancelled: no statement can use what is left, and every write "
    "still pays for it. Drop it and build it again.",
)
def invalid_index(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """An index was left behind by a build that failed."""
    found = [each for each in known(facts.indexes) if not each.valid and not each.building]
    for index in found:
        seen = facts.past.invalid_s.get(index.oid, 0.0)
        if (state := at.judge(seen)) is not State.OK:
            yield Reading(
                state,
                f"Index {index.schema}.{index.name} on {index.on_table} ({bytes_(index.bytes)}) "
                f"is invalid, seen so for {said(seen)}, and no build is running",
                seen,
                f"{index.schema}.{index.name}",
                f"DROP INDEX CONCURRENTLY {index.sql_name}",
            )
    told = f"{things(len(found), 'index', 'indexes')} invalid, seen only now"
    yield fine(told if found else "Every index is valid", 0.0)


@rule(
    "unused_index",
    "Unused indexes",
    of="indexes",
    warn=100.0 * 2**20,
    format=Format.BYTES,
    screen="indexes",
    local=False,
    advice="Every write maintains it and no statement reads it; a standby may, and counts for "
    "itself.",
)
def unused_index(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A large index is read by nobody."""
    counted(facts, "what the primary reads")
    unused = [each for each in known(facts.indexes) if each.valid]
    large = [each for each in unused if at.judge(each.bytes) is not State.OK]
    observed, enough = facts.past.observed_s, facts.floors.observed_s
    if large and observed < enough:
        reason = f"{things(len(large), 'large index', 'large indexes')} not read so far, but use "
        reason += f"is counted for {said(observed)} only; {said(enough)} would tell"
        yield not_known(Missing(reason))
        return
    for index in large:
        yield Reading(
            State.WARNING,
            f"Index {index.schema}.{index.name} on {index.on_table} takes {bytes_(index.bytes)} "
            f"and was not read in {said(observed)}",
            float(index.bytes),
            f"{index.schema}.{index.name}",
            f"DROP INDEX CONCURRENTLY {index.sql_name}",
        )
    most = max((each.bytes for each in unused), default=0)
    told = f"No large index is unused; the largest unread one takes {bytes_(most)}"
    yield fine(told if unused else "Every index is read", float(most))


@rule(
    "sequence_exhaustion",
    "Sequences and their columns",
    of="sequences",
    warn=0.7,
    crit=0.9,
    format=Format.RATIO,
    screen="tables",
    advice="At the end every INSERT fails; to make the column a bigint takes time and a plan.",
)
def sequence_exhaustion(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A sequence, or the integer column that it feeds, nears its end."""
    sequences = known(facts.sequences)
    worst = 0.0
    for each in sequences.seen:
        value = max(each.share or 0.0, each.column_share or 0.0)
        worst = max(worst, value)
        if (state := at.judge(value)) is not State.OK:
            yield _ending(each, value, state)
    hidden = sum(not each.readable for each in sequences.seen)
    if hidden:
        server = known(facts.server)
        reason = f"{things(hidden, 'sequence')} cannot be read by {server.login}"
        yield not_known(Missing(reason, grant(server, "pg_read_all_data")))
    told = f"The furthest of {things(len(sequences.seen), 'sequence')} is at {share(worst)}"
    if len(sequences.seen) < sequences.number:
        told += f"; {number(sequences.number)} there are, looked at in turn"
    yield fine(told if sequences.seen else "There is no sequence that could end", worst)


def _ending(each: Sequence, value: float, state: State) -> Reading:
    by_column = (each.column_share or 0.0) >= (each.share or 0.0)
    end = "its end"
    if by_column and each.of_table is not None:
        limit = SMALL.get(each.column_type or "", "")
        end = f"what {each.of_table}.{each.of_column} ({each.column_type}) can hold, {limit}"
    bound = "NO MINVALUE" if each.descending else "NO MAXVALUE"
    fix = f"ALTER SEQUENCE {each.sql_name} AS bigint {bound}"
    if each.sql_table is not None and each.column_type in SMALL:
        fix = f"ALTER TABLE {each.sql_table} ALTER COLUMN {each.sql_column} TYPE bigint; {fix}"
    return Reading(
        state,
        f"Sequence {each.schema}.{each.name} is at {number(each.last or 0.0)}, {share(value)} "
        f"of {end}",
        value,
        f"{each.schema}.{each.name}",
        fix,
    )


RULES = (bloat, invalid_index, unused_index, sequence_exhaustion)
