"""The colours that a person may give a target can be read on every ground."""

from __future__ import annotations

import pytest

from pgdeck import themes
from pgdeck.core.target import COLOURS
from pgdeck.core.theme import READABLE, contrast
from pgdeck.tui.widgets.inkwell import OF_TERMINAL, ON_DARK, ON_LIGHT


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_colours_of_targets_are_readable(name: str, theme: str) -> None:
    shown = themes.shipped[theme]
    colour = (ON_DARK if shown.dark else ON_LIGHT)[name]
    assert contrast(colour, shown.colors["background"]) >= READABLE


def test_a_terminal_has_a_colour_for_each() -> None:
    known = {"red", "yellow", "green", "cyan", "blue", "magenta", "default"}
    assert {OF_TERMINAL.get(name, name) for name in COLOURS} <= known
