"""Everything that was ever executed: each step that a job began, as text that can be run again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from pgdeck.core.plan import Plan
from pgdeck.core.rows import Table, TableRow
from pgdeck.core.spec import Align, Column, Format
from pgdeck.disk import open_file
from pgdeck.errors import Problem
from pgdeck.jobs.event import EventKind, JobState, Status, read
from pgdeck.jobs.journal import EVENTS, jobs_dir, read_plan
from pgdeck.jobs.rows import sign_of

DEED_COLUMNS: tuple[Column, ...] = (
    Column("at", "time", Format.TIME, width=16, priority=0),
    Column("status", "result", width=11, priority=1),
    Column("text", "executed", Format.QUERY, priority=0),
    Column("target", "target", width=24, priority=3),
    Column("by", "by", width=18, priority=4),
    Column("step", "step", width=20, priority=6),
    Column("seconds", "took", Format.DURATION, Align.RIGHT, 7, 5),
    Column("job", "job", hidden=True),
)


class Deed(Struct, frozen=True):
    """One step that was begun: `at` is Unix time, `text` what can be run again."""

    job: str
    at: float
    status: Status
    text: str
    step: str
    target: str
    by: str
    seconds: float | None = None


class Executed:
    """Reads the journals; those of jobs that are over once."""

    def __init__(self, place: Path | None = None) -> None:
        self._place = place
        self._over: dict[str, list[Deed]] = {}

    def read(self, states: Iterable[JobState]) -> list[Deed]:
        """Return every deed of some jobs, the newest first."""
        found: list[Deed] = []
        place = self._place or jobs_dir()
        for state in states:
            deeds = self._over.get(state.id)
            if deeds is None:
                deeds = _deeds(place / state.id, state)
                if state.status.is_over:
                    self._over[state.id] = deeds
            found += deeds
        return sorted(found, key=lambda deed: deed.at, reverse=True)


def deed_table(deeds: Iterable[Deed]) -> Table:
    """Return a row for each deed, in the order of `DEED_COLUMNS`."""
    return Table(
        tuple(
            TableRow(
                (deed.job, deed.at),
                (
                    datetime.fromtimestamp(int(deed.at), UTC),
                    sign_of(deed.status),
                    deed.text,
                    deed.target,
                    deed.by,
                    deed.step,
                    deed.seconds,
                    deed.job,
                ),
            )
            for deed in deeds
        )
    )


def _deeds(directory: Path, state: JobState) -> list[Deed]:
    try:
        plan = read_plan(directory)
        begun = _begun(directory, plan)
    except (Problem, OSError):  # removed meanwhile, or of a newer version
        return []
    found = []
    for place, (number, at) in enumerate(begun):
        last = place == len(begun) - 1
        step = plan.steps[number - 1]
        until = state.ended if last else begun[place + 1][1]
        found.append(
            Deed(
                state.id,
                at,
                # A job goes on to its next step only when the one before is done.
                state.status if last else Status.FINISHED,
                step.shown,
                step.title,
                state.target,
                state.by.sentence,
                None if until is None else max(0.0, until - at),
            )
        )
    return found


def _begun(directory: Path, plan: Plan) -> list[tuple[int, float]]:
    """Return number and time of each step that was begun."""
    with open_file(directory / EVENTS) as file:
        # Most lines may be progress, and are not decoded.
        steps = [read(line) for line in file if b'"step"' in line and b'"kind":"step"' in line]
    return [
        (event.step, event.at)
        for event in steps
        if event is not None and event.kind is EventKind.STEP and 0 < event.step <= len(plan.steps)
    ]
