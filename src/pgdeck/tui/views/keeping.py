"""What a person chose in the tables of a view, kept from one session to the next."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from textual import on
from textual.timer import Timer

from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.memory import Memory, Order
from pgdeck.tui.place import Choices
from pgdeck.tui.views.zen import ZenView
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.tui.widgets.table.messages import TableMessage

KEEP_AFTER = 0.5
"""Seconds after the last choice until it is written: a filter comes letter by letter."""


class KeepingView(ZenView):
    """A view whose tables keep order, columns and filter, by screen and target.

    `table` is the one table of most views; those with more say so in `tables`.
    """

    table: KeyedTable

    def __init__(self, spec: ScreenSpec) -> None:
        super().__init__(id=f"view-{spec.name}")
        self._spec = spec
        self._memory: tuple[Memory, str] | None = None
        self._chosen: set[int] = set()
        self._keeping: Timer | None = None

    @property
    def spec(self) -> ScreenSpec:
        """The screen that it shows."""
        return self._spec

    def tables(self) -> Sequence[KeyedTable]:
        """Return every table of the view."""
        return (self.table,)

    @property
    def current_table(self) -> KeyedTable:
        """The table on screen."""
        return self.tables()[0]

    def recall(self, memory: Memory, target: str) -> None:
        """Put back what a person chose here, and keep what they choose next."""
        self._memory = (memory, target)
        for at, table in enumerate(self.tables()):
            order = memory.recall(target, f"{self._spec.name}/{at}")
            if order is not None:
                table.state = replace(
                    table.state,
                    sort_column=order.sort_column,
                    descending=order.descending,
                    hidden=frozenset(order.hidden),
                    order=order.order,
                    shown=frozenset(order.shown),
                    filter_text=order.filter_text,
                )

    @property
    def form(self) -> str:
        """Which of its forms the view has, where there are several."""
        return ""

    def take_form(self, form: str) -> None:
        """Have a form again."""

    def choices(self) -> Choices:
        """Return the form and the tables' states."""
        return Choices(self.form, tuple(table.state for table in self.tables()))

    def choose_again(self, choices: Choices) -> None:
        """Put them back; the cursor goes to its row when that comes."""
        if choices.form:
            self.take_form(choices.form)
        for table, state in zip(self.tables(), choices.tables, strict=False):
            table.state = state

    @on(KeyedTable.SortChanged)
    @on(KeyedTable.ColumnsChanged)
    @on(KeyedTable.FilterChanged)
    def remember(self, message: TableMessage) -> None:
        """Remember what was chosen, once the person is done choosing."""
        tables = list(self.tables())
        if message.table in tables:
            self._chosen.add(tables.index(message.table))
            if self._keeping is not None:
                self._keeping.stop()
            self._keeping = self.set_timer(KEEP_AFTER, self._keep)

    def on_unmount(self) -> None:
        """Nothing chosen is lost in haste."""
        self._keep()

    def _keep(self) -> None:
        if self._memory is None:
            return
        memory, target = self._memory
        tables = self.tables()
        for at in self._chosen:
            memory.keep(target, f"{self._spec.name}/{at}", order_of(tables[at]))
        self._chosen.clear()


def order_of(table: KeyedTable) -> Order:
    """Return the part of a table's state that outlives a session."""
    state = table.state
    return Order(
        state.sort_column,
        state.descending,
        tuple(sorted(state.hidden)),
        state.order,
        tuple(sorted(state.shown)),
        state.filter_text,
    )
