"""What fills the disk and whether vacuum keeps up: dear questions, asked seldom and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import Struct

from pgdeck.core.answers import Answers, Row, row_of, rows_of, seconds, whole
from pgdeck.core.history import History
from pgdeck.core.holding import Horizon, read_horizon
from pgdeck.core.rows import Rows
from pgdeck.core.snapshot import Failure
from pgdeck.errors import QueryFailed
from pgdeck.watch.model import BigTable, TablesSummary, VacuumRun, VacuumSummary

TABLES_EVERY, MANY_TABLES_EVERY, MANY_TABLES = 15.0, 60.0, 2000
SIZE_EVERY = 30.0

XID_STOP = 2.0**31
"""Transactions after which a server that was never frozen would have to stop."""


class _Summed(Struct, frozen=True):
    """The last answer about all tables, and when it came."""

    rows: Sequence[Row] | Failure
    at: float

    @property
    def total(self) -> Row:
        if isinstance(self.rows, Failure):
            raise QueryFailed(self.rows)
        return next(row for row in self.rows if row["kind"] == "sum")

    @property
    def every(self) -> float:
        """Seconds until it is asked again: a large catalog is spared."""
        if isinstance(self.rows, Failure):
            return MANY_TABLES_EVERY
        return MANY_TABLES_EVERY if cast(int, self.total["number"]) > MANY_TABLES else TABLES_EVERY

    def of(self, kind: str) -> list[Row]:
        if isinstance(self.rows, Failure):
            return []
        return [row for row in self.rows if row["kind"] == kind]


class Space:
    """Keeps the answers about tables and the database's size between the times they are asked."""

    def __init__(self, *, measure_at_once: bool = False) -> None:
        self._summed: _Summed | None = None
        self._bytes: int | None = None
        self._measured_at: float | None = None
        self._asked_size_at: float | None = None
        self._wait_for_size = not measure_at_once
        self._sizes = History()

    def due(self, now: float) -> list[str]:
        """Name the questions that are due at monotonic time `now`."""
        names = []
        if self._summed is None or now - self._summed.at >= self._summed.every:
            names.append("tables")
        if self._wait_for_size:
            # The first picture does not wait for a walk over every file of the database.
            self._wait_for_size = False
        elif self._asked_size_at is None or now - self._asked_size_at >= SIZE_EVERY:
            names.append("size")
        return names

    def take(self, at: float, answers: Answers) -> None:
        """Keep what came of the questions that were due."""
        if "tables" in answers:
            answer = answers["tables"]
            rows = answer.dicts() if isinstance(answer, Rows) else answer
            self._summed = _Summed(rows, at)
        if "size" in answers:
            answer = answers["size"]
            self._asked_size_at = at
            if isinstance(answer, Rows):
                self._bytes = whole(answer.one()["bytes"])
                self._measured_at = at
            else:
                self._bytes = self._measured_at = None
            self._sizes.add(at, None if self._bytes is None else float(self._bytes))

    @property
    def due_tables(self) -> int | None:
        """How many tables autovacuum should visit; None while that is not known."""
        if self._summed is None or isinstance(self._summed.rows, Failure):
            return None
        return whole(self._summed.total["dead"])

    def tables(self, now: float, answers: Answers) -> TablesSummary:
        """Sum the tables up; raises `QueryFailed`."""
        assert self._summed is not None, "asked before anything was taken"
        total = self._summed.total
        locked = frozenset(cast("Sequence[int] | None", _locked(answers)) or ())
        since = now - self._summed.at
        return TablesSummary(
            count=cast(int, total["number"]),
            bytes=whole(total["bytes"]) or 0,
            biggest=tuple(_big(row, locked, since) for row in self._summed.of("big")),
            database_bytes=self._bytes,
            database_bytes_age_s=None if self._measured_at is None else now - self._measured_at,
            size=self._sizes.series,
        )


TELLING = 1000
"""Rows below which a share of dead ones says nothing; the Tables screen leaves it out there too."""


def _locked(answers: Answers) -> object:
    answer = answers["horizon"]
    return answer.one().get("locked") if isinstance(answer, Rows) else None


def _big(row: Row, locked: frozenset[int], since: float) -> BigTable:
    dead, live = cast(int, row["dead"]), cast(float, row["live"])
    vacuumed = seconds(row["vacuumed_s"])
    return BigTable(
        schema=str(row["schema"]),
        name=str(row["name"]),
        partitions=cast(int, row["number"]),
        bytes=whole(row["bytes"]),
        dead_share=dead / (dead + live) if dead + live >= TELLING else None,
        vacuumed_s=None if vacuumed is None else vacuumed + since,
        locked=not locked.isdisjoint(cast("Sequence[int]", row["members"])),
    )


def read_vacuum(answers: Answers, due: int | None) -> VacuumSummary:
    """Say how old the oldest rows are, what runs, and who holds back the horizon."""
    row = row_of(answers, "horizon")
    age, forced_at = max(read_ages(row), key=lambda each: each[0] / each[1])
    horizon = read_horizon(row)
    return VacuumSummary(
        due=due,
        oldest_xid=age,
        oldest_xid_of_forced=age / forced_at,
        oldest_xid_of_stop=age / XID_STOP,
        running=tuple(_run(each) for each in rows_of(answers, "progress")),
        horizon_holder=said_horizon(horizon) if horizon else None,
        horizon_age=horizon.age if horizon else None,
    )


def read_ages(row: Row) -> tuple[tuple[int, float], ...]:
    """Return the oldest ages, of transactions and of multixacts, each with what forces vacuum."""
    return (
        (cast(int, row["xid_age"]), cast(float, row["xid_forced"])),
        (cast(int, row["mxid_age"]), cast(float, row["mxid_forced"])),
    )


def said_horizon(horizon: Horizon) -> str:
    """Name the holder in a few words."""
    if horizon.kind == "session":
        about = ", ".join(each for each in (horizon.name, horizon.note) if each)
        return f"pid {horizon.pid}" + (f" ({about})" if about else "")
    kinds = {"prepared": "prepared transaction", "slot": "replication slot", "standby": "standby"}
    note = f" ({horizon.note})" if horizon.kind == "slot" and horizon.note else ""
    return f"{kinds[horizon.kind]} {horizon.name}{note}"


def _run(row: Row) -> VacuumRun:
    done, all_ = row["done"], row["whole"]
    relation = row["relation"]
    if relation is None:
        hidden = row["relid"] is None
        relation = "?" if hidden else f"relation {row['relid']} of {row['database']}"
    return VacuumRun(
        pid=cast(int, row["pid"]),
        command=str(row["command"] or "maintenance"),
        relation=str(relation),
        phase=str(row["phase"] or "not visible to this login"),
        share=cast(int, done) / cast(int, all_) if done is not None and all_ else None,
        running_s=seconds(row["running_s"]),
    )
