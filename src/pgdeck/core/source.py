"""The contracts between those who gather, those who schedule and those who show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.target import Target

T_co = TypeVar("T_co", covariant=True)

Answer = Rows | Failure
"""What one query of a round came back with; a failing query does not spoil the others."""


class Context(Protocol):
    """What a collector may use while it collects."""

    @property
    def version(self) -> int:
        """The server's server_version_num (180004 for 18.4)."""

    @property
    def now(self) -> float:
        """Monotonic seconds."""

    @property
    def reported(self) -> int:
        """Transactions of the watching itself that the server has counted so far."""

    @property
    def pooled(self) -> bool:
        """Whether a pooler is between: then our own transactions end with a ROLLBACK."""

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        """Answer the queries in order; all asks of one tick share one round trip.

        Raises `pgdeck.errors.Unreachable` when the connection is lost or the deadline passes.
        """


class Collector(Protocol[T_co]):
    """Something that can be gathered again and again; it raises, the scheduler makes Failures."""

    @property
    def name(self) -> str:
        """The source's name, unique among the collectors of one target."""

    @property
    def interval(self) -> float:
        """Seconds between two collections while somebody looks."""

    @property
    def timeout(self) -> float:
        """Seconds after which a collection is given up."""

    @property
    def stale_after(self) -> float:
        """Seconds after which its value is no longer the present."""

    async def collect(self, ctx: Context) -> T_co:
        """Gather once."""


@runtime_checkable
class Restful(Protocol):
    """Something gathered that says how long it need not be gathered again."""

    @property
    def rests(self) -> float:
        """Seconds that it holds while nobody looks at it."""


class LinkState(Struct, frozen=True):
    """How the watching connection is: `since` and the failure's retry_at are monotonic seconds.

    `pooled` says whether a pooler stands between us and the server, `pid` which process serves us.
    """

    connected: bool
    since: float
    failure: Failure | None = None
    attempts: int = 0
    pooled: bool = False
    pid: int = 0


Listener = Callable[[Snapshot[object]], None]


class Watcher(Protocol):
    """One target being watched: what the dashboard and the command line hold on to.

    Everything is called on the event loop's thread.
    """

    @property
    def target(self) -> Target:
        """What is watched."""

    @property
    def link(self) -> LinkState:
        """The state of the watching connection."""

    @property
    def round_trip(self) -> float | None:
        """Seconds to the server and back, None while they are not known."""

    @property
    def paused(self) -> bool:
        """Whether polling is paused."""

    @property
    def interval(self) -> float | None:
        """Seconds that override every collector's own interval, or None."""

    def latest(self, name: str) -> Snapshot[object] | None:
        """Return the newest snapshot of a source."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each new snapshot; returns the way to stop it."""

    def subscribe_link(self, listener: Callable[[LinkState], None]) -> Callable[[], None]:
        """Call `listener` at each change of the link; returns the way to stop it."""

    def look(self, *names: str) -> None:
        """Poll exactly these sources from now on; those newly looked at run at once."""

    def pause(self) -> None:
        """Stop polling; the connection is kept."""

    def resume(self) -> None:
        """Poll again, at once."""

    def set_interval(self, seconds: float | None) -> None:
        """Override the collectors' intervals, or give them back their own."""

    def spare(self, seconds: float) -> None:
        """Let no interval be shorter that nobody chose by hand; 0 spares nothing."""

    def refresh(self) -> None:
        """Collect everything looked at now; while disconnected, try to connect now."""

    async def lookup(self, name: str, keys: tuple[str, ...]) -> Answer:
        """Run the lazy query of a screen for the given row keys (text form)."""

    async def start(self) -> None:
        """Begin; returns at once, the first connection is made in the background."""

    async def close(self) -> None:
        """End all tasks and close the connection without waiting for the server."""
