"""What is judged and how the judgement reads: values that pass between the wings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pgdeck.core.cell import Level
from pgdeck.core.holding import Holder, Horizon, LockWait


@dataclass(frozen=True, slots=True)
class Alert:
    """One judgement: a sentence with its evidence, the fix, and the screen that shows it."""

    rule: str
    level: Level
    sentence: str
    fix: str = ""
    screen: str = ""


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


def _plain(name: str) -> bool:
    """Whether a name needs no quotes; key words are quoted by those who know them."""
    return name.isascii() and name.isidentifier() and name == name.lower()
