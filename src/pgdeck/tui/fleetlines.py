"""The switcher as lines: one for each database, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from pgdeck.core.address import place
from pgdeck.core.fleet import Glance, Member, marked
from pgdeck.core.rows import Unknown
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.spec import Format
from pgdeck.core.target import Environment, Target
from pgdeck.core.text import cut_middle, fit, safe
from pgdeck.tui.figures import figure, plain
from pgdeck.tui.ink import OWN_COLOUR, Line, Span, clip, line_width

NAME_LEAST, NAME_MOST = 11, 34
COLUMNS = (
    # name, width, priority: the highest number goes first where there is no room
    ("environment", 8, 1),
    ("state", 20, 0),
    ("alerts", 7, 2),
    ("lag", 8, 3),
    ("seen", 6, 4),
)
WORDS = {
    FailureKind.TIMEOUT: "no answer",
    FailureKind.AUTH: "login refused",
    FailureKind.MISSING: "no such database",
    FailureKind.BUG: "pgdeck failed",
}
ENVIRONMENT_ROLES = {
    Environment.DEV: "dev",
    Environment.STAGING: "staging",
    Environment.PROD: "prod",
    Environment.UNKNOWN: "unmarked",
}


class Seen(Struct, frozen=True):
    """One database as the switcher shows it.

    `current` is the one that is watched, `asking` one that is being looked at just now.
    """

    member: Member
    glance: Glance | None = None
    current: bool = False
    asking: bool = False


def head_line(width: int) -> Line:
    """Return the names of the columns."""
    name, shown = _room(width)
    spans = [Span(fit("   target", name + 3), "quiet")]
    spans += [Span(" " + _placed(each, each, wide), "quiet") for each, wide in shown]
    return clip(spans, width)


def fleet_line(seen: Seen, now: float, width: int, *, chosen: bool) -> Line:
    """Return the line of one database; a chosen one is marked by a sign as well as by colour."""
    name, shown = _room(width)
    sign = "▸" if chosen else " "
    current = "◉" if seen.current else " "
    label = fit(cut_middle(safe(seen.member.name), name), name)
    own = seen.member.target.colour if seen.member.target else ""
    role = f"{OWN_COLOUR}{own}" if own else "title" if chosen else "text"
    spans = [Span(sign, "key"), Span(current, "focus"), Span(" "), Span(label, role)]
    for each, wide in shown:
        spans += [Span(" "), *_cell(seen, each, now, wide)]
    return clip(spans, width)


def about_lines(seen: Seen, width: int) -> list[Line]:
    """Say where a database is, who named it, and what is wrong or not known there."""
    target = seen.member.target
    if target is None:
        problem = seen.member.problem
        said = "" if problem is None else f"{problem.message} · {problem.hint}".strip(" ·")
        return [(Span(f" {safe(seen.member.name)}", "text"),), (_warned(said, width),)]
    where = f" {safe(place(target.conninfo))}"
    source = f" · {safe(target.source)}" + (" · read-only" if target.read_only else "")
    mark = f" · {seen.glance.fingerprint}" if seen.glance and seen.glance.fingerprint else ""
    room = max(12, width - len(source) - len(mark))
    first = (Span(cut_middle(where, room), "text"), Span(mark + source, "quiet"))
    return [first, (_warned(_trouble(seen), width),)]


def _trouble(seen: Seen) -> str:
    glance = seen.glance
    if glance is None:
        return "" if seen.asking or seen.current or seen.member.asked else _unasked(seen.member)
    if glance.failure is not None:
        return _said(glance.failure)
    if isinstance(glance.lag, Unknown):
        return " · ".join(filter(None, (glance.lag.reason, glance.lag.remedy)))
    return f"alerts: {glance.unjudged}" if glance.unjudged else ""


def _unasked(member: Member) -> str:
    if member.target is not None and member.target.password_command:
        return "Its password comes from a command, which is not run unasked: ^R"
    return "Nobody named it to pgdeck, so it is not asked before you want it: ^R"


def _said(failure: Failure) -> str:
    return f"{failure.message} · {failure.hint}" if failure.hint else failure.message


def _warned(said: str, width: int) -> Span:
    return Span(fit(f" ▲ {safe(said)}", width).rstrip(), "warning") if said else Span("")


def _room(width: int) -> tuple[int, list[tuple[str, int]]]:
    """Return the width of the names, and the other columns that fit beside them."""
    shown = sorted(COLUMNS, key=lambda column: column[2])
    while shown and width - 3 - sum(wide + 1 for _, wide, _ in shown) < NAME_LEAST:
        shown.pop()
    kept = [(name, wide) for name, wide, _ in COLUMNS if (name, wide) in _pairs(shown)]
    left = width - 3 - sum(wide + 1 for _, wide in kept)
    return max(1, min(NAME_MOST, left)), kept


def _pairs(columns: Sequence[tuple[str, int, int]]) -> list[tuple[str, int]]:
    return [(name, wide) for name, wide, _ in columns]


def _placed(column: str, text: str, width: int) -> str:
    if column in ("environment", "state"):
        return fit("role" if text == "state" else "env" if text == "environment" else text, width)
    return fit(text, width).rstrip().rjust(width)


def _cell(seen: Seen, column: str, now: float, width: int) -> Iterator[Span]:
    if column == "environment":
        yield from _environment(seen.member.target, seen.glance, width)
    elif column == "state":
        text, role = _state(seen)
        yield Span(fit(text, width), role)
    else:
        line = _figure(seen, column, now)
        yield Span(" " * max(0, width - line_width(line)))
        yield from clip(line, min(width, line_width(line)))


def _environment(target: Target | None, glance: Glance | None, width: int) -> Iterator[Span]:
    if target is None:
        yield Span(" " * width)
        return
    environment = marked(target, glance)
    word = environment.value
    yield Span(word, ENVIRONMENT_ROLES[environment])
    yield Span(" " * (width - len(word)))


def _state(seen: Seen) -> tuple[str, str]:
    """Say in a glyph and a word or two who answers, or why nobody does."""
    glance = seen.glance
    if seen.member.target is None:
        return "✗ cannot be read", "warning"
    if glance is None:
        return ("◐ asking", "notice") if seen.asking or seen.current else ("? not asked", "quiet")
    if glance.failure is not None:
        return f"■ {WORDS.get(glance.failure.kind, 'not reached')}", "critical"
    role = "standby" if glance.standby else "primary"
    return f"● {role} {safe(glance.version)}", "good"


def _figure(seen: Seen, column: str, now: float) -> Line:
    glance = seen.glance
    if glance is None:
        return ()
    if column == "seen":
        return (Span("now" if seen.current else plain(now - glance.at, Format.AGE), "quiet"),)
    if glance.failure is not None:
        return ()
    if column == "lag":
        return figure(glance.lag, Format.DURATION)
    return _alerts(glance)


def _alerts(glance: Glance) -> Line:
    if glance.warnings is None or glance.criticals is None:
        return (Span("?", "unknown"),)
    count = glance.warnings + glance.criticals
    if not count:
        return (Span("0", "quiet"),)
    return (Span(f"■ {count}", "critical") if glance.criticals else Span(f"▲ {count}", "warning"),)
