"""Themes and style sheets as Textual wants them."""

from __future__ import annotations

from pathlib import PurePath

from textual.theme import Theme as TextualTheme

from pgdeck import paths
from pgdeck.core.theme import Theme

_NAMES = {"chart": "deck-spark", "cursor": "deck-cursor-blurred"}
"""Variables of the style sheets that are not called after their role."""

_READ = ("quiet", "border", "notice", "unknown", "stale", "match")
_MARKED = ("dev", "staging", "prod", "unmarked")


def style_sheets() -> list[str | PurePath]:
    """Return the style sheets in the order in which they apply."""
    root = paths.data_dir("styles")
    return [root / "deck.tcss", *sorted(set(root.glob("*.tcss")) - {root / "deck.tcss"})]


def textual_theme(theme: Theme) -> TextualTheme:
    """Return a theme under its own name."""
    color = {role: _named(value) for role, value in theme.colors.items()}
    variables = {f"deck-{role}": color[role] for role in (*_READ, *_MARKED)}
    variables |= {name: color[role] for role, name in _NAMES.items()}
    variables |= _fields(color, native=theme.native)
    return TextualTheme(
        name=theme.name,
        primary=color["accent"],
        secondary=color["quiet"],
        warning=color["warning"],
        error=color["critical"],
        success=color["good"],
        accent=color["accent"],
        foreground=color["text"],
        background=color["background"],
        surface=color["background"],
        panel=color["panel"],
        dark=theme.dark,
        variables=variables,
        ansi=theme.native,
    )


def _named(value: str) -> str:
    return value if value.startswith("#") else f"ansi_{value.replace('-', '_')}"


def _fields(color: dict[str, str], *, native: bool) -> dict[str, str]:
    """Return the colours of the fields, lists and scroll bars that are Textual's."""
    fields = {
        "border": color["accent"],
        "border-blurred": color["border"],
        "scrollbar": color["border"],
        "scrollbar-hover": color["quiet"],
        "scrollbar-active": color["accent"],
        "scrollbar-background": color["background"],
        "scrollbar-background-hover": color["background"],
        "scrollbar-background-active": color["background"],
        "scrollbar-corner-color": color["background"],
        "block-cursor-foreground": color["text"],
        "block-cursor-background": color["background"],
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-foreground": color["text"],
        "block-cursor-blurred-background": color["background"],
        "block-cursor-blurred-text-style": "reverse",
        "block-hover-background": color["background"],
        "input-cursor-text-style": "reverse",
        "input-cursor-foreground": color["text"],
        "input-cursor-background": color["background"],
        "input-selection-foreground": color["background"],
        "input-selection-background": color["accent"],
        "button-foreground": color["text"],
        "button-color-foreground": color["background"],
        "button-focus-text-style": "b reverse",
        "text-muted": color["quiet"],
        "text-disabled": color["quiet"],
        "foreground-muted": color["quiet"],
        "link-color": color["accent"],
    }
    if native:
        # Textual has shades and transparency of these; the terminal has not.
        fields |= {"surface": color["background"], "panel": color["panel"]}
        fields |= {"boost": color["background"], "text": color["text"]}
        fields |= {"ansi-background": color["background"], "ansi-foreground": color["text"]}
        fields |= {"text-warning": color["warning"], "text-error": color["critical"]}
    return fields
