"""What is run: the three screens of pgdeck, the peer, and the bare programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peers
from benchmarks.server import Server
from pgdeck.core.spec import ScreenSpec
from pgdeck.paths import data_dir
from pgdeck.watch.menu import Directory, load_menu

SOURCE = Path(__file__).parent.parent / "src"
FLOOR = str(Path(__file__).with_name("floor.py"))

# What proves that data of the server stands on pgdeck's screen, one for each screen.
OVERVIEW_DATA = r"\b\d+/(?:397|400)\b"  # connections used, of those that may be
ACTIVITY_DATA = r"\d+ of \d+ processes|(?m:^\W*\d{2,7}\s+\S)"  # the count, or a pid
TABLES_DATA = r"pgbench_accounts|\bs\d\d\.t\d+|\bt\d{1,3}\b.*\bs\d\d\b"
COUNTED = r"\b\d+ (?:of \d+ )?rows?\b"  # the title counts them once they are there


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program finds the server: through the measuring proxy on loopback."""

    port: int
    database: str
    user: str = Server.user

    @property
    def url(self) -> str:
        """The server as a URL."""
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class Case:
    """One program: `data` matches its screen once it shows what it is for.

    `visits` are the screens to go to, one after the other: a digit, or words for the palette.
    `keys` are pressed in turn; where `expect` is given, its patterns prove that each was obeyed,
    else a cursor that moved does. `opens` is a key and what proves the screen that it opens.
    `settle` is the seconds from the first data until its refreshes are like all that follow.
    """

    name: str
    command: Callable[[Place], Sequence[str]]
    data: str
    keys: tuple[str, ...] = ("DOWN", "UP")
    expect: tuple[str, ...] = ()
    leave: tuple[str, ...] = ("q",)
    opens: tuple[str, str] | None = None
    settle: float = 3.0
    visits: tuple[str, ...] = ()


def _deck(screen: str) -> Callable[[Place], Sequence[str]]:
    def command(place: Place) -> Sequence[str]:
        options = ("--interval", "1", "--screen", screen)
        return (sys.executable, "-P", "-m", "pgdeck", place.url, *options)

    return command


def _floor(*options: str) -> Callable[[Place], Sequence[str]]:
    def command(place: Place) -> Sequence[str]:
        filled = [place.url if option == "URL" else option for option in options]
        return (sys.executable, "-P", FLOOR, *filled)

    return command


def _pg_activity(place: Place) -> Sequence[str]:
    server = ("-h", "127.0.0.1", "-p", str(place.port), "-U", place.user, "-d", place.database)
    return (str(peers.pg_activity()), *server, "--refresh", "1")


DATA = {
    "overview": OVERVIEW_DATA,
    "activity": ACTIVITY_DATA,
    "connections": r"\d+ of \d+ used",
    "tables": TABLES_DATA,
    "statements": r"pg_stat_statements",  # the bench's server lacks it, which is said
    "checks": r"\b\d+ ok\b",
}
MENU = load_menu((Directory(data_dir("screens"), trusted=True),)).specs


def _screen(spec: ScreenSpec) -> Case:
    opens = ("4", TABLES_DATA) if spec.name == "overview" else None
    visits = tuple(other.key or f":{other.name}" for other in MENU if spec.name == "overview")
    data = DATA.get(spec.name, COUNTED)
    # The rules ask in their second round what is dear and asked every five minutes.
    settle = 5.0 if spec.name == "checks" else 3.0
    return Case(spec.name, _deck(spec.name), data, opens=opens, visits=visits, settle=settle)


SCREENS = tuple(_screen(spec) for spec in MENU)
OVERVIEW, ACTIVITY, TABLES, INDEXES = (
    next(case for case in SCREENS if case.name == name)
    for name in ("overview", "activity", "tables", "indexes")
)
LISTS = tuple(case for case in SCREENS if case.name not in ("overview", "jobs"))
"""Screens whose cursor moves; the programs' home has no jobs to go over."""

A = Case(
    "pg_activity",
    _pg_activity,
    r"(?m)^ *PID .*\n(.*\d+ +\S+|[^\n]*$)",
    keys=("2", "1"),
    expect=("WAITING QUERIES", "RUNNING QUERIES"),
    # It asks for no sizes, but after some executions the server plans its prepared statement once
    # for all parameters and computes them anyway: what people see is the state after that.
    settle=8.0,
)
F = Case("floor-cells", _floor("--how", "cells"), "row-00")
R = Case("floor-region", _floor("--how", "region"), "row-00")
D = Case("floor-db", _floor("--db", "URL"), r"(?m)^\W*\d{2,7}\s+postgres")
IDLE = Case("floor-idle", _floor("--how", "none"), "row-00")
S = Case("floor-sizes", _floor("--db", "URL", "--ask", "sizes"), r"pg_attribute\s+\d")
MANY = Case("floor-10000", _floor("--rows", "10000", "--how", "none"), "row-00")


def environment(home: Path) -> dict[str, str]:
    """Return the variables of every program: a known terminal, an empty home, nothing of libpq,
    and pgdeck from this tree.
    """
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(SOURCE),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "LANG": "C.UTF-8",
    }
