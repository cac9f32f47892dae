"""``pgdeck check``: every rule once, in the words of people, programs or monitoring plugins."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pgdeck.checks.policy import Policy, Setting, find_rule, read_bound
from pgdeck.cli.checktext import nagios, page, shape
from pgdeck.cli.output import speaks_unicode, write
from pgdeck.core.check import Checks, State
from pgdeck.core.machine import as_json, failure_shape, target_shape
from pgdeck.core.quantity import QuantityError
from pgdeck.errors import Problem, QueryFailed, Unreachable, UsageProblem

if TYPE_CHECKING:
    from pgdeck.checks.policy import Rules
    from pgdeck.core.snapshot import Snapshot
    from pgdeck.core.target import Target
    from pgdeck.watch.model import Server


class Look(Struct, frozen=True):
    """One look at a target: who answered, and how it stands."""

    target: Target
    server: Server | None
    checks: Checks
    taken_at: datetime


def run(args: argparse.Namespace) -> int:
    """Judge once, watch, or keep a pardon; returns the worst state's number (0 to 3).

    Raises `Problem`: the command line's edge makes each a 3.
    """
    if args.silence or args.acknowledge or args.unsilence or args.silences:
        from pgdeck.cli.pardoning import run as keep

        return keep(args)
    if args.span or args.reason:
        raise UsageProblem("--for and --reason say how an alert is pardoned", "add --silence RULE")
    override = read_override(args, known_rules())
    if args.watch:
        from pgdeck.cli.checkwatch import run as watch

        return watch(args, override)
    if args.interval is not None:
        raise UsageProblem("--interval is for --watch", "a single look has none")
    return _judge_once(args, override)


def _judge_once(args: argparse.Namespace, override: Policy) -> int:
    target = args.find_target()
    try:
        look = asyncio.run(look_at(target, override))
    except Problem as problem:
        if not args.json:
            raise
        write(as_json(_failed(target, problem)) + "\n")
        raise
    if not look.checks.checks:
        raise Problem("no rule is judged: every one is left out", "see --only, --skip, config.toml")
    code = int(look.checks.worst)
    if args.json:
        text = as_json(report(look)) + "\n"
    elif args.nagios:
        text = nagios(look.checks)
    else:
        ascii_only = not speaks_unicode()
        text = page(look.checks, look.taken_at, every=args.all, ascii=ascii_only)
    try:
        write(text)
    except BrokenPipeError:  # nobody reads on: the state is the answer all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def report(look: Look) -> dict[str, object]:
    """Return what ``--json`` prints."""
    return {
        **shape(look.checks),
        "target": target_shape(look.target, look.server),
        "taken_at": look.taken_at.isoformat(),
        "failures": [],
    }


def _failed(target: Target, problem: Problem) -> dict[str, object]:
    if isinstance(problem, (Unreachable, QueryFailed)):
        failure = failure_shape(problem.failure)
    else:
        failure = {"kind": "query", "message": problem.message, "hint": problem.hint}
    return {
        "worst": State.UNKNOWN.word,
        "checks": [],
        "target": target_shape(target, None),
        "taken_at": None,
        "failures": [failure],
    }


async def look_at(target: Target, override: Policy, *, samples: bool = True) -> Look:
    """Judge a target once; what is not known yet may be a rate: a second later it is.

    Without `samples` there is no second one.
    Raises `Unreachable` and `QueryFailed`.
    """
    from pgdeck.watch.once import collect_once
    from pgdeck.wiring import checks_look, server_collector

    collectors: list[Any] = [server_collector(), checks_look(target, override)]
    taken = await collect_once(target, collectors, again=_leaves_open if samples else None)
    snapshot = taken["checks"]
    if snapshot.failure is not None:
        raise QueryFailed(snapshot.failure)
    assert snapshot.last_good is not None
    found: Any = snapshot.last_good.data
    server: Any = taken["server"].data
    return Look(target, server, found, snapshot.last_good.wall)


def _leaves_open(taken: Sequence[Snapshot[object]]) -> bool:
    """Say whether something was not known in the first sample."""
    found = [each.data for each in taken if isinstance(each.data, Checks)]
    return any(check.state is State.UNKNOWN for checks in found for check in checks.checks)


def known_rules() -> Rules:
    """Return every rule of every book."""
    from pgdeck.checks.books import books
    from pgdeck.checks.samples import FileSamples

    return tuple(rule for book in books(FileSamples()) for rule in book.rules)


def read_override(args: argparse.Namespace, rules: Rules) -> Policy:
    """Return what the command line decides about the rules; raises `UsageProblem`."""
    settings: dict[str, Setting] = {}
    for key in ("warn", "crit"):
        for text in getattr(args, key):
            name, equals, value = text.partition("=")
            if not equals:
                raise UsageProblem(f"--{key} {text}: no value", f"as in --{key} connections=75%")
            rule = find_rule(name, rules)
            try:
                bound = read_bound(value, rule)
            except QuantityError as error:
                raise UsageProblem(f"--{key} {name}: {error}") from None
            settings[name] = Setting({key: bound}).over(settings.get(name, Setting()))
    return Policy(settings, _names(args.only, rules), _names(args.skip, rules))


def _names(lists: list[str], rules: Rules) -> frozenset[str]:
    names = [name.strip() for each in lists for name in each.split(",") if name.strip()]
    return frozenset(find_rule(name, rules).name for name in names)
