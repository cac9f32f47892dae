"""The detail of one check: the whole finding, why it matters, and the fix ready to be copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from rich.text import Text

from pgdeck.core.cells import exact, make_cell, sparkline
from pgdeck.core.check import Check, PardonKind, State
from pgdeck.core.judged import LEVELS, headline
from pgdeck.core.rows import Measure, Status
from pgdeck.core.spec import Column, Format
from pgdeck.core.text import safe, to_ascii
from pgdeck.tui.figures import plain

TREND_CELLS = 24
LABEL = 11

Inks = Mapping[str, str]
"""Rich styles by role."""


def check_text(
    check: Check, now: datetime, evidence: str, inks: Inks, key: str = "o", *, ascii: bool = False
) -> Text:
    """Return everything known of a check; `evidence` names the screen that shows it, if any.

    `key` opens that screen.
    """
    text = Text(no_wrap=False, overflow="fold")
    for part, role in _parts(check, now, evidence, key, ascii=ascii):
        text.append(to_ascii(part) if ascii else part, inks.get(role) or None)
    return text


def _parts(
    check: Check, now: datetime, evidence: str, key: str, *, ascii: bool
) -> Iterator[tuple[str, str]]:
    status = Status(check.state.word, LEVELS[check.state], muted=check.pardon is not None)
    cell = make_cell(status, Column("", ""), ascii=ascii)
    yield cell.text, "quiet" if status.muted else _ROLES[check.state]
    yield f"  {_named(check)}\n\n", "title"
    yield f"{safe(check.sentence)}\n\n", ""
    yield from _figures(check, now, ascii=ascii)
    yield from _pardon(check, now)
    if check.advice:
        yield "\nWhy it matters\n", "title"
        yield f"{_lines(check.advice)}\n", ""
    if check.fix:
        yield "\nFix\n", "title"
        yield f"{_lines(check.fix)}\n", "key"
    if evidence:
        yield "\nEvidence\n", "title"
        yield safe(evidence), ""
        yield f"  open it: {key}\n", "quiet"


_ROLES = {
    State.OK: "good",
    State.WARNING: "warning",
    State.CRITICAL: "critical",
    State.UNKNOWN: "unknown",
}


def _named(check: Check) -> str:
    return safe(headline(check))


def _figures(check: Check, now: datetime, *, ascii: bool) -> Iterator[tuple[str, str]]:
    """Give value, thresholds, trend and age, each behind its label."""
    column = Column("", "")
    bounds = (("warning", check.thresholds.warn), ("critical", check.thresholds.crit))
    figures = [("value", check.value), *((f"{word} at", bound) for word, bound in bounds)]
    for label, value in figures:
        if value is not None:
            yield f"{label:<{LABEL}}  ", "quiet"
            yield f"{exact(Measure(value, check.format), column)}\n", ""
    known = [sample for sample in check.trend if sample is not None]
    if len(known) > 1:
        yield f"{'trend':<{LABEL}}  ", "quiet"
        yield sparkline(check.trend, min(TREND_CELLS, len(check.trend)), ascii=ascii), "spark"
        yield f"  max {plain(max(known), check.format)}\n", "quiet"
    if check.since is not None:
        yield f"{'since':<{LABEL}}  ", "quiet"
        yield f"{plain((now - check.since).total_seconds(), Format.AGE)}", ""
        yield f", {exact(check.since.replace(microsecond=0), column)}\n", "quiet"
    yield f"{'rule':<{LABEL}}  {safe(check.rule)}\n", "quiet"


def _pardon(check: Check, now: datetime) -> Iterator[tuple[str, str]]:
    pardon = check.pardon
    if pardon is None:
        return
    yield f"\n{pardon.kind.value.capitalize()}\n", "title"
    ago = plain(max(0.0, (now - pardon.since).total_seconds()), Format.AGE)
    yield f"by {safe(pardon.by)}, {ago} ago", ""
    if not pardon.subject and check.subject:
        yield ", all of the rule", ""
    if pardon.until is not None:
        until = exact(pardon.until.replace(microsecond=0), Column("", ""))
        yield f", until {until}\n", ""
    else:
        yield ", until it is ok again\n" if pardon.kind is PardonKind.ACKNOWLEDGED else "\n", ""
    if pardon.reason:
        yield f"{_lines(pardon.reason)}\n", ""
    yield "take it back: u\n", "quiet"


def _lines(text: str) -> str:
    return "\n".join(safe(line) for line in text.splitlines())
