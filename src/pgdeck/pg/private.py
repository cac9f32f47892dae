"""Files and directories that only the server's account may open."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path

from pgdeck.errors import Problem, Refused
from pgdeck.pg.account import Account

_DIRECTORY_MODE = 0o700
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def private_directory(path: Path, account: Account) -> Path:
    """Make `path` a directory of mode 0700 that belongs to the account; its parents must exist.

    Raises `Refused` when something of another owner is there, `Problem` when it cannot be made.
    """
    try:
        path.mkdir(mode=_DIRECTORY_MODE)
        account.own(path)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
            raise Refused(
                f"{path} exists and is not a directory of the account {account.name}",
                "move it away",
            ) from None
        path.chmod(_DIRECTORY_MODE)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def private_file(path: Path, text: str, account: Account) -> None:
    """Write a file of mode 0600 that belongs to the account, whatever stood there before.

    Raises `Problem` when it cannot be written.
    """
    # The directory may belong to an account that we trust less than ourselves: never follow or
    # reuse what it put there.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            if not account.is_ours:
                os.fchown(file.fileno(), account.uid, account.gid)
            file.write(text)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> Problem:
    """Return the Problem to raise when `path` cannot be made or written."""
    if error.errno in _NO_ROOM:
        return disk_full(path, "writing it")
    return Problem(
        f"{path} cannot be written: {error.strerror or error}",
        "make its directory writable, or set XDG_STATE_HOME to a place that is",
    )


def disk_full(place: Path, what: str) -> Problem:
    """Return the Problem to raise when `what` found no room at `place`."""
    try:
        free = f", {shutil.disk_usage(place.parent).free // 1_000_000} MB are free"
    except OSError:
        free = ""
    return Problem(
        f"the disk that holds {place} is full: {what} found no room{free}",
        "free some space there, or set XDG_STATE_HOME to a directory on another disk",
    )
