"""The menu of what can be copied of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pgdeck.core.copying import Offer
from pgdeck.core.rows import Table, TableRow
from pgdeck.core.spec import Column, Format
from pgdeck.tui.clipboard import copy
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.dialog import Dialog, Passing
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.tui.widgets.table.messages import RowOpened

COLUMNS = (
    Column("key", "#", width=1, priority=0),
    Column("what", "what", width=18, priority=0),
    Column("text", "text", Format.QUERY, priority=1),
)
DIGITS = 9


class CopyMenu(Dialog, Passing[None]):
    """A digit copies at once, Enter what is under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,y", "close", "Close", show=False, id="copy.close"),
        *(
            Binding(f"{at}", f"pick({at - 1})", f"Copy {at}", show=False, id=f"copy.pick_{at}")
            for at in range(1, DIGITS + 1)
        ),
    ]

    def __init__(self, offers: Sequence[Offer], ascii_only: bool) -> None:
        super().__init__()
        self._offers = offers
        self._table = KeyedTable(COLUMNS, ascii=ascii_only, tree=True)

    def compose(self) -> ComposeResult:
        """One list."""
        frame = Vertical()
        frame.border_title = "Copy"
        frame.border_subtitle = worded(self, "1-9 or Enter copies · Esc closes", KeyedTable)
        self._table.styles.height = len(self._offers) + 1
        with frame:
            yield self._table

    def on_mount(self) -> None:
        """Fill the list and give it the keyboard."""
        rows = [
            TableRow((at,), (str(at + 1) if at < DIGITS else "", offer.label, offer.hint))
            for at, offer in enumerate(self._offers)
        ]
        self._table.show(Table(tuple(rows)))
        self._table.focus()

    @on(KeyedTable.RowOpened)
    def open_row(self, message: RowOpened) -> None:
        """Copy what is under the cursor."""
        message.stop()
        self.action_pick(self._table.model.cursor)

    def action_pick(self, at: int) -> None:
        """Copy one of the offers and close."""
        if at < len(self._offers):
            offer = self._offers[at]
            self.dismiss()
            copy(self.app, offer.make(), offer.label)
