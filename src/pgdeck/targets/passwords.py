"""Passwords that a configuration leads to: a variable, a command, or a text in a private file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from pgdeck.core.target import Conninfo, Target
from pgdeck.errors import Problem, Refused, UsageProblem
from pgdeck.targets.config import Password
from pgdeck.targets.marks import Marks

SECONDS = 60.0
"""How long a command may take: it may ask a person for a key."""


def known_password(
    marks: Marks, conninfo: Conninfo, environ: Mapping[str, str]
) -> tuple[Conninfo, tuple[str, ...]]:
    """Return the keywords with the password, or the command that is to print it.

    Raises `UsageProblem` when the variable is not set, `Refused` for the command or the variable of
    a project that is not trusted.
    """
    password, file = marks.password, marks.password_file
    assert password is not None
    if file is not None and file == marks.project_file and (wish := wish_of(password)):
        _require_trust(file, wish)
    if password.command:
        return conninfo, password.command
    literal = password.literal
    if password.variable:
        literal = environ.get(password.variable, "")
        if not literal:
            raise UsageProblem(
                f"{file}: password_variable: {password.variable} is not set",
                f"export {password.variable}, or use password_command",
            )
    return conninfo.with_keywords(password=literal), ()


def wish_of(password: Password) -> tuple[str, ...]:
    """Return what a project must be trusted for, nothing for a password that it holds itself.

    A variable is sent to the server that the project names: it could be any secret.
    """
    return (f"${password.variable}",) if password.variable else password.command


def unlock(target: Target, *, interactive: bool = False) -> Target:
    """Return a target with the password that its command prints, unless it has one.

    Blocks until the command ends, a minute at most; it may use the terminal when `interactive`.
    Raises `Problem`, which never shows what the command printed.
    """
    if not target.password_command or "password" in target.conninfo:
        return target
    around = target.project_file.parent if target.project_file else None
    password = _run(target.password_command, around, interactive=interactive)
    return replace(
        target, conninfo=target.conninfo.with_keywords(password=password), password_command=()
    )


def _run(argv: tuple[str, ...], directory: Path | None, *, interactive: bool) -> str:
    said = f"the password command ({argv[0]})"
    try:
        done = subprocess.run(
            [os.path.expanduser(argv[0]), *argv[1:]],
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if interactive else subprocess.PIPE,
            timeout=SECONDS,
            cwd=directory if directory and directory.is_dir() else None,
        )
    except subprocess.TimeoutExpired:
        raise Problem(f"{said} did not end within {SECONDS:g} s") from None
    except OSError as error:
        raise Problem(f"{said} cannot be run: {error.strerror or error}") from None
    if done.returncode != 0:
        ended = f"ended with {done.returncode}"
        if done.returncode < 0:
            ended = f"was ended by signal {-done.returncode}"
        raise Problem(f"{said} {ended}", _last_line(done.stderr or b"") or "run it by hand")
    try:
        lines = done.stdout.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise Problem(f"{said} printed what is no text") from None
    if not lines or not lines[0]:
        raise Problem(f"{said} printed nothing", "it must print the password on its first line")
    if "\0" in lines[0]:
        raise Problem(f"{said} printed what is no text")
    return lines[0]


def _last_line(raw: bytes) -> str:
    lines = raw.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def _require_trust(file: Path, wish: tuple[str, ...]) -> None:
    from pgdeck.targets.trust import is_trusted, said

    if not is_trusted(file.parent, wish):
        raise Refused(
            f"{file} wants to {said(wish)}, and its directory is not trusted",
            f"look at it, then: pgdeck config trust {file.parent}",
        )
