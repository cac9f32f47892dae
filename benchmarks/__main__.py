"""Measure pgdeck against its goals; the exit code says whether everything could run."""

from __future__ import annotations

import argparse
import compileall
import dataclasses
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cases import SCREENS as ALL_SCREENS
from benchmarks.experiments import CATALOGUE, Experiment, Results, carry_out
from benchmarks.goals import GOALS, Goal, Verdict, judge
from benchmarks.report import figures_table, goals_table
from pgdeck.errors import Problem

SCREENS = frozenset(case.name for case in ALL_SCREENS)
ROOT = Path(__file__).parent.parent


def main() -> int:
    """Run what the options ask for and print the verdicts; numbers never decide the exit code."""
    options = _options()
    goals = tuple(goal for goal in GOALS if not options.only or _wanted(goal, options.only))
    if not goals:
        print(f"No such goal. Goals: {' '.join(goal.key for goal in GOALS)}", file=sys.stderr)
        return 2
    if not Path("/proc/self/schedstat").exists():
        print("The costs are read from Linux's /proc, which is not here.", file=sys.stderr)
        return 1
    compileall.compile_dir(ROOT / "src", quiet=1)
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="pgdeck-bench-home-") as home:
            results = carry_out(_experiments(goals, options), _say, Path(home))
    except Problem as problem:
        print(f"{problem.message}\n{problem.hint}".strip(), file=sys.stderr)
        return 1
    verdicts = [each for each in judge(goals, results) if each.screen in options.screens]
    print(_machine(results), goals_table(verdicts), sep="\n\n")
    if options.figures:
        print("", figures_table(results), sep="\n")
    _tell_what_did_not_run(results, verbose=options.show)
    if options.json:
        options.json.write_text(json.dumps(_document(results, verdicts), indent=1) + "\n")
    _say(f"done in {time.monotonic() - begun:.0f} s")
    return 1 if results.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="G1,G2", help="only these goals")
    parser.add_argument("--screens", metavar="NAME,NAME", help="only these screens of pgdeck")
    parser.add_argument("--rounds", type=int, help="rounds of every experiment")
    parser.add_argument("--quick", action="store_true", help="a third of the work, and coarser")
    parser.add_argument("--figures", action="store_true", help="also print every figure measured")
    parser.add_argument("--show", action="store_true", help="print the screens that had no data")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there")
    options = parser.parse_args()
    options.only = frozenset(options.only.upper().split(",")) if options.only else frozenset()
    options.screens = frozenset(options.screens.split(",")) if options.screens else SCREENS
    return options


def _wanted(goal: Goal, only: frozenset[str]) -> bool:
    return goal.key.upper() in only or goal.key.rstrip("hl").upper() in only


def _experiments(goals: tuple[Goal, ...], options: argparse.Namespace) -> list[Experiment]:
    needed = frozenset().union(*(goal.needs for goal in goals))
    chosen = [each.on(options.screens) for each in CATALOGUE if each.name in needed]
    if options.quick:
        chosen = [each.quickened() for each in chosen]
    if options.rounds:
        chosen = [dataclasses.replace(each, rounds=options.rounds) for each in chosen]
    return chosen


def _say(sentence: str) -> None:
    print(
        f"[{time.strftime('%H:%M:%S')}, load {os.getloadavg()[0]:.1f}] {sentence}", file=sys.stderr
    )


def _machine(results: Results) -> str:
    loads = results.machine_load.values()
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors, machine load {min(loads):.1f} .. {max(loads):.1f}"
    )


def _tell_what_did_not_run(results: Results, *, verbose: bool) -> None:
    for (experiment, case), reason in {**results.failed, **results.skipped}.items():
        told = reason if verbose else reason.splitlines()[0]
        print(f"{experiment}, {case}: could not run: {told}", file=sys.stderr)


def _document(results: Results, verdicts: list[Verdict]) -> dict[str, object]:
    return {
        "rounds": [
            {"experiment": experiment, "case": case, "rounds": rounds}
            for (experiment, case), rounds in results.rounds.items()
        ],
        "machine_load": results.machine_load,
        "goals": [
            {
                "goal": verdict.goal.key,
                "screen": verdict.screen,
                "figure": verdict.bar.figure,
                "bar": verdict.bar.text,
                "values": verdict.ratios,
                "met": verdict.met,
            }
            for verdict in verdicts
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
