"""The header of a screen file: TOML with a closed set of keys, no logic ever.

`screens/README.md` states the keys for people, `screens/schema.json` for editors.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from pgdeck.core.rules import (
    COLUMN_KEYS,
    COMPANION_KEYS,
    REQUIRES_KEYS,
    SCREEN_KEYS,
    SORT_KEYS,
    Rule,
    RuleError,
)
from pgdeck.core.spec import Align, Column, Format, Requires, ScreenSpec, Sort, Statements
from pgdeck.core.statement import StatementError, one_statement, opening_comment
from pgdeck.errors import UsageProblem

_LEFT = {
    Format.TEXT,
    Format.QUERY,
    Format.BOOLEAN,
    Format.BAR,
    Format.SPARKLINE,
    Format.TIME,
}
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_SECTION = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?\s*(?:#.*)?$")


class Companion(Struct, frozen=True):
    """A lazy companion: which screen it fills, for how many seconds, and its statement."""

    fills: str
    max_age: float
    sql: str
    source: Path


class _Source(Struct, frozen=True):
    """A header's text, the file it stands in, and the line before its first one."""

    path: Path
    text: str
    before: int

    def problem(self, line: int, message: str, hint: str = "") -> UsageProblem:
        return UsageProblem(f"{self.path}:{self.before + line}: {message}", hint)

    def line_of(self, section: tuple[str, int], key: str) -> int:
        """Return the line of a key in the nth table of that name, or the nearest line known."""
        named = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
        here, counts, nearest = ("", 0), {"": 0}, 1
        for number, line in enumerate(self.text.split("\n"), start=1):
            found = _SECTION.match(line)
            if found:
                name = found[1]
                counts[name] = counts.get(name, -1) + 1
                here = (name, counts[name])
                if here == section or (not section[0] and name == key):
                    nearest = number
            elif here == section and named.match(line):
                return number
            elif not here[0] and section[0] and re.match(rf"\s*{section[0]}\s*[.=]", line):
                nearest = number
        return nearest


def parse_screen(path: Path, text: str, *, trusted: bool = True, lazy: bool = False) -> ScreenSpec:
    """Return the screen of a `.sql` or `.toml` file; raises `UsageProblem` naming file and line.

    A `lazy` one's statement is read, and its mistakes are told, when it is first wanted.
    The lookup and the variants for newer servers are other files; `watch.menu` adds them.
    """
    if path.suffix == ".toml":
        source = _Source(path, text, 0)
        sql: Mapping[int, str] | None = None
    else:
        source, rest, before = _opening(path, text)
        sql = Statements({0: partial(_statement, path, rest, before)})
        if not lazy:
            sql = {0: sql[0]}
    found = _read(source, _toml(source), SCREEN_KEYS, ("", 0))
    columns = _columns(source, found.get("columns", []))
    _check_screen(source, found, columns, statement=sql is not None, trusted=trusted)
    requires = _read(source, found.get("requires", {}), REQUIRES_KEYS, ("requires", 0))
    return ScreenSpec(
        name=path.stem,
        title=found["title"],
        key=found.get("key"),
        source=(path, source.before + 1),
        requires=Requires(**requires),
        variants=sql or {},
        columns=columns,
        sort=_sort(source, found.get("sort"), columns),
        trusted=trusted,
        **{name: found[name] for name in _PLAIN if name in found},
    )


_PLAIN = (
    "group",
    "order",
    "help",
    "aliases",
    "interval",
    "timeout",
    "actions",
    "row_key",
    "empty_text",
    "view",
    "limit",
)


def parse_variant(path: Path, text: str, *, companion: bool = False) -> str:
    """Return the statement of a file for newer servers, whose header is its base file's.

    Raises `UsageProblem`, also for a header of its own.
    """
    try:
        comment = opening_comment(text)
    except StatementError:
        comment = None  # prose for people may hold anything
    if comment is not None:
        try:
            keys = tomllib.loads(comment[0])
        except tomllib.TOMLDecodeError:
            keys = {}
        if keys:
            raise UsageProblem(
                f"{path}:1: a variant has no header of its own (found {', '.join(keys)})",
                f"write it into {path.name.split('@')[0]}.sql",
            )
    return _statement(path, text, 0, parameters=int(companion))


