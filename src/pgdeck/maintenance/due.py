"""What is due on which table, why, and in which order: the server's figures become needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import cast

from msgspec import Struct

from pgdeck.core.numbers import count, percent
from pgdeck.core.rows import Value

OLD = 0.9
"""Share of the age at which a vacuum is forced from which on freezing ahead is worth it."""


class Need(IntEnum):
    """What a table needs, the most pressing first."""

    FREEZE = 0
    VACUUM = 1
    BOTH = 2
    ANALYZE = 3


class Due(Struct, frozen=True):
    """One table's need: `why` in words, `press` orders those of one kind (the greater first)."""

    oid: int
    need: Need
    why: str
    press: float


def due_of(rows: Iterable[Mapping[str, Value]]) -> tuple[Due, ...]:
    """Return what is due, in the order in which it is best done.

    What comes near the forced vacuum goes first, then what has waited longest by the server's
    own measure; statistics alone are cheap and come last.
    """
    found = [_due(row) for row in rows]
    return tuple(sorted(found, key=lambda due: (due.need == Need.ANALYZE, _rank(due), -due.press)))


def _rank(due: Due) -> int:
    return 0 if due.need is Need.FREEZE else 1


def _due(row: Mapping[str, Value]) -> Due:
    oid = cast(int, row["oid"])
    age = cast("float | None", row["age_share"]) or 0.0
    stale = row["mods_due"] is True
    if age >= OLD:
        return Due(oid, Need.FREEZE, _because(row, [_age(age)]), age)
    reasons: list[str] = []
    if row["dead_due"]:
        reasons.append(_dead(row))
    if row["new_due"]:
        reasons.append(f"{_many(row['fresh'])} rows inserted since the last vacuum")
    if stale:
        reasons.append(_changed(row))
    if row["dead_due"] or row["new_due"]:
        shares = (cast("float | None", row[name]) or 0.0 for name in ("dead_share", "new_share"))
        need = Need.BOTH if stale else Need.VACUUM
        return Due(oid, need, _because(row, reasons), max(shares))
    return Due(oid, Need.ANALYZE, _because(row, reasons), float(cast(int, row["mods"] or 0)))


def _because(row: Mapping[str, Value], reasons: Sequence[str]) -> str:
    off = [] if row["enabled"] else ["autovacuum is off for it"]
    return ", ".join([*reasons, *off])


def _age(share: float) -> str:
    return f"its age is {''.join(percent(100 * share))} of that at which a vacuum is forced"


def _dead(row: Mapping[str, Value]) -> str:
    dead, live = cast(int, row["dead"] or 0), cast(int, row["live"] or 0)
    share = "".join(percent(100 * dead / (dead + live))) if dead + live else ""
    return f"{_many(dead)} rows are dead ({share})"


def _changed(row: Mapping[str, Value]) -> str:
    if row["never_analyzed"]:
        return "never analyzed"
    return f"{_many(row['mods'])} rows changed since the last analyze"


def _many(value: Value) -> str:
    return "".join(count(float(cast(int, value or 0))))
