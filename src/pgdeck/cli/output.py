"""Where data goes: standard output, which may be full, closed, or no terminal at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pgdeck.core.abilities import judge
from pgdeck.core.text import to_ascii
from pgdeck.errors import Problem
from pgdeck.tui.ink import ASCII_GLYPHS

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


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
    """Say whether standard output takes more than ASCII; of a terminal its name counts as well."""
    encoding = getattr(sys.stdout, "encoding", None) or ""
    if not encoding.lower().replace("-", "").startswith("utf"):
        return False
    return not sys.stdout.isatty() or judge(environment()).unicode


def in_ascii(text: str) -> str:
    """Return a page with the ASCII signs of our glyphs; what else is not ASCII is escaped."""
    signs = text.translate(ASCII_GLYPHS)
    return "\n".join(map(to_ascii, signs.split("\n")))


def environment() -> Mapping[str, str]:
    """Return the environment as it was given to us.

    In the C locale Python sets an LC_CTYPE of its own for itself and its children (PEP 538).
    """
    environ = dict(os.environ)
    if environ.get("LC_CTYPE") in _COERCED:
        with suppress(OSError):  # there is no /proc everywhere
            given = Path("/proc/self/environ").read_bytes().split(b"\0")
            if not any(each.startswith(b"LC_CTYPE=") for each in given):
                del environ["LC_CTYPE"]
    return environ
