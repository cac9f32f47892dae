"""What travels from the watcher to the dashboard; high-rate ones replace their elders."""

from __future__ import annotations

from textual.message import Message

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import LinkState, Watcher


class SnapshotArrived(Message, bubble=False):
    """A source was collected."""

    def __init__(self, snapshot: Snapshot[object], watcher: Watcher) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.watcher = watcher

    def can_replace(self, message: Message) -> bool:
        """A newer snapshot makes an unread one of the same source superfluous."""
        return (
            isinstance(message, SnapshotArrived)
            and message.snapshot.source == self.snapshot.source
            and message.watcher is self.watcher
        )


class LinkChanged(Message, bubble=False):
    """The watching connection was made, was lost, or failed again."""

    def __init__(self, link: LinkState) -> None:
        super().__init__()
        self.link = link

    def can_replace(self, message: Message) -> bool:
        """Only the newest state of the link counts."""
        return isinstance(message, LinkChanged)
