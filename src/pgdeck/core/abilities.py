"""What a terminal can show, as far as its name and the locale tell."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

NONE, SIXTEEN, MANY, TRUE = 0, 16, 256, 1 << 24
"""How many colours there are."""

# Told apart without regular expressions, which would have to be made at every start.
_DIGITS = "0123456789"
_TRUE = ("alacritty", "contour", "foot", "ghostty", "kitty", "rio", "wezterm")


class Abilities(Struct, frozen=True):
    """How many colours a terminal has, and whether it draws more than ASCII.

    One that is not `modern` has no mouse and no second screen, and is asked nothing.
    """

    colors: int = TRUE
    unicode: bool = True
    modern: bool = True


def judge(environ: Mapping[str, str]) -> Abilities:
    """Return what the terminal of an environment can do."""
    term = environ.get("TERM", "").lower()
    kind = term.partition("-")[0]
    # Consoles and terminals of old: no mouse, no second screen, few glyphs, no answers.
    modern = kind != "linux" and kind.rstrip(_DIGITS) not in ("con", "cons", "vt")
    return Abilities(_colors(environ, term, modern), modern and speaks_utf8(environ), modern)


def _colors(environ: Mapping[str, str], term: str, modern: bool) -> int:
    if term.endswith(("-m", "-mono")) or (term.startswith("vt") and term != "vt525"):
        return NONE
    if not modern:
        # Whoever set COLORTERM meant another terminal.
        return SIXTEEN
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return TRUE
    if term.endswith("-direct") or term.removeprefix("xterm-").partition("-")[0] in _TRUE:
        return TRUE
    return MANY if "256color" in term else SIXTEEN


def speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Tell whether the locale's characters are those of Unicode.

    Where nothing is set, as in many containers, the terminal outside of them most likely does;
    who writes LC_ALL=C means it.
    """
    named = next(filter(None, map(environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    return not named or "utf" in named.lower()


def wants_no_color(environ: Mapping[str, str]) -> bool:
    """Tell whether NO_COLOR asks for no colour: any value but an empty one does (no-color.org)."""
    return bool(environ.get("NO_COLOR"))


def has_light_ground(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal says that its ground is light, as some do in COLORFGBG."""
    return environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
