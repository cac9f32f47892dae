"""``pgdeck config trust``: the commands that a project names, shown before they may run."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import join

from pgdeck.cli.output import write
from pgdeck.core.text import safe
from pgdeck.errors import Refused, UsageProblem
from pgdeck.targets.config import Project, read_project


def change(word: str | None, *, yes: bool, no: bool) -> int:
    """Trust a project's directory, or take that back; raises `Refused` without an answer."""
    from pgdeck.targets import trust

    directory = Path(word or ".").expanduser().absolute()
    if not directory.is_dir():
        raise UsageProblem(f"{directory} is not a directory", "give the project's directory")
    project = read_project(directory)
    home = project.directory if project else directory
    if no:
        was = trust.distrust(home)
        write(f"{safe(str(home))} is {'no longer' if was else 'not'} trusted\n")
        return 0
    commands = list(_commands(project)) if project else []
    if not commands:
        raise UsageProblem(f"{home} names no command; there is nothing to trust")
    write(f"{safe(str(home))} would run:\n")
    write("".join(f"  {safe(join(each))}\n" for each in commands))
    if not yes and not _agreed():
        raise Refused("nothing is trusted: nobody said yes", "at a terminal, or with --yes")
    trust.trust(home, commands)
    write("trusted; another command will be asked about again\n")
    return 0


def _commands(project: Project) -> dict[tuple[str, ...], None]:
    every = (project.own, *project.targets.values())
    return {
        each.password.command: None
        for each in every
        if each.password is not None and each.password.command
    }


def _agreed() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    print("Trust them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
