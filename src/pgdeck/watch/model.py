"""What the bespoke screens show, as frozen values; pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from pgdeck.core.history import Series
from pgdeck.core.snapshot import Failure

__all__ = [
    "Activity",
    "ActivitySummary",
    "BigTable",
    "BlockingNode",
    "Connections",
    "MigrationsSummary",
    "Overview",
    "Series",
    "Server",
    "Session",
    "SessionView",
    "TablesSummary",
    "Throughput",
    "VacuumRun",
    "VacuumSummary",
    "VersionTable",
]


class Server(Struct, frozen=True):
    """Who answers: taken anew at every tick, since a promotion changes it in place.

    `fingerprint` is six hex digits of a BLAKE2 hash of system identifier and database oid.
    `monitor` says whether the login may read everybody's statistics.
    """

    version: int
    version_text: str
    standby: bool
    started_at: datetime
    uptime_s: float
    database: str
    login: str
    superuser: bool
    monitor: bool
    system_identifier: str | None
    database_oid: int
    fingerprint: str
    address: str | None
    port: int | None
    environment: str | None = None


class Connections(Struct, frozen=True):
    """The connection budget; a None count cannot be known by this login."""

    maximum: int
    reserved: int
    used: int
    active: int | None
    idle: int | None
    idle_in_transaction: int | None
    waiting: int | None
    oldest_idle_in_transaction_s: float | None
    series: Series = ()

    @property
    def for_everyone(self) -> int:
        """Slots that ordinary roles can use."""
        return self.maximum - self.reserved


class Throughput(Struct, frozen=True):
    """Rates of the watched database between two samples; None until two samples exist.

    The transactions of the collector itself are left out.
    """

    transactions_per_s: float | None
    rollback_share: float | None
    cache_hit: float | None
    wal_bytes_per_s: float | None
    temp_bytes_per_s: float | None
    deadlocks_per_h: float | None
    transactions: Series = ()
    hits: Series = ()
    wal: Series = ()
    transactions_max: float | None = None


class BigTable(Struct, frozen=True):
    """One of the largest tables; `bytes` are estimated from relpages, partitions rolled up.

    None bytes: no vacuum and no analyze has counted its pages yet.
    """

    schema: str
    name: str
    partitions: int
    bytes: int | None
    dead_share: float | None
    vacuumed_s: float | None
    locked: bool


class TablesSummary(Struct, frozen=True):
    """What fills the disk."""

    count: int
    bytes: int
    biggest: tuple[BigTable, ...]
    database_bytes: int | None
    database_bytes_age_s: float | None
    size: Series = ()


class VacuumRun(Struct, frozen=True):
    """A vacuum, analyze or index build in progress; `share` is of the phase, 0 to 1."""

    pid: int
    command: str
    relation: str
    phase: str
    share: float | None
    running_s: float | None


class VacuumSummary(Struct, frozen=True):
    """Whether vacuum keeps up; `due` is None while the tables could not be counted."""

    due: int | None
    oldest_xid: int
    oldest_xid_of_forced: float
    oldest_xid_of_stop: float
    running: tuple[VacuumRun, ...]
    horizon_holder: str | None
    horizon_age: int | None


class ActivitySummary(Struct, frozen=True):
    """Who is busy and who waits."""

    longest_query_s: float | None
    longest_transaction_s: float | None
    waiting: int | None
    root_blocker: str | None
    blocked_longest_s: float | None
    sample: tuple[tuple[int, str, float | None, str], ...] = ()
    """(pid, application, seconds, query) of the longest running statements."""
    hidden: int = 0
    """Sessions of which this login sees neither state nor statement."""


class VersionTable(Struct, frozen=True):
    """One of Alembic's tables of versions; None revisions could not be read.

    It is `locked` while a migration makes or changes it.
    """

    schema: str
    name: str
    revisions: tuple[str, ...] | None
    readable: bool = True
    locked: bool = False


class MigrationsSummary(Struct, frozen=True):
    """Where the migrations stand: a table for each history, none where Alembic never ran."""

    tables: tuple[VersionTable, ...]


class Overview(Struct, frozen=True):
    """Every pane of the Overview; a part that failed is its Failure and costs only its own pane."""

    connections: Connections | Failure
    throughput: Throughput | Failure
    activity: ActivitySummary | Failure
    tables: TablesSummary | Failure
    vacuum: VacuumSummary | Failure
    migrations: MigrationsSummary | Failure


class SessionView(StrEnum):
    """The three views of Activity."""

    RUNNING = "running"
    WAITING = "waiting"
    BLOCKING = "blocking"


class Session(Struct, frozen=True):
    """One backend, or (pid 0) a prepared transaction that holds locks.

    None stands for what this login may not see (`visible` is False then) or what does not apply.
    Seconds are measured by the server's clock_timestamp.
    """

    pid: int
    backend_start: datetime | None
    backend_type: str | None
    database: str | None
    login: str | None
    application: str
    client: str | None
    state: str | None
    wait_type: str | None
    wait_event: str | None
    transaction_s: float | None
    query_s: float | None
    state_s: float | None
    xmin_age: int | None
    leader_pid: int | None
    query_id: int | None
    query: str
    visible: bool
    wants: str | None = None
    """What it waits for: lock mode and relation, as `AccessExclusiveLock on public.messages`."""
    waits_s: float | None = None
    blocked_by: tuple[int, ...] = ()
    prepared_gid: str | None = None


class BlockingNode(Struct, frozen=True):
    """One line of the blocking tree: a session, its depth, and how many wait below it."""

    session: Session
    depth: int
    root_pid: int
    blocks: int
    last_child: bool = False
    deadlock: bool = False
    """A root that waits itself: the server is about to end one of this circle."""


class Activity(Struct, frozen=True):
    """Every session of the server (own ones left out) and the blocking tree over them."""

    sessions: tuple[Session, ...]
    tree: tuple[BlockingNode, ...]
    hidden: int = 0
    """Sessions whose details this login may not see."""
    truncated: int = 0
    hidden_from: str | None = None
    """The login that may not see them, for the GRANT that would show them."""
