"""``pgdeck jobs``: what was done and is being done, from any terminal."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from pgdeck.cli.following import exit_code, follow, outcome, shape
from pgdeck.cli.output import in_ascii, speaks_unicode, write
from pgdeck.core.numbers import age, duration
from pgdeck.core.plantext import plan_text
from pgdeck.core.text import fit, safe
from pgdeck.errors import Problem, Refused, UsageProblem
from pgdeck.jobs.event import JobState
from pgdeck.jobs.journal import Follower, ask_to_stop, find_job, job_dirs, prune, read_plan

EMPTY = "There are no jobs yet: what pgdeck does to a server is listed here."


def run(args: argparse.Namespace) -> int:
    """Do what the action says; returns the exit code."""
    acts: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "show": _show,
        "follow": _follow,
        "cancel": _cancel,
        "prune": _prune,
    }
    if args.action in ("list", "prune") and args.job is not None:
        raise UsageProblem(f"{args.action} takes no job", "see pgdeck jobs --help")
    return acts[args.action](args)


def _named(args: argparse.Namespace) -> Path:
    if args.job is None:
        raise UsageProblem(f"which job should {args.action} take?", "an id of pgdeck jobs list")
    return find_job(args.job)


def states() -> list[JobState]:
    """Return the states of all jobs that can be read, the newest first."""
    found: list[JobState] = []
    for directory in job_dirs():
        with suppress(Problem):
            found.append(Follower(directory).poll())
    return found


def _list(args: argparse.Namespace) -> int:
    found = states()
    if args.json:
        write(msgspec.json.encode([shape(state) for state in found]).decode() + "\n")
        return 0
    _print("\n".join(_line(state) for state in found) if found else EMPTY)
    return 0


def _line(state: JobState) -> str:
    now = time.time()
    seconds = state.seconds(now)
    when = "".join(age(now - state.queued))
    took = "".join(duration(seconds)) if seconds is not None else ""
    share = f" {100 * state.share:.0f} %" if state.share is not None else ""
    doing = f"{state.status}{share}" if not state.status.is_over else str(state.status)
    title = fit(safe(state.title), 34)
    return f"{state.id[-4:]}  {when:>5} ago  {doing:<12} {took:>7}  {title}  {safe(state.target)}"


def _show(args: argparse.Namespace) -> int:
    directory = _named(args)
    follower = Follower(directory)
    state = follower.poll()
    if args.json:
        write(msgspec.json.encode({**shape(state), "log": list(follower.lines)}).decode() + "\n")
        return 0
    plan = read_plan(directory)
    lines = [
        f"{state.id} · {state.status} · by {safe(state.by.sentence)}",
        plan_text(plan),
        "",
        *(f"warning: {safe(each)}" for each in state.warnings),
        outcome(state) if state.status.is_over else f"now: {safe(state.step_title or 'starting')}",
        *(["", "Log", *follower.lines] if follower.lines else []),
    ]
    _print("\n".join(lines))
    return 0


def _follow(args: argparse.Namespace) -> int:
    return follow(_named(args), as_json=args.json)


def _cancel(args: argparse.Namespace) -> int:
    directory = _named(args)
    state = Follower(directory).poll()
    if state.status.is_over:
        raise Refused(f"{state.id} is over: {state.status}")
    ask_to_stop(directory)
    code = follow(directory, as_json=args.json)
    ended = Follower(directory).poll()
    return 0 if exit_code(ended) == 130 else code


def _prune(args: argparse.Namespace) -> int:
    removed = prune(args.older)
    if args.json:
        write(msgspec.json.encode(removed).decode() + "\n")
    else:
        _print("\n".join(removed) if removed else "Nothing is that old.")
    return 0


def _print(text: str) -> None:
    write((text if speaks_unicode() else in_ascii(text)) + "\n")
