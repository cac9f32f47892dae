"""Where data goes: standard output, which may be full, closed, or no terminal at all."""

from __future__ import annotations

import os
import shutil
import sys

from pgdeck.errors import Problem


def write(text: str) -> None:
    """Write data at once; bytes that are no text leave as they came.

    Raises `Problem` when it cannot be written, BrokenPipeError when the reader has left.
    """
    if sys.stdout is None:
        raise Problem("standard output is closed", "give it a file, a pipe or a terminal")
    try:
        _send(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        # Or the interpreter tries what is left once more at its end, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = error.strerror or str(error)
        raise Problem(f"standard output cannot be written: {reason}") from error


def _send(text: str) -> None:
    sys.stdout.flush()
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        raw = text.encode("utf-8", "backslashreplace")
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(raw.decode("utf-8", "backslashreplace"))
    else:
        stream.write(raw)
        stream.flush()


def terminal_width() -> int | None:
    """Return the cells of a line when data goes to a terminal, else None."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def speaks_unicode() -> bool:
    """Say whether standard output takes more than ASCII."""
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return encoding.lower().replace("-", "").startswith("utf")
