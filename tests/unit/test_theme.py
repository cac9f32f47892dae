"""Every ink can be read on what it stands on, and colour is never alone."""

from __future__ import annotations

import re

import pytest
from rich.color import Color

from pgdeck import paths
from pgdeck.tui.ink import ASCII_GLYPHS, drawn_in_ascii
from pgdeck.tui.theme import load_themes

READABLE = 4.5
SEEN = 3.0
"""Contrast of texts, and of drawings, as WCAG 2 measures it."""

THEMES = load_themes()
DRAWINGS = {"deck-spark"}
INKS = re.findall(
    r"\.ink--(\w[\w-]*) \{ color: \$([\w-]+)",
    (paths.data_dir("styles") / "deck.tcss").read_text(encoding="utf-8"),
)


def luminance(color: str) -> float:
    parts = [part / 255 for part in Color.parse(color).get_truecolor()]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("role", "variable"), INKS)
def test_every_ink_is_readable(name: str, role: str, variable: str) -> None:
    theme = THEMES[name]
    ink = theme.variables.get(variable) or getattr(theme, variable)
    least = SEEN if variable in DRAWINGS else READABLE
    if role != "border":
        for ground in (theme.background, theme.panel):
            assert ground is not None
            assert contrast(ink, ground) >= least


def test_the_style_sheet_was_read() -> None:
    assert {"text", "quiet", "stale", "warning"} <= {role for role, _ in INKS}
    assert set(THEMES) == {"deck-dark", "deck-light"}


@pytest.mark.parametrize("text", ["▲ 3 › 界", "e\u0301", "plain", *map(chr, ASCII_GLYPHS)])
def test_ascii_takes_as_many_cells(text: str) -> None:
    from pgdeck.core.text import cell_width

    drawn = drawn_in_ascii(text)
    assert drawn.isascii()
    assert len(drawn) == cell_width(text)
