"""What is run together: cases under the same circumstances, in turns, so that drift hits all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import cases
from benchmarks.cases import Case, Place
from benchmarks.measure import Circumstances, Figures, NoDataError, run
from benchmarks.peers import PeerError
from benchmarks.server import Server
from benchmarks.wire import Wire

CATALOG_TABLES = 10_000


@dataclass(frozen=True, slots=True)
class Experiment:
    """Cases that share circumstances; `crowd` is the number of sessions held meanwhile.

    `beside` is measured anew before each screen of pgdeck, where a run takes a second and a
    machine's pace changes within a round.
    """

    name: str
    title: str
    cases: tuple[Case, ...]
    how: Circumstances
    rounds: int
    load: bool = False
    crowd: int = 0
    database: str = "bench"
    beside: Case | None = None

    def on(self, screens: Container[str]) -> Experiment:
        """Return the same with these screens of pgdeck alone."""
        ours = {case.name for case in cases.SCREENS}
        kept = (case for case in self.cases if case.name in screens or case.name not in ours)
        return replace(self, cases=tuple(kept))

    def quickened(self) -> Experiment:
        """Return the same with a third of the work."""
        seconds = min(self.how.seconds, 3.0)
        how = replace(self.how, seconds=seconds, keys=min(self.how.keys, 6))
        return replace(self, how=how, rounds=max(1, self.rounds // 3))


@dataclass(slots=True)
class Results:
    """Figures by experiment and case, one entry a round; what could not run, with the reason.

    `beside` holds those of the program measured right before a screen, by experiment, screen and
    that program's name.
    """

    rounds: dict[tuple[str, str], list[Figures]] = field(default_factory=dict)
    beside: dict[tuple[str, str, str], list[Figures]] = field(default_factory=dict)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    skipped: dict[tuple[str, str], str] = field(default_factory=dict)
    machine_load: dict[str, float] = field(default_factory=dict)
    warm: set[str] = field(default_factory=set)


DECK = cases.SCREENS
CATALOGUE = (
    Experiment(
        "start",
        "start and quit",
        (cases.D, *DECK, cases.A, cases.F),
        Circumstances(),
        5,
        beside=cases.D,
    ),
    Experiment(
        "start50",
        "start over a 50 ms line",
        (*DECK, cases.A, cases.D),
        Circumstances(rtt=50, seconds=5),
        2,
    ),
    Experiment(
        "load",
        "refresh, 80x24, 8 clients at 100 tps",
        (*DECK, cases.A, cases.R, cases.F),
        Circumstances(seconds=7),
        3,
        load=True,
    ),
    Experiment(
        "crowd",
        "refresh, 160x50, 300 sessions",
        (*DECK, cases.A),
        Circumstances(size="160x50", seconds=6),
        2,
        load=True,
        crowd=300,
    ),
    Experiment(
        "catalog",
        "refresh, a database of 10,000 tables",
        (cases.ACTIVITY, cases.TABLES, cases.INDEXES, cases.A, cases.S),
        Circumstances(seconds=6),
        2,
        database="catalog",
    ),
    Experiment(
        "opening",
        "a key opens a screen of 10,000 tables",
        (cases.OVERVIEW, cases.MANY),
        Circumstances(opening=True),
        2,
        database="catalog",
    ),
    Experiment(
        "keys",
        "keys",
        (*cases.LISTS, cases.D),
        Circumstances(keys=16),
        2,
        load=True,
        crowd=12,
    ),
    Experiment(
        "keys50",
        "keys over a 50 ms line",
        (*cases.LISTS, cases.D),
        Circumstances(rtt=50, keys=16),
        2,
        load=True,
        crowd=12,
    ),
    Experiment(
        "visit", "a visit to every screen", (cases.OVERVIEW,), Circumstances(visiting=True), 2
    ),
    # Late: the ages of what is younger than two minutes tick each second.
    Experiment(
        "still",
        "refresh, 80x24, nothing changes",
        (*DECK, cases.D, cases.IDLE),
        Circumstances(seconds=6),
        2,
    ),
    Experiment("stalled", "quit while a statement hangs", DECK, Circumstances(fault="stall"), 2),
    Experiment("lost", "quit after the server was lost", DECK, Circumstances(fault="cut"), 2),
)


def carry_out(experiments: Sequence[Experiment], say: Callable[[str], None], home: Path) -> Results:
    """Carry out the experiments; the database of many tables gets a server of its own."""
    from benchmarks.server import running

    results = Results()
    for tables in (0, CATALOG_TABLES):
        chosen = [each for each in experiments if (each.database == "catalog") == bool(tables)]
        if not chosen:
            continue
        say(f"starting a server{f' with {tables:,} tables' if tables else ''}")
        with running(tables=tables) as server, Wire(server.socket) as wire:
            for experiment in chosen:
                _one(experiment, server, wire, results, say, home)
    return results


def _one(
    experiment: Experiment,
    server: Server,
    wire: Wire,
    results: Results,
    say: Callable[[str], None],
    home: Path,
) -> None:
    say(f"{experiment.name}: {experiment.title}")
    results.machine_load[experiment.name] = os.getloadavg()[0]
    place = Place(wire.port, experiment.database)
    with _surroundings(experiment, server):
        for turn in _turns(experiment):
            for case, counts in turn:
                at = (experiment.name, case.name)
                if at in results.failed or at in results.skipped:
                    continue
                if not counts and case.name in results.warm:
                    continue
                how = experiment.how if counts else Circumstances(size=experiment.how.size)
                near = experiment.beside if counts and case in DECK else None
                try:
                    before = run(near, place, how, wire, home) if near else None
                    figures = run(case, place, how, wire, home)
                except NoDataError as reason:
                    results.failed[at] = str(reason)
                except PeerError as reason:
                    results.skipped[at] = str(reason)
                else:
                    results.warm.add(case.name)
                    if counts:
                        results.rounds.setdefault(at, []).append(figures)
                    if near and before:
                        results.beside.setdefault((*at, near.name), []).append(before)


def _turns(experiment: Experiment) -> Iterator[list[tuple[Case, bool]]]:
    """Yield the cases of each round, every other one backwards; the first round warms up."""
    if not experiment.how.fault:
        yield [(case, False) for case in experiment.cases]
    for number in range(experiment.rounds):
        yield [(case, True) for case in experiment.cases[:: -1 if number % 2 else 1]]


@contextlib.contextmanager
def _surroundings(experiment: Experiment, server: Server) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if experiment.crowd:
            stack.enter_context(server.crowd(experiment.database, experiment.crowd))
        if experiment.load:
            stack.enter_context(server.load(experiment.database))
        yield