def parse_companion(path: Path, text: str) -> Companion:
    """Return the lazy companion of a file; raises `UsageProblem`."""
    source, rest, before = _opening(path, text)
    found = _read(source, _toml(source), COMPANION_KEYS, ("", 0))
    for key in ("fills",):
        if key not in found:
            raise source.problem(1, f"{key} is missing")
    if found["fills"] != path.name.split("+")[0]:
        raise source.problem(
            source.line_of(("", 0), "fills"),
            f"fills is {found['fills']}, but the file's name says {path.name.split('+')[0]}",
        )
    sql = _statement(path, rest, before, parameters=1)
    if "$1" not in sql:
        raise UsageProblem(
            f"{path}: a companion looks up row keys, but the statement has no $1",
            "compare the key with = ANY ($1::text[]::oid[])",
        )
    return Companion(found["fills"], found.get("max_age", 30.0), sql, path)


def _opening(path: Path, text: str) -> tuple[_Source, str, int]:
    """Split a file into its header and the rest; also return the lines before the rest."""
    try:
        found = opening_comment(text)
    except StatementError as error:
        raise UsageProblem(f"{path}:{error.line}: {error}") from None
    if found is None:
        raise UsageProblem(
            f"{path}:1: the file does not begin with a header",
            "begin with a comment, /* title = ... */",
        )
    header, end = found
    before = text.count("\n", 0, text.index("/*"))
    return _Source(path, header, before), text[end:], text.count("\n", 0, end)


def _statement(path: Path, text: str, before: int, *, parameters: int = 0) -> str:
    try:
        return one_statement(text, parameters=parameters)
    except StatementError as error:
        raise UsageProblem(
            f"{path}:{before + error.line}: {error}", "a screen file holds exactly one statement"
        ) from None


def _toml(source: _Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        last = source.text.count("\n") + 1
        line = int(place[1]) if place and place[1] else last
        message = _TOML_PLACE.sub("", str(error))
        raise source.problem(line, f"not TOML: {message[:1].lower()}{message[1:]}") from None


def _read(
    source: _Source, table: Mapping[str, Any], rules: Mapping[str, Rule], section: tuple[str, int]
) -> dict[str, Any]:
    """Return the values of a table as the rules make them."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        rule = rules.get(key)
        if rule is None:
            raise source.problem(
                source.line_of(section, key), f"unknown key {key}", _nearest(key, rules)
            )
        try:
            found[key] = rule(value)
        except RuleError as error:
            raise source.problem(source.line_of(section, key), f"{key} {error}") from None
    return found


def _nearest(key: str, known: Mapping[str, Rule]) -> str:
    import difflib

    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


def _columns(source: _Source, tables: list[dict[str, Any]]) -> tuple[Column, ...]:
    columns: list[Column] = []
    for at, table in enumerate(tables):
        section = ("columns", at)
        found = _read(source, table, COLUMN_KEYS, section)
        if "name" not in found:
            raise source.problem(source.line_of(section, "name"), "a column without a name")
        if any(column.name == found["name"] for column in columns):
            line = source.line_of(section, "name")
            raise source.problem(line, f"a second column is named {found['name']}")
        found.setdefault("label", found["name"].replace("_", " "))
        left = found.get("format", Format.TEXT) in _LEFT
        found.setdefault("align", Align.LEFT if left else Align.RIGHT)
        columns.append(Column(**found))
    return tuple(columns)


def _sort(
    source: _Source, table: Mapping[str, Any] | None, columns: tuple[Column, ...]
) -> Sort | None:
    if table is None:
        return None
    found = _read(source, table, SORT_KEYS, ("sort", 0))
    line = source.line_of(("", 0), "sort")
    if "column" not in found:
        raise source.problem(line, "sort names no column")
    if columns and all(column.name != found["column"] for column in columns):
        raise source.problem(line, f"sort names {found['column']}, which is no declared column")
    return Sort(**found)


def _check_screen(
    source: _Source,
    found: Mapping[str, Any],
    columns: tuple[Column, ...],
    *,
    statement: bool,
    trusted: bool,
) -> None:
    """Raise for what is missing, or out of place in this kind of file."""
    needed: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("title", lambda: bool(found.get("title"))),
        ("row_key", lambda: not statement or bool(found.get("row_key"))),
        ("columns", lambda: not statement or any(not column.hidden for column in columns)),
        ("view", lambda: statement or bool(found.get("view"))),
    )
    for key, holds in needed:
        if not holds():
            raise source.problem(1, f"{key} is missing")
    if statement and "view" in found:
        line = source.line_of(("", 0), "view")
        raise source.problem(line, "view is for .toml files, which have no statement")
    if not trusted and found.get("actions"):
        line = source.line_of(("", 0), "actions")
        raise source.problem(line, "actions are for the screens that pgdeck ships")
    if not trusted and not statement:
        raise source.problem(1, "screens of your own are .sql files")
