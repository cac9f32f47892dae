"""Following a job from a terminal: its log as it comes, and its exit code at the end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from pgdeck.cli.output import in_ascii, speaks_unicode, write
from pgdeck.cli.standingline import StandingLine, progress_of
from pgdeck.core.numbers import duration
from pgdeck.core.text import safe
from pgdeck.jobs.event import JobState, Status
from pgdeck.jobs.journal import Follower, note_told

EVERY = 0.1
AT_FIRST = 0.02
"""The pause in the first seconds: what is over in a moment shall not be waited for."""

FIRST_SECONDS = 2.0
INTERRUPTED = 130


def follow(directory: Path, *, as_json: bool = False) -> int:
    """Print a job's log as it comes until the job is over; returns its exit code.

    With `as_json` the log goes to standard error, and at the end the state to standard output.
    Leaving with ctrl+c leaves the job running.
    """
    follower = Follower(directory)
    shown = 0
    begun = time.monotonic()
    line = StandingLine()
    try:
        while True:
            state = follower.poll()
            if follower.came != shown:
                line.show("")
            shown = _print_lines(follower, shown, as_json=as_json)
            line.show(progress_of(state))
            if state.status.is_over:
                note_told(directory)
                break
            time.sleep(AT_FIRST if time.monotonic() - begun < FIRST_SECONDS else EVERY)
    except KeyboardInterrupt:
        line.show("")
        _say(f"{directory.name} goes on; pgdeck jobs follow {directory.name[-4:]}, or cancel")
        return INTERRUPTED
    if as_json:
        write(msgspec.json.encode(shape(state)).decode() + "\n")
    else:
        _say(outcome(state))
    return exit_code(state)


def exit_code(state: JobState) -> int:
    """Return what a command ends with after a job that ended so."""
    return state.exit if state.exit is not None else 1


def outcome(state: JobState) -> str:
    """Return how a job ended, in a sentence or two."""
    seconds = state.seconds(time.time())
    took = f" after {''.join(duration(seconds))}" if seconds is not None else ""
    said = safe(state.text)
    hint = f"\n{safe(state.hint)}" if state.hint else ""
    if state.status is Status.FINISHED:
        return f"{said or state.title}{took}"
    return f"{state.status}{took}: {said}{hint}"


def shape(state: JobState) -> dict[str, object]:
    """Return a job's state as programs read it."""
    return {
        "id": state.id,
        "op": state.op,
        "title": state.title,
        "target": state.target,
        "status": str(state.status),
        "by": state.by.sentence,
        "started": _iso(state.started),
        "ended": _iso(state.ended),
        "exit": state.exit,
        "step": state.step,
        "steps": len(state.steps),
        "done": state.done,
        "total": state.total,
        "text": state.text,
        "hint": state.hint,
        "warnings": list(state.warnings),
    }


def _iso(at: float | None) -> str | None:
    from datetime import UTC, datetime

    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()


def _print_lines(follower: Follower, shown: int, *, as_json: bool) -> int:
    new = min(follower.came - shown, len(follower.lines))
    if not new:
        return follower.came
    text = "\n".join(list(follower.lines)[-new:])
    text = text if speaks_unicode() else in_ascii(text)
    if as_json:
        print(text, file=sys.stderr, flush=True)
    else:
        write(text + "\n")
    return follower.came


def _say(sentence: str) -> None:
    if sys.stderr is not None:
        print(f"pgdeck: {sentence}", file=sys.stderr, flush=True)
