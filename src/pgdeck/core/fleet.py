"""Many databases at a glance: which there are, and what one short look at each has found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pgdeck.core.address import endpoint, place
from pgdeck.core.rows import Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Watcher
from pgdeck.core.target import Environment, Target
from pgdeck.errors import Problem


@dataclass(frozen=True, slots=True)
class Member:
    """One database of the fleet: its target, or why there is none.

    Only who is `asked` is looked at unasked: not who was never named to pgdeck, nor who needs a
    command run for its password.
    """

    name: str
    target: Target | None = None
    problem: Problem | None = None
    asked: bool = True

    @property
    def key(self) -> str:
        """What tells it from all others, and stays."""
        return self.name if self.target is None else berth(self.target)


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look at a target found; `at` is monotonic seconds.

    `standby`, `warnings` and `criticals` are None where they are not known, and `unjudged` says
    why.  `lag` is in seconds: a standby's own, or that of a primary's last standby; None where
    nobody follows, `Unknown` with its remedy where it cannot be known.
    """

    at: float
    failure: Failure | None = None
    version: str = ""
    standby: bool | None = None
    environment: str | None = None
    fingerprint: str = ""
    warnings: int | None = None
    criticals: int | None = None
    unjudged: str = ""
    lag: Value = None


class Fleet(Protocol):
    """Where the databases come from, and the ways to them."""

    def members(self, current: Target | None) -> Sequence[Member]:
        """Return all there are, recent ones first; reads files, so call it in a thread."""

    def visited(self, target: Target) -> None:
        """Keep that a target was watched; reads and writes a file, so call it in a thread."""

    async def glance(self, target: Target) -> Glance:
        """Look once over a connection of its own, within a few seconds; never raises for it."""

    def watcher(self, target: Target, first: str) -> Watcher:
        """Return a watcher that begins with a screen; imports the driver: call it in a thread."""


def berth(target: Target) -> str:
    """Return what tells a target from all others: its name and where it leads, no secret."""
    return f"{target.name} {place(target.conninfo)}"


def same_place(one: Target, other: Target) -> bool:
    """Whether two targets lead to the same database as the same login."""
    return place(one.conninfo) == place(other.conninfo)


def marked(target: Target, glance: Glance | None) -> Environment:
    """Return the environment: what the database itself says of it comes first."""
    said = glance.environment if glance else None
    return Environment(said) if said in tuple(Environment) else target.environment


def sister(target: Target, database: str) -> Target:
    """Return another database of the same server, for the same login.

    Environment and read-only stay: they were said of what stands at this address.
    """
    own = target.conninfo.get("dbname") or target.conninfo.get("user") or ""
    if database == own:
        return target
    conninfo = target.conninfo.with_keywords(dbname=database)
    unnamed = target.name == endpoint(target.conninfo)
    base = target.name.removesuffix(f"/{own}")
    name = endpoint(conninfo) if unnamed else f"{base}/{database}"
    return replace(target, name=name, conninfo=conninfo)


def match(typed: str, name: str, others: Iterable[str] = ()) -> int | None:
    """Return how well a text finds a name, 0 best; None when a word of it stands nowhere."""
    words, called = typed.casefold().split(), name.casefold()
    whole = " ".join((called, *(other.casefold() for other in others)))
    if not all(word in whole for word in words):
        return None
    text = " ".join(words)
    tests = (called == text, called.startswith(text), text in called)
    return next((rank for rank, holds in enumerate(tests) if holds), len(tests))


class Passwords:
    """What a person typed or a command printed, in memory alone: one for each login of a server."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Passwords({len(self._known)})"

    def keep(self, target: Target, password: str) -> None:
        """Remember a password for the login of a target, on its server."""
        self._known[_login(target)] = password

    def knows(self, target: Target) -> bool:
        """Whether there is one for the login of a target."""
        return _login(target) in self._known

    def unlock(self, target: Target) -> Target:
        """Return the target with the password that was typed for it, as it is without one."""
        typed = self._known.get(_login(target))
        if typed is None:
            return target
        conninfo = target.conninfo.with_keywords(password=typed)
        return replace(target, conninfo=conninfo, password_command=())


def _login(target: Target) -> str:
    keywords: Mapping[str, str] = target.conninfo
    parts = ("host", "hostaddr", "port", "user", "service")
    return "\0".join(keywords.get(name, "") for name in parts)
