"""What the rules of PostgreSQL judge: one sample of a server, and what earlier ones tell; pure."""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct, field

from pgdeck.core.holding import Holder, Horizon, LockWait
from pgdeck.core.snapshot import Failure

T = TypeVar("T")


class Missing(Struct, frozen=True):
    """A part of the facts that is not known: why, and what would make it known."""

    reason: str
    fix: str = ""


NOT_YET = Missing("It has not been measured yet")


class NotKnownError(Exception):
    """A rule needs what is not known; `missing` says why."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.reason)
        self.missing = missing


def known(part: T | Missing) -> T:
    """Return a part of the facts; raises `NotKnownError` where it is missing."""
    if isinstance(part, Missing):
        raise NotKnownError(part)
    return part


def missing(failure: Failure) -> Missing:
    """Return what a question's failure leaves unknown."""
    return Missing(failure.message, failure.hint)


class Server(Struct, frozen=True):
    """Who answers, and its counters; times are seconds of the server's clock since 1970.

    `born` is when the server's statistics began: at its birth, its last crash, or a reset of all.
    """

    at: float
    started: float
    standby: bool
    login: str
    sql_login: str
    sees_all: bool
    slots: int
    backends: int
    clients: int
    hidden: int
    top_application: str | None
    top_sessions: int | None
    autovacuum: bool
    counting: bool
    database_oid: int
    database: str
    stats_reset: float | None
    born: float | None
    commits: int
    rollbacks: int
    fetched: int
    hits: int
    temp_bytes: int
    temp_files: int
    deadlocks: int


class Transaction(Struct, frozen=True):
    """A client with an open transaction; what it is busy or idle with, in seconds."""

    pid: int
    started: float
    application: str
    login: str | None
    state: str | None
    transaction_s: float
    query_s: float | None
    idle_s: float | None
    query: str
    waits: bool = False

    @property
    def held_up(self) -> bool:
        """Whether it has done little else than wait for a lock: the rule of those tells of it."""
        return self.waits and (self.query_s or 0.0) >= self.transaction_s / 2

    @property
    def subject(self) -> str:
        """What identifies it as long as it lives: pids come back."""
        return f"pid {self.pid} of {self.started:.0f}"


class State(Struct, frozen=True):
    """The server as a whole; `replay_*` and `paused` are a standby's own."""

    tables: int
    notifications: float
    synchronous: str
    archive_mode: str
    max_wal: int
    archived: int
    archive_failures: int
    failed_wal: str | None
    archived_at: float | None
    failed_at: float | None
    checkpoints_timed: int
    checkpoints_requested: int
    checkpoints_reset: float | None
    replay_bytes: int | None
    replay_s: float | None
    paused: bool | None

    @property
    def archiving_fails(self) -> bool:
        """Whether the last attempt to archive a segment failed."""
        if self.archive_mode == "off" or self.failed_at is None:
            return False
        return self.archived_at is None or self.failed_at > self.archived_at


class Slot(Struct, frozen=True):
    """A replication slot and the bytes of WAL it keeps; `inactive_s` from 17 on."""

    name: str
    kind: str
    active: bool
    status: str | None
    inactive_s: float | None
    retained: int | None


class Sender(Struct, frozen=True):
    """Somebody who receives WAL; None is not visible, or nothing was sent lately."""

    pid: int
    name: str
    client: str | None
    state: str | None
    sync_state: str | None
    behind: int | None
    behind_s: float | None


class Database(Struct, frozen=True):
    """The ages of a database's oldest rows; `name` is None for what all databases share.

    One that lets nobody in (`closed`) is vacuumed by autovacuum alone.
    """

    name: str | None
    sql_name: str | None
    closed: bool | None
    xid_age: int | None
    mxid_age: int | None
    xid_forced: float | None
    mxid_forced: float | None
    checksum_failures: int | None


class LateTable(Struct, frozen=True):
    """A table whose dead rows passed what makes autovacuum come."""

    oid: int
    schema: str
    name: str
    sql_name: str
    dead: int
    live: float
    due_at: float
    enabled: bool
    vacuumed_s: float | None
    runs: int


class ChangedTable(Struct, frozen=True):
    """A table that changed beyond what makes autovacuum analyze it."""

    oid: int
    schema: str
    name: str
    sql_name: str
    changed: int
    due_at: float
    live: int
    never: bool
    analyzed_s: float | None


