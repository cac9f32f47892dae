"""Files that a person asked for: written whole or not at all, and nothing replaced unasked."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from pgdeck.errors import Problem


class AlreadyThere(Problem):
    """A file of that name exists."""


def write_file(path: Path, text: str, *, replace: bool) -> int:
    """Write a text and return its bytes; the file is there at once, complete.

    Raises `AlreadyThere` for a file that may not be replaced, `Problem` for what is no file or
    cannot be written.
    """
    try:
        return _write(path, _encoded(text), replace=replace)
    except FileExistsError:
        raise AlreadyThere(f"{path.name} exists") from None
    except FileNotFoundError:
        raise Problem(f"there is no directory {path.parent}") from None
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror or error}") from None


def _write(path: Path, data: bytes, *, replace: bool) -> int:
    path = path.resolve()
    mode: int | None = None
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode
    if mode is not None and not stat.S_ISREG(mode):
        raise Problem(f"{path} is no file")
    if mode is not None and not replace:
        raise FileExistsError
    part = path.with_name(f".{path.name[:80]}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as out:
            if mode is not None:
                # What was for few eyes stays so.
                os.fchmod(out.fileno(), stat.S_IMODE(mode))
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        _publish(part, path, replace=replace)
    finally:
        part.unlink(missing_ok=True)
    return len(data)


def _publish(part: Path, path: Path, *, replace: bool) -> None:
    """Give a finished file its name; only a link refuses one that came in between."""
    if not replace:
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems have no links.
            if path.exists():
                raise FileExistsError from None
        else:
            return
    part.replace(path)


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "backslashreplace")
