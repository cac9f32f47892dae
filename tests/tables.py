"""Tables for tests: columns, rows, and an application that records what it paints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyte
from textual import on
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.app import App, ComposeResult
from textual.message import Message
from textual.screen import Screen

from pgdeck.core.rows import Table, TableRow, Value
from pgdeck.core.spec import Align, Column, Format, Sort
from pgdeck.tui.spans import ExactScreen
from pgdeck.tui.widgets.inkwell import Inkwell
from pgdeck.tui.widgets.table import KeyedTable

Span = tuple[int, int, int]

COLUMNS = (
    Column("name", "table", width=14, priority=0),
    Column("size", "size", Format.BYTES, Align.RIGHT, width=9, priority=1),
    Column("rows", "rows", Format.COUNT, Align.RIGHT, width=7, priority=2),
    Column("note", "note", width=10, priority=3),
)

WIDE = (
    Column("name", "table", priority=0),
    Column("size", "size", Format.BYTES, Align.RIGHT, width=9, priority=1),
    Column("rows", "rows", Format.COUNT, Align.RIGHT, width=7, priority=2),
    Column("dead", "dead", Format.COUNT, Align.RIGHT, width=8, priority=4, warn=1000, bad=5000),
    Column("idx", "index", Format.BYTES, Align.RIGHT, width=9, priority=6),
    Column("toast", "toast", Format.BYTES, Align.RIGHT, width=9, priority=8),
    Column("vacuumed", "vacuumed", Format.AGE, Align.RIGHT, width=9, priority=5),
    Column("owner", "owner", width=12, priority=7),
    Column("query", "last statement", Format.QUERY, priority=3),
)


def table_of(rows: Iterable[Sequence[Value]]) -> Table:
    """Return a table of which each row's first value is the key."""
    return Table(tuple(TableRow((str(row[0]),), tuple(row)) for row in rows))


def names(count: int, size: int = 1000) -> Table:
    """Return `count` rows for `COLUMNS`, the largest first."""
    return table_of(
        (f"t{at:03d}", (count - at) * size, at * 3, f"note {at}") for at in range(count)
    )


def wide_row(at: int) -> tuple[Value, ...]:
    """Return a row for `WIDE`."""
    text = f"select * from messages where id = {at} and length(body) > 1000 order by created_at"
    sizes = (at * 7_000_000, at * 91, at * 40, at * 500_000, at * 9000)
    return (f"messages_2026_{at:02d}", *sizes, at * 60.0, "letta", text)


class Plain(Inkwell):
    """A screen that has the tables' inks."""


class Exact(Inkwell, ExactScreen):
    """The dashboard's kind of screen, with the same."""


class Recorder(App[None]):
    """Shows one table and keeps every update that it would send to a terminal."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen > .table--cursor { text-style: reverse; }
    Screen > .table--match { text-style: underline; }
    Screen > .table--warning { color: $warning; }
    """

    def __init__(self, table: KeyedTable, *, exact: bool = False) -> None:
        super().__init__()
        self.table = table
        self.exact = exact
        self.updates: list[CompositorUpdate] = []
        self.told: list[Message] = []

    def get_default_screen(self) -> Screen[Any]:
        """Use the dashboard's kind of screen when asked to."""
        return Exact(id="_default") if self.exact else Plain(id="_default")

    def compose(self) -> ComposeResult:
        """Show the table alone."""
        yield self.table

    def on_mount(self) -> None:
        """Give the table the keyboard."""
        self.table.focus()

    @on(KeyedTable.RowHighlighted)
    @on(KeyedTable.RowOpened)
    @on(KeyedTable.ViewChanged)
    @on(KeyedTable.SortChanged)
    @on(KeyedTable.FilterChanged)
    @on(KeyedTable.MarksChanged)
    def keep_message(self, message: Message) -> None:
        """Remember what the table told."""
        self.told.append(message)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.updates.append(renderable)
        super()._display(screen, renderable)

    def heard(self, kind: type[Message]) -> list[Any]:
        """Return the messages of a kind."""
        return [message for message in self.told if isinstance(message, kind)]

    def forget(self) -> None:
        """Start a new record."""
        self.updates.clear()
        self.told.clear()

    @property
    def bytes_sent(self) -> str:
        """What a terminal would have got since the last `forget`."""
        return "".join(update.render_segments(self.console) for update in self.updates)

    def spans(self) -> Iterator[Span]:
        """Yield the (line, first cell, cell after) of what was painted; fails for whole frames."""
        for update in self.updates:
            pieces = getattr(update, "pieces", None)
            if pieces is None:
                assert isinstance(update, ChopsUpdate), "the whole screen was painted"
                yield from update.spans
            for piece in pieces or ():
                yield piece.y, piece.left, piece.left + piece.strip.cell_length

    def lines(self) -> list[str]:
        """Return the text of every line on screen."""
        return [strip.text for strip in self.screen._compositor.render_strips()]


def terminal(columns: int, lines: int) -> tuple[Any, Any]:
    """Return a terminal's screen and the stream that feeds it."""
    screen = pyte.Screen(columns, lines)
    return screen, pyte.Stream(screen)


def largest_first() -> Sort:
    """Return the order of `names`."""
    return Sort("size", descending=True)
