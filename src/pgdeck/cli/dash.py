"""The dashboard from the command line."""

from __future__ import annotations

import argparse
import gc
import getpass
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Target
from pgdeck.errors import UsageProblem

if TYPE_CHECKING:
    from pgdeck.cli.looks import Look
    from pgdeck.cli.seat import Seat
    from pgdeck.core.check import Pardons
    from pgdeck.core.explaining import Explained, Seen
    from pgdeck.core.ladder import Ladder, Report
    from pgdeck.core.operation import Wish
    from pgdeck.core.plan import Plan
    from pgdeck.core.shell import Shell, ShellWanted
    from pgdeck.core.source import Watcher
    from pgdeck.tui.keymap import Keymap

HUNG_UP = 129
"""The exit code of a dashboard whose terminal is gone: nobody is left to be told anything."""

SWEEP_AFTER = 2.0
"""Seconds after which there is time to look for what a crash left behind."""


def run(args: argparse.Namespace) -> int:
    """Open the dashboard on the target that the arguments name; returns the exit code.

    Without any target a person at a terminal is offered what is in sight.
    """
    from pgdeck.targets.detect import NoTarget

    try:
        target = args.find_target()
    except NoTarget:
        from pgdeck.cli import welcome

        if not welcome.at_terminal():
            raise
        return welcome.run(args)
    return open_dashboard(target, args)


def open_dashboard(target: Target, args: argparse.Namespace) -> int:
    """Show one target until the person leaves; returns the exit code."""
    _need_terminal()
    for frozen in ("COLUMNS", "LINES"):
        # The terminal itself is asked for its size: these would hold whatever becomes of it.
        os.environ.pop(frozen, None)
    # Nothing that is imported becomes garbage: looking for it cost a tenth of the start.
    gc.disable()
    look = look_of(args)
    from pgdeck.cli.fleet import FileFleet
    from pgdeck.tui.app import DeckApp
    from pgdeck.wiring import load_specs

    specs = load_specs()
    start = args.screen or "overview"
    if start not in specs:
        raise UsageProblem(f"No screen is called {start}", f"Screens: {', '.join(specs)}")
    keymap, unfit = _keymap(specs, forgiving=args.forgiving)
    app = DeckApp(
        partial(_open_watcher, target, specs, start),
        specs,
        target,
        start=start,
        interval=args.interval,
        theme=look.theme,
        abilities=look.abilities,
        complaint="\n".join(filter(None, (getattr(args, "mistake", ""), unfit, look.complaint))),
        open_shell=_open_shell,
        open_pardons=_open_pardons,
        examine=_examine,
        author=_author(),
        fleet=FileFleet(specs),
        keymap=keymap,
        operator=Operator(),
        low_bandwidth=args.low_bandwidth,
    )
    code = app.run(mouse=look.abilities.modern and not args.no_mouse)
    # The process ends: what is left need not be searched for cycles.
    gc.freeze()
    if app.parting and code != HUNG_UP:
        print(f"pgdeck: {app.parting}", file=sys.stderr)
    if app.problem is not None:
        raise app.problem
    if app.crash is not None:
        raise app.crash
    return code or 0


def _keymap(specs: Mapping[str, ScreenSpec], *, forgiving: bool) -> tuple[Keymap | None, str]:
    """Return the chosen keys, and what is wrong with them where that is forgiven."""
    from pgdeck.cli.ownkeys import own_keymap

    try:
        return own_keymap(specs), ""
    except UsageProblem as problem:
        if not forgiving:
            raise
        return None, problem.message


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageProblem(
            "The dashboard needs a terminal on standard input and output",
            "For scripts: pgdeck status --json, pgdeck ls SCREEN --json",
        )
    term = os.environ.get("TERM", "")
    if term.lower() in ("", "dumb", "unknown"):
        raise UsageProblem(
            f"The terminal cannot place text (TERM={term})" if term else "TERM is not set",
            "Set TERM to what the terminal is (xterm-256color, linux), or use pgdeck status",
        )


