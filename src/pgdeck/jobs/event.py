"""What a job reports, and the state that all its reports add up to."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.plan import FORMAT


class EventKind(StrEnum):
    """What happened."""

    STARTED = "started"
    STEP = "step"
    PROGRESS = "progress"
    WARNING = "warning"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDS = (EventKind.FINISHED, EventKind.FAILED, EventKind.CANCELLED)


class Status(StrEnum):
    """Where a job stands; lost is one whose process is gone without a last word."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self not in (Status.QUEUED, Status.RUNNING)


_ENDED = {
    EventKind.FINISHED: Status.FINISHED,
    EventKind.FAILED: Status.FAILED,
    EventKind.CANCELLED: Status.CANCELLED,
}


class JobEvent(Struct, frozen=True, omit_defaults=True):
    """One report; `at` is Unix time in seconds.

    `step` counts from 1, `done` of `total` is in the unit of the step, `text` says it in words;
    a failure has a `hint` and, like every end, an `exit` code.  What programs print is no event:
    it goes to the job's log.
    """

    seq: int
    at: float
    kind: EventKind
    step: int = 0
    done: float | None = None
    total: float | None = None
    text: str = ""
    hint: str = ""
    exit: int | None = None
    pid: int = 0


class Who(Struct, frozen=True):
    """Who started a job: the account, whom sudo stands for, and where the SSH line comes from."""

    user: str
    host: str
    sudo_user: str = ""
    ssh_client: str = ""

    @property
    def sentence(self) -> str:
        """The same in words."""
        name = f"{self.sudo_user} as {self.user}" if self.sudo_user else self.user
        line = f" from {self.ssh_client}" if self.ssh_client else ""
        return f"{name}@{self.host}{line}"


class JobState(Struct, frozen=True):
    """What a job has come to: a fold of its events, so that all who read them agree.

    `rate` is in units of the step a second, `hint` says the way out of a failure.
    """

    id: str
    op: str
    title: str
    target: str
    steps: tuple[str, ...]
    by: Who
    queued: float
    status: Status = Status.QUEUED
    pid: int = 0
    started: float | None = None
    ended: float | None = None
    exit: int | None = None
    step: int = 0
    step_began: float | None = None
    done: float | None = None
    total: float | None = None
    told: float | None = None
    text: str = ""
    hint: str = ""
    warnings: tuple[str, ...] = ()
    seq: int = 0
    undo: str = ""
    format: int = FORMAT

    @property
    def step_title(self) -> str:
        """What the current step does, empty before the first."""
        return self.steps[self.step - 1] if 0 < self.step <= len(self.steps) else ""

    @property
    def share(self) -> float | None:
        """How much of the step is done, 0 to 1; None where nobody can tell."""
        if not self.total or self.done is None:
            return None
        return min(1.0, max(0.0, self.done / self.total))

    @property
    def rate(self) -> float | None:
        """Units of the step a second since it began."""
        if self.done is None or self.told is None or self.step_began is None:
            return None
        seconds = self.told - self.step_began
        return self.done / seconds if seconds > 0 else None

    def remaining(self) -> float | None:
        """Seconds that the rest of the step takes at the rate so far."""
        rate = self.rate
        if not rate or self.total is None or self.done is None:
            return None
        return max(0.0, (self.total - self.done) / rate)

    def seconds(self, now: float) -> float | None:
        """How long it ran, or has been running at Unix time `now`."""
        if self.started is None:
            return None
        return max(0.0, (self.ended if self.ended is not None else now) - self.started)

    def lost(self, cry: str = "") -> JobState:
        """Return the state of the same job whose process is gone, with what it printed last."""
        return replace(
            self,
            status=Status.LOST,
            exit=1,
            text=f"its process ended without a last word{f': {cry}' if cry else ''}",
            hint="look at its log, and at what the server still does; then start it anew",
        )


MOST_WARNINGS = 50


def fold(state: JobState, event: JobEvent) -> JobState:
    """Return the state after one more report; what comes twice or late changes nothing."""
    if event.seq <= state.seq or state.status.is_over:
        return state
    state = replace(state, seq=event.seq)
    match event.kind:
        case EventKind.STARTED:
            return replace(state, status=Status.RUNNING, started=event.at, pid=event.pid)
        case EventKind.STEP:
            return replace(
                state,
                step=event.step,
                step_began=event.at,
                told=event.at,
                done=event.done,
                total=event.total,
                text=event.text,
            )
        case EventKind.PROGRESS:
            return replace(
                state, done=event.done, total=event.total, text=event.text, told=event.at
            )
        case EventKind.WARNING:
            if len(state.warnings) >= MOST_WARNINGS:
                return state
            return replace(state, warnings=(*state.warnings, event.text))
        case _:
            return replace(
                state,
                status=_ENDED[event.kind],
                ended=event.at,
                exit=event.exit,
                text=event.text,
                hint=event.hint,
            )


_ENCODE = msgspec.json.Encoder()
_DECODE = msgspec.json.Decoder(JobEvent)


def written(event: JobEvent) -> bytes:
    """Return an event as one line."""
    return _ENCODE.encode(event) + b"\n"


def read(line: bytes) -> JobEvent | None:
    """Return the event of a line, None for one that is torn or of another format."""
    try:
        return _DECODE.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
