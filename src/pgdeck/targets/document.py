"""A configuration file in TOML: refused when others may write it, and keys with their lines."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from pgdeck.errors import UsageProblem

MOST_BYTES = 256 * 1024

Place = tuple[str, ...]
Mark = tuple[int, ...]
"""What tells two states of a file apart."""


class Mistake(Struct, frozen=True):
    """What is wrong in a configuration: where, what was expected, and what to do.

    `line` is None where no line can be named, `key` empty where the whole file is meant.
    """

    file: Path
    line: int | None
    key: str
    message: str
    hint: str = ""

    @property
    def where(self) -> str:
        """``FILE:LINE``, or the file alone."""
        return f"{self.file}:{self.line}" if self.line else str(self.file)

    def problem(self) -> UsageProblem:
        """Return it as what ends a command."""
        return UsageProblem(f"{self.where}: {self.message}", self.hint)


class Malformed(UsageProblem):
    """A file that cannot be used at all; `mistake` says why."""

    def __init__(self, mistake: Mistake) -> None:
        problem = mistake.problem()
        super().__init__(problem.message, problem.hint)
        self.mistake = mistake


class Untrusted(Malformed):
    """A file that somebody else could have written: nothing in it counts, whatever it says."""


class Document:
    """The table of a file, or the part of it under `root`, and where in it a key stands."""

    def __init__(self, path: Path, raw: bytes, found: os.stat_result, root: Place = ()) -> None:
        self.path = path
        self.mark = mark_of(found)
        self.private = not found.st_mode & 0o077
        """Whether nobody else may read the file."""
        self._root = root
        self._all, self._lines = _parsed(path, raw)
        self._known_lines: dict[Place, int] | None = None
        self.table = self.child(())

    def child(self, place: Place) -> Mapping[str, Any]:
        """Return the table at a place, empty when there is none."""
        table: Any = self._all
        whole = (*self._root, *place)
        for at, key in enumerate(whole, 1):
            table = table.get(key, {})
            if not isinstance(table, dict):
                relative = whole[len(self._root) : at]
                said = f"{'.'.join(whole[:at])} is not a table"
                raise Malformed(self.mistake(relative, said))
        return table  # type: ignore[no-any-return]

    def dotted(self, place: Place) -> str:
        """Return a key as the file has it."""
        return ".".join((*self._root, *place))

    def unknown(self, place: Place, known: Iterable[str]) -> Iterator[Mistake]:
        """Yield a mistake for every key of a table that nobody knows."""
        names = list(known)
        for key in self.child(place):
            if key not in names:
                said = f"{self.dotted((*place, key))} is unknown"
                yield self.mistake((*place, key), said, nearest(key, names))

    def mistake(self, place: Place, message: str, hint: str = "") -> Mistake:
        """Return the complaint about a key, with its line where that can be found."""
        return Mistake(self.path, self.line(place), self.dotted(place), message, hint)

    def problem(self, place: Place, message: str, hint: str = "") -> UsageProblem:
        """Return the complaint about a key as what ends a command."""
        return self.mistake(place, message, hint).problem()

    def line(self, place: Place) -> int | None:
        """Return the line of a key, or of the nearest table around it that has a header."""
        if self._known_lines is None:
            self._known_lines = _lines_of(self._lines)
        whole = (*self._root, *place)
        for depth in range(len(whole), 0, -1):
            if whole[:depth] in self._known_lines:
                return self._known_lines[whole[:depth]]
        return None


def read_document(path: Path, *, own: bool = True, root: Place = ()) -> Document | None:
    """Read a file, None when it is not there.

    `own` is for a person's own configuration, which no group may write either; a project's file
    lies in a checkout.  Raises `Malformed` for what cannot be read or is not to be trusted.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _malformed(path, error.strerror or str(error)) from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        _guard(path, found, own=own)
        try:
            raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise _malformed(path, error.strerror or str(error)) from None
    return Document(path, raw, found, root)


def stamp(path: Path) -> Mark | None:
    """Return what tells the states of a file apart, None when it is not there."""
    try:
        return mark_of(path.stat())
    except OSError:
        return None


def mark_of(found: os.stat_result) -> Mark:
    """Return the mark of what `stat` said."""
    return (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode, found.st_uid)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint that names what was probably meant."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"


def _parsed(path: Path, raw: bytes) -> tuple[dict[str, Any], list[str]]:
    import tomllib  # only when there is a file

    if len(raw) > MOST_BYTES:
        raise _malformed(path, f"larger than {MOST_BYTES // 1024} kB")
    try:
        text = raw.decode("utf-8-sig")
        return tomllib.loads(text), text.splitlines()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _malformed(path, "not UTF-8", line=line) from None
    except RecursionError:
        raise _malformed(path, "nested too deeply") from None
    except ValueError as error:  # tomllib's own, and what Python says of endless digits
        said = str(error)
        at = re.search(r"\(at line (\d+)", said)
        raise _malformed(path, said, line=int(at[1]) if at else None) from None


def _lines_of(lines: Iterable[str]) -> dict[Place, int]:
    around: Place = ()
    found: dict[Place, int] = {}
    inside = ""
    for number, line in enumerate(lines, 1):
        was, inside = inside, _open_string(line, inside)
        if was:
            continue
        if header := re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line):
            around = _keys(header[1])
            keys = around
            under: Place = ()
        elif assigned := re.match(r"""\s*((?:[\w.\s-]|"[^"]*"|'[^']*')+?)\s*=""", line):
            keys, under = _keys(assigned[1]), around
        else:
            continue
        for depth in range(1, len(keys) + 1):
            found.setdefault((*under, *keys[:depth]), number)
    return found


def _open_string(line: str, inside: str) -> str:
    """Return the quotes of the text of several lines that is open after a line, or nothing."""
    for quotes in re.findall(r'"""|\'\'\'', line):
        if not inside:
            inside = quotes
        elif inside == quotes:
            inside = ""
    return inside


def _keys(dotted: str) -> Place:
    """Return the parts of a dotted TOML key; nothing when it is none."""
    import tomllib

    try:
        table: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(table, dict):
        ((key, table),) = table.items()
        keys.append(key)
    return tuple(keys)


def _guard(path: Path, found: os.stat_result, *, own: bool) -> None:
    """Raise when somebody else could have written the file."""
    if not stat.S_ISREG(found.st_mode):
        raise _malformed(path, "not a regular file")
    if found.st_uid not in (os.geteuid(), 0):
        raise _untrusted(
            path,
            f"refused, it belongs to another user (uid {found.st_uid})",
            f"chown it to yourself: {path}",
        )
    if found.st_mode & (0o022 if own else 0o002):
        who = "group or others" if own else "others"
        raise _untrusted(
            path, f"refused, {who} may write to it", f"chmod {'go-w' if own else 'o-w'} {path}"
        )
    around = path.parent.stat()
    if around.st_mode & 0o002 and not around.st_mode & stat.S_ISVTX:
        raise _untrusted(
            path, "refused, others may write to its directory", f"chmod o-w {path.parent}"
        )


def _malformed(path: Path, message: str, hint: str = "", *, line: int | None = None) -> Malformed:
    return Malformed(Mistake(path, line, "", message, hint))


def _untrusted(path: Path, message: str, hint: str) -> Untrusted:
    return Untrusted(Mistake(path, None, "", message, hint))
