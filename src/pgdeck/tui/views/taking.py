"""What can be taken out of a view: rows to the clipboard and to files, in the chosen columns."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from pgdeck.core.printout import Printout
from pgdeck.core.rows import Key, Table, TableRow, Value
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.views.keeping import KeepingView
from pgdeck.tui.views.view import ExportWanted
from pgdeck.tui.widgets.table.painter import BRANCHES

if TYPE_CHECKING:
    from pgdeck.core.copying import Offer


class TakingView(KeepingView):
    """A view of rows with the keys that copy and export them and choose their columns.

    `shown` is what the table on screen holds; subclasses set it with each new snapshot.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy the row, or marked ones", id="table.copy"),
        Binding("E", "export", "Export to a file", id="table.export"),
        Binding("vertical_line", "columns", "Columns and their order", id="table.columns"),
    ]

    def __init__(self, spec: ScreenSpec) -> None:
        super().__init__(spec)
        self.snapshot: Snapshot[object] | None = None
        self.shown: Table | None = None

    def action_copy(self) -> None:
        """Offer what can be copied of the marked rows, else of the row under the cursor."""
        from pgdeck.core.copying import copy_offers
        from pgdeck.tui.widgets.copying import CopyMenu

        table = self.current_table
        rows = table.model.marked_rows() or [row for row in (table.cursor_row,) if row]
        shown = tuple(column for _, column in table.frame.entries)
        offers = copy_offers(self.printout(rows), shown)
        offers[1:1] = self.deeds(rows) if offers else ()
        if offers:
            self.app.push_screen(CopyMenu(offers, table.frame.ascii_only))
        else:
            self.app.notify("There is no row to copy.", markup=False)

    def deeds(self, _rows: Sequence[TableRow]) -> Sequence[Offer]:
        """Return statements for rows that none of their columns holds."""
        return ()

    def action_export(self) -> None:
        """Ask for a form and a file for the marked rows, else for all that are shown."""
        table = self.current_table
        rows = table.model.marked_rows() or table.model.matching_rows()
        shown = tuple(column for _, column in table.frame.entries)
        self.post_message(ExportWanted(self.spec.title, self.printout(rows), shown))

    def action_columns(self) -> None:
        """Choose the columns of the table on screen, and their order."""
        from pgdeck.tui.widgets.choosing import ColumnChooser

        self.app.push_screen(ColumnChooser(self.spec.title, self.current_table))

    def printout(self, rows: list[TableRow]) -> Printout:
        """Return rows of the table on screen with every column, as raw as they came."""
        table = self.current_table
        extra = self._extra()
        reading = self.snapshot.last_good if self.snapshot else None
        return Printout(
            self.spec.name,
            table.model.columns,
            tuple(map(_unbranched, rows) if table.model.tree else rows),
            tuple(extra.get(row.key, {}) for row in rows) if extra else (),
            reading.wall if reading else None,
            self.snapshot.age(time.monotonic()) if self.snapshot else None,
            self.shown.truncated if self.shown else 0,
            (self.snapshot.failure,) if self.snapshot and self.snapshot.failure else (),
        )

    def _extra(self) -> dict[Key, Mapping[str, Value]]:
        if self.shown is None or not self.shown.extra:
            return {}
        return dict(zip((row.key for row in self.shown.rows), self.shown.extra, strict=True))


def _unbranched(row: TableRow) -> TableRow:
    """Return a row of a tree without the branches drawn before its first value."""
    first = row.values[0]
    if not isinstance(first, str):
        return row
    return TableRow(row.key, (first.lstrip(BRANCHES), *row.values[1:]))
