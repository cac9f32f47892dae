"""The password file of libpq: which line of it answers for a connection, and whether it counts."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Passline:
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
    host = keywords.get("host") or keywords.get("hostaddr") or "localhost"
    wanted = (
        "localhost" if host.startswith("/") else host,
        keywords.get("port") or "5432",
        keywords.get("dbname", ""),
        keywords.get("user", ""),
    )
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("#") and _fits(line, wanted):
            loose = found.st_mode & 0o077
            return Passline(path, number, f"chmod 600 {path}" if loose else "")
    return None


def _fits(line: str, wanted: tuple[str, ...]) -> bool:
    fields = re.findall(r"((?:[^:\\]|\\.)*):", line)[:4]
    if len(fields) < 4:
        return False
    plain = [re.sub(r"\\(.)", r"\1", field) for field in fields]
    return all(
        field == "*" or text == value
        for field, text, value in zip(fields, plain, wanted, strict=True)
    )
