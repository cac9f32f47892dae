"""Rules on transaction numbers, which run out unless old rows are frozen in time."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Database, Facts, known
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


def _ages(
    ages: list[tuple[Database, int | None, float | None]], at: Thresholds, kind: str
) -> Iterator[Reading]:
    oldest = 0.0
    for each, age, forced in ages:
        if (name := each.name) is None or age is None or forced is None:
            continue
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
                _freeze(each),
            )
    told = f"The oldest rows are at {share(oldest)} of the age at which vacuum is forced"
    yield fine(told, oldest)


def _freeze(database: Database) -> str:
    """Return what freezes a database's rows; nobody is let into a closed one unless told so."""
    if not database.closed:
        return f"VACUUM (FREEZE){elsewhere(database.name)}"
    opened = f"ALTER DATABASE {database.sql_name} ALLOW_CONNECTIONS on"
    return f"{opened} -- then VACUUM (FREEZE) in it, and off again; autovacuum enters without"


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
    ages = [(each, each.xid_age, each.xid_forced) for each in known(facts.databases)]
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
    ages = [(each, each.mxid_age, each.mxid_forced) for each in known(facts.databases)]
    yield from _ages(ages, at, "multixacts")


RULES = (xid_age, mxid_age)
