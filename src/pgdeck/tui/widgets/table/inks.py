"""The colours of a table: component classes that style sheets and themes set, read once."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from pgdeck.tui.widgets.table.lines import Inks, Tone

LEVELS = ("good", "notice", "warning", "critical", "unknown")

ROLES = ("mark", "quiet", *LEVELS, "escape", "match", "edge")
"""Roles of parts in a row, each with its component class."""

COMPONENTS = {
    f"table--{name}" for name in ("header", "sorted", "cursor", "cursor-blurred", "stale", *ROLES)
}

TABLE_CSS = """
TableBody {
    width: 1fr;
    height: 1fr;
    overflow: hidden hidden;
    background: $background;
    color: $foreground;

    & > .table--header { color: $foreground 60%; }
    & > .table--sorted { color: $foreground; text-style: bold; }
    & > .table--cursor { text-style: reverse; }
    & > .table--cursor-blurred { background: $foreground 15%; text-style: bold; }
    & > .table--stale { color: $foreground 40%; }
    & > .table--mark { color: $accent; text-style: bold; }
    & > .table--quiet { color: $foreground 60%; }
    & > .table--good { color: $foreground; }
    & > .table--notice { color: $secondary; }
    & > .table--warning { color: $warning; }
    & > .table--critical { color: $error; text-style: bold; }
    & > .table--unknown { color: $foreground 40%; }
    & > .table--escape { color: $accent; text-style: italic; }
    & > .table--match { text-style: underline; }
    & > .table--edge { color: $foreground 40%; }
}
"""


def read_inks(widget: Widget) -> Inks:
    """Return the style of each role in each kind of line, as the present theme has them."""
    plain = widget.rich_style
    header = widget.get_component_rich_style("table--header")
    cursor = widget.get_component_rich_style("table--cursor")
    blurred = widget.get_component_rich_style("table--cursor-blurred")
    stale = widget.get_component_rich_style("table--stale")
    body = {role: widget.get_component_rich_style(f"table--{role}") for role in ROLES}
    top = {"": header, "edge": body["edge"]}
    top["sorted"] = widget.get_component_rich_style("table--sorted")
    return {
        Tone.HEADER: top,
        Tone.BODY: {"": plain, **body},
        Tone.CURSOR: _under(cursor, body),
        Tone.BLURRED: _under(blurred, body),
        Tone.STALE: dict.fromkeys(("", *ROLES), stale) | {"edge": body["edge"]},
        Tone.STALE_CURSOR: dict.fromkeys(("", *ROLES), stale + Style(reverse=True))
        | {"edge": body["edge"]},
    }


def _under(cursor: Style, body: dict[str, Style]) -> dict[str, Style]:
    """Return the styles on the cursor's row: one for all text, so that it reads as one bar.

    The colours of levels stay; in reverse they show as background.
    """
    styles = dict.fromkeys(("", *ROLES), cursor) | {"edge": body["edge"]}
    for level in LEVELS:
        styles[level] = cursor + Style(color=body[level].color)
    return styles
