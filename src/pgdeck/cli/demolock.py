"""One demo at a time, and how to look at the one that runs."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import datetime
from pathlib import Path
from types import TracebackType

from pgdeck.errors import Refused
from pgdeck.pg.private import unwritable


class Lock:
    """A lock that the kernel gives back however its holder ends; the file says who holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self._said: dict[str, object] = {}

    def __enter__(self) -> Lock:
        """Take the lock; raises `Refused` naming the holder, `Problem` when it cannot be made."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._handle = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise unwritable(self._path, error) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.pread(self._handle, 65536, 0)
            os.close(self._handle)
            raise _busy(said) from None
        self._said = {"pid": os.getpid(), "since": datetime.now().astimezone().isoformat()}
        self._write()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)

    def publish(self, address: str) -> None:
        """Let others know where to look; `address` holds no secret."""
        self._said["address"] = address
        self._write()

    def _write(self) -> None:
        try:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, json.dumps(self._said).encode(), 0)
        except OSError as error:
            raise unwritable(self._path, error) from error


def _busy(said: bytes) -> Refused:
    try:
        holder = json.loads(said)
        since = datetime.fromisoformat(holder["since"])
        who = f"a demo runs already: process {holder['pid']}, since {since:%H:%M:%S}"
    except (ValueError, KeyError, TypeError):
        return Refused("a demo is starting already", "wait a moment, then look at it")
    if "address" not in holder:
        return Refused(f"{who}; it is still starting", "wait a moment, then look at it")
    return Refused(who, f'look at it with: pgdeck "{holder["address"]}"')
