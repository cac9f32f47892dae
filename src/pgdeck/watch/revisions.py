"""Where the database's migrations stand, by Alembic's own tables, whatever schema they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from pgdeck.core.answers import Answers, Row, rows_of
from pgdeck.core.snapshot import Failure
from pgdeck.errors import QueryFailed
from pgdeck.watch.model import MigrationsSummary, VersionTable

EVERY = 15.0


class Revisions:
    """Keeps the answer between the times it is asked."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._found: MigrationsSummary | Failure = MigrationsSummary(())

    def due(self, now: float) -> list[str]:
        """Name the question if it is due at monotonic time `now`."""
        waits = self._asked_at is not None and now - self._asked_at < EVERY
        return [] if waits else ["migrations"]

    def take(self, at: float, answers: Answers) -> None:
        """Keep what came of the question if it was due."""
        if "migrations" not in answers:
            return
        self._asked_at = at
        try:
            rows = rows_of(answers, "migrations")
        except QueryFailed as error:
            self._found = error.failure
        else:
            self._found = MigrationsSummary(tuple(_table(row) for row in rows))

    @property
    def found(self) -> MigrationsSummary | Failure:
        """What was found the last time."""
        return self._found


def _table(row: Row) -> VersionTable:
    held = row["revisions"]
    revisions = None if held is None else tuple(map(str, cast("Sequence[object]", held)))
    return VersionTable(
        str(row["schema"]), str(row["name"]), revisions, bool(row["readable"]), bool(row["locked"])
    )
