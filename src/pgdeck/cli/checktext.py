"""How checks read: as a page, as JSON, and as the output of a monitoring plugin; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pgdeck.core.cells import SIGNS, make_cell, sparkline
from pgdeck.core.check import Check, Checks, Pardon, State, Thresholds
from pgdeck.core.judged import LEVELS
from pgdeck.core.machine import plain
from pgdeck.core.numbers import age
from pgdeck.core.spec import Column, Direction, Format
from pgdeck.core.text import safe

UNITS = {
    Format.BYTES: "B",
    Format.DURATION: "s",
    Format.AGE: "s",
    Format.RATIO: "%",
    Format.BAR: "%",
    Format.PERCENT: "%",
}
"""What a monitoring plugin may write behind a number."""

TREND = 16


def name_of(check: Check) -> str:
    """Return how a check is named on the command line: its rule, and what of it is meant."""
    return f"{check.rule}:{check.subject}" if check.subject else check.rule


def figure(value: float | None, check: Check) -> str:
    """Return a value of a check with its unit."""
    form = Format.RATIO if check.format is Format.BAR else check.format
    cell = make_cell(value, Column("", "", form))
    return cell.text + cell.unit


def page(checks: Checks, now: datetime, *, every: bool = False, ascii: bool = False) -> str:
    """Return the lines for a person: what is not ok, and a line of counts.

    With `every` what is ok is listed, too.
    """
    lines: list[str] = []
    unknown: dict[tuple[str, str], list[str]] = {}
    for check in checks.checks:
        if check.state is State.UNKNOWN:
            unknown.setdefault((check.sentence, check.fix), []).append(name_of(check))
        elif every or check.state is not State.OK:
            lines += _paragraph(check, now, ascii)
    for (sentence, fix), names in unknown.items():
        sign = SIGNS[LEVELS[State.UNKNOWN]][ascii]
        lines += [f"{sign} {safe(sentence)}", f"  unknown: {safe(', '.join(names))}"]
        if fix:
            lines.append(f"  {safe(fix)}")
    return "".join(f"{line}\n" for line in [*lines, counted(checks)])


def counted(checks: Checks) -> str:
    """Return how many checks stand how."""
    states = [check.state for check in checks.checks if check.pardon is None]
    counts = [
        f"{states.count(state)} {state.word}"
        for state in (State.CRITICAL, State.WARNING, State.UNKNOWN, State.OK)
        if state in states
    ]
    known = sum(1 for check in checks.checks if check.pardon is not None)
    counts += [f"{known} known to somebody"] if known else []
    return ", ".join(counts) or "no rule is judged"


def _paragraph(check: Check, now: datetime, ascii: bool) -> list[str]:
    sign = SIGNS[LEVELS[check.state]][ascii]
    lines = [f"{sign} {safe(check.sentence)}"]
    facts = [safe(name_of(check))]
    if check.value is not None:
        facts.append(f"{figure(check.value, check)}{_bounds(check)}")
    if check.since is not None:
        facts.append(f"since {''.join(age((now - check.since).total_seconds()))}")
    if sum(value is not None for value in check.trend) > 2:
        facts.append(sparkline(check.trend, TREND, ascii=ascii).strip())
    lines.append("  " + (" - " if ascii else " · ").join(facts))
    if check.pardon is not None:
        lines.append(f"  {safe(said_pardon(check.pardon))}")
    if check.state is not State.OK:
        lines += [f"  {safe(check.fix)}"] if check.fix else []
        lines += [f"  pgdeck ls {safe(check.screen)}"] if check.screen else []
    return lines


def _bounds(check: Check) -> str:
    bounds = [
        f"{word} {figure(bound, check)}"
        for word, bound in (("warning", check.thresholds.warn), ("critical", check.thresholds.crit))
        if bound is not None
    ]
    side = "below " if check.direction is Direction.LOW else "from "
    return f" ({side}{', '.join(bounds)})" if bounds else ""


def said_pardon(pardon: Pardon) -> str:
    """Return who pardoned, until when, and why."""
    until = f" until {pardon.until.astimezone():%Y-%m-%d %H:%M%z}" if pardon.until else ""
    return f"{pardon.kind.value} by {pardon.by}{until}: {pardon.reason}"


def shape(checks: Checks) -> dict[str, object]:
    """Return checks as JSON knows them; docs/cli.md promises the form."""
    return {"worst": checks.worst.word, "checks": [check_shape(each) for each in checks.checks]}


def check_shape(check: Check) -> dict[str, object]:
    """Return one check as JSON knows it: values in the raw unit of its format."""
    return {
        "rule": check.rule,
        "subject": check.subject or None,
        "state": check.state.word,
        "value": plain(check.value),
        "warn": plain(check.thresholds.warn),
        "crit": plain(check.thresholds.crit),
        "format": check.format.value,
        "direction": check.direction.value,
        "sentence": check.sentence,
        "fix": check.fix,
        "screen": check.screen,
        "title": check.title,
        "advice": check.advice,
        "trend": [plain(value) for value in check.trend],
        "since": check.since.isoformat() if check.since else None,
        "pardon": pardon_shape(check.pardon) if check.pardon else None,
    }


def pardon_shape(pardon: Pardon) -> dict[str, object]:
    """Return a pardon as JSON knows it."""
    return {
        "kind": pardon.kind.value,
        "rule": pardon.rule,
        "subject": pardon.subject or None,
        "by": pardon.by,
        "reason": pardon.reason,
        "since": pardon.since.isoformat(),
        "until": pardon.until.isoformat() if pardon.until else None,
    }


def nagios(checks: Checks) -> str:
    """Return a monitoring plugin's output: a status line with performance data, then the alerts.

    Pardoned alerts are told below and count neither in the state nor on the first line.
    """
    told = [check for check in checks.checks if check.state is not State.OK]
    counting = [check for check in told if check.pardon is None]
    summary = _line(counting[0].sentence) if counting else _all_well(checks)
    if len(counting) > 1:
        summary += f" (and {len(counting) - 1} more)"
    first = f"PGDECK {checks.worst.name} - {summary}"
    data = _performance(checks.checks)
    lines = [f"{first} | {data}" if data else first]
    for check in told:
        word = check.state.name if check.pardon is None else f"({_line(said_pardon(check.pardon))})"
        lines.append(f"{word} {_line(name_of(check))}: {_line(check.sentence)}")
        lines += [f"  {_line(check.fix)}"] if check.fix else []
        lines += [f"  pgdeck ls {_line(check.screen)}"] if check.screen else []
    return "".join(f"{line}\n" for line in lines)


def _all_well(checks: Checks) -> str:
    known = sum(each.pardon is not None for each in checks.checks)
    told = f"{len(checks.checks) - known} checks ok"
    return f"{told}, {known} known to somebody" if known else told


def _line(text: str) -> str:
    """Return a text without the character behind which performance data begins."""
    return safe(text).replace("|", "/")


def _performance(checks: Sequence[Check]) -> str:
    """Return a datum a rule, that of its most serious check: the labels stay from run to run."""
    data: dict[str, str] = {}
    for check in checks:
        datum = performance(check)
        if datum and check.rule not in data:
            data[check.rule] = f"{_label(check.rule)}={datum}"
    return " ".join(data[name] for name in sorted(data))


def _label(rule: str) -> str:
    return rule if rule.replace("_", "a").isalnum() else "'" + rule.replace("'", "''") + "'"


def performance(check: Check) -> str:
    """Return a check's value as ``value[unit];warn;crit;min;max``; ``U`` is not known now.

    Empty for what has no value.
    """
    if check.value is None:
        return "U" if check.state is State.UNKNOWN else ""
    unit = UNITS.get(check.format, "")
    scale = 100.0 if check.format in (Format.RATIO, Format.BAR) else 1.0
    low = check.direction is Direction.LOW
    least, most = _extremes(unit, check.thresholds, scale)
    parts = [
        _number(check.value * scale) + unit,
        _range(check.thresholds.warn, scale, low=low),
        _range(check.thresholds.crit, scale, low=low),
        least,
        most,
    ]
    return ";".join(parts).rstrip(";")


def _range(bound: float | None, scale: float, *, low: bool) -> str:
    """Return the range within which all is well: ``0`` to the bound, or from it on (``95:``)."""
    if bound is None:
        return ""
    return _number(bound * scale) + (":" if low else "")


def _extremes(unit: str, thresholds: Thresholds, scale: float) -> tuple[str, str]:
    # A share of a threshold may pass 100 %: then that is no end of the scale.
    bounds = [bound * scale for bound in (thresholds.warn, thresholds.crit) if bound is not None]
    return "0", "100" if unit == "%" and max(bounds, default=0.0) <= 100 else ""


def _number(value: float) -> str:
    """Return a number without exponent, thousands or needless digits."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
