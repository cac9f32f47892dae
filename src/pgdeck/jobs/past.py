"""How long the same took before, or as much of something like it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

from pgdeck.core.plan import Forecast, Plan
from pgdeck.errors import Problem
from pgdeck.jobs.event import Status
from pgdeck.jobs.journal import Follower, job_dirs, read_plan

RUNS = 5
LOOKED_AT = 200
NOTABLE = 1.0
"""Seconds below which a job says nothing of the pace at which a server works."""

ALIKE = (frozenset({"vacuum", "upkeep"}),)
"""Operations that go through a table in the same way."""


def forecast(plan: Plan, place: Path | None = None) -> Forecast | None:
    """Return the middle of the last runs of the same plan on the same database.

    Where there is none, what its bytes take at the pace of others like it there; else None.
    """
    same: list[float] = []
    rates: list[float] = []
    for before, seconds in _finished(plan, place):
        if before.op == plan.op and before.title == plan.title:
            same.append(seconds)
        elif (moved := _weight(before)) and seconds >= NOTABLE and before.title != plan.title:
            rates.append(moved / seconds)
        if len(same) == RUNS:
            break
    if same:
        return Forecast(median(same), len(same))
    if not rates or not _weight(plan):
        return None
    rate = median(rates[:RUNS])
    return Forecast(_weight(plan) / rate, len(rates[:RUNS]), rate)


def _finished(plan: Plan, place: Path | None) -> Iterator[tuple[Plan, float]]:
    """Yield plans of the same kind on the same database that were carried out, the newest first."""
    alike = next((ops for ops in ALIKE if plan.op in ops), frozenset({plan.op}))
    known: list[Path] = []
    with suppress(Problem):  # without a state directory nothing is remembered
        known = job_dirs(place)[:LOOKED_AT]
    for directory in known:
        if not any(f"-{op}-" in directory.name for op in alike):
            continue
        with suppress(Problem):
            before = read_plan(directory)
            if before.target.fingerprint != plan.target.fingerprint:
                continue
            state = Follower(directory).poll()
            if state.status is Status.FINISHED and state.started and state.ended:
                yield before, state.ended - state.started


def _weight(plan: Plan) -> int:
    return sum(step.weight for step in plan.steps)
