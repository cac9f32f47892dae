"""How the dashboard looks here: the theme, how many colours, which glyphs; nothing of Textual."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.abilities import (
    MANY,
    NONE,
    SIXTEEN,
    Abilities,
    has_light_ground,
    judge,
    wants_no_color,
)
from pgdeck.core.theme import Theme
from pgdeck.errors import UsageProblem
from pgdeck.themes import find_theme

COLOR_SYSTEMS = {NONE: "standard", SIXTEEN: "standard", MANY: "256"}
"""What Textual is told, when it is first imported; else it would go by COLORTERM alone."""


class Look(Struct, frozen=True):
    """A theme for what the terminal can do; `complaint` says why it is not the configured one."""

    theme: Theme
    abilities: Abilities
    complaint: str = ""


def has_few_colors(environ: Mapping[str, str]) -> bool:
    """Tell whether a theme that is kept is one for terminals of sixteen colours or none."""
    return judge(environ).colors <= SIXTEEN


def choose_look(
    args: argparse.Namespace, environ: Mapping[str, str], configured: str = "", kept: str = ""
) -> Look:
    """Return how to look: as an option says, else the configuration, NO_COLOR, the last choice.

    Raises `UsageProblem` when the theme of the option cannot be had; another one that cannot
    costs a complaint.
    """
    abilities = judge(environ)
    if args.ascii is not None:
        abilities = replace(abilities, unicode=not args.ascii)
    if args.theme:
        return Look(_fitting(find_theme(args.theme), abilities, environ), abilities)
    wanted = configured or ("mono" if wants_no_color(environ) else kept)
    complaint = ""
    if wanted:
        try:
            return Look(_fitting(find_theme(wanted), abilities, environ), abilities)
        except UsageProblem as problem:
            source = "config.toml" if configured else "the theme you kept"
            complaint = f"{source}: {problem.message}"
    return Look(find_theme(natural(abilities, environ)), abilities, complaint)


def natural(abilities: Abilities, environ: Mapping[str, str]) -> str:
    """Return the theme for a terminal about which nobody said anything."""
    if abilities.colors == NONE:
        return "mono"
    if abilities.colors == SIXTEEN:
        return "ansi-light" if has_light_ground(environ) else "ansi"
    return "dark"


def _fitting(theme: Theme, abilities: Abilities, environ: Mapping[str, str]) -> Theme:
    """Return the theme, or the one that the terminal can show instead."""
    if abilities.colors == NONE or (abilities.colors == SIXTEEN and not theme.native):
        return find_theme(natural(abilities, environ))
    return theme
