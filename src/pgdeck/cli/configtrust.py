"""``pgdeck config trust``: what a project would run or send, shown before it may."""

from __future__ import annotations

import sys
from pathlib import Path

from pgdeck.cli.output import write
from pgdeck.core.text import safe
from pgdeck.errors import Refused, UsageProblem
from pgdeck.targets.config import Project, read_project
from pgdeck.targets.passwords import wish_of


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
    wishes = list(_wishes(project)) if project else []
    if not wishes:
        raise UsageProblem(f"{home} wants to run nothing; there is nothing to trust")
    write(f"{safe(str(home))} wants to\n")
    write("".join(f"  {safe(trust.said(each))}\n" for each in wishes))
    if not yes and not _agreed():
        raise Refused("nothing is trusted: nobody said yes", "at a terminal, or with --yes")
    trust.trust(home, wishes)
    write("trusted; anything else will be asked about again\n")
    return 0


def _wishes(project: Project) -> dict[tuple[str, ...], None]:
    passwords = (each.password for each in (project.own, *project.targets.values()))
    wishes = (wish_of(password) for password in passwords if password is not None)
    return {wish: None for wish in wishes if wish}


def _agreed() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    print("Trust it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
