"""News of jobs: each end is told once, to whoever is elsewhere; at last, what goes on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from pgdeck.core.numbers import duration
from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.jobs.event import JobState, Status
from pgdeck.jobs.journal import Follower, jobs_dir, note_told
from pgdeck.jobs.rows import Jobs

if TYPE_CHECKING:
    from pgdeck.tui.errands import Errands

RECENT = 86400.0
"""Seconds after which nobody needs to hear of a job that went wrong."""

BADLY = frozenset({Status.FAILED, Status.LOST})
MOST = 3
"""Ends that are told one by one."""


class JobNews:
    """Compares what was known of the jobs with what is."""

    def __init__(self, app: Errands, *, all_new: bool = False) -> None:
        self._app = app
        self._known: dict[str, Status] | None = {} if all_new else None

    def heed(self, jobs: Jobs, *, elsewhere: bool) -> None:
        """Take the newest reading; `elsewhere` is who does not see the jobs anyway."""
        before, self._known = self._known, {state.id: state.status for state in jobs.states}
        if before is None:
            ended = [state for state in jobs.states if state.id in jobs.untold]
            told = [state for state in ended if _went_wrong(state, jobs.at)]
        else:
            ended = [state for state in jobs.states if _ended(state, before, jobs)]
            told = ended
        if elsewhere:
            self._tell(told, late=before is None)
        if ended:
            names = [state.id for state in ended]
            self._app.run_worker(
                lambda: _note(names), group="told", thread=True, exit_on_error=False
            )

    def _tell(self, told: list[JobState], *, late: bool) -> None:
        if (late and len(told) == 1) or (not late and len(told) <= MOST):
            for state in told:
                self._app.tell(ending(state), wrong=state.status in BADLY)
        elif told:
            badly = sum(state.status in BADLY for state in told)
            since = " since you last looked" if late else ""
            said = (
                f"{len(told)} jobs ended{since}, {badly} of them badly. The Jobs screen has them."
            )
            self._app.tell(said, wrong=badly > 0)


def ending(state: JobState) -> str:
    """Return how a job ended, in a sentence."""
    seconds = state.seconds(state.ended or state.queued)
    took = f" after {''.join(duration(seconds))}" if seconds is not None and state.ended else ""
    if state.status is Status.FINISHED:
        return f"{state.title} is done{took}. {safe(state.text)}".rstrip()
    said = f"{state.title}: {state.status}{took}. {safe(state.text)}".rstrip(". ")
    return f"{said}. Job {state.id[-4:]} on the Jobs screen says more."


def going_on(states: Iterable[JobState]) -> str:
    """Say that jobs go on without the screen, empty where none does now."""
    left: list[JobState] = []
    for state in states:
        with suppress(Problem):
            now = Follower(jobs_dir() / state.id, with_log=False).poll()
            left += [] if now.status.is_over else [now]
    if len(left) == 1:
        name = left[0].id[-4:]
        return f"{safe(left[0].title)} goes on without the screen: pgdeck jobs follow {name}"
    return f"{len(left)} jobs go on without the screen: pgdeck jobs list" if left else ""


def _ended(state: JobState, before: dict[str, Status], jobs: Jobs) -> bool:
    """Whether a job ended since the reading before, in which it may not have been yet."""
    if not state.status.is_over:
        return False
    known = before.get(state.id)
    return state.id in jobs.untold if known is None else not known.is_over


def _went_wrong(state: JobState, now: float) -> bool:
    return state.status in BADLY and now - (state.ended or state.queued) < RECENT


def _note(names: list[str]) -> None:
    with suppress(Problem):
        place = jobs_dir()
        for name in names:
            note_told(place / name)
