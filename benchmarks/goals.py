"""The goals: ratios to programs beside us in the same rounds, or bars of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks import cases
from benchmarks.experiments import Results

LETTERS = {
    "A": "pg_activity",
    "F": "floor-cells",
    "R": "floor-region",
    "D": "floor-db",
    "I": "floor-idle",
    "S": "floor-sizes",
    "M": "floor-10000",
}
SCREENS = tuple(case.name for case in cases.SCREENS)
ACTIVITY = ("activity",)
LISTS = tuple(case.name for case in cases.LISTS)


@dataclass(frozen=True, slots=True)
class Bar:
    """One limit: `figure` of a screen in `experiment`, over that of `peer`, or by itself.

    `peer` is a letter of `LETTERS`, empty for a figure with a bar of its own, or ``own`` for the
    same screen in `peer_experiment`; `peer_figure` is another figure of the peer.
    """

    experiment: str
    figure: str
    limit: float
    peer: str = ""
    peer_experiment: str = ""
    peer_figure: str = ""
    at_least: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """The experiments without which it cannot be judged."""
        return frozenset(filter(None, (self.experiment, self.peer_experiment)))

    @property
    def unit(self) -> str:
        """What the figure is counted in."""
        return {"ms": " ms", "mb": " MB", "bytes": " B"}.get(self.figure.rpartition("_")[2], "")

    @property
    def text(self) -> str:
        """The bar as a person reads it."""
        sign = "≥" if self.at_least else "≤"
        if not self.peer:
            return f"{sign} {self.limit:g}"
        other = "RTT 0" if self.peer == "own" else self.peer
        return f"{sign} {self.limit:g} x {other}"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal with its bars, judged for each of its screens."""

    key: str
    title: str
    bars: tuple[Bar, ...]
    screens: tuple[str, ...] = SCREENS

    @property
    def needs(self) -> frozenset[str]:
        """The experiments that it needs."""
        return frozenset().union(*(bar.needs for bar in self.bars))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one bar for one screen; `ratios` holds one value a round."""

    goal: Goal
    bar: Bar
    screen: str
    ours: float | None = None
    theirs: float | None = None
    ratios: tuple[float, ...] = ()
    reason: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median keeps to the bar; None when it was not measured."""
        if not self.ratios:
            return None
        middle = median(self.ratios)
        return middle >= self.bar.limit if self.bar.at_least else middle <= self.bar.limit


