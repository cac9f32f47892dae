"""How a rule is written: a generator of readings becomes a rule that never falls silent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from pgdeck.checks.postgres.facts import Facts, Missing, NotKnownError, Server, known
from pgdeck.core.check import Reading, Rule, State, Thresholds
from pgdeck.core.numbers import age, count, percent, size
from pgdeck.core.spec import Direction, Format
from pgdeck.core.text import safe

MOST = 20
"""Readings that a rule gives at most; of more, the worst."""

Judging = Callable[[Facts, Thresholds], Iterator[Reading]]


def rule(
    name: str,
    title: str,
    *,
    advice: str,
    warn: float | None = None,
    crit: float | None = None,
    format: Format = Format.COUNT,
    direction: Direction = Direction.HIGH,
    screen: str = "",
    local: bool = True,
    of: str = "",
) -> Callable[[Judging], Rule[Facts]]:
    """Make a rule of a function.

    The function yields what is wrong and, in the end, what is right; the latter counts only when
    nothing is wrong.  Where it meets facts that are missing it says so as far as nothing is wrong.
    `of` names the part of the facts that it is about, where that is not asked in every sample.
    """

    def made(judging: Judging) -> Rule[Facts]:
        def judge(facts: Facts, at: Thresholds) -> tuple[Reading, ...]:
            return settle(_candid(judging(facts, at)), direction)

        thresholds = Thresholds(warn, crit)
        return Rule(
            name, title, judge, thresholds, format, direction, advice, screen, local, is_new
        )

    def is_new(facts: Facts) -> bool:
        return not of or of in facts.new

    return made


def _candid(readings: Iterator[Reading]) -> Iterator[Reading]:
    try:
        yield from readings
    except NotKnownError as unknown:
        yield not_known(unknown.missing)


def not_known(missing: Missing) -> Reading:
    """Return the reading of what cannot be known."""
    return Reading(State.UNKNOWN, missing.reason, fix=missing.fix)


def settle(
    readings: Iterable[Reading], direction: Direction = Direction.HIGH
) -> tuple[Reading, ...]:
    """Return the worst of what is wrong; else that something is not known; else what is right.

    Where nothing is wrong there is nothing to mend.
    """
    all_ = list(readings)
    wrong = [each for each in all_ if each.state in (State.WARNING, State.CRITICAL)]
    if not wrong:
        unknown = [each for each in all_ if each.state is State.UNKNOWN]
        return tuple(unknown[:1] or (replace(all_[0], fix="", screen=""),))
    sign = 1.0 if direction is Direction.HIGH else -1.0
    wrong.sort(key=lambda each: (-each.state.severity, -sign * (each.value or 0.0), each.subject))
    kept = wrong[:MOST]
    if len(wrong) > MOST:
        more = f"{kept[0].sentence} (and {len(wrong) - MOST} more that are not listed)"
        kept[0] = replace(kept[0], sentence=more)
    return tuple(kept)


def fine(sentence: str, value: float | None = None) -> Reading:
    """Return the reading of what is in order."""
    return Reading(State.OK, sentence, value)


def within(value: float, at: Thresholds, direction: Direction = Direction.HIGH) -> float | None:
    """Return a value that is in order; None of one that is beyond, for patience explains it."""
    return value if at.judge(value, direction) is State.OK else None


def see_all(server: Server) -> Iterator[Reading]:
    """Say that sessions are hidden from the login, where they are."""
    if server.hidden and not server.sees_all:
        sessions = "1 session is" if server.hidden == 1 else f"{server.hidden} sessions are"
        yield not_known(Missing(f"{sessions} not visible to {server.login}", grant(server)))


def grant(server: Server, role: str = "pg_monitor") -> str:
    """Return the statement that makes visible what the login does not see."""
    return f"GRANT {role} TO {server.sql_login}"


def counted(facts: Facts, what: str) -> Server:
    """Return the server where it counts what tables go through; raises `NotKnownError` else."""
    server = known(facts.server)
    if server.standby:
        raise NotKnownError(Missing(f"A standby does not count {what}; its primary does"))
    if not server.counting:
        fix = "ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf()"
        raise NotKnownError(Missing(f"The server does not count {what}: track_counts is off", fix))
    return server


def said(seconds: float) -> str:
    """Return seconds as an age in one unit."""
    return "".join(age(seconds))


def number(value: float) -> str:
    """Return a count in three digits."""
    return "".join(count(value))


def bytes_(value: float) -> str:
    """Return bytes in three digits."""
    return "".join(size(value))


def share(value: float) -> str:
    """Return a share of one as percent."""
    return "".join(percent(100 * value))


def things(amount: float, one: str, many: str = "") -> str:
    """Return an amount with its noun in the number it needs."""
    return f"1 {one}" if amount == 1 else f"{number(amount)} {many or one + 's'}"


def elsewhere(database: str | None) -> str:
    """Return the end of a statement with the comment that says in which database it must run."""
    return f"; -- in database {safe(database)}" if database else ""
