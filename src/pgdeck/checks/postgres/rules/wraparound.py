"""Rules on transaction numbers, which run out unless old rows are frozen in time."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Facts, known
from pgdeck.checks.postgres.rules.shape import elsewhere, fine, number, rule, share
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.spec import Format

STOP = 2.0**31
"""The age at which a server that was never frozen would have to stop."""

LAST_HALF = 0.5
"""Share of the way to the stop from which it is critical, whatever the thresholds."""

ADVICE = (
    "Touching 100 % is normal: then vacuum is forced. Beyond, it does not get through; at "
    "2.15 G the server takes no more writes."
)


def _ages(ages: list[tuple[str, int, float]], at: Thresholds, kind: str) -> Iterator[Reading]:
    oldest = 0.0
    for name, age, forced in ages:
        value = age / max(1.0, forced)
        oldest = max(oldest, value)
        state = State.CRITICAL if age >= LAST_HALF * STOP else at.judge(value)
        if state is not State.OK:
            yield Reading(
                state,
                f"The oldest rows of database {name} are {number(age)} {kind} old, "
                f"{share(value)} of the age at which vacuum is forced and "
                f"{share(age / STOP)} of the way to the stop",
                value,
                name,
                f"VACUUM (FREEZE){elsewhere(name)}",
            )
    told = f"The oldest rows are at {share(oldest)} of the age at which vacuum is forced"
    yield fine(told, oldest)


@rule(
    "xid_age",
    "Transaction wraparound",
    of="databases",
    warn=1.1,
    format=Format.RATIO,
    screen="databases",
    advice=ADVICE,
)
def xid_age(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Old rows of a database are frozen too late."""
    ages = [
        (each.name, each.xid_age, each.xid_forced)
        for each in known(facts.databases)
        if each.name is not None and each.xid_age is not None and each.xid_forced is not None
    ]
    yield from _ages(ages, at, "transactions")


@rule(
    "mxid_age",
    "Multixact wraparound",
    of="databases",
    warn=1.1,
    format=Format.RATIO,
    screen="databases",
    advice=ADVICE,
)
def mxid_age(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Old multixacts of a database are frozen too late."""
    ages = [
        (each.name, each.mxid_age, each.mxid_forced)
        for each in known(facts.databases)
        if each.name is not None and each.mxid_age is not None and each.mxid_forced is not None
    ]
    yield from _ages(ages, at, "multixacts")


RULES = (xid_age, mxid_age)
