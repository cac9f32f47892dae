"""Where nothing names a database: what is in sight is offered to a person at a terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pgdeck.core.surroundings import Sight, Sighting, Surroundings
from pgdeck.core.target import Target

if TYPE_CHECKING:
    from pgdeck.tui.keymap import Keymap


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    fit = os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")
    return fit and sys.stdin.isatty() and sys.stdout.isatty()


def run(args: argparse.Namespace) -> int:
    """Ask, and do what was chosen; returns the exit code."""
    from pgdeck.cli.dash import look_of
    from pgdeck.targets.detect import working_directory

    look = look_of(args)
    from pgdeck.tui.welcome import DEMO, WelcomeApp, WelcomeScreen

    directory, abilities = working_directory() or Path("/"), look.abilities
    around = partial(_look_around, directory)
    screen = WelcomeScreen(around, _read, directory, ascii_only=not abilities.unicode)
    app = WelcomeApp(screen, theme=look.theme, abilities=abilities, keymap=_keymap())
    app.run(mouse=abilities.modern and not args.no_mouse)
    choice = app.choice
    if isinstance(choice, Target):
        from pgdeck.cli.dash import open_dashboard
        from pgdeck.targets.passwords import unlock

        return open_dashboard(unlock(choice, interactive=True), args)
    if choice == DEMO:
        from pgdeck.cli import demo

        options = {"fresh": False, "no_load": False, "port": None, "headless": False}
        return demo.run(argparse.Namespace(**{**options, **vars(args)}))
    if choice is not None:
        from pgdeck.cli.main import main

        return main(["config", "init"])
    return app.return_code or 0


def _keymap() -> Keymap | None:
    """Return the chosen keys; raises `UsageProblem`."""
    from pgdeck.cli.ownkeys import own_keymap
    from pgdeck.wiring import load_specs

    return own_keymap(load_specs())


def _look_around(directory: Path) -> Surroundings:
    from pgdeck.targets.project import look_around

    return replace(look_around(directory, os.environ), targets=tuple(_targets()))


def _targets() -> Iterator[Sighting]:
    """Yield what the configuration names, and what was watched before."""
    from pgdeck.cli.fleet import known_members
    from pgdeck.core.address import place

    for member in known_members():
        where = "" if member.target is None else place(member.target.conninfo)
        problem = member.problem
        note = f"{problem.message} {problem.hint}".strip() if problem else ""
        yield Sighting(Sight.TARGET, member.name, where, target=member.target, note=note)


def _read(address: str) -> Target:
    from pgdeck.targets.detect import own_settings, require_target, working_directory

    return require_target(address, os.environ, own_settings(), working_directory())
