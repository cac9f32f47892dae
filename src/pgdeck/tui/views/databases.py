"""Databases: a table screen from whose rows one goes to another database of the server."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from pgdeck.tui.views.table import TableView
from pgdeck.tui.views.view import Keys, WatchDatabase


class DatabasesView(TableView):
    """The databases of the server; `b` watches the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "watch", "Watch this database", id="databases.watch"),
    ]

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        keys = super().footer_keys
        return (*keys[:1], ("b", "watch it"), *keys[1:])

    def action_watch(self) -> None:
        """Go to the database under the cursor, where it lets anybody in."""
        row = self.table.cursor_row
        if row is None:
            return
        values = dict(zip((column.name for column in self.spec.columns), row.values, strict=True))
        if values.get("allow_connections") is False:
            self.app.notify("It allows no connections.", severity="warning", markup=False)
        else:
            self.post_message(WatchDatabase(str(values["database"])))
