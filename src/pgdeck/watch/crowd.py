"""Who is connected, and what limits how many may be, as frozen values; pure."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from pgdeck.core.history import Series
from pgdeck.watch.model import Session


class By(StrEnum):
    """What sessions can be grouped by."""

    APPLICATION = "application"
    LOGIN = "login"
    DATABASE = "database"
    CLIENT = "client"
    STATE = "state"


class Budget(Struct, frozen=True):
    """The slots for connections: `used` counts every client's session, our own with them.

    WAL senders and processes of the server have slots of their own and are counted apart.
    """

    maximum: int
    superusers: int
    """Slots kept for superusers (superuser_reserved_connections)."""
    reserved: int
    """Slots kept for members of pg_use_reserved_connections (reserved_connections, from 16 on)."""
    used: int
    own: int = 1
    senders: int = 0
    most_senders: int = 0
    processes: int = 0
    series: Series = ()

    @property
    def for_everyone(self) -> int:
        """Slots that ordinary logins can use."""
        return max(0, self.maximum - self.superusers - self.reserved)

    @property
    def free(self) -> int:
        """Slots that ordinary logins can still use."""
        return max(0, self.for_everyone - self.used)

    @property
    def share(self) -> float:
        """Which share of the slots for everyone is used; more than 1 uses reserved ones."""
        return self.used / self.for_everyone if self.for_everyone else 1.0


class Limit(Struct, frozen=True):
    """A CONNECTION LIMIT of a login or a database, and how many sessions it counts now."""

    by: By
    name: str
    used: int
    allowed: int

    @property
    def share(self) -> float:
        """Which share of it is used; one of none at all is used up."""
        return self.used / self.allowed if self.allowed else 1.0


class Connected(Struct, frozen=True):
    """One client's session, and the seconds since it connected; None is not visible."""

    session: Session
    age_s: float | None


class Crowd(Struct, frozen=True):
    """Every client's session but our own, the budget that they use, and the limits that are set."""

    budget: Budget
    connected: tuple[Connected, ...]
    limits: tuple[Limit, ...] = ()
    hidden_from: str | None = None
    """The login that does not see all details, for the GRANT that would show them."""

    @property
    def hidden(self) -> int:
        """Sessions whose details this login may not see."""
        return sum(1 for each in self.connected if not each.session.visible)
