"""What stands around the collector of a table and adds to what it gathers."""

from __future__ import annotations

from pgdeck.core.rows import Table
from pgdeck.core.source import Collector


class Around:
    """Bears the name and the times of the collector within."""

    def __init__(self, inner: Collector[Table]) -> None:
        self._inner = inner

    @property
    def name(self) -> str:
        """The screen's name."""
        return self._inner.name

    @property
    def interval(self) -> float:
        """Seconds between two collections."""
        return self._inner.interval

    @property
    def timeout(self) -> float:
        """Seconds after which a collection is given up."""
        return self._inner.timeout

    @property
    def stale_after(self) -> float:
        """Seconds after which the table is no longer the present."""
        return self._inner.stale_after
