"""``pgdeck check --silence`` and its kin: who knows of an alert, why, and for how long."""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pgdeck.checks.policy import Policy, find_rule
from pgdeck.cli.check import Look, known_rules, look_at
from pgdeck.cli.checktext import pardon_shape, said_pardon
from pgdeck.cli.output import write
from pgdeck.core.check import Pardon, PardonKind, State
from pgdeck.core.machine import as_json
from pgdeck.core.quantity import QuantityError, amount
from pgdeck.core.spec import Format
from pgdeck.core.text import safe
from pgdeck.errors import Problem, UsageProblem

if TYPE_CHECKING:
    from pgdeck.core.check import Pardons

LONGEST = timedelta(days=366)


def run(args: argparse.Namespace) -> int:
    """Keep, drop or list pardons of the target's database; raises `Problem`."""
    word = args.silence or args.acknowledge or args.unsilence or ""
    rule, _, subject = word.partition(":")
    if rule:
        find_rule(rule, known_rules())
    now = datetime.now(UTC)
    until = _until(args, now)
    _check_words(args)
    target = args.find_target()
    # Only an acknowledgement must know what is wrong; the rest need no second sample.
    look = asyncio.run(look_at(target, Policy(), samples=bool(args.acknowledge)))
    pardons = _pardons(look)
    if args.silences:
        _list(args, pardons.current(now))
    elif args.unsilence:
        if not pardons.remove(rule, subject):
            raise UsageProblem(f"{word} is neither silenced nor acknowledged", "see --silences")
        write(f"{safe(word)} counts again\n")
    else:
        if args.acknowledge:
            _check_alert(look, rule, subject)
        kind = PardonKind.SILENCED if args.silence else PardonKind.ACKNOWLEDGED
        pardon = Pardon(kind, rule, subject, login(), args.reason, now, until)
        pardons.add(pardon)
        write(f"{safe(word)}: {safe(said_pardon(pardon))}\n")
    return 0


def _pardons(look: Look) -> Pardons:
    from pgdeck.wiring import open_pardons

    if look.server is None:
        raise Problem("the server does not say which database it is")
    return open_pardons(look.server.fingerprint)


def _until(args: argparse.Namespace, now: datetime) -> datetime | None:
    if args.span is None:
        if args.silence:
            raise UsageProblem("a silence needs an end", "add --for 2h")
        return None
    try:
        seconds = amount(args.span, Format.DURATION)
    except QuantityError as error:
        raise UsageProblem(f"--for: {error}") from None
    if not 0 < seconds <= LONGEST.total_seconds():
        raise UsageProblem("--for is more than nothing and at most a year", "as in --for 2h")
    return now + timedelta(seconds=seconds)


def _check_words(args: argparse.Namespace) -> None:
    given = bool(args.silence or args.acknowledge)
    if given and not (args.reason or "").strip():
        raise UsageProblem("somebody will ask why", "add --reason 'load test until noon'")
    if not given and (args.span or args.reason):
        raise UsageProblem("--for and --reason belong to --silence and --acknowledge")
    for word in ("watch", "nagios", "only", "skip", "warn", "crit", "interval"):
        if getattr(args, word):
            raise UsageProblem(f"--{word} judges; pardons are kept by themselves")


def _check_alert(look: Look, rule: str, subject: str) -> None:
    """Raise when there is nothing to acknowledge: it would be forgotten at the next look."""
    found = [
        check
        for check in look.checks.checks
        if check.rule == rule and check.state is not State.OK and subject in ("", check.subject)
    ]
    if not found:
        said = f"{rule}:{subject}" if subject else rule
        raise UsageProblem(f"{said} is ok; there is nothing to acknowledge", "see pgdeck check")


def _list(args: argparse.Namespace, pardons: tuple[Pardon, ...]) -> None:
    if args.json:
        write(as_json([pardon_shape(each) for each in pardons]) + "\n")
        return
    for each in pardons:
        word = f"{each.rule}:{each.subject}" if each.subject else each.rule
        write(f"{safe(word)}: {safe(said_pardon(each))}\n")
    if not pardons:
        write("every alert counts\n")


def login() -> str:
    """Return the name of the account that runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
