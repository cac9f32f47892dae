"""Inks: styles that a screen keeps once for all its widgets.

As component classes of each canvas and table they were applied to every one of them, which took
a third of the time between the imports and the first paint.
"""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

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
"""The component classes of every role, for a screen to have."""


def dip(widget: Widget, name: str) -> Style:
    """Return a style of the widget's screen, or of one below it, on the widget's own ground.

    The style is the widget's own where no screen has one of that name.
    """
    for screen in (widget.screen, *widget.app.screen_stack):
        if name in screen.COMPONENT_CLASSES:
            return widget.rich_style + screen.get_component_rich_style(name, partial=True)
    return widget.rich_style
