"""What a rewrite costs: room on the disk, and time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pgdeck.core.address import is_here
from pgdeck.core.numbers import duration, size
from pgdeck.core.target import Conninfo
from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.maintenance.relations import Found, Server
from pgdeck.pg.postmaster import find_postmaster

SLOW, FAST = 20 * 1024**2, 150 * 1024**2
"""Bytes a second between which rewriting and building mostly lies."""


async def disk_words(
    needed: int | None, server: Server, place: str, conninfo: Conninfo
) -> tuple[str, bool]:
    """Say how much room is needed and how much there is, and whether that is too little.

    None is what is not known.
    """
    if needed is None:
        return "as much more while it runs as it takes now, which is not known yet", False
    need = f"up to {in_words(needed)} more while it runs"
    free = await asyncio.to_thread(_free, server, place, conninfo)
    if free is None:
        where = place or server.place or server.data_directory
        hint = f" on its host with df {safe(where)}" if where else " on its host"
        return f"{need}; what is free cannot be seen from here, look{hint}", False
    return f"{need}; {in_words(free)} are free", free < needed * 1.1


def rough_time(moved: int | None) -> str:
    """Say how long it takes to move so many bytes, for want of a run before."""
    if moved is None:
        return "not known, as its size is not"
    low, high = ("".join(duration(max(1.0, moved / speed))) for speed in (FAST, SLOW))
    if low == high:
        return f"about {low}"
    return f"about {low} to {high} at {in_words(SLOW)} to {in_words(FAST)} a second"


def weight(found: Sequence[Found]) -> int | None:
    """Return the bytes of relations with their indexes, None when one is not known."""
    if not all(each.sized for each in found):
        return None
    return sum(each.bytes + each.index_bytes for each in found)


def in_words(value: int) -> str:
    """Return bytes for people."""
    return "".join(size(value))


def _free(server: Server, place: str, conninfo: Conninfo) -> int | None:
    directory = server.data_directory
    if not directory or not is_here(conninfo) or not _runs_in(directory, server, conninfo):
        return None
    with suppress(OSError):
        found = os.statvfs(place or server.place or directory)
        return found.f_bavail * found.f_frsize
    return None


def _runs_in(directory: str, server: Server, conninfo: Conninfo) -> bool:
    """Whether this host's directory of that name is the server's: a container has its own."""
    if conninfo.get("host", "").startswith("/") and not conninfo.get("hostaddr"):
        return os.path.isdir(directory)
    with suppress(OSError, Problem):
        postmaster = find_postmaster(Path(directory))
        return postmaster is not None and str(postmaster.port) == server.port
    return False
