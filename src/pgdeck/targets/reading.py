"""Reading files that others wrote: small regular text files only, and never a wait."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pgdeck.errors import UsageProblem

LIMIT = 500_000
"""Bytes of a file that is read; no configuration a person wrote is longer."""


def read_text(path: Path, *, limit: int = LIMIT, anyones: bool = False) -> str | None:
    """Return a file's text, None when there is no such file.

    Raises `UsageProblem` for what is no regular file (a pipe would make us wait), is too long, is
    no text in UTF-8, cannot be read, or belongs to somebody else unless `anyones` may be read.
    """
    try:
        # A pipe that nobody writes to is opened at once; what it is, is asked afterwards.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unread(path, getattr(error, "strerror", None) or "not a path") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _unread(path, "it is no regular file")
        if not anyones:
            _require_own(path, status.st_uid)
        data = _up_to(handle, limit + 1)
    except OSError as error:
        raise _unread(path, error.strerror or "input error") from None
    finally:
        os.close(handle)
    if len(data) > limit:
        raise _unread(path, f"it is longer than {limit // 1000} kB")
    return _decoded(path, data)


def _up_to(handle: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := os.read(handle, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _decoded(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise _unread(path, "it is no text in UTF-8")
    return text


def _require_own(path: Path, owner: int) -> None:
    """Raise for another's file: in a directory that all can write to, anybody may have put it."""
    own = os.geteuid()
    if own and owner not in (0, own):
        raise _unread(path, f"it belongs to another account (uid {owner})")


def _unread(path: Path, cause: str) -> UsageProblem:
    return UsageProblem(
        f"{path} is not read: {cause}", "mend or remove it, or name the database as an argument"
    )
