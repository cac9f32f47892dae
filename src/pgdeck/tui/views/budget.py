"""The budget of connections as a few lines: one bar of all slots, its legend, and its past."""

from __future__ import annotations

from pgdeck.core.spec import Format
from pgdeck.tui.figures import fitting, plain, share_role, spark
from pgdeck.tui.ink import Line, Span, between, line_width
from pgdeck.watch.crowd import Budget
from pgdeck.watch.groups import BAD, WARN

USED, FREE, KEPT, SUPER = "█", "░", "▒", "▓"
SIGNS = {"warning": " ▲", "critical": " ■"}


def budget_lines(budget: Budget, width: int, height: int) -> list[Line]:
    """Return at most `height` lines: the bar first, then what its parts are, then the past."""
    role = share_role(budget.share, WARN, BAD)
    head: Line = (
        Span(f" {budget.used} of {budget.for_everyone} used", "text" if role == "bar" else role),
        Span(SIGNS.get(role, ""), role),
        Span("  "),
    )
    room = width - line_width(head) - 1
    lines = [(*head, *_bar(budget, room, role)), _legend(budget, role, width - 1)]
    top = max(budget.for_everyone, budget.used)
    past = f" {plain(top, Format.COUNT)} slots"
    name = " used "
    series = spark(budget.series, width - len(past) - len(name) - 1, float(top))
    lines.append((Span(name, "quiet"), *series, Span(past, "quiet")))
    return [*lines, ()][:height]


def _bar(budget: Budget, width: int, role: str) -> Line:
    """Draw every slot there is: used, free, kept for some logins, kept for superusers."""
    if width < 4 or budget.maximum <= 0:
        return ()
    kept_from = budget.for_everyone
    edges = [
        _cells(budget.used, budget, width),
        _cells(kept_from, budget, width),
        _cells(kept_from + budget.reserved, budget, width),
        width,
    ]
    if budget.used and not edges[0]:
        edges[0] = 1
    spans: list[Span] = []
    drawn = 0
    roles = (role, "quiet", "notice", "unknown")
    for edge, sign, ink in zip(edges, (USED, FREE, KEPT, SUPER), roles, strict=True):
        if edge > drawn:
            spans.append(Span(sign * (edge - drawn), ink))
            drawn = edge
    return tuple(spans)


def _cells(slots: int, budget: Budget, width: int) -> int:
    """Return the cells that slots take; what is reserved keeps a cell of its own."""
    return min(width, round(slots * width / budget.maximum))


def _legend(budget: Budget, role: str, width: int) -> Line:
    parts: list[Line] = [
        _part(USED, role, budget.used, f"used ({budget.own} pgdeck)"),
        _part(FREE, "quiet", budget.free, "free for everyone"),
    ]
    if budget.reserved:
        parts.append(_part(KEPT, "notice", budget.reserved, "pg_use_reserved_connections"))
    parts.append(_part(SUPER, "unknown", budget.superusers, "superusers"))
    slots: Line = (Span(f"max_connections {budget.maximum}", "quiet"),)
    parts.append(slots)
    senders = f"{budget.senders}/{budget.most_senders} WAL senders"
    parts.append((Span(senders, "quiet"),))
    parts.append((Span(f"{budget.processes} server processes", "quiet"),))
    return (Span(" "), *between(fitting(parts, width - 1), (), width - 1))


def _part(sign: str, role: str, count: int, words: str) -> Line:
    return (Span(sign, role), Span(f" {count}"), Span(f" {words}", "quiet"))