GOALS = (
    Goal("G1", "first text on screen", (Bar("start", "text_ms", 1.35, "D"),)),
    Goal("G2", "start to live data", (Bar("start", "data_ms", 1.5, "D"),)),
    Goal(
        "G3",
        "start to live data, 50 ms line",
        (Bar("start50", "data_ms", 0.45, "A"), Bar("start50", "data_ms", 1.4, "D")),
    ),
    Goal("G4", "round trips to data", (Bar("start50", "start_trips", 6),)),
    Goal(
        "G5",
        "CPU per refresh, 80x24, load",
        (Bar("load", "cpu_ms", 2.0, "R"), Bar("load", "cpu_ms", 1.0, "F")),
    ),
    Goal("G6", "CPU per second, nothing changes", (Bar("still", "cpu_ms", 2.0, "D"),)),
    Goal("G7", "bytes per refresh, 80x24, load", (Bar("load", "bytes", 1.0, "A"),)),
    Goal(
        "G8",
        "bytes per refresh, 160x50, 300 sessions",
        (Bar("crowd", "bytes", 0.5, "A"),),
    ),
    Goal("G9", "bytes per second, nothing changes", (Bar("still", "bytes", 200),)),
    Goal(
        "G10",
        "round trips per refresh",
        (Bar("start50", "trips", 1.05), Bar("start50", "rounds", 1.25)),
    ),
    Goal("G11", "server time per refresh", (Bar("load", "server_ms", 0.4, "A"),), ACTIVITY),
    Goal(
        "G12",
        "server time per refresh, 10,000 tables",
        (Bar("catalog", "server_ms", 0.05, "A"),),
        ACTIVITY,
    ),
    Goal(
        "G13",
        "tables: server time, 10,000 tables",
        (Bar("catalog", "server_ms", 2.0, "S"),),
        ("tables",),
    ),
    Goal(
        "G14",
        "tables: key to data, 10,000 tables",
        (Bar("opening", "open_ms", 0.25, "M", peer_figure="data_ms"),),
        ("overview",),
    ),
    Goal(
        "G15",
        "one refresh, 50 ms line",
        (Bar("start50", "refresh_ms", 65), Bar("start50", "refresh_ms", 0.35, "A")),
    ),
    Goal(
        "G16",
        "key to screen",
        (
            Bar("keys", "idle_p50_ms", 2.0, "D"),
            Bar("keys", "idle_p95_ms", 3.0, "D"),
            Bar("keys", "random_p50_ms", 2.0, "D"),
            Bar("keys", "random_p95_ms", 3.0, "D"),
        ),
        LISTS,
    ),
    Goal(
        "G17",
        "key to screen, 50 ms line",
        (
            Bar("keys50", "idle_p95_ms", 1.2, "own", "keys"),
            Bar("keys50", "random_p95_ms", 1.2, "own", "keys"),
        ),
        LISTS,
    ),
    Goal("G18", "memory at first data", (Bar("start", "start_pss_mb", 1.5, "D"),)),
    Goal(
        "G19",
        "memory after a visit to every screen",
        (Bar("visit", "visited_pss_mb", 2.2, "D", "start", "start_pss_mb"),),
        ("overview",),
    ),
    Goal(
        "G20",
        "quit",
        (Bar("start", "quit_ms", 1.3, "F"), Bar("start", "clean", 1, at_least=True)),
    ),
    Goal(
        "G20h",
        "quit, statement hangs",
        (
            Bar("stalled", "quit_ms", 1.3, "F", "start"),
            Bar("stalled", "clean", 1, at_least=True),
        ),
    ),
    Goal(
        "G20l",
        "quit, server lost",
        (Bar("lost", "quit_ms", 1.3, "F", "start"), Bar("lost", "clean", 1, at_least=True)),
    ),
    Goal("G21", "context switches per second", (Bar("still", "switches", 3.0, "I"),)),
)


def judge(goals: tuple[Goal, ...], results: Results) -> Iterator[Verdict]:
    """Yield a verdict for each bar of each goal and each of its screens."""
    for goal in goals:
        for screen in goal.screens:
            for bar in goal.bars:
                yield _judge(goal, bar, screen, results)


def _judge(goal: Goal, bar: Bar, screen: str, results: Results) -> Verdict:
    ours, reason = _series(bar.experiment, screen, bar.figure, results)
    if not bar.peer:
        middle = median(ours) if ours else None
        return Verdict(goal, bar, screen, middle, None, tuple(ours), reason)
    name = screen if bar.peer == "own" else LETTERS[bar.peer]
    experiment = bar.peer_experiment or bar.experiment
    theirs, excuse = _series(experiment, name, bar.peer_figure or bar.figure, results)
    if not ours or not theirs:
        return Verdict(goal, bar, screen, reason=reason or excuse)
    near = results.beside.get((bar.experiment, screen, name))
    if near:
        theirs = [figures[bar.peer_figure or bar.figure] for figures in near]
    pairs = list(zip(ours, theirs, strict=False))
    if bar.peer_experiment:  # other rounds: nothing to pair, so against the middle
        pairs = [(each, median(theirs)) for each in ours]
    ratios = tuple(mine / other for mine, other in pairs if other)
    return Verdict(goal, bar, screen, median(ours), median(theirs), ratios, "")


def _series(experiment: str, case: str, figure: str, results: Results) -> tuple[list[float], str]:
    at = (experiment, case)
    rounds = results.rounds.get(at, [])
    values = [figures[figure] for figures in rounds if figure in figures]
    if values:
        return values, ""
    told = results.failed.get(at) or results.skipped.get(at)
    return [], told.splitlines()[0] if told else f"no {figure} of {case}"
