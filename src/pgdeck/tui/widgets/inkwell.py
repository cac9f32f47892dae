"""Inks: styles that a screen keeps once for all its widgets, mixed when they are first needed.

As component classes all of them would be mixed for the first frame, which needs ten.  For each
canvas and table that took a third of the time between the imports and the first paint, for the
screen alone a tenth.
"""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.css.model import RuleSet
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from pgdeck.core.theme import READABLE, contrast
from pgdeck.tui.ink import ROLES

TABLE_ROLES = (
    "mark",
    "quiet",
    "good",
    "notice",
    "warning",
    "critical",
    "unknown",
    "escape",
    "match",
    "edge",
)
"""Roles of the parts of a table's row."""

_LINES = ("header", "sorted", "cursor", "cursor-blurred", "stale")

INKS = {
    *(f"ink--{role}" for role in ROLES),
    *(f"table--{role}" for role in (*_LINES, *TABLE_ROLES)),
}
"""The names of all inks: classes that the style sheets give colours to, below a screen."""


ON_DARK = {
    "red": "#f7768e",
    "orange": "#ff9e64",
    "yellow": "#e0af68",
    "green": "#9ece6a",
    "cyan": "#7dcfff",
    "blue": "#7aa2f7",
    "purple": "#bb9af7",
    "pink": "#ff7ab2",
    "grey": "#a9b1d6",
}
ON_LIGHT = {
    "red": "#b3261e",
    "orange": "#8f4300",
    "yellow": "#6f5400",
    "green": "#2f6118",
    "cyan": "#00616f",
    "blue": "#1f4fb0",
    "purple": "#6b3fa0",
    "pink": "#a3246c",
    "grey": "#4a4f63",
}
"""The colours that a person may give a target, on either ground."""
OF_TERMINAL = {"orange": "yellow", "purple": "magenta", "pink": "magenta", "grey": "default"}
"""What stands for those that are not among a terminal's own."""

LEAST_CONTRAST = {"contrast": 7.0}
PLAIN_THEME = "mono"


class Inkwell(Screen[None]):
    """A screen that mixes the inks for the widgets on it."""

    def __init__(self, name: str | None = None, id: str | None = None) -> None:
        super().__init__(name, id)
        self._mixed: dict[str, Style] = {}
        self._recipes: list[RuleSet] = []

    def mix(self, name: str) -> Style:
        """Return an ink as the style sheets have it now, without a ground."""
        if self._recipes is not self.app.stylesheet.rules:  # read anew, as for another theme
            self._recipes = self.app.stylesheet.rules
            self._mixed.clear()
        style = self._mixed.get(name)
        if style is None:
            drop = DOMNode(classes=name)
            drop._attach(self)
            self.app.stylesheet.apply(drop)
            style = self._mixed[name] = drop.styles.partial_rich_style
        return style


def own_colour(widget: Widget, name: str) -> Style:
    """Return the style of a colour that a person chose, readable on the widget's ground."""
    theme, ground = widget.app.theme, widget.background_colors[1]
    if theme == PLAIN_THEME:
        return widget.rich_style + Style(bold=True)
    if ground.ansi is not None:  # the terminal's own ground: nobody knows what it is
        return widget.rich_style + Style(color=OF_TERMINAL.get(name, name), bold=True)
    dark = ground.brightness < 0.5
    colour = Color.parse((ON_DARK if dark else ON_LIGHT).get(name, name))
    least = LEAST_CONTRAST.get(theme, READABLE)
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        shown = colour.blend(WHITE if dark else BLACK, share)
        if contrast(shown.hex, ground.hex) >= least:
            break
    return widget.rich_style + Style(color=shown.rich_color, bold=True)


def quiet_ink(widget: Widget) -> Style:
    """Return the colour of what stays quiet, for any ground: dimmed text has no sure contrast."""
    return Style(color=dip(widget, "ink--quiet").color)


def dip(widget: Widget, name: str) -> Style:
    """Return a style of the widget's screen, or of one below it, on the widget's own ground.

    The style is the widget's own where no screen has one of that name.
    """
    # What was just removed may be painted once more before the layout knows.
    screens: list[Screen[Any]] = [*widget.app.screen_stack]
    if widget.is_attached:
        screens.insert(0, widget.screen)
    for screen in screens:
        if isinstance(screen, Inkwell) and name in INKS:
            return widget.rich_style + screen.mix(name)
    return widget.rich_style
