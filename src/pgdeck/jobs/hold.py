"""Locks between the jobs of one account on one machine, let go by the kernel when they end."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pgdeck.core.plan import Plan, Risk, Sharing
from pgdeck.errors import Problem, Refused
from pgdeck.jobs.journal import spare_dir
from pgdeck.paths import state_dir

PLACE = "locks"


@contextmanager
def held_here(plan: Plan) -> Iterator[None]:
    """Hold a plan's database and names against other jobs of this account on this machine.

    Raises `Refused` with the name of what somebody else holds.
    """
    place = _place(plan)
    with ExitStack() as stack:
        if plan.sharing is not Sharing.NONE:
            _take(stack, place, plan, "", shared=plan.sharing is Sharing.SHARED)
        for name in sorted(set(plan.holds)):
            _take(stack, place, plan, name, shared=False)
        yield


def _place(plan: Plan) -> Path:
    try:
        place = state_dir() / PLACE
        place.mkdir(mode=0o700, exist_ok=True)
    except (OSError, Problem) as error:
        if plan.risk is Risk.DESTRUCTIVE:
            raise Refused(f"no lock can be held on this machine: {error}") from error
        return spare_dir()
    return place


def _take(stack: ExitStack, place: Path, plan: Plan, name: str, *, shared: bool) -> None:
    safe_name = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:100]
    file = place / f"{plan.target.fingerprint}-{safe_name or 'database'}.lock"
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Problem(f"{file} cannot be made: {error.strerror or error}") from error
    stack.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        what = name or f"database {plan.target.database}"
        raise Refused(
            f"{what} is held by another job of yours on this machine",
            "pgdeck jobs list names it",
        ) from None
