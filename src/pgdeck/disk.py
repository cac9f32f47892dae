"""How the files that pgdeck keeps are replaced: whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def replace_file(path: Path, text: str, mode: int = 0o600, *, durable: bool = True) -> None:
    """Write a text beside a file and put it in its place; raises OSError when that fails.

    The umask does not count: the file has exactly `mode`.  What need not be `durable` over a
    power cut does not wait for the disk.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), mode)
            out.write(text)
            out.flush()
            if durable:
                os.fsync(out.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


@contextmanager
def alone(path: Path, *, wait: bool) -> Iterator[bool]:
    """Keep other writers of a file away, and say whether that is so.

    Without `wait` it is not while somebody else writes.  Raises OSError when the disk refuses;
    the file's directory is made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    lock = os.open(path.with_suffix(".lock"), flags, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def open_file(path: Path) -> BinaryIO:
    """Open a file to read; raises OSError, also for what is no file and could keep us waiting."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return os.fdopen(descriptor, "rb")


def prune(kept: Path, seconds: float) -> None:
    """Remove what nobody wrote for so long from the directory of a file that is `kept`.

    A lock goes after the file that it is for: somebody may hold it.
    """
    with suppress(OSError):
        for each in kept.parent.iterdir():
            with suppress(OSError):
                found = each.lstat()
                old = stat.S_ISREG(found.st_mode) and time.time() - found.st_mtime > seconds
                held = each.suffix == ".lock" and each.with_suffix(".json").exists()
                if old and not held and each.stem != kept.stem:
                    each.unlink()
