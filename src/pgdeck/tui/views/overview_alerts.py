"""The alerts pane of the Overview, as pure functions from the checks to lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from pgdeck.core.check import Check, Checks, PardonKind, State
from pgdeck.core.judged import LEVELS
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.spec import Format
from pgdeck.core.text import fit, safe
from pgdeck.tui.figures import plain
from pgdeck.tui.ink import LEVEL_ROLES, Line, Span, between, faded, wrap
from pgdeck.tui.panes import Pane
from pgdeck.tui.views.overview_panes import failure_lines

MARKS = {State.CRITICAL: "■", State.WARNING: "▲", State.UNKNOWN: "?", State.OK: "●"}
SCREEN = "checks"


def alerts_pane(
    snapshot: Snapshot[Checks] | None, keys: Mapping[str, str], old: float | None = None
) -> Pane:
    """Return the pane; `keys` maps a screen's name to the key that opens it.

    `old` is the age in seconds of checks that are too old to stand for the present: then how it
    stands is not known, whatever was seen last.
    """
    opens = (Span(f" {keys[SCREEN]} ›", "key"),) if SCREEN in keys else ()
    checks = snapshot.data if snapshot else None
    if checks is not None and old is not None:
        right = (Span(f"? {plain(old, Format.AGE)} old", "stale"), *opens)
        body = partial(_as_last_seen, checks, keys, old)
        return Pane("alerts", "Alerts", right, body, SCREEN, wants=7)
    if checks is not None:
        body = partial(alert_lines, checks, keys)
        return Pane("alerts", "Alerts", (*_count(checks), *opens), body, SCREEN, wants=7)
    failure = snapshot.failure if snapshot else None
    right = (Span("?", "unknown"), *opens)
    return Pane("alerts", "Alerts", right, partial(_nothing_yet, failure), SCREEN, wants=7)


def _nothing_yet(failure: Failure | None, width: int, height: int) -> list[Line]:
    if failure is not None:
        return failure_lines(failure, width, height)
    return [(Span("Reading what the rules need.", "quiet"),)]


def _as_last_seen(
    checks: Checks, keys: Mapping[str, str], old: float, width: int, height: int
) -> list[Line]:
    """Say that nothing is known now, and below it, dimmed, what stood when it last was."""
    ago = f"{plain(old, Format.AGE)} ago"
    quiet = not checks.alerts
    said = f"Not known now; {ago} nothing needed attention." if quiet else f"Not known now; {ago}:"
    lines: list[Line] = [
        (Span("  " if at else "? ", "unknown"), Span(words, "unknown"))
        for at, words in enumerate(wrap(said, width - 2))
    ]
    left = height - len(lines)
    if left > 0:
        last = _rest(checks, width) if quiet else alert_lines(checks, keys, width, left)
        lines += faded(last)
    return lines[:height]


def _count(checks: Checks) -> Line:
    alerts = checks.alerts
    if not alerts:
        return (Span("none", "quiet"),)
    worst = max(alerts, key=lambda alert: LEVELS[alert.state]).state
    # With its mark, as the tabs have it: a bare number beside the key would be read as one.
    return (Span(f"{MARKS[worst]} {len(alerts)}", LEVEL_ROLES[LEVELS[worst]]),)


def alert_lines(checks: Checks, keys: Mapping[str, str], width: int, height: int) -> list[Line]:
    """Give every alert a line, and what is left to the heaviest ones, whole if it can be.

    The last line counts what is no alert and no health either: what is known already, and what
    cannot be known.
    """
    alerts = checks.alerts
    rest = _rest(checks, width)
    lines: list[Line]
    if not alerts:
        said = "Nothing that can be seen needs attention." if _unknown(checks) else QUIET
        told = wrap(said, width - 2)
        if len(told) + len(rest) > height:
            told = [said]
        lines = [(Span("● ", "good"), Span(told[0], "quiet"))]
        return [*lines, *((Span("  "), Span(more, "quiet")) for more in told[1:]), *rest][:height]
    rest = rest if height > len(rest) + 1 else []
    height -= len(rest)
    fitting = alerts if len(alerts) <= height else alerts[: max(0, height - 1)]
    hidden = len(alerts) - len(fitting)
    spare = height - len(fitting) - (1 if hidden else 0)
    lines = []
    for alert in fitting:
        drawn = _alert(alert, keys, width, 1 + spare)
        spare -= len(drawn) - 1
        lines += drawn
    if hidden:
        lines.append((Span(f"… {hidden} more", "quiet"),))
    return [*lines[:height], *rest]


QUIET = "Nothing needs attention."


def _alert(alert: Check, keys: Mapping[str, str], width: int, height: int) -> list[Line]:
    """Draw an alert in at most `height` lines; its fix only where all of both has room."""
    role = LEVEL_ROLES[LEVELS[alert.state]]
    tail: Line = (Span(f" {keys[alert.screen]} ›", "key"),) if alert.screen in keys else ()
    room = width - 2
    said = wrap(safe(alert.sentence), room - 4)
    if len(said) > height:
        said = [*said[: height - 1], fit(" ".join(said[height - 1 :]), room - 4)]
    lines: list[Line] = [
        between((Span(f"{MARKS[alert.state]} ", role), Span(said[0])), tail, width)
    ]
    lines += [(Span("  "), Span(more)) for more in said[1:]]
    fix = [part for line in alert.fix.splitlines() for part in wrap(safe(line), room)]
    if len(lines) + len(fix) <= height:
        lines += [(Span("  "), Span(line, "quiet")) for line in fix]
    return lines


def _unknown(checks: Checks) -> list[Check]:
    return [each for each in checks.checks if each.state is State.UNKNOWN and each.pardon is None]


def _rest(checks: Checks, width: int) -> list[Line]:
    """Count what was pardoned and what is not known, each with the way to see it."""
    lines: list[Line] = []
    kinds = [each.pardon.kind for each in checks.checks if each.pardon and each.state.severity > 1]
    counts = [(kind.value, kinds.count(kind)) for kind in reversed(PardonKind)]
    told = ", ".join(f"{count} {word}" for word, count in counts if count)
    if told:
        lines.append((Span(f"○ {told}", "quiet"),))
    unknown = _unknown(checks)
    if unknown:
        lines.append(_way_to_see(unknown, width))
    return lines


def _way_to_see(unknown: Sequence[Check], width: int) -> Line:
    rules = len({check.rule for check in unknown})
    said = f"? {rules} {'rule is' if rules == 1 else 'rules are'} not judged"
    ways = {check.fix for check in unknown}
    way = safe(next(iter(ways))) if len(ways) == 1 else ""
    if way and len(said) + len(way) + 2 <= width:
        return (Span(f"{said}: ", "unknown"), Span(way, "quiet"))
    return (Span(said, "unknown"),)
