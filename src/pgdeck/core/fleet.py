"""Many databases at a glance: which there are, and what one short look at each has found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from pgdeck.core.berth import berth
from pgdeck.core.rows import Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Watcher
from pgdeck.core.target import Environment, Target, environment_of
from pgdeck.errors import Problem


class Member(Struct, frozen=True):
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


class Glance(Struct, frozen=True):
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


def marked(target: Target, glance: Glance | None) -> Environment:
    """Return the environment, the database's own word included."""
    return environment_of(target.environment, glance.environment if glance else None)


def match(typed: str, name: str, others: Iterable[str] = ()) -> int | None:
    """Return how well a text finds a name, 0 best; None when a word of it stands nowhere."""
    words, called = typed.casefold().split(), name.casefold()
    whole = " ".join((called, *(other.casefold() for other in others)))
    if not all(word in whole for word in words):
        return None
    text = " ".join(words)
    tests = (called == text, called.startswith(text), text in called)
    return next((rank for rank, holds in enumerate(tests) if holds), len(tests))
