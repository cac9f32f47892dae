"""Tables and Indexes: table screens from whose rows maintenance is planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from pgdeck.core.rows import TableRow
from pgdeck.tui.views.table import TableView
from pgdeck.tui.views.view import Keys, Operate
from pgdeck.tui.widgets.menu import Act, RowMenu

SOME = 3


class UpkeepView(TableView):
    """Rows that stand for relations, by their oids; `x` lists what can be done with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "menu", "What can be done with it", id="upkeep.menu"),
    ]
    ACTS: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """Key in the menu, label and action of each."""

    def action_menu(self) -> None:
        """List what can be done with the marked rows, else with the row under the cursor."""
        rows = self.chosen()
        if not rows:
            self.app.notify("There is no row to do anything with.", markup=False)
            return
        why_not = "" if self.oids(rows) else self.lacking
        acts = [
            Act(key, label, action, "" if action == DUE else why_not)
            for key, label, action in self.ACTS
        ]
        self.app.push_screen(RowMenu(self._about(rows), acts), self._do)

    async def _do(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    lacking = "it is no relation"
    """Why nothing can be done with a row that has no oid."""

    def chosen(self) -> list[TableRow]:
        """Return the marked rows, else the one under the cursor."""
        table = self.current_table
        return table.model.marked_rows() or [row for row in (table.cursor_row,) if row]

    def oids(self, rows: Sequence[TableRow]) -> str:
        """Return the oids of rows with commas between; empty where one has none."""
        words = [str(row.key[0]) for row in rows]
        return ",".join(words) if all(word.isdigit() for word in words) else ""

    def action_maintain(self, op: str, mode: str) -> None:
        """Plan an operation on the chosen rows: whatever moves on screen, these oids are meant."""
        rows = self.chosen()
        oids = self.oids(rows)
        if rows and not oids:
            self.app.notify(f"That cannot be done here: {self.lacking}.", markup=False)
        elif rows:
            self.post_message(Operate(op, {"oids": oids, **_MODES[mode]}))

    def action_due(self) -> None:
        """Plan all that is due in the database."""
        self.post_message(Operate("upkeep", {}))

    def _about(self, rows: Sequence[TableRow]) -> str:
        names = ", ".join(str(row.values[0]) for row in rows[:SOME])
        more = f" and {len(rows) - SOME} more" if len(rows) > SOME else ""
        return f"{names}{more}"


DUE = "due"
_MODES: dict[str, dict[str, str]] = {
    "": {},
    "plain": {"mode": "plain"},
    "analyze": {"mode": "analyze"},
    "freeze": {"mode": "freeze"},
    "full": {"mode": "full"},
}


class TablesView(UpkeepView):
    """The tables; `v` and `x` offer vacuum and its kin, `a` analyzes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "menu", "Vacuum, and what else is due", id="tables.vacuum"),
        Binding("a", "maintain('analyze', '')", "Analyze", id="tables.analyze"),
    ]
    ACTS: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("v", "Vacuum: room of dead rows for new ones", "maintain('vacuum', 'plain')"),
        ("b", "Vacuum and analyze", "maintain('vacuum', 'analyze')"),
        ("a", "Analyze: what the planner knows of it", "maintain('analyze', '')"),
        ("f", "Freeze: put the forced vacuum off", "maintain('vacuum', 'freeze')"),
        ("r", "Reindex, beside the work that goes on", "maintain('reindex', '')"),
        ("F", "Rewrite (VACUUM FULL): nobody can use it meanwhile", "maintain('vacuum', 'full')"),
        ("u", "All that is due in this database", DUE),
        ("y", "Copy the row, or marked ones", "copy"),
    )

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        return (*super().footer_keys, ("v", "vacuum"))


class IndexesView(UpkeepView):
    """The indexes; `x` offers to build them anew."""

    lacking = "a foreign key without an index is no index: y copies the statement that makes one"
    ACTS: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("r", "Reindex, beside the work that goes on", "maintain('reindex', '')"),
        ("u", "All that is due in this database", DUE),
        ("y", "Copy the statement that drops or makes it, or anything else", "copy"),
    )

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        return (*super().footer_keys, ("x", "actions"))
