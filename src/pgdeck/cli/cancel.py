"""``pgdeck cancel``."""

from __future__ import annotations

import argparse

from pgdeck.core.operation import Wish
from pgdeck.errors import UsageProblem


def run(args: argparse.Namespace) -> int:
    """Plan, confirm and cancel; returns the exit code."""
    from pgdeck.cli.acting import act

    return act(args, "cancel", wish_of(args))


def wish_of(args: argparse.Namespace) -> Wish:
    """Return the sessions that were named; raises `UsageProblem` for starts that fit no pids."""
    pids, starts = args.pid, args.started or []
    if starts and len(starts) != len(pids):
        raise UsageProblem(
            f"{len(pids)} --pid and {len(starts)} --started do not go together",
            "give none, or one for each --pid in the same order",
        )
    words = (f"{pid}@{start}" for pid, start in zip(pids, starts, strict=True))
    return {"sessions": " ".join(words if starts else map(str, pids))}
