"""The rung of the tools: PostgreSQL's own programs, and whether they fit the server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from pgdeck.core.ladder import Note, Rung, fine
from pgdeck.pg.binaries import PLACES, embedded_directories

TOOLS: Mapping[str, str] = {
    "psql": "the way to psql and back (~)",
    "pg_dump": "back-ups",
    "pg_restore": "restoring them",
}
LIMIT = 5.0
"""Seconds that a program gets to say its version."""


def judge_tools(version: int | None, environ: Mapping[str, str]) -> Rung:
    """Look for each program, of the server's major version first; blocks while they are asked."""
    major = version // 10000 if version else None
    found = {tool: _best(tool, major, environ) for tool in TOOLS}
    notes = list(_notes(found, major))
    told = ", ".join(f"{tool} {each[1]}" for tool, each in found.items() if each)
    if not told:
        return fine("tools", "none of psql, pg_dump and pg_restore is here", *notes)
    places = sorted({str(each[0].parent) for each in found.values() if each})
    return fine("tools", f"{told} in {', '.join(places)}", *notes)


Found = tuple[Path, str, int]
"""A program, its version as text, and its major version."""


def _notes(found: Mapping[str, Found | None], major: int | None) -> Iterator[Note]:
    for tool, each in found.items():
        if each is None:
            yield Note(f"{tool} is not here, so {TOOLS[tool]} will not work", _install(major))
        elif major and each[2] < major:
            if tool == "pg_dump":
                said = (
                    f"pg_dump {each[1]} is older than the server ({major}) and refuses to dump it"
                )
            elif tool == "pg_restore":
                said = f"pg_restore {each[1]} cannot read what pg_dump {major} writes"
            else:
                said = f"psql {each[1]} is older than the server ({major}): some \\d fail"
            yield Note(said, _install(major))


def _install(major: int | None) -> str:
    number = f"-{major}" if major else ""
    return f"apt install postgresql-client{number}, or: pip install 'pgdeck[embedded]'"


def _best(tool: str, major: int | None, environ: Mapping[str, str]) -> Found | None:
    """Return the program that serves best: of the server's version, else the newest."""
    every = [found for path in _places(tool, major, environ) if (found := _asked(path))]
    fitting = [found for found in every if major is None or found[2] >= major]
    return (
        min(fitting, key=lambda found: found[2])
        if fitting
        else max(every, key=lambda found: found[2], default=None)
    )


def _places(tool: str, major: int | None, environ: Mapping[str, str]) -> Iterator[Path]:
    directories = [Path(each.format(major=major)) for each in PLACES if major]
    on_path = shutil.which(tool, path=environ.get("PATH"))
    directories += [Path(on_path).parent] if on_path else []
    directories += embedded_directories(None)
    for directory in dict.fromkeys(directories):
        if os.access(directory / tool, os.X_OK):
            yield directory / tool


def _asked(path: Path) -> Found | None:
    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=LIMIT,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    said = re.search(r"\b(\d+)(?:\.\d+|\w+)?", done.stdout.partition(")")[2])
    return (path, said[0], int(said[1])) if said else None
