"""What the server spends its time on, as values, and the rows that screens make of it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import astuple, replace

from pgdeck.core.rows import Key, Table, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format


class StatementsView(StrEnum):
    """Which figures are shown: all since the reset, or those since the last refresh."""

    TOTAL = "total"
    RECENT = "recent"


class Counters(Struct, frozen=True):
    """What adds up with each execution: seconds, rows, blocks, bytes."""

    calls: float
    executing_s: float
    rows: float
    hit: float
    read: float
    dirtied: float
    written: float
    temp_bytes: float
    wal_bytes: float
    planning_s: float
    reading_s: float
    writing_s: float

    def since(self, before: Counters) -> Counters | None:
        """Return the growth, None when it fell: the entry was reset, or evicted and made anew."""
        grown = [new - old for new, old in zip(astuple(self), astuple(before), strict=True)]
        return None if grown[0] < 0 or grown[1] < 0 else Counters(*grown)

    @property
    def mean_s(self) -> float | None:
        """Seconds of one execution."""
        return self.executing_s / self.calls if self.calls else None

    @property
    def cache_hit(self) -> float | None:
        """Share of blocks found in shared buffers."""
        looked_up = self.hit + self.read
        return self.hit / looked_up if looked_up else None


class Statement(Struct, frozen=True):
    """One entry; `recent` is what came in since the last reading, None when that is not known.

    `visible` is false for another role's statement that this login may not read.
    """

    key: Key
    query_id: int | None
    database: str | None
    login: str
    top_level: bool | None
    text: str | None
    visible: bool
    total: Counters
    recent: Counters | None
    least_s: float | None
    most_s: float | None
    spread_s: float | None
    since: datetime | None


class Statements(Struct, frozen=True):
    """The entries that matter by one measure or another, of `entries` in all.

    `elapsed_s` lies between the two readings of `recent`, None at the first; `dealloc` counts how
    often the server made room by forgetting entries.
    """

    statements: tuple[Statement, ...]
    entries: int
    hidden: int
    all_s: float
    elapsed_s: float | None
    reset_at: datetime | None
    dealloc: int | None
    login: str
    timed: bool
    planned: bool
    notice: str = ""


_SHARE = Column("share", "share", Format.RATIO, Align.RIGHT, 7, 0, note="of all execution time")
_MEAN = Column("mean", "mean", Format.DURATION, Align.RIGHT, 7, 1, note="time of one execution")
_HIT = Column(
    "hit", "cache", Format.RATIO, Align.RIGHT, 7, 5, note="blocks found in shared buffers"
)
_CALLS_S = Column("calls_per_s", "calls/s", Format.RATE, Align.RIGHT, 8, 2)
_ROWS = Column("rows", "rows", Format.COUNT, Align.RIGHT, 7, 4)
_TEMP = Column(
    "temp", "temp", Format.BYTES, Align.RIGHT, 8, 6, note="read from and written to temporary files"
)
_WAL = Column("wal", "WAL", Format.BYTES, Align.RIGHT, 8, 6)
_BUSY = Column(
    "busy",
    "busy",
    Format.RATIO,
    Align.RIGHT,
    7,
    1,
    note="of the time it was executing; above 100 % in several sessions at once",
)
_WHERE = (
    Column("database", "database", width=12, priority=5),
    Column("login", "login", width=10, priority=7),
)
_QUERY = Column("query", "query", Format.QUERY, priority=1)


def _hidden(name: str, label: str, format: Format = Format.COUNT, note: str = "") -> Column:
    return Column(name, label, format, Align.RIGHT, note=note, hidden=True)


_MORE = (
    _hidden("rows_per_call", "rows a call"),
    _hidden("least", "shortest", Format.DURATION),
    _hidden("most", "longest", Format.DURATION),
    _hidden("spread", "standard deviation", Format.DURATION),
    _hidden("planning", "planning", Format.DURATION),
    _hidden("reading", "reading blocks", Format.DURATION),
    _hidden("writing", "writing blocks", Format.DURATION),
    _hidden("blocks_read", "blocks read"),
    _hidden("blocks_dirtied", "blocks dirtied"),
    _hidden("blocks_written", "blocks written"),
    _hidden("top_level", "top level", Format.BOOLEAN, "not from inside a function"),
    _hidden("since", "counted from", Format.TIME),
    _hidden("query_id", "query id", Format.TEXT),
)

TOTAL_COLUMNS: tuple[Column, ...] = (
    _SHARE,
    Column("time", "time", Format.DURATION, Align.RIGHT, 7, 1, note="executing, of all calls"),
    _MEAN,
    Column("calls", "calls", Format.COUNT, Align.RIGHT, 7, 2),
    _ROWS,
    _HIT,
    _TEMP,
    _WAL,
    *_WHERE,
    _QUERY,
    # The other view is about what happens now: here the text needs the room.
    replace(_CALLS_S, hidden=True),
    _hidden("busy", "busy", Format.RATIO, _BUSY.note),
    *_MORE,
)
"""One row a statement, since the reset; what is per second is since the last refresh."""

RECENT_COLUMNS: tuple[Column, ...] = (
    _SHARE,
    _BUSY,
    _MEAN,
    _CALLS_S,
    Column("rows_per_s", "rows/s", Format.RATE, Align.RIGHT, 8, 4),
    _HIT,
    Column("temp", "temp/s", Format.BYTES, Align.RIGHT, 8, 6, note=_TEMP.note),
    Column("wal", "WAL/s", Format.BYTES, Align.RIGHT, 8, 6),
    *_WHERE,
    _QUERY,
    _hidden("calls", "calls"),
    _hidden("time", "time", Format.DURATION),
    _hidden("rows", "rows"),
    *_MORE,
)
"""One row a statement that ended since the last refresh."""

COLUMNS = {StatementsView.TOTAL: TOTAL_COLUMNS, StatementsView.RECENT: RECENT_COLUMNS}


def to_table(data: Statements, view: StatementsView) -> Table:
    """Return the rows of a view, the most time first."""
    columns = COLUMNS[view]
    return Table(
        tuple(
            TableRow(statement.key, tuple(values.get(column.name) for column in columns))
            for statement, values in _rows(data, view)
        ),
        truncated=data.entries - len(data.statements) if view is StatementsView.TOTAL else 0,
    )


def _rows(data: Statements, view: StatementsView) -> Iterable[tuple[Statement, dict[str, Value]]]:
    if view is StatementsView.TOTAL:
        for each in data.statements:
            yield each, _values(data, each, each.total, data.all_s, 1.0)
        return
    busy = [(each, each.recent) for each in data.statements if each.recent and each.recent.calls]
    busy.sort(key=lambda pair: -pair[1].executing_s)
    all_s = sum(recent.executing_s for _, recent in busy)
    for each, recent in busy:
        yield each, _values(data, each, recent, all_s, data.elapsed_s or 1.0)


def _values(
    data: Statements, each: Statement, figures: Counters, all_s: float, seconds: float
) -> dict[str, Value]:
    """Return a statement's values by column name; `seconds` divide amounts."""
    recent, elapsed = each.recent, data.elapsed_s
    lively = recent is not None and elapsed
    unseen = Unknown("not visible to this login", f"GRANT pg_read_all_stats TO {data.login}")
    untimed = Unknown("block access is not timed", "ALTER SYSTEM SET track_io_timing = on")
    unplanned = Unknown(
        "planning is not timed", "ALTER SYSTEM SET pg_stat_statements.track_planning = on"
    )
    return {
        "share": figures.executing_s / all_s if all_s else None,
        "time": figures.executing_s,
        "mean": figures.mean_s,
        "calls": int(figures.calls),
        "calls_per_s": recent.calls / elapsed if lively and recent and elapsed else None,
        "busy": recent.executing_s / elapsed if lively and recent and elapsed else None,
        "rows": int(figures.rows),
        "rows_per_s": recent.rows / elapsed if lively and recent and elapsed else None,
        "rows_per_call": figures.rows / figures.calls if figures.calls else None,
        "hit": figures.cache_hit,
        "temp": _each_second(figures.temp_bytes, seconds),
        "wal": _each_second(figures.wal_bytes, seconds),
        "database": each.database,
        "login": each.login,
        "query": _text(each, unseen),
        "least": each.least_s,
        "most": each.most_s,
        "spread": each.spread_s,
        "planning": figures.planning_s if data.planned or figures.planning_s else unplanned,
        "reading": figures.reading_s if data.timed else untimed,
        "writing": figures.writing_s if data.timed else untimed,
        "blocks_read": int(figures.read),
        "blocks_dirtied": int(figures.dirtied),
        "blocks_written": int(figures.written),
        "top_level": each.top_level,
        "since": each.since,
        "query_id": each.query_id if each.visible else unseen,
    }


def _each_second(amount: float, seconds: float) -> Value:
    """Return an amount per second; a total is a whole number, for copies and programs, too."""
    return int(amount) if seconds == 1.0 else amount / seconds


def _text(each: Statement, unseen: Unknown) -> Value:
    if not each.visible:
        return unseen
    return each.text if each.text is not None else Unknown("its text has not been read yet")


def changes(
    before: dict[Key, Counters], now: Sequence[tuple[Key, Counters]], *, complete: bool
) -> dict[Key, Counters | None]:
    """Return the growth of each entry; a new one's is all it has, when `before` was `complete`."""
    return {
        key: total.since(before[key]) if key in before else (total if complete else None)
        for key, total in now
    }
