"""The way from the watcher into the dashboard: opened after the first paint, closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump

from pgdeck.core.source import Watcher
from pgdeck.tui.messages import LinkChanged, SnapshotArrived

OpenWatcher = Callable[[], Watcher]
"""Makes the watcher; slow, since it imports the driver: it is called in a thread."""


class Bridge:
    """Turns what the watcher says into messages for one receiver."""

    def __init__(self, open_watcher: OpenWatcher) -> None:
        self._open = open_watcher
        self._stops: list[Callable[[], None]] = []
        self.watcher: Watcher | None = None

    async def open(self, receiver: MessagePump) -> Watcher:
        """Make the watcher, subscribe the receiver and start; the connection follows by itself."""
        watcher = await asyncio.to_thread(self._open)
        self._stops = [
            watcher.subscribe(lambda snapshot: _post(receiver, SnapshotArrived(snapshot, watcher))),
            watcher.subscribe_link(lambda link: _post(receiver, LinkChanged(link))),
        ]
        self.watcher = watcher
        await watcher.start()
        return watcher

    async def close(self) -> None:
        """Stop the messages and the watcher; never waits for a server."""
        for stop in self._stops:
            stop()
        self._stops = []
        watcher, self.watcher = self.watcher, None
        if watcher is not None:
            # Half closed it would go on: whoever gives up waiting does not stop it.
            await asyncio.shield(watcher.close())


def _post(receiver: MessagePump, message: SnapshotArrived | LinkChanged) -> None:
    receiver.post_message(message)
