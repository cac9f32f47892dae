"""The least that a Textual program with a table can cost; it runs on its own, under a terminal.

`--how` says what a refresh does with the cells that changed: `cells` gives each to update_cell,
which marks the whole table dirty; `region` marks only the cell. `--db` fills the table from
the server instead, asked in a thread and connected after the first paint: for its sessions in one
query, or for what is known of the tables' sizes and dead rows in two.
"""

from __future__ import annotations

import argparse
import random
from typing import TYPE_CHECKING

from textual.app import App, ComposeResult
from textual.coordinate import Coordinate
from textual.widgets import DataTable

if TYPE_CHECKING:
    import psycopg

COLUMNS = 6
CHURN = 0.2  # the share of rows in which two values change at each refresh
SESSIONS = """select pid::text, usename::text, application_name, state, wait_event,
                     pg_catalog.left(query, 60)
              from pg_catalog.pg_stat_activity
              where backend_type = 'client backend' order by pid limit 50"""
LARGEST = """select relname, relpages::text, pg_catalog.pg_total_relation_size(oid)::text
             from (select oid, relname, relpages from pg_catalog.pg_class where relkind = 'r'
                   order by relpages desc limit 200) as largest"""
DEADEST = """select relname, pg_catalog.pg_stat_get_dead_tuples(oid)::text
             from pg_catalog.pg_class where relkind in ('r', 't', 'm')
             order by pg_catalog.pg_stat_get_dead_tuples(oid) desc limit 50"""


class Table(DataTable[str]):
    """A DataTable that can paint one cell without the others."""

    def put(self, row: int, column: int, value: str, *, whole: bool) -> None:
        """Show a new value; `whole` repaints the table, as update_cell does."""
        where = Coordinate(row, column)
        if whole:
            self.update_cell_at(where, value)
            return
        key = self.coordinate_to_cell_key(where)
        # Not public, and the only way to change a value without a repaint of everything.
        self._data[key.row_key][key.column_key] = value
        self._update_count += 1
        self.refresh_coordinate(where)


class Floor(App[None]):
    """One table, refreshed each second."""

    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options
        self.link: psycopg.Connection | None = None
        self.shown: list[list[str]] = []

    def compose(self) -> ComposeResult:
        """Hold nothing but the table."""
        yield Table(cursor_type="row")

    def on_mount(self) -> None:
        """Put the columns, and the rows that are made up."""
        table = self.query_one(Table)
        for column in range(COLUMNS):
            table.add_column(f"column {column}", width=14)
        if not self.options.db:
            self.fill(
                [
                    [f"row-{row:02d}", *(f"value {row * column}" for column in range(1, COLUMNS))]
                    for row in range(self.options.rows)
                ]
            )
            self.set_interval(1.0, self.invent)
        table.focus()

    def on_ready(self) -> None:
        """Connect once the first frame stands."""
        if self.options.db:
            self.load()
            self.set_interval(1.0, self.load)

    def invent(self) -> None:
        """Change two values in some of the rows."""
        if self.options.how == "none":
            return
        rows = [list(row) for row in self.shown]
        for row in random.sample(rows, int(len(rows) * CHURN)):
            row[-2:] = f"{random.random():.9f}", f"{random.random():.9f}"
        self.fill(rows)

    def load(self) -> None:
        """Ask the server in a thread."""
        self.run_worker(self.ask, thread=True, exclusive=True)

    def ask(self) -> None:
        """Fetch the sessions in one round trip of the connection that stays open."""
        import psycopg

        if self.link is None:
            self.link = psycopg.connect(
                self.options.db, autocommit=True, prepare_threshold=None, application_name="floor"
            )
        for statement in (DEADEST, LARGEST) if self.options.ask == "sizes" else (SESSIONS,):
            rows = [[str(value or "") for value in row] for row in self.link.execute(statement)]
        self.call_from_thread(self.fill, rows)

    def fill(self, rows: list[list[str]]) -> None:
        """Show the rows: cell by cell while they are the same ones, else anew."""
        table = self.query_one(Table)
        if [row[0] for row in rows] != [row[0] for row in self.shown]:
            table.clear()
            table.add_rows(row + [""] * (COLUMNS - len(row)) for row in rows)
        else:
            for y, (new, old) in enumerate(zip(rows, self.shown, strict=True)):
                for x, (value, before) in enumerate(zip(new, old, strict=True)):
                    if value != before:
                        table.put(y, x, value, whole=self.options.how == "cells")
        self.shown = rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--how", choices=["none", "cells", "region"], default="region")
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--db", metavar="CONNINFO")
    parser.add_argument("--ask", choices=["sessions", "sizes"], default="sessions")
    Floor(parser.parse_args()).run()
