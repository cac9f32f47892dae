"""Jobs as rows: what they are, how far, and how they ended; pure."""

from __future__ import annotations

from msgspec import Struct

from pgdeck.core.cell import Level
from pgdeck.core.rows import Status as Sign
from pgdeck.core.rows import Table, TableRow
from pgdeck.core.spec import Align, Column, Format
from pgdeck.jobs.event import JobState, Status

_SIGNS = {
    Status.QUEUED: (Level.NOTICE, ("○", "o")),
    Status.RUNNING: (Level.NOTICE, ("⟳", ">")),
    Status.FINISHED: (Level.GOOD, ("✓", "v")),
    Status.FAILED: (Level.CRITICAL, ("■", "#")),
    Status.CANCELLED: (Level.QUIET, ("✗", "x")),
    Status.LOST: (Level.WARNING, ("▲", "!")),
}

JOB_COLUMNS: tuple[Column, ...] = (
    Column("status", "status", width=11, priority=0),
    Column("title", "what", width=32, priority=0),
    Column("progress", "progress", Format.BAR, width=10, priority=2, note="of the present step"),
    Column("left", "left", Format.DURATION, Align.RIGHT, 7, 3, note="at the rate so far"),
    Column("took", "took", Format.DURATION, Align.RIGHT, 7, 2),
    Column("ago", "ago", Format.AGE, Align.RIGHT, 7, 1, note="since it was started"),
    Column("step", "step", priority=5),
    Column("target", "target", width=24, priority=4),
    Column("by", "by", width=18, priority=6),
    Column("rate", "rate", Format.RATE, Align.RIGHT, 9, 7, note="units of the step a second"),
    Column("said", "last word", hidden=True),
    Column("hint", "way out", hidden=True),
    Column("undo", "undo", hidden=True),
    Column("exit", "exit", hidden=True),
    Column("id", "id", hidden=True),
)


class Jobs(Struct, frozen=True):
    """All jobs of this account, the newest first; `at` is Unix time in seconds.

    `untold` are those that ended and of which nobody was told yet.
    """

    states: tuple[JobState, ...]
    at: float
    untold: frozenset[str] = frozenset()

    @property
    def running(self) -> tuple[JobState, ...]:
        """Those that are not over."""
        return tuple(state for state in self.states if not state.status.is_over)


def sign_of(status: Status) -> Sign:
    """Return a job's status behind its glyph."""
    level, glyphs = _SIGNS[status]
    return Sign(str(status), level, sign=glyphs)


def job_table(jobs: Jobs) -> Table:
    """Return a row for each job, in the order of `JOB_COLUMNS`."""
    return Table(tuple(_row(state, jobs.at) for state in jobs.states))


def _row(state: JobState, now: float) -> TableRow:
    runs = not state.status.is_over
    many = len(state.steps) > 1
    step = f"{state.step}/{len(state.steps)} {state.step_title}" if many else state.step_title
    values = (
        sign_of(state.status),
        state.title,
        state.share if runs else None,
        state.remaining() if runs else None,
        state.seconds(now),
        max(0.0, now - state.queued),
        step or None,
        state.target,
        state.by.sentence,
        state.rate if runs else None,
        state.text or None,
        state.hint or None,
        state.undo or None,
        state.exit,
        state.id,
    )
    return TableRow((state.id,), values)
