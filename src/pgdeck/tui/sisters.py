"""The databases of the server on screen, as the switcher offers them."""

from __future__ import annotations

from msgspec import Struct

from pgdeck.core.rows import Table, Unknown, Value
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.core.text import cut_middle, fit, safe
from pgdeck.tui.figures import figure
from pgdeck.tui.ink import Line, Span, clip, line_width

DATABASES = "databases"
"""The screen whose source lists them."""

NAME_MOST, NUMBER = 34, 9


class Sister(Struct, frozen=True):
    """One database of the server: `why_not` says what keeps people out of it."""

    name: str
    connections: Value = None
    finding: str = ""
    why_not: str = ""
    current: bool = False


def read_sisters(
    snapshot: Snapshot[object] | None, spec: ScreenSpec | None, current: str
) -> list[Sister]:
    """Return the databases that a snapshot of their screen lists, by name; none without one."""
    table = snapshot.data if snapshot is not None else None
    if spec is None or not isinstance(table, Table):
        return []
    at = {column.name: index for index, column in enumerate(spec.columns)}
    found = []
    for row in table.rows:

        def value(name: str, values: tuple[Value, ...] = row.values) -> Value:
            return values[at[name]] if name in at else None

        name = str(value("database"))
        closed = value("allow_connections") is False
        finding = value("finding")
        found.append(
            Sister(
                name,
                value("connections"),
                "" if finding is None or isinstance(finding, Unknown) else str(finding),
                "It allows no connections" if closed else "",
                name == current,
            )
        )
    return sorted(found, key=lambda sister: (bool(sister.why_not), sister.name))


def sisters_head(width: int) -> Line:
    """Return the names of the columns."""
    name = _name_width(width)
    return clip((Span(fit("   database", name + 3) + "sessions".rjust(NUMBER), "quiet"),), width)


def sister_line(sister: Sister, width: int, *, chosen: bool) -> Line:
    """Return the line of one database."""
    name = _name_width(width)
    role = "title" if chosen else "quiet" if sister.why_not else "text"
    number = figure(sister.connections, Format.COUNT)
    spans = [
        Span("▸" if chosen else " ", "key"),
        Span("◉" if sister.current else " ", "focus"),
        Span(" "),
        Span(fit(cut_middle(safe(sister.name), name), name), role),
        Span(" " * max(0, NUMBER - line_width(number))),
        *number,
        Span(f"  {safe(sister.finding)}", "quiet"),
    ]
    return clip(spans, width)


def about_sister(sister: Sister, _width: int) -> list[Line]:
    """Say what keeps people out of a database."""
    return [(Span(f" ▲ {sister.why_not}", "warning"),)] if sister.why_not else []


def _name_width(width: int) -> int:
    return max(8, min(NAME_MOST, width - 3 - NUMBER))
