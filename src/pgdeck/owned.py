"""Files of a person's own: read whole, and only when nobody else could have written them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pgdeck.errors import UsageProblem

MOST_BYTES = 256 * 1024


def read_file(path: Path, *, own: bool = True, most: int = MOST_BYTES) -> str:
    """Return a file's text; one of a person's `own` is judged by what was opened, not by its name.

    Raises `UsageProblem` that names the file and what is wrong with it.
    """
    try:
        # A pipe of that name must not hold the start up.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags), "rb") as file:
            if own:
                _judge(path, os.fstat(file.fileno()), regular=True)
            raw = file.read(most + 1)
        if len(raw) > most:
            raise UsageProblem(f"{path}: larger than {most // 1024} kB")
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageProblem(f"{path}: not UTF-8") from None
    except OSError as error:
        raise UsageProblem(f"{path}: {error.strerror or error}") from None


def check_directory(path: Path) -> None:
    """Raise `UsageProblem` when somebody else could put files into a directory."""
    try:
        _judge(path, path.stat(), regular=False)
    except OSError as error:
        raise UsageProblem(f"{path}: {error.strerror or error}") from None


def _judge(path: Path, found: os.stat_result, *, regular: bool) -> None:
    if regular and not stat.S_ISREG(found.st_mode):
        raise UsageProblem(f"{path}: not a regular file")
    if found.st_uid != os.geteuid():
        raise UsageProblem(
            f"{path}: refused, it belongs to another user (uid {found.st_uid})",
            f"chown it to yourself: {path}",
        )
    if found.st_mode & 0o022:
        raise UsageProblem(
            f"{path}: refused, group or others may write to it", f"chmod go-w {path}"
        )
