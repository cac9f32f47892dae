"""The colours of a table: inks of its screen that style sheets and themes set, read once."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from pgdeck.tui.widgets.inkwell import TABLE_ROLES as ROLES
from pgdeck.tui.widgets.inkwell import dip
from pgdeck.tui.widgets.table.lines import Inks, Tone

LEVELS = ("good", "notice", "warning", "critical", "unknown")


def read_inks(widget: Widget) -> Inks:
    """Return the style of each role in each kind of line, as the present theme has them."""
    plain = widget.rich_style
    header = dip(widget, "table--header")
    cursor = dip(widget, "table--cursor")
    blurred = dip(widget, "table--cursor-blurred")
    stale = dip(widget, "table--stale")
    body = {role: dip(widget, f"table--{role}") for role in ROLES}
    top = {"": header, "edge": body["edge"]}
    top["sorted"] = dip(widget, "table--sorted")
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
