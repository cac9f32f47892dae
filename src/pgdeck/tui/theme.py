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
    variables |= _fields(theme, color)
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


def _fields(theme: Theme, color: dict[str, str]) -> dict[str, str]:
    """Return the colours of the fields, lists and scroll bars that are Textual's."""
    text, ground, accent = color["text"], color["background"], color["accent"]
    bar = {"foreground": ground, "background": text, "text-style": "none"}
    if not set(theme.colors.values()) - {"default"}:
        # Textual's fields know no reverse.
        bar = {"foreground": text, "background": ground, "text-style": "bold underline"}
    elif theme.native:
        ink = "ansi_black" if theme.dark else "ansi_bright_white"
        bar = {"foreground": ink, "background": accent, "text-style": "none"}
    fields = {
        **{f"block-cursor-{part}": value for part, value in bar.items()},
        **{f"block-cursor-blurred-{part}": value for part, value in bar.items()},
        **{f"input-cursor-{part}": value for part, value in bar.items()},
        "border": accent,
        "border-blurred": color["border"],
        "scrollbar": color["quiet"],
        "scrollbar-hover": text,
        "scrollbar-active": accent,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
        "block-hover-background": ground,
        "input-selection-foreground": bar["foreground"],
        "input-selection-background": bar["background"] if theme.native else accent,
        "button-foreground": text,
        "button-color-foreground": ground,
        "button-focus-text-style": "bold underline",
        "text-muted": color["quiet"],
        "text-disabled": color["quiet"],
        "foreground-muted": color["quiet"],
        "link-color": accent,
    }
    if theme.native:
        # Textual has shades and transparency of these; the terminal has not.
        fields |= {"surface": ground, "panel": color["panel"], "boost": ground, "text": text}
        fields |= {"ansi-background": ground, "ansi-foreground": text}
        fields |= {"text-warning": color["warning"], "text-error": color["critical"]}
    return fields
