"""Checks as rows, for the screen and for the command line alike; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from pgdeck.core.cell import Level
from pgdeck.core.check import Check, Checks, Pardon, State
from pgdeck.core.rows import Key, Measure, Status, Table, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format

LEVELS = {
    State.OK: Level.GOOD,
    State.WARNING: Level.WARNING,
    State.CRITICAL: Level.CRITICAL,
    State.UNKNOWN: Level.UNKNOWN,
}

RIGHT = Align.RIGHT
CHECK_COLUMNS = (
    Column("state", "state", width=10, priority=0),
    Column("check", "check", width=26, priority=0),
    Column("value", "value", align=RIGHT, width=8, priority=1),
    Column("warn", "warn", align=RIGHT, width=8, priority=3),
    Column("crit", "crit", align=RIGHT, width=8, priority=5),
    Column("trend", "trend", format=Format.SPARKLINE, width=12, priority=6),
    Column("since", "since", format=Format.AGE, align=RIGHT, width=6, priority=2),
    Column("known", "known by", width=18, priority=4),
    Column("sentence", "finding", width=46, priority=9),
    Column("rule", "rule", hidden=True),
    Column("subject", "subject", hidden=True),
)
"""What is shown of a check; the rest is in the detail pane and in the machine's rows."""


def check_key(check: Check) -> Key:
    """Return what identifies a check from one refresh to the next."""
    return (check.rule, check.subject)


def check_table(checks: Checks, now: datetime, *, ok: bool = True) -> Table:
    """Return the checks in their order as a table of `CHECK_COLUMNS`; without `ok`, what is not.

    `now` is the time, in UTC, to which `since` is counted.
    """
    shown = [check for check in checks.checks if ok or check.state is not State.OK]
    rows = tuple(TableRow(check_key(check), _values(check, now)) for check in shown)
    return Table(rows, tuple(_extra(check) for check in shown))


PROCESS = re.compile(r"(pid \d+) of \d+")
"""A subject that is a process: with the second of its start, since pids are used again."""


def subject_word(subject: str) -> str:
    """Return a subject for people: of a process its pid alone.

    >>> subject_word("pid 4139 of 1795262635"), subject_word("public.orders")
    ('pid 4139', 'public.orders')
    """
    process = PROCESS.fullmatch(subject)
    return process[1] if process else subject


def headline(check: Check) -> str:
    """Name a check and what it is about."""
    return f"{check.title}: {subject_word(check.subject)}" if check.subject else check.title


def pardon_word(pardon: Pardon) -> str:
    """Say in two words that an alert is known, and to whom."""
    return f"{pardon.kind.value} {pardon.by}"


def _values(check: Check, now: datetime) -> tuple[Value, ...]:
    level = LEVELS[check.state]
    known = check.pardon is not None
    loud = level if level > Level.UNKNOWN and not known else Level.NORMAL
    since = None if check.since is None else max(0.0, (now - check.since).total_seconds())
    return (
        Status(check.state.word, level, muted=known),
        headline(check),
        _value(check, loud),
        _bound(check, check.thresholds.warn),
        _bound(check, check.thresholds.crit),
        check.trend or None,
        since,
        pardon_word(check.pardon) if check.pardon else None,
        check.sentence,
        check.rule,
        check.subject or None,
    )


def _value(check: Check, level: Level) -> Value:
    if check.value is not None:
        return Measure(check.value, check.format, level)
    return Unknown(check.sentence, check.fix) if check.state is State.UNKNOWN else None


def _bound(check: Check, bound: float | None) -> Value:
    return None if bound is None else Measure(bound, check.format, Level.QUIET)


def _extra(check: Check) -> Mapping[str, Value]:
    pardon = check.pardon
    return {
        "title": check.title,
        "fix": check.fix or None,
        "advice": check.advice or None,
        "screen": check.screen or None,
        "since_at": check.since,
        "pardon": pardon.kind.value if pardon else None,
        "pardon_by": pardon.by if pardon else None,
        "pardon_reason": pardon.reason if pardon else None,
        "pardon_until": pardon.until if pardon else None,
    }
