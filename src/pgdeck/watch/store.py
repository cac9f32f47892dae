"""The newest reading of every source, and who wants to hear of the next."""

from __future__ import annotations

from collections.abc import Callable

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import Listener


class Store:
    """Keeps the latest snapshot by name and tells its listeners, on the caller's thread."""

    def __init__(self) -> None:
        self._latest: dict[str, Snapshot[object]] = {}
        self._listeners: list[Listener] = []

    def latest(self, name: str) -> Snapshot[object] | None:
        """Return the newest snapshot of a source, None before its first."""
        return self._latest.get(name)

    def put(self, snapshot: Snapshot[object]) -> None:
        """Keep a snapshot and tell everybody."""
        self._latest[snapshot.source] = snapshot
        for listener in tuple(self._listeners):
            listener(snapshot)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each new snapshot; returns the way to stop it."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop
