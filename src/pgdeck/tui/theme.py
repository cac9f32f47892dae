"""Colours as files: styles/themes/*.toml become Textual themes."""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePath

from textual.theme import Theme

from pgdeck import paths
from pgdeck.errors import UsageProblem

DEFAULT_THEME = "deck-dark"


def style_sheets() -> list[str | PurePath]:
    """Return the style sheets in the order in which they apply."""
    root = paths.data_dir("styles")
    return [root / "deck.tcss", *sorted(set(root.glob("*.tcss")) - {root / "deck.tcss"})]


def load_themes(directory: Path | None = None) -> dict[str, Theme]:
    """Return the themes by name; a broken file is a `UsageProblem` that names it."""
    root = directory or paths.data_dir("styles") / "themes"
    themes = {}
    for file in sorted(root.glob("*.toml")):
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
            theme = Theme(**values)
        except (tomllib.TOMLDecodeError, TypeError) as problem:
            raise UsageProblem(f"{file}: not a theme ({problem})") from problem
        themes[theme.name] = theme
    return themes


def choose_theme(name: str | None, themes: dict[str, Theme]) -> str:
    """Return the name of a theme that exists; raises `UsageProblem` with the ones there are."""
    if name is None:
        return DEFAULT_THEME
    if name in themes:
        return name
    known = ", ".join(themes)
    raise UsageProblem(f"No theme is called {name}", f"Known themes: {known}")
