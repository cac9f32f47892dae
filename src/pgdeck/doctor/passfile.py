"""libpq's password file: whether it is read at all, which line fits, and which one nearly does."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgdeck.core.ladder import Note

FIELDS = ("host", "port", "database", "login")
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a line has to fit: the four fields as libpq looks for them."""

    host: str
    port: str
    database: str
    login: str

    @property
    def fields(self) -> tuple[str, str, str, str]:
        """The fields in the order of the file."""
        return (self.host, self.port, self.database, self.login)


@dataclass(frozen=True, slots=True)
class PassFile:
    """What became of the file: the `line` that fits, else why none does."""

    path: Path
    exists: bool = True
    mode: int | None = None
    """The mode for which libpq ignores the file."""
    problem: str = ""
    line: int | None = None
    near: tuple[int, str, str] | None = None
    """Number of the line that fits but for one field, and what stands there and what is sought."""

    @property
    def serves(self) -> bool:
        """Whether libpq takes a password from it."""
        return self.line is not None and self.mode is None and not self.problem

    @property
    def note(self) -> Note | None:
        """Why it gives no password, when it is there and gives none."""
        if not self.exists or self.serves:
            return None
        if self.problem:
            return Note(f"{self.path} is not read: {self.problem}")
        if self.mode is not None:
            said = f"{self.path} is ignored: its mode is {self.mode:04o}, others may read it"
            return Note(said, f"chmod 600 {self.path}")
        if self.near is not None:
            number, stands, sought = self.near
            said = f"no line of {self.path} fits; line {number} nearly does: {stands}, not {sought}"
            return Note(said, f"mend line {number} of {self.path}")
        return Note(f"no line of {self.path} fits")


def passfile_path(keywords: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    """Return the file that libpq would read."""
    named = keywords.get("passfile") or environ.get("PGPASSFILE")
    return Path(named) if named else Path(environ.get("HOME") or Path.home()) / ".pgpass"


def read_passfile(path: Path, wanted: Wanted) -> PassFile:
    """Look at the file as libpq does; what it holds goes no further than this function."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return PassFile(path, exists=False)
    except OSError as error:
        return PassFile(path, problem=error.strerror or str(error))
    if not stat.S_ISREG(found.st_mode):
        return PassFile(path, problem="it is no plain file")
    mode = stat.S_IMODE(found.st_mode)
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        return PassFile(path, problem=error.strerror or str(error))
    fitting = next((n for n, line in enumerate(lines, 1) if _fits(line, wanted)), None)
    ignored = mode if mode & OPEN_TO_OTHERS else None
    near = None if fitting else _nearest(lines, wanted)
    return PassFile(path, mode=ignored, line=fitting, near=near)


def _fits(line: str, wanted: Wanted) -> bool:
    fields = _fields(line)
    return len(fields) > 4 and not _strangers(fields, wanted)


def _strangers(fields: Sequence[str], wanted: Wanted) -> list[int]:
    """Return which of the four fields do not fit."""
    return [
        at
        for at, sought in enumerate(wanted.fields)
        if fields[at] != "*" and _plain(fields[at]) != sought
    ]


def _nearest(lines: Sequence[str], wanted: Wanted) -> tuple[int, str, str] | None:
    for number, line in enumerate(lines, 1):
        fields = _fields(line)
        if len(fields) < 5:
            if len(fields) == 4 and not line.startswith("#"):
                return number, "it has four fields", "five"
            continue
        strangers = _strangers(fields, wanted)
        if len(strangers) == 1:
            at = strangers[0]
            # Where the login should stand a password may: that is not repeated.
            stands = "another" if FIELDS[at] == "login" else _plain(fields[at]) or "empty"
            return number, f"its {FIELDS[at]} is {stands}", wanted.fields[at]
    return None


def _fields(line: str) -> list[str]:
    """Split a line at colons that no backslash hides; the escapes stay."""
    if line.startswith("#") or not line.strip():
        return []
    fields: list[str] = []
    field, hidden = "", False
    for char in line:
        if char == ":" and not hidden and len(fields) < 4:
            fields.append(field)
            field = ""
            continue
        field += char
        hidden = char == "\\" and not hidden
    return [*fields, field]


def _plain(field: str) -> str:
    plain, hidden = "", False
    for char in field:
        if char == "\\" and not hidden:
            hidden = True
            continue
        plain += char
        hidden = False
    return plain


@dataclass(frozen=True, slots=True)
class Password:
    """Where libpq takes the password from, in words; `source` is empty when it has none."""

    source: str = ""
    unused: tuple[str, ...] = ()
    """Other places that have one, which this one hides."""
    file: PassFile | None = None


def find_password(
    keywords: Mapping[str, str], environ: Mapping[str, str], wanted: Wanted, named_in: str
) -> Password:
    """Say which password libpq would send, without looking at it longer than needed."""
    file = read_passfile(passfile_path(keywords, environ), wanted)
    places = []
    if keywords.get("password"):
        places.append(f"the address ({named_in})")
    if environ.get("PGPASSWORD"):
        places.append("PGPASSWORD")
    if file.serves:
        places.append(f"line {file.line} of {file.path}")
    if not places:
        return Password(file=file)
    return Password(places[0], tuple(places[1:]), file)


def wanted_of(keywords: Mapping[str, str], environ: Mapping[str, str]) -> Wanted:
    """Return what libpq looks for: a socket goes by localhost, or by its directory."""
    host = keywords.get("host") or keywords.get("hostaddr") or environ.get("PGHOST", "")
    if not host or host in DEFAULT_SOCKET_DIRECTORIES:
        host = "localhost"
    login = keywords.get("user", "")
    database = keywords.get("dbname") or login
    return Wanted(host, keywords.get("port") or "5432", database, login)


DEFAULT_SOCKET_DIRECTORIES = ("/tmp", "/var/run/postgresql")


def is_private(path: Path) -> bool:
    """Whether nobody but its owner may read a file; as libpq asks of keys of root, too."""
    found = path.stat()
    open_to = OPEN_TO_OTHERS
    if found.st_uid == 0 and os.geteuid() != 0:
        open_to = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP
    return not stat.S_IMODE(found.st_mode) & open_to
