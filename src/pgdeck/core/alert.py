"""What is judged and how the judgement reads: values that pass between the wings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pgdeck.core.cell import Level


@dataclass(frozen=True, slots=True)
class Alert:
    """One judgement: a sentence with its evidence, the fix, and the screen that shows it."""

    rule: str
    level: Level
    sentence: str
    fix: str = ""
    screen: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds something: a session, or (`gid`) a prepared transaction.

    `seconds` says how long; None is not known.
    """

    pid: int | None
    application: str = ""
    login: str | None = None
    state: str | None = None
    seconds: float | None = None
    gid: str | None = None
    database: str | None = None


@dataclass(frozen=True, slots=True)
class LockWait:
    """Sessions that wait for locks: how many, the longest in seconds, and the root that blocks."""

    waiters: int
    longest_s: float
    root: Holder | None = None
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Horizon:
    """Who keeps vacuum from removing dead rows: session, prepared, slot or standby; age in xids."""

    kind: str
    name: str
    age: int
    pid: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Wraparound:
    """The oldest database's age in transactions, and the age at which vacuum is forced."""

    database: str
    age: int
    forced_at: float
    kind: str = "transactions"


@dataclass(frozen=True, slots=True)
class OverdueTable:
    """A table whose dead rows passed its threshold; `vacuumed_s` is None when never vacuumed."""

    schema: str
    name: str
    dead: int
    live: float
    due_at: float
    enabled: bool
    vacuumed_s: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules judge; None stands for what is not known and is never judged."""

    connections_used: int | None = None
    connections_for_everyone: int | None = None
    idle_in_transaction: Holder | None = None
    oldest_transaction: Holder | None = None
    lock_wait: LockWait | None = None
    prepared: tuple[Holder, ...] = ()
    horizon: Horizon | None = None
    wraparound: tuple[Wraparound, ...] = ()
    overdue: tuple[OverdueTable, ...] = ()
    autovacuum: bool | None = None
    counting: bool | None = None
    uptime_s: float | None = None
    standby: bool | None = None


Judge = Callable[[Facts], tuple[Alert, ...]]
"""Turns facts into alerts, the most serious first."""


def sql_name(schema: str, name: str) -> str:
    """Return a relation's name quoted for SQL."""
    quoted = (part.replace('"', '""') for part in (schema, name))
    return ".".join(f'"{part}"' if not _plain(part) else part for part in quoted)


def sql_text(text: str) -> str:
    """Return a text as an SQL literal, whatever standard_conforming_strings says."""
    doubled = text.replace("'", "''")
    if "\\" not in text:
        return f"'{doubled}'"
    return "E'" + doubled.replace("\\", "\\\\") + "'"


def _plain(name: str) -> bool:
    """Whether a name needs no quotes; key words are quoted by those who know them."""
    return name.isascii() and name.isidentifier() and name == name.lower()
