"""Which projects may name commands and variables: those whose wishes a person has seen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pgdeck.disk import replace_file
from pgdeck.errors import Problem
from pgdeck.paths import state_dir

FILE = "trusted.json"

Wish = tuple[str, ...]
"""A command to run, or one word: ``$`` and the variable to send to the server as the password."""


def said(wish: Wish) -> str:
    """Return a wish as it is told to a person."""
    from shlex import join

    return f"use {wish[0]} as the password" if wish[0].startswith("$") else f"run {join(wish)}"


def is_trusted(directory: Path, wish: Wish) -> bool:
    """Say whether a person has allowed this in this directory."""
    return list(wish) in _read().get(_name(directory), [])


def trust(directory: Path, wishes: Iterable[Wish]) -> None:
    """Allow these in a directory, and no other ones; raises `Problem`."""
    kept = {**_read(), _name(directory): [list(each) for each in wishes]}
    _write(kept)


def distrust(directory: Path) -> bool:
    """Allow nothing there any more; say whether anything was."""
    kept = dict(_read())
    if kept.pop(_name(directory), None) is None:
        return False
    _write(kept)
    return True


def _name(directory: Path) -> str:
    return str(directory.resolve())


def _read() -> Mapping[str, list[list[str]]]:
    path = state_dir() / FILE
    try:
        with path.open(encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            if found.st_uid not in (os.geteuid(), 0) or found.st_mode & 0o022:
                return {}
            kept = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        return {}  # nothing that can be read: nothing is trusted
    return kept if isinstance(kept, dict) else {}


def _write(kept: Mapping[str, list[list[str]]]) -> None:
    path = state_dir() / FILE
    try:
        replace_file(path, json.dumps(kept, indent=2))
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror or error}") from None
