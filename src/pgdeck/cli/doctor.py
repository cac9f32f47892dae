"""``pgdeck doctor``: every rung up to a screen full of data, and why the first one breaks."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pgdeck.cli.output import speaks_unicode, terminal_width, write
from pgdeck.core.ladder import Ladder, Rung, conclusion, ladder_shape, without_target
from pgdeck.core.ladder_text import rung_lines
from pgdeck.core.machine import as_json, target_shape
from pgdeck.errors import Problem

if TYPE_CHECKING:
    from pgdeck.core.target import Target

WIDEST = 110


def run(args: argparse.Namespace) -> int:
    """Print the ladder, each rung as soon as it is known; returns the exit code."""
    tell = _nothing if args.json else _teller()
    target: Target | None = None
    try:
        target = args.find_target()
    except Problem as problem:
        # Also a password that a command should have printed, or a project not yet trusted.
        ladder, code = without_target(problem.message, problem.hint), problem.exit_code
        for rung in ladder.rungs:
            tell(rung)
    else:
        ladder = asyncio.run(_examine(target, tell))
        code = ladder.exit_code
    if args.json:
        write(as_json(report(target, ladder)) + "\n")
    else:
        write(f"\n{conclusion(ladder)}\n")
    return code


async def _examine(target: Target, tell: Callable[[Rung], None]) -> Ladder:
    from pgdeck.wiring import examine

    return await examine(target, tell)


def report(target: Target | None, ladder: Ladder) -> dict[str, object]:
    """Return what ``--json`` prints."""
    return {
        "target": target_shape(target, None) if target else None,
        "source": target.source if target else None,
        **ladder_shape(ladder),
    }


def _teller() -> Callable[[Rung], None]:
    width, ascii_only = terminal_width(), not speaks_unicode()
    room = None if width is None else min(width, WIDEST)

    def tell(rung: Rung) -> None:
        lines = rung_lines(rung, room, ascii=ascii_only)
        write("".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines))

    return tell


def _nothing(_rung: Rung) -> None:
    """Say nothing while JSON is to be printed in one piece."""
