"""``.env`` files: what they set, as the libraries that load them read it."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgdeck.targets.interpolation import UnfilledError, fill
from pgdeck.targets.reading import LIMIT, read_text

_ENTRY = re.compile(
    r"""[^\S\n]*(?:export[^\S\n]+)?(?P<name>[A-Za-z_][\w.-]*)[^\S\n]*
    (?:[=:][^\S\n]*(?:
        '(?P<single>[^']*)'
        |"(?P<double>(?:[^"\\]|\\.)*)"
        |(?P<plain>[^\n]*)
    ))?[^\n]*(?:\n|$)""",
    re.VERBOSE | re.DOTALL,
)
_LINE = re.compile(r"[^\n]*(?:\n|$)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


@dataclass(frozen=True, slots=True)
class DotEnv:
    """What a ``.env`` file sets, and in which line; its repr shows no value."""

    path: Path
    values: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, int]

    def get(self, name: str) -> str:
        """Return a variable's value, empty when it is not set."""
        return self.values.get(name, "")


def read_dotenv(path: Path, environ: Mapping[str, str], *, bare: bool = False) -> DotEnv | None:
    """Return what a file sets, None when there is none; raises like `read_text`.

    ``${NAME}`` takes the environment's value before an earlier line's; in single quotes it is text.
    `bare`: ``$NAME`` does likewise, as it does for compose and for few other readers.
    """
    text = read_text(path)
    return None if text is None else parse_dotenv(text, path, environ, bare=bare)


def parse_dotenv(
    text: str, path: Path, environ: Mapping[str, str], *, bare: bool = False
) -> DotEnv:
    """Return what a text sets; a line that cannot be read sets nothing."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    known = dict(environ)
    filled = 0
    for name, value, literal, line in _entries(text.replace("\r\n", "\n")):
        if not literal and ("$" if bare else "${") in value and filled < LIMIT:
            try:
                value = fill(value, ChainMap(known, values), bare=bare)
            except UnfilledError:
                continue
            filled += len(value)
        values[name] = value
        lines[name] = line
    return DotEnv(path, values, lines)


def _entries(text: str) -> Iterator[tuple[str, str, bool, int]]:
    """Yield name, value, whether it is literal, and line of every entry."""
    at, line = 0, 1
    while at < len(text):
        found = _ENTRY.match(text, at)
        if found is None:
            found = _LINE.match(text, at)
        elif found.lastgroup != "name":
            yield found["name"], *_value(found), line
        end = found.end() if found else len(text)
        line += text.count("\n", at, end)
        at = max(end, at + 1)


def _value(found: re.Match[str]) -> tuple[str, bool]:
    if found["single"] is not None:
        return found["single"], True
    if found["double"] is not None:
        unescaped = re.sub(
            r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), found["double"], flags=re.DOTALL
        )
        return unescaped, False
    # A comment begins after a blank; a password may hold the sign itself.
    return re.sub(r"(?:^|\s)#.*", "", found["plain"]).strip(), False