def look_of(args: argparse.Namespace) -> Look:
    """Choose the look before Textual is imported, which asks some of it of the environment."""
    from pgdeck.cli.looks import COLOR_SYSTEMS, choose_look, has_few_colors
    from pgdeck.cli.output import environment
    from pgdeck.tui.memory import kept_theme

    configured = getattr(args, "configured_theme", "")
    environ = environment()
    kept = kept_theme(few=has_few_colors(environ))
    look = choose_look(args, environ, configured, kept)
    # A colour of 256 takes 8 bytes, one of all up to 16.
    most = "256" if args.low_bandwidth else "truecolor"
    system = COLOR_SYSTEMS.get(look.abilities.colors, most)
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", system)
    if not look.abilities.modern:
        os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    return look


def _author() -> str:
    """Return who acknowledges and silences here, as others on this machine know them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user that the system has no name for, as in some containers
        return f"uid {os.getuid()}"


def _open_pardons(fingerprint: str) -> Pardons:
    from pgdeck.wiring import open_pardons

    return open_pardons(fingerprint)


async def _examine(target: Target, report: Report) -> Ladder:
    from pgdeck.wiring import examine

    return await examine(target, report)


def _open_watcher(target: Target, specs: Mapping[str, ScreenSpec], start: str) -> Watcher:
    from pgdeck.wiring import open_watcher

    watcher = open_watcher(target, specs, start)
    gc.freeze()
    gc.enable()
    cleaning = threading.Timer(SWEEP_AFTER, _sweep)
    cleaning.daemon = True
    cleaning.start()
    return watcher


def _sweep() -> None:
    from pgdeck.wiring import sweep

    sweep()


@contextmanager
def _open_shell(wanted: ShellWanted) -> Iterator[Shell]:
    from pgdeck.wiring import open_shell

    with open_shell(wanted) as shell:
        yield shell


class Operator:
    """Plans and starts operations for the dashboard; what that needs is imported when it is.

    What is done at once has a session of its own, its seat, opened while there is room for it.
    """

    def __init__(self) -> None:
        self._seat: Seat | None = None
        self._watching = 0

    def why_not(self, target: Target) -> str:
        """Say why nothing may be changed on a target, empty where it may."""
        from pgdeck.operating import why_not

        return why_not(target)

    def attend(self, target: Target, watching: int) -> None:
        """Open what acts at once ahead, where that may be; `watching` is the watcher's process."""
        self._watching = watching
        if not self.why_not(target):
            self.seat.open_ahead(target)

    def leave(self) -> None:
        """Let go of the target."""
        if self._seat is not None:
            self._seat.leave()

    @property
    def seat(self) -> Seat:
        """The session that acts at once; it is no connection before it is needed."""
        if self._seat is None:
            from pgdeck.cli.seat import Seat

            self._seat = Seat()
        return self._seat

    async def plan(self, target: Target, op: str, wish: Wish) -> Plan:
        """Return what an operation would do, asked over a session of its own, or the seat."""
        from pgdeck.operating import AT_ONCE, plan_operation

        if op not in AT_ONCE:
            return await plan_operation(op, target, wish)
        from pgdeck.cli.seat import SeatAsker

        own = f"{self._watching} {self.seat.pid}"
        return await plan_operation(op, target, {**wish, "own": own}, SeatAsker(self.seat, target))

    def start(self, plan: Plan, target: Target, *, allow_write: bool) -> Path:
        """Give a confirmed plan to a process of its own, or carry it out where it is at once."""
        from pgdeck.operating import AT_ONCE, act_at_once, start_job

        if plan.op not in AT_ONCE:
            return start_job(plan, target, allow_write=allow_write)
        with self.seat.taken(target) as session:
            return act_at_once(plan, target, lambda: session, allow_write=allow_write)

    def explain(self, target: Target, seen: Seen, *, agreed: bool) -> Explained:
        """Explain a statement over the seat."""
        from pgdeck.pg.explain import explain

        with self.seat.taken(target) as session:
            return explain(session, seen, agreed=agreed)
