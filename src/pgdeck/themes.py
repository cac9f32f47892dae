"""The themes there are: the shipped ones, and a person's own files beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pgdeck.core.theme import Theme, pale, parse_theme
from pgdeck.errors import UsageProblem
from pgdeck.owned import check_directory, read_file
from pgdeck.paths import config_dir, data_dir

SHIPPED = ("dark", "light", "contrast", "ansi", "ansi-light", "mono")
"""Their names, in the order in which they are offered; reading them can wait."""

NATIVE = ("ansi", "ansi-light", "mono")
"""Those of them that use the terminal's own colours, or none."""

_NAME = r"[a-z][a-z0-9_-]*\Z"


class _Shipped(dict[str, Theme]):
    """The shipped themes by name, each read when it is asked for."""

    def __missing__(self, name: str) -> Theme:
        path = data_dir("styles") / "themes" / f"{name}.toml"
        theme = self[name] = parse_theme(path, read_file(path, own=False), {})
        return theme

    def __contains__(self, name: object) -> bool:
        return name in SHIPPED

    def __iter__(self) -> Iterator[str]:
        return iter(SHIPPED)


shipped = _Shipped()


def own_directory() -> Path:
    """Return where a person's own themes are; it need not exist."""
    return config_dir() / "themes"


def own_names() -> list[str]:
    """Return the names of a person's own themes, right or wrong."""
    try:
        return sorted(path.stem for path in own_directory().glob("*.toml"))
    except (UsageProblem, OSError):  # no home directory, or none that can be read
        return []


def find_theme(name: str) -> Theme:
    """Return the theme of a name; only its own file and that of its base are read.

    Raises `UsageProblem`: there is none of that name, or its file is refused or wrong.
    """
    if name in shipped:
        return shipped[name]
    known = [*SHIPPED, *own_names()]
    if name not in known:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise UsageProblem(f"no theme is called {name}", f"{meant}themes: {', '.join(known)}")
    return _own(own_directory() / f"{name}.toml")


def _own(path: Path) -> Theme:
    if path.stem in shipped or not re.match(_NAME, path.stem):
        wrong = "a shipped theme has this name" if path.stem in shipped else "not a theme's name"
        raise UsageProblem(
            f"{path}: {wrong}",
            "rename it: lower-case letters, digits, _ and -, as in evening.toml",
        )
    check_directory(path.parent)
    return parse_theme(path, read_file(path), shipped)


def own_themes() -> tuple[list[Theme], list[UsageProblem]]:
    """Return a person's own themes, and what is wrong with the others."""
    themes: list[Theme] = []
    problems: list[UsageProblem] = []
    for name in own_names():
        try:
            themes.append(_own(own_directory() / f"{name}.toml"))
        except UsageProblem as problem:
            problems.append(problem)
    return themes, problems


def remarks() -> list[UsageProblem]:
    """Return what is wrong with a person's own themes, colours that can hardly be seen included."""
    themes, problems = own_themes()
    for theme in themes:
        problems += [
            UsageProblem(
                f"{theme.path}: {role} on {ground} can hardly be seen: "
                f"contrast {found:.1f}, at least {least:.1f}",
                "take a colour further from its ground",
            )
            for role, ground, found, least in pale(theme)
        ]
    return problems
