"""A theme: the colour of each role, read strictly from a file and judged by its contrast."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from pgdeck.errors import UsageProblem

GROUNDS = ("background", "panel", "cursor")
"""What text stands on: the screen, the lines at its edges, the row under an idle cursor."""

INKS = (
    "text",
    "quiet",
    "accent",
    "good",
    "notice",
    "warning",
    "critical",
    "unknown",
    "stale",
    "match",
    "dev",
    "staging",
    "prod",
    "unmarked",
)
"""What is read."""

DRAWINGS = ("chart",)
"""What is seen and not read: bars and sparklines."""

ROLES = (*GROUNDS, *INKS, *DRAWINGS, "border")
KEYS = ("title", "about", "base", "dark", *ROLES)

READABLE, SEEN = 4.5, 3.0
"""The least contrast of texts, and of drawings, as WCAG 2 measures it (level AA)."""

NATIVE = (
    "default",
    *("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"),
    *(f"bright-{hue}" for hue in ("black", "red", "green", "yellow")),
    *(f"bright-{hue}" for hue in ("blue", "magenta", "cyan", "white")),
)
"""The terminal's own colours, by name: what they look like is the terminal's affair."""


class Theme(Struct, frozen=True):
    """Every role's colour: `#rrggbb`, or in a native theme the name of one of the terminal's."""

    name: str
    title: str
    about: str
    dark: bool
    native: bool
    colors: Mapping[str, str]
    path: Path


class _Text(Struct, frozen=True):
    """A file's text, for complaints that name a line."""

    path: Path
    text: str

    def problem(self, key: str, message: str, hint: str = "") -> UsageProblem:
        """Return the complaint about a key."""
        assigned = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        lines = enumerate(self.text.splitlines(), 1)
        line = next((number for number, line in lines if assigned.match(line)), None)
        where = f"{self.path}:{line}" if line else f"{self.path}"
        return UsageProblem(f"{where}: {message}", hint)


def parse_theme(path: Path, text: str, bases: Mapping[str, Theme]) -> Theme:
    """Return the theme of a file; what it leaves out comes from its base among `bases`.

    Raises `UsageProblem` that names the file, the line, the key and what was expected.
    """
    source = _Text(path, text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, _, place = str(error).partition(" (at line ")
        where = f"{path}:{place.partition(',')[0]}" if place else str(path)
        raise UsageProblem(f"{where}: no TOML: {said}") from None
    for key in values:
        if key not in KEYS:
            raise source.problem(key, f"{key} is no part of a theme", _nearest(key))
    base = _base(source, values.get("base"), bases)
    colors = dict(base.colors) if base else {}
    for role in ROLES:
        if role in values:
            colors[role] = _color(source, role, values[role])
    if missing := [role for role in ROLES if role not in colors]:
        raise UsageProblem(
            f"{path}: {', '.join(missing)}: no colour is given",
            'give each one, or name a theme to take the others from: base = "dark"',
        )
    native = _native(source, colors, values)
    dark = values.get("dark", base.dark if base else True)
    if not isinstance(dark, bool):
        raise source.problem("dark", "dark is true or false")
    title = _word(source, values, "title", path.stem)
    return Theme(path.stem, title, _word(source, values, "about", ""), dark, native, colors, path)


def _nearest(key: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key.replace("_", "-"), KEYS, n=1)
    return f"did you mean {close[0]}?" if close else f"known keys: {', '.join(KEYS)}"


def _base(source: _Text, name: object, bases: Mapping[str, Theme]) -> Theme | None:
    if name is None:
        return None
    if not isinstance(name, str) or name not in bases:
        raise source.problem(
            "base", "base is no shipped theme", f"shipped themes: {', '.join(bases)}"
        )
    return bases[name]


def _color(source: _Text, role: str, value: object) -> str:
    if isinstance(value, str) and (_is_hex(value) or value in NATIVE):
        return value.lower()
    expected = 'expected "#rrggbb" (six digits), or one of the terminal\'s own colours'
    raise source.problem(role, f"{role} is no colour", f"{expected}: {', '.join(NATIVE)}")


def _is_hex(value: str) -> bool:
    return len(value) == 7 and value[0] == "#" and set(value[1:].lower()) <= set("0123456789abcdef")


def _native(source: _Text, colors: Mapping[str, str], values: Mapping[str, object]) -> bool:
    """Tell whether all colours are the terminal's own; a mixture is refused.

    Beside colours of ours nobody knows what those of a terminal look like.
    """
    native = [role for role in ROLES if colors[role] in NATIVE]
    if native and len(native) < len(ROLES):
        fewer = native if 2 * len(native) < len(ROLES) else set(ROLES) - set(native)
        role = next((role for role in values if role in fewer), next(iter(fewer)))
        raise source.problem(
            role,
            f"{role} is {colors[role]}: #rrggbb and the terminal's own colours do not mix",
            "use one kind for all, the base's included",
        )
    return bool(native)


def _word(source: _Text, values: Mapping[str, object], key: str, otherwise: str) -> str:
    value = values.get(key, otherwise)
    if not isinstance(value, str):
        raise source.problem(key, f"{key} is a text")
    return value


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours `#rrggbb` as WCAG 2 defines it: 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def pale(theme: Theme) -> Iterator[tuple[str, str, float, float]]:
    """Yield the (role, ground, contrast, least) of what can hardly be seen.

    Of a theme of the terminal's own colours nobody can tell.
    """
    if theme.native:
        return
    for ground in GROUNDS:
        for role in (*INKS, *DRAWINGS):
            least = SEEN if role in DRAWINGS else READABLE
            found = contrast(theme.colors[role], theme.colors[ground])
            if found < least:
                yield role, ground, found, least
