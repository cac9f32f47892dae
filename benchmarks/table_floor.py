"""What one refresh of a table costs: Textual's own table, twice, and ours.

    python benchmarks/table_floor.py [--seconds 6] [--rounds 3] [--sizes 80x24,160x50]

Each case runs on a pseudo-terminal that answers the synchronized-output query; the cases take
turns.  All show the same 50 rows of 6 columns and change the last two values of a fifth of the
rows ten times a second.

    update   DataTable.update_cell where a value changed
    region   the same table, but only the changed cells are marked dirty
    keyed    pgdeck's KeyedTable on a plain Textual screen
    exact    pgdeck's KeyedTable on the dashboard's screen, which paints spans exactly

CPU is the process time of the program, bytes are what reached the terminal, both per refresh.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

ROWS, COLUMNS, CHURN, WIDTH, EVERY = 50, 6, 0.2, 11, 0.1
CASES = ("update", "region", "keyed", "exact")
Values = list[list[str]]


def first_values() -> Values:
    """Return the table before anything changed."""
    return [
        [f"row-{row:02d}"] + [f"value {row * at}" for at in range(1, COLUMNS)]
        for row in range(ROWS)
    ]


def change(values: Values, chance: random.Random) -> Values:
    """Return the values with the last two of a fifth of the rows changed."""
    changed = [list(row) for row in values]
    for row in chance.sample(range(ROWS), int(ROWS * CHURN)):
        for at in (-1, -2):
            changed[row][at] = f"{chance.random():.9f}"
    return changed


def stock_table(*, region: bool) -> tuple[Any, Any]:
    """Return Textual's table and the way to refresh it."""
    from textual.coordinate import Coordinate
    from textual.widgets import DataTable
    from textual.widgets.data_table import ColumnKey, RowKey

    table: Any = DataTable(cursor_type="row")
    for at in range(COLUMNS):
        table.add_column(f"column {at}", key=str(at), width=WIDTH)
    for number, row in enumerate(first_values()):
        table.add_row(*row, key=str(number))

    def put(row: int, at: int, value: str) -> None:
        if not region:
            table.update_cell(str(row), str(at), value)
            return
        table._data[RowKey(str(row))][ColumnKey(str(at))] = value
        table._update_count += 1
        table.refresh_coordinate(Coordinate(row, at))

    def show(before: Values, after: Values) -> None:
        for row, (old, new) in enumerate(zip(before, after, strict=True)):
            for at, (left, right) in enumerate(zip(old, new, strict=True)):
                if left != right:
                    put(row, at, right)

    return table, show


def keyed_table() -> tuple[Any, Any]:
    """Return our table and the way to refresh it."""
    from pgdeck.core.rows import Table, TableRow
    from pgdeck.core.spec import Column
    from pgdeck.tui.widgets.table import KeyedTable

    columns = [Column(str(at), f"column {at}", width=WIDTH) for at in range(COLUMNS)]
    table = KeyedTable(columns)

    def show(_before: Values, after: Values) -> None:
        rows = (TableRow((number,), tuple(row)) for number, row in enumerate(after))
        table.show(Table(tuple(rows)))

    return table, show


def run_case(case: str, seconds: float, report: int) -> None:
    """Run one case until it was measured; the result goes to the descriptor `report`."""
    from textual.app import App
    from textual.screen import Screen

    from pgdeck.tui.spans import ExactScreen

    class Floor(App[None]):
        ENABLE_COMMAND_PALETTE = False

        def get_default_screen(self) -> Screen[Any]:
            return ExactScreen(id="_default") if case == "exact" else super().get_default_screen()

        def compose(self) -> Any:
            stock = case in {"update", "region"}
            self.table, self.put = stock_table(region=case == "region") if stock else keyed_table()
            yield self.table

        def on_mount(self) -> None:
            self.chance = random.Random(7)
            self.values = first_values()
            self.put(self.values, self.values)
            self.table.focus()
            self.refreshes = -int(1 / EVERY)
            self.set_interval(EVERY, self.tick)

        def tick(self) -> None:
            if self.refreshes == 0:
                os.write(report, b"start\n")
                self.began = time.process_time()
            if self.refreshes * EVERY >= seconds:
                spent = time.process_time() - self.began
                result = {"cpu_ms": spent * 1e3 / self.refreshes, "refreshes": self.refreshes}
                os.write(report, json.dumps(result).encode() + b"\n")
                self.exit()
                return
            self.refreshes += 1
            before, self.values = self.values, change(self.values, self.chance)
            self.put(before, self.values)

    Floor().run()


def measure(case: str, size: str, seconds: float) -> dict[str, float]:
    """Run a case on a terminal of its own and return its cost per refresh."""
    columns, lines = map(int, size.split("x"))
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    reading, writing = os.pipe()
    command = [sys.executable, __file__, "--case", case, "--report", str(writing)]
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    child = subprocess.Popen(
        [*command, "--seconds", str(seconds)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        pass_fds=(writing,),
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    os.close(writing)
    try:
        result = _follow(master, reading)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
        child.wait()
        os.close(master)
        os.close(reading)
    return result


def _follow(master: int, reading: int) -> dict[str, float]:
    """Read the terminal until the result comes; bytes count from the start of the measurement."""
    count, tail, report, last = 0, b"", b"", b""
    while b"}" not in report:
        ready, _, _ = select.select([master, reading], [], [], 60)
        if not ready:
            raise TimeoutError(last.decode(errors="replace"))
        if reading in ready:
            before = len(report)
            report += os.read(reading, 4096)
            if not before:
                count = 0
            if len(report) == before:
                raise RuntimeError(last.decode(errors="replace"))
        if master in ready:
            data = os.read(master, 65536)
            count += len(data)
            last = (last + data)[-2000:]
            if b"\x1b[?2026$p" in tail + data:
                os.write(master, b"\x1b[?2026;2$y")
                data = b""
            tail = data[-10:]
    result: dict[str, float] = json.loads(report.splitlines()[-1])
    result["bytes"] = count / result["refreshes"]
    return result


def compare(sizes: list[str], rounds: int, seconds: float) -> None:
    """Run all cases in turn and print medians, and ratios to `region`."""
    for size in sizes:
        costs: dict[str, list[dict[str, float]]] = {case: [] for case in CASES}
        for number in range(rounds):
            for case in CASES if number % 2 == 0 else CASES[::-1]:
                costs[case].append(measure(case, size, seconds))
        print(f"\n{size}, {rounds} rounds: per refresh")
        print(f"{'case':8s} {'CPU ms':>8s} {'bytes':>8s} {'CPU/region':>11s} {'bytes/region':>13s}")
        middle = {
            case: [statistics.median(one[key] for one in found) for key in ("cpu_ms", "bytes")]
            for case, found in costs.items()
        }
        for case, (cpu, size_of) in middle.items():
            of_cpu, of_bytes = cpu / middle["region"][0], size_of / middle["region"][1]
            print(f"{case:8s} {cpu:8.2f} {size_of:8.0f} {of_cpu:11.2f} {of_bytes:13.2f}")


def main() -> None:
    """Measure, or be the program that is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="80x24,160x50")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--report", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
    if wanted.case:
        run_case(wanted.case, wanted.seconds, wanted.report)
    else:
        compare(wanted.sizes.split(","), wanted.rounds, wanted.seconds)


if __name__ == "__main__":
    main()
