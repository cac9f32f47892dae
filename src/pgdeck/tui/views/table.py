"""One view for every table screen, with exact values for the rows in view."""

from __future__ import annotations

import time
from collections.abc import Mapping

from textual import on

from pgdeck.core.lookup import LookupCache
from pgdeck.core.rows import Table, TableRow, Value
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import Answer
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.tui.figures import plain
from pgdeck.tui.views.rows import RowsView
from pgdeck.tui.views.view import LookupWanted
from pgdeck.tui.widgets.table import KeyedTable


class TableView(RowsView):
    """Shows the rows of a screen file."""

    def __init__(self, spec: ScreenSpec, *, ascii_only: bool) -> None:
        super().__init__(spec, spec.columns, ascii_only=ascii_only)
        self._exact = LookupCache(spec)

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show a new table; a failure keeps the last good one."""
        self.snapshot = snapshot
        self._fill()
        self.want_lookup()

    @on(KeyedTable.ViewChanged)
    def want_lookup(self) -> None:
        """Ask for exact values that are missing or too old, of visible rows only."""
        keys = self._exact.due(self.table.visible_keys, time.monotonic())
        if keys:
            self.post_message(LookupWanted(self, self.spec.name, keys))

    def take_lookup(self, keys: tuple[str, ...], answer: Answer) -> None:
        """Merge exact values into the rows shown."""
        self._exact.take(keys, answer, time.monotonic())
        self._fill()

    def more_of(self, row: TableRow) -> Mapping[str, Value]:
        """Add the age of the exact values."""
        age = self._exact.age(row.key, time.monotonic())
        measured = {} if age is None else {"measured": f"{plain(age, Format.AGE)} ago"}
        return {**super().more_of(row), **measured}

    def _fill(self) -> None:
        data = self.snapshot.data if self.snapshot else None
        if isinstance(data, Table):
            self.shown = self._exact.merge(data, time.monotonic())
            self.table.show(self.shown)
        self.draw_title()
        self.draw_detail()
