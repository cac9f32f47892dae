"""Which columns a table shows, and in which order."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pgdeck.core.rows import Table, TableRow
from pgdeck.core.spec import Column
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.dialog import Dialog, Passing
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.tui.widgets.table.columns import first_column
from pgdeck.tui.widgets.table.messages import RowOpened

COLUMNS = (
    Column("mark", "✓", width=1, priority=0),
    Column("column", "column", width=18, priority=0),
    Column("state", "state", width=8, priority=1),
    Column("note", "note", priority=2),
)
ALWAYS, SHOWN, CHOSEN, NO_ROOM, HIDDEN = "always", "shown", "chosen", "no room", "hidden"


def _key(keys: str, action: str, text: str, name: str) -> Binding:
    return Binding(keys, action, text, show=False, priority=True, id=f"columns.{name}")


class ColumnChooser(Dialog, Passing[None]):
    """Changes the table beneath at once; the view remembers it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,vertical_line", "close", "Close", show=False, id="columns.close"),
        _key("space,enter", "show_or_hide", "Show or hide", "show_or_hide"),
        _key("J,shift+down,right_square_bracket", "move(1)", "Further to the right", "later"),
        _key("K,shift+up,left_square_bracket", "move(-1)", "Further to the left", "earlier"),
        _key("0,backspace", "reset", "As the screen has it", "reset"),
    ]

    def __init__(self, title: str, chosen: KeyedTable) -> None:
        super().__init__()
        self._title = title
        self._chosen = chosen
        self._list = KeyedTable(COLUMNS, ascii=chosen.frame.ascii_only, tree=True)

    def compose(self) -> ComposeResult:
        """One list."""
        frame = Vertical()
        frame.border_title = f"Columns of {self._title}"
        keys = "Space show, hide · J K move · 0 reset · Esc closes"
        frame.border_subtitle = worded(self, keys)
        self._list.styles.height = len(self._chosen.model.columns) + 1
        with frame:
            yield self._list

    def on_mount(self) -> None:
        """Fill the list and give it the keyboard."""
        self._fill()
        self._list.focus()

    def action_show_or_hide(self) -> None:
        """Hide a column that is in view, bring one that is not."""
        row = self._list.cursor_row
        if row is None:
            return
        name, state = str(row.key[0]), row.values[2]
        frame = self._chosen.frame
        hidden, shown = set(frame.hidden) - {name}, set(frame.shown) - {name}
        if state == ALWAYS:
            return
        if state in (SHOWN, CHOSEN) or name in frame.shown:
            hidden |= {name}
        else:
            shown |= {name}
        self._choose(hidden, frame.order, shown)

    def action_move(self, by: int) -> None:
        """Let a column change places with its neighbour; the first one stays."""
        at = self._list.model.cursor
        names = self._names()
        to = at + by
        if at < 1 or not 1 <= to < len(names):
            return
        names[at], names[to] = names[to], names[at]
        frame = self._chosen.frame
        self._choose(set(frame.hidden), tuple(names), set(frame.shown))

    def action_reset(self) -> None:
        """Show the columns as the screen's file has them."""
        self._choose(set(), (), set())

    @on(KeyedTable.RowOpened)
    def open_row(self, message: RowOpened) -> None:
        """Two clicks do as Space does."""
        message.stop()
        self.action_show_or_hide()

    def _choose(self, hidden: set[str], order: tuple[str, ...], shown: set[str]) -> None:
        self._chosen.choose_columns(frozenset(hidden), order, frozenset(shown))
        self._fill()

    def _names(self) -> list[str]:
        """Return every column's name in the order in which they stand."""
        names = [column.name for column in self._chosen.model.columns]
        order = self._chosen.frame.order
        first = first_column(self._chosen.model.columns)
        return sorted(
            names,
            key=lambda name: (name != first, order.index(name) if name in order else len(order)),
        )

    def _fill(self) -> None:
        columns = {column.name: column for column in self._chosen.model.columns}
        self._list.show(Table(tuple(self._row(columns[name]) for name in self._names())))

    def _row(self, column: Column) -> TableRow:
        state = self._state(column.name)
        sign = "v" if self._list.frame.ascii_only else "✓"
        mark = sign if state in (ALWAYS, SHOWN, CHOSEN) else ""
        label = column.label or column.name
        return TableRow((column.name,), (mark, label, state, column.note))

    def _state(self, name: str) -> str:
        frame = self._chosen.frame
        if name == first_column(self._chosen.model.columns):
            return ALWAYS
        if name not in {column.name for _, column in frame.entries}:
            return HIDDEN
        in_view = {place.column.name for place in frame.layout.places}
        if frame.layout.width and name not in in_view:
            return NO_ROOM
        return CHOSEN if name in frame.shown else SHOWN
