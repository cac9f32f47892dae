"""The password that nothing gives: asked for at the terminal, masked, and kept in memory alone."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys

from msgspec.structs import replace

from pgdeck.core.address import place
from pgdeck.core.snapshot import Failure
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.errors import Unreachable

PASSWORD_WANTED = "28P01"
TRIES = 3


def with_password(target: Target) -> Target:
    """Return a target that the server lets in, asking a person where it wants a password.

    Nobody is asked without a terminal, nor when libpq has a password of its own to try.  Raises
    `Unreachable` when the third one is refused; what else keeps the server away is not ours to say.
    """
    if not _can_ask() or _has_password(target):
        return target
    failure = asyncio.run(_refusal(target))
    for _ in range(TRIES):
        if failure is None or failure.sqlstate != PASSWORD_WANTED:
            return target
        typed = _typed(target)
        target = replace(target, conninfo=target.conninfo.with_keywords(password=typed))
        failure = asyncio.run(_refusal(target))
    if failure is not None and failure.sqlstate == PASSWORD_WANTED:
        raise Unreachable(failure)
    return target


def _typed(target: Target) -> str:
    try:
        return getpass.getpass(f"Password of {safe(place(target.conninfo))}: ")
    except EOFError:
        raise KeyboardInterrupt from None


def _can_ask() -> bool:
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def _has_password(target: Target) -> bool:
    from pgdeck.targets.passfile import find_passline

    if target.conninfo.get("password") or os.environ.get("PGPASSWORD"):
        return True
    line = find_passline(target.conninfo, os.environ)
    return line is not None and not line.ignored


async def _refusal(target: Target) -> Failure | None:
    """Return why the server does not let a target in, None when it does."""
    from pgdeck.wiring import login_failure

    return await login_failure(target)
