"""How long the same took before."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from statistics import median

from pgdeck.core.plan import Forecast, Plan
from pgdeck.errors import Problem
from pgdeck.jobs.event import Status
from pgdeck.jobs.journal import Follower, job_dirs, read_plan

RUNS = 5
LOOKED_AT = 200


def forecast(plan: Plan, place: Path | None = None) -> Forecast | None:
    """Return the middle of the last runs of the same plan on the same database, None of none."""
    seconds: list[float] = []
    known: list[Path] = []
    with suppress(Problem):  # without a state directory nothing is remembered
        known = job_dirs(place)[:LOOKED_AT]
    for directory in known:
        if f"-{plan.op}-" not in directory.name:
            continue
        with suppress(Problem):
            before = read_plan(directory)
            if (before.target.fingerprint, before.title) != (plan.target.fingerprint, plan.title):
                continue
            state = Follower(directory).poll()
            if state.status is Status.FINISHED and state.started and state.ended:
                seconds.append(state.ended - state.started)
        if len(seconds) == RUNS:
            break
    return Forecast(median(seconds), len(seconds)) if seconds else None
