"""What is in sight when no database was named: values for the Welcome screen."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from pgdeck.core.target import Target


class Sight(StrEnum):
    """What kind of thing was seen."""

    TARGET = "target"
    COMPOSE = "compose service"
    CONTAINER = "container"
    SOCKET = "local socket"
    SERVICE = "service entry"


class Sighting(Struct, frozen=True):
    """One thing that is, or could be, a database.

    `target` is there when it can be tried at once; else `note` says what stands against it.
    Names are as they were found: they pass `core.text.safe` before anybody sees them.
    """

    kind: Sight
    name: str
    place: str = ""
    """Where it listens, as a person would say it: ``127.0.0.1:5432/shop``."""
    running: bool | None = None
    """None when that was not asked."""
    target: Target | None = None
    note: str = ""


class Surroundings(Struct, frozen=True):
    """All that is in sight from a directory; `notes` tell what could not be looked at, and why."""

    directory: Path
    services: tuple[Sighting, ...] = ()
    containers: tuple[Sighting, ...] = ()
    sockets: tuple[Sighting, ...] = ()
    entries: tuple[Sighting, ...] = ()
    notes: tuple[str, ...] = ()
    targets: tuple[Sighting, ...] = ()
    """Those that a person named in a configuration, and those watched before."""

    def __iter__(self) -> Iterator[Sighting]:
        yield from self.targets
        yield from self.services
        yield from self.containers
        yield from self.sockets
        yield from self.entries
