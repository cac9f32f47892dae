"""libpq's password file: whether it is read at all, which line fits, and which one nearly does."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from pgdeck.core.ladder import Note
from pgdeck.targets.passfile import (
    OPEN_TO_OTHERS,
    Wanted,
    fields_of,
    passfile_of,
    strangers,
    wanted_of,
)

FIELDS = ("host", "port", "database", "login")


class PassFile(Struct, frozen=True):
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
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError as error:
        return PassFile(path, problem=error.strerror or str(error))
    fitting = next((n for n, line in enumerate(lines, 1) if _fits(line, wanted)), None)
    ignored = mode if mode & OPEN_TO_OTHERS else None
    near = None if fitting else _nearest(lines, wanted)
    return PassFile(path, mode=ignored, line=fitting, near=near)


def _fits(line: str, wanted: Wanted) -> bool:
    fields = fields_of(line)
    return len(fields) > 4 and not strangers(fields, wanted)


def _nearest(lines: Sequence[str], wanted: Wanted) -> tuple[int, str, str] | None:
    for number, line in enumerate(lines, 1):
        fields = fields_of(line)
        if len(fields) < 5:
            if len(fields) == 4:
                return number, "it has four fields", "five"
            continue
        odd = strangers(fields, wanted)
        if len(odd) == 1:
            at = odd[0]
            # Where the login should stand a password may: that is not repeated.
            stands = "another" if FIELDS[at] == "login" else fields[at] or "empty"
            return number, f"its {FIELDS[at]} is {stands}", wanted[at]
    return None


class Password(Struct, frozen=True):
    """Where libpq takes the password from, in words; `source` is empty when it has none."""

    source: str = ""
    unused: tuple[str, ...] = ()
    """Other places that have one, which this one hides."""
    file: PassFile | None = None


def find_password(
    keywords: Mapping[str, str], environ: Mapping[str, str], named_in: str
) -> Password:
    """Say which password libpq would send, without looking at it longer than needed."""
    path = passfile_of(keywords, environ)
    file = read_passfile(path, wanted_of(keywords, environ)) if path else None
    places = []
    if keywords.get("password"):
        places.append("the address" if named_in == "argument" else named_in)
    if environ.get("PGPASSWORD"):
        places.append("PGPASSWORD")
    if file is not None and file.serves:
        places.append(f"line {file.line} of {file.path}")
    if not places:
        return Password(file=file)
    return Password(places[0], tuple(places[1:]), file)


def is_private(path: Path) -> bool:
    """Whether nobody but its owner may read a file; as libpq asks of keys of root, too."""
    found = path.stat()
    open_to = OPEN_TO_OTHERS
    if found.st_uid == 0 and os.geteuid() != 0:
        open_to = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP
    return not stat.S_IMODE(found.st_mode) & open_to
