"""The password file of libpq: which line of it answers for a connection, and whether it counts."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
SOCKET_DIRECTORIES = ("/tmp", "/var/run/postgresql")
"""Where libpq looks for a socket by itself, depending on who built it."""

Wanted = tuple[str, str, str, str]
"""Host, port, database and login, as a line has to have them."""


class Passline(Struct, frozen=True):
    """The line that libpq would take; `ignored` says why it does not."""

    file: Path
    line: int
    ignored: str = ""


def passfile_of(keywords: Mapping[str, str], environ: Mapping[str, str]) -> Path | None:
    """Return the file that libpq would look into, None when no home directory is known."""
    if named := keywords.get("passfile") or environ.get("PGPASSFILE"):
        return Path(named)
    home = environ.get("HOME")
    return Path(home) / ".pgpass" if home else None


def find_passline(keywords: Mapping[str, str], environ: Mapping[str, str]) -> Passline | None:
    """Return the first line that fits host, port, database and user; its password stays unread."""
    path = passfile_of(keywords, environ)
    if path is None:
        return None
    try:
        found = path.stat()
        # libpq takes bytes as they come.
        text = path.read_text("utf-8", "surrogateescape") if stat.S_ISREG(found.st_mode) else ""
    except OSError:
        return None
    wanted = wanted_of(keywords, environ)
    for number, line in enumerate(text.split("\n"), 1):
        fields = fields_of(line)
        if len(fields) > 4 and not strangers(fields, wanted):
            loose = found.st_mode & OPEN_TO_OTHERS
            return Passline(path, number, f"chmod 600 {path}" if loose else "")
    return None


def wanted_of(keywords: Mapping[str, str], environ: Mapping[str, str]) -> Wanted:
    """Return what libpq looks for; its own socket directory goes by localhost."""
    host = keywords.get("host") or keywords.get("hostaddr") or environ.get("PGHOST", "")
    login = keywords.get("user", "")
    return (
        "localhost" if not host or host in SOCKET_DIRECTORIES else host,
        keywords.get("port") or "5432",
        keywords.get("dbname") or login,
        login,
    )


def fields_of(line: str) -> list[str]:
    """Split a line at the colons that no backslash hides: four fields, and what is left.

    A star of its own stands for anything; the last field still has its backslashes.
    """
    if line.startswith("#") or not line.strip():
        return []
    fields = re.findall(r"((?:[^:\\]|\\.)*):", line)[:4]
    rest = line[sum(len(field) + 1 for field in fields) :]
    return [*(field if field == "*" else re.sub(r"\\(.)", r"\1", field) for field in fields), rest]


def strangers(fields: Sequence[str], wanted: Wanted) -> list[int]:
    """Return which of the four fields do not fit."""
    pairs = zip(fields[:4], wanted, strict=True)
    return [at for at, (field, sought) in enumerate(pairs) if field not in ("*", sought)]
