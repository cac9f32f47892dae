"""How an operation comes to be carried out: planned by name, guarded, and given to a job."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pgdeck import __version__
from pgdeck.core.address import is_here
from pgdeck.core.operation import Asker, Operation, Wish
from pgdeck.core.plan import Plan, Risk
from pgdeck.core.rows import Query
from pgdeck.core.source import Answer
from pgdeck.core.target import Environment, Target
from pgdeck.errors import Problem, Refused, UsageProblem

if TYPE_CHECKING:
    from pgdeck.jobs.spawn import Standby
    from pgdeck.pg.acting import Acting
    from pgdeck.pg.session import Session

OPERATIONS: Mapping[str, str] = {
    "vacuum": "pgdeck.maintenance.vacuum:Vacuum",
    "analyze": "pgdeck.maintenance.vacuum:Analyze",
    "upkeep": "pgdeck.maintenance.upkeep:Upkeep",
    "reindex": "pgdeck.maintenance.reindex:Reindex",
    "checkpoint": "pgdeck.maintenance.server:Checkpoint",
    "reload": "pgdeck.maintenance.server:Reload",
    "reset-stats": "pgdeck.maintenance.server:ResetStats",
    "cancel": "pgdeck.maintenance.sessions:Cancel",
    "terminate": "pgdeck.maintenance.sessions:Terminate",
}
"""Where each operation lives; imported when it is asked for."""

AT_ONCE = frozenset({"cancel", "terminate"})
"""What takes a moment, and must work where no slot is left for a process of its own."""


def operation(name: str) -> Operation:
    """Return an operation by its name; raises `UsageProblem` for one that is not there."""
    where = OPERATIONS.get(name)
    if where is None:
        raise UsageProblem(f"there is no operation {name}", f"there are {', '.join(OPERATIONS)}")
    module, _, kind = where.partition(":")
    make: Callable[[], Operation] = getattr(import_module(module), kind)
    return make()


class _Lone:
    """Asks over a session of its own."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.version = session.version

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        return await self._session.round(queries)


async def plan_operation(name: str, target: Target, wish: Wish, asker: Asker | None = None) -> Plan:
    """Return what an operation would do; without an `asker` over a session of its own.

    Raises `Problem`: what cannot be done, or whom it cannot ask.
    """
    found = await asyncio.to_thread(operation, name)
    if asker is not None:
        plan = await found.plan(asker, target, wish)
    else:
        from pgdeck.pg.acting import POOLED
        from pgdeck.pg.connect import open_session

        session = await open_session(target.conninfo)
        try:
            if session.pooled:
                raise Refused(*POOLED)
            plan = await found.plan(_Lone(session), target, wish)
        finally:
            session.close()
    from pgdeck.jobs.past import forecast

    estimate = await asyncio.to_thread(forecast, plan)
    return replace(plan, program=__version__, estimate=estimate)


def why_not(target: Target, plan_risk: Risk = Risk.WRITE) -> str:
    """Say why nothing may be changed on a target, empty where it may."""
    if plan_risk is Risk.READ:
        return ""
    if target.read_only:
        return f"{target.name} is read-only by configuration"
    if target.writable:
        return ""
    if target.environment is Environment.PROD:
        return f"{target.name} is production, which is read-only until said otherwise"
    if not is_here(target.conninfo):
        return f"{target.name} is not on this host, and so read-only until said otherwise"
    return ""


def start_job(
    plan: Plan, target: Target, *, allow_write: bool = False, standby: Standby | None = None
) -> Path:
    """Give a confirmed plan to a process of its own; returns the job's directory.

    `standby` is one that waits for it.

    Raises `Refused` where the target is read-only and nobody opened it, or no journal can be
    kept, `Problem` when no process can be started.
    """
    _guard(plan, target, allow_write=allow_write)
    opened = _unlocked(target)
    directory = _journal_for(plan)
    if plan.op in AT_ONCE:
        _in_a_session_of_its_own(directory, plan, opened)
    elif standby is not None:
        standby.take(directory, opened.conninfo)
    else:
        from pgdeck.jobs.spawn import spawn

        spawn(directory, opened.conninfo)
    return directory


def act_at_once(
    plan: Plan, target: Target, open_session: Callable[[], Acting], *, allow_write: bool = False
) -> Path:
    """Carry a confirmed plan out here, in a session that is given; returns the job's directory.

    It is journalled as any job, and over when this returns.  Raises `Refused` as `start_job` does.
    """
    _guard(plan, target, allow_write=allow_write)
    from pgdeck.jobs.runner import run_at_once

    directory = _journal_for(plan)
    run_at_once(directory, open_session, operation)
    return directory


def _unlocked(target: Target) -> Target:
    if not target.password_command:
        return target
    from pgdeck.targets.passwords import unlock

    return unlock(target, interactive=False)


def _journal_for(plan: Plan) -> Path:
    from pgdeck.jobs.journal import make_job, spare_dir, who

    try:
        return make_job(plan, who())
    except Problem as problem:
        if plan.risk is Risk.DESTRUCTIVE:
            raise Refused(problem.message, problem.hint) from None
        # What destroys nothing need not wait for it; the job is found under its directory only.
        return make_job(plan, who(), spare_dir())


def _guard(plan: Plan, target: Target, *, allow_write: bool) -> None:
    reason = why_not(target.in_environment(plan.target.environment), plan.risk)
    if reason and not allow_write:
        raise Refused(reason, "--allow-write, or W in the dashboard, opens it")


def _in_a_session_of_its_own(directory: Path, plan: Plan, target: Target) -> None:
    from pgdeck.jobs.journal import who
    from pgdeck.jobs.runner import run_at_once
    from pgdeck.pg.acting import Acting
    from pgdeck.pg.advisory import application_name

    by = who()
    name = application_name(plan.op, by.sudo_user or by.user, by.host)
    opened: list[Acting] = []

    def open_session() -> Acting:
        opened.append(Acting(target.conninfo, name))
        return opened[0]

    try:
        run_at_once(directory, open_session, operation)
    finally:
        for session in opened:
            session.close()


def carry_out_later(wait: Callable[[], bytes]) -> int:
    """Import what a job needs, wait for one, and be its process; returns the exit code.

    When nothing comes nothing is done.
    """
    from pgdeck.jobs.journal import PROCESS
    from pgdeck.jobs.spawn import APPEND, received_job

    given = wait()
    if not given:
        return 0
    directory, address = received_job(given)
    output = os.open(directory / PROCESS, APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    return carry_out(directory, address)


def carry_out(directory: Path, given: bytes) -> int:
    """Be the process of a job, whose address came through a pipe; returns the exit code."""
    from pgdeck.jobs.journal import Follower
    from pgdeck.jobs.runner import run_job
    from pgdeck.jobs.spawn import received

    os.umask(0o077)
    by = Follower(directory).state.by
    return run_job(directory, received(given), by, operation)
