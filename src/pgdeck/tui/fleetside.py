"""What the switcher shows, put together from the deck's own watcher and from looks elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from pgdeck.core.address import place
from pgdeck.core.berth import berth, sister
from pgdeck.core.fleet import Glance
from pgdeck.core.source import Watcher
from pgdeck.core.target import Target
from pgdeck.tui.deck import Deck
from pgdeck.tui.fleetlines import Seen
from pgdeck.tui.framing import SERVER
from pgdeck.tui.lookout import Lookout
from pgdeck.tui.sisters import DATABASES, Sister, read_sisters
from pgdeck.watch.glance import SOURCES, STANDING, read_glance


class Fleetside:
    """The targets and the server's databases as they are known now.

    `watched` holds targets by place: one that was watched before keeps its name.
    """

    def __init__(self, deck: Deck, lookout: Lookout, watched: Mapping[str, Target]) -> None:
        self._deck = deck
        self._lookout = lookout
        self._watched = watched

    def seen(self) -> Sequence[Seen]:
        """Return every target with what was last seen of it."""
        framing, lookout = self._deck.framing, self._lookout
        here = "" if framing.target is None else berth(framing.target)
        glances = {key: found for key, found in lookout.glances.items() if key != here}
        if framing.watcher is not None and (glance := glance_of(framing.watcher)) is not None:
            glances[here] = glance
        return [
            Seen(each, glances.get(each.key), each.key == here, each.key in lookout.open)
            for each in lookout.members
        ]

    def count(self) -> str:
        """Say how many connections all the looking takes."""
        return f"connections to look: {len(self._lookout.open)} open, {self._lookout.made} so far"

    def look_again(self) -> None:
        """Look at every target now."""
        self._lookout.ask()

    def collect(self, *, databases: bool) -> None:
        """Have the deck's watcher collect what the switcher needs beside what is on screen."""
        look_also(self._deck, STANDING, *([DATABASES] if databases else []))

    def sisters(self) -> Sequence[Sister]:
        """Return the databases of the server on screen, none while they are not known."""
        framing = self._deck.framing
        current = framing.target.conninfo.get("dbname", "") if framing.target else ""
        return read_sisters(framing.latest(DATABASES), self._deck.specs.get(DATABASES), current)

    def sister(self, database: str) -> Target | None:
        """Return another database of this server, under the name that it was watched by."""
        here = self._deck.framing.target
        if here is None:
            return None
        target = sister(here, database)
        return self._watched.get(place(target.conninfo), target)

    def sisters_missing(self) -> str:
        """Say why no database of the server is listed."""
        link = self._deck.framing.link
        if link is None or not link.connected:
            return "Which ones there are is not known without a connection."
        snapshot = self._deck.framing.latest(DATABASES)
        failure = snapshot.failure if snapshot else None
        return f"{failure.message}." if failure else "Reading which ones there are."


def look_also(deck: Deck, *names: str) -> None:
    """Have sources collected beside what is on screen; without names no longer."""
    if deck.framing.watcher is not None:
        deck.framing.watcher.look(SERVER, deck.current, *names)


def glance_of(watcher: Watcher) -> Glance | None:
    """Return what a watcher knows of its target anyway; it is not asked twice."""
    if not watcher.link.connected:
        failure = watcher.link.failure
        return None if failure is None else Glance(time.monotonic(), failure)
    taken = {name: found for name in SOURCES if (found := watcher.latest(name)) is not None}
    return read_glance(taken, time.monotonic()) if SERVER in taken else None