class Index(Struct, frozen=True):
    """An index that is invalid, or that nothing has read since the statistics began."""

    oid: int
    schema: str
    name: str
    sql_name: str
    on_table: str
    valid: bool
    building: bool
    bytes: int


class Sequence(Struct, frozen=True):
    """How far a sequence has come, as shares of its own end and of its column's."""

    oid: int
    schema: str
    name: str
    sql_name: str
    readable: bool
    last: float | None
    share: float | None
    column_share: float | None
    of_table: str | None
    of_column: str | None
    sql_table: str | None
    sql_column: str | None
    column_type: str | None
    number: int
    descending: bool = False


class Bloat(Struct, frozen=True):
    """A large table: its bytes, and those its rows would need; None where nothing tells."""

    oid: int
    schema: str
    name: str
    sql_name: str
    readable: bool
    bytes: int
    needed: float | None


class Sequences(Struct, frozen=True):
    """The sequences looked at so far, of how many there are."""

    seen: tuple[Sequence, ...]
    number: int


class Growth(Struct, frozen=True):
    """What counters grew by within `seconds`, and the share of it that is ours left out."""

    seconds: float
    commits: float = 0.0
    rollbacks: float = 0.0
    fetched: float = 0.0
    hits: float = 0.0
    temp_bytes: float = 0.0
    temp_files: float = 0.0
    deadlocks: float = 0.0


class Checkpoints(Struct, frozen=True):
    """Checkpoints within `seconds`."""

    seconds: float
    timed: float
    requested: float


class Restart(Struct, frozen=True):
    """The statistics began anew: why, and how many seconds ago that was or was seen."""

    reason: str
    ago_s: float


class Past(Struct, frozen=True):
    """What only earlier samples can tell.

    `minute` and `hour` are the growth of counters within that time or as long as it is known.
    The mappings hold seconds since something was first seen so: invalid indexes, tables with old
    statistics (by oid), inactive slots (by name).  `observed_s` is how long an index's use has
    been counted without a break.  `futile` counts a table's vacuums that freed nothing.
    """

    minute: Growth | Missing = NOT_YET
    hour: Growth | Missing = NOT_YET
    checkpoints: Checkpoints | Missing = NOT_YET
    invalid_s: dict[int, float] = field(default_factory=dict)
    stale_s: dict[int, float] = field(default_factory=dict)
    inactive_s: dict[str, float] = field(default_factory=dict)
    failing_s: float = 0.0
    observed_s: float = 0.0
    futile: dict[int, int] = field(default_factory=dict)
    restart: Restart | None = None


class Floors(Struct, frozen=True):
    """From where on things are worth a look at all."""

    dead_rows: int = 10_000
    changed_rows: int = 10_000
    bloat_bytes: tuple[float, float] = (256 * 2**20, 2 * 2**30)
    blocks_per_s: float = 1000.0
    transactions_per_s: float = 10.0
    checkpoints: int = 4
    observed_s: float = 7 * 86_400.0


class Facts(Struct, frozen=True):
    """One sample; a part that failed, or has not been asked yet, is `Missing`.

    `new` names the parts that were asked for this sample; the others are of an earlier one.
    """

    server: Server | Missing = NOT_YET
    transactions: tuple[Transaction, ...] | Missing = NOT_YET
    lock_wait: LockWait | Missing | None = NOT_YET
    prepared: tuple[Holder, ...] | Missing = NOT_YET
    horizon: Horizon | Missing | None = NOT_YET
    state: State | Missing = NOT_YET
    slots: tuple[Slot, ...] | Missing = NOT_YET
    senders: tuple[Sender, ...] | Missing = NOT_YET
    databases: tuple[Database, ...] | Missing = NOT_YET
    late: tuple[LateTable, ...] | Missing = NOT_YET
    changed: tuple[ChangedTable, ...] | Missing = NOT_YET
    indexes: tuple[Index, ...] | Missing = NOT_YET
    sequences: Sequences | Missing = NOT_YET
    bloat: tuple[Bloat, ...] | Missing = NOT_YET
    settings: tuple[str, ...] | Missing = NOT_YET
    new: frozenset[str] = frozenset()
    past: Past = field(default_factory=Past)
    floors: Floors = Floors()
