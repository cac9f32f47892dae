"""An operation from the command line: its plan, the question, the job, and following it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from pgdeck.cli.following import follow
from pgdeck.cli.output import in_ascii, speaks_unicode, write
from pgdeck.cli.typed import typed_answer
from pgdeck.core.operation import Wish
from pgdeck.core.plan import Asking, Plan
from pgdeck.core.plantext import plan_text, typed_word
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.errors import Refused, UsageProblem

if TYPE_CHECKING:
    from pgdeck.jobs.spawn import Standby


def act(args: argparse.Namespace, op: str, wish: Wish) -> int:
    """Plan an operation, have it confirmed, start it and follow it; returns the exit code."""
    from pgdeck.operating import plan_operation, start_job

    target = args.find_target()
    with _standby(target, args) as standby:
        plan = asyncio.run(plan_operation(op, target, wish))
        if args.plan:
            _print_plan(plan, as_json=args.json)
            return 0
        confirm(plan, target, args)
        directory = start_job(plan, target, allow_write=args.allow_write, standby=standby)
    if args.detach:
        write(f"{directory.name}\n")
        return 0
    return follow(directory, as_json=args.json)


@contextmanager
def _standby(target: Target, args: argparse.Namespace) -> Iterator[Standby | None]:
    """Start the job's process beside the planning where nobody will be asked in between."""
    if args.plan or not (args.yes or args.confirm):
        yield None
        return
    from pgdeck.jobs.spawn import Standby

    standby = Standby(target.conninfo)
    try:
        yield standby
    finally:
        standby.dismiss()


def confirm(plan: Plan, target: Target, args: argparse.Namespace) -> None:
    """Return when a plan is confirmed as its risk demands; raises `Refused` or `UsageProblem`."""
    from pgdeck.operating import why_not

    reason = why_not(target.in_environment(plan.target.environment), plan.risk)
    if reason and not args.allow_write:
        raise Refused(reason, "--allow-write opens it for this one command; --plan only looks")
    if plan.asking is Asking.NOTHING:
        return
    if args.confirm is not None:
        if args.confirm != plan.target.fingerprint:
            raise Refused(
                f"--confirm names {safe(args.confirm)}, the database is {plan.target.fingerprint}",
                "look at --plan: it names the fingerprint of what would be changed",
            )
        return
    if plan.asking is Asking.YES and args.yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        way = "--yes" if plan.asking is Asking.YES else f"--confirm {plan.target.fingerprint}"
        raise UsageProblem("there is no terminal to confirm at", f"{way} confirms; --plan looks")
    _ask(plan)


def _ask(plan: Plan) -> None:
    print(_fitting(plan_text(plan)), file=sys.stderr)
    wanted = typed_word(plan) or "yes"
    typed = typed_answer(_fitting(f'Type "{wanted}" to do this on {plan.target.name}: '))
    if typed != wanted:
        raise Refused("not confirmed: nothing was done")


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        write(msgspec.json.encode(plan).decode() + "\n")
    else:
        write(_fitting(plan_text(plan)) + "\n")


def _fitting(text: str) -> str:
    return text if speaks_unicode() else in_ascii(text)
