"""Rows for the reference databases: some hundred thousand, the same each time, made in seconds.

The statements name only columns that exist from two revisions below each history's head on.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import psycopg
from msgspec import Struct

from pgdeck.reference.rows import ANALYTICS, OPERATIONAL, Step

_LOCK = 0x7067646B
_SETTINGS = (
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '128MB'",
    # Where the vector extension is.
    "SET search_path = ops, public",
)


class Plan(Struct, frozen=True):
    """How one database is filled: `steps` in one transaction, `after` outside of any."""

    steps: tuple[Step, ...]
    probe: str
    after: tuple[str, ...]


OPERATIONAL_PLAN = Plan(
    OPERATIONAL,
    "SELECT EXISTS (SELECT FROM ops.organizations)",
    (
        "VACUUM (ANALYZE) ops.organizations, ops.users, ops.api_keys, ops.agents, ops.identities,"
        " ops.agent_identities, ops.blocks, ops.messages, ops.passages",
        # The visitor finds dead rows from the first minute on.
        "UPDATE ops.messages SET updated_at = now() WHERE id % 40 = 0",
        "UPDATE ops.blocks SET version = version + 1 WHERE id % 3 = 0",
    ),
)
ANALYTICS_PLAN = Plan(
    ANALYTICS,
    "SELECT EXISTS (SELECT FROM analytics.daily_usage)",
    ("VACUUM (ANALYZE) analytics.usage_events, analytics.daily_usage",),
)


def seed(conninfo: Mapping[str, str], plan: Plan) -> bool:
    """Fill one database, all or nothing; False when it holds rows already.

    Raises `psycopg.Error`.
    """
    keywords = {"application_name": "pgdeck seed", **conninfo}
    with psycopg.connect(autocommit=True, **keywords) as connection:  # type: ignore[arg-type]
        for setting in _SETTINGS:
            connection.execute(setting.encode())
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            found = connection.execute(plan.probe.encode()).fetchone()
            if found is not None and found[0]:
                return False
            for step in plan.steps:
                connection.execute(step.statement.encode())
        for statement in plan.after:
            connection.execute(statement.encode())
    return True


def seed_both(operational: Mapping[str, str], analytics: Mapping[str, str]) -> bool:
    """Fill both databases at once; False when neither needed it. Raises `psycopg.Error`."""
    outcomes: list[bool] = []
    errors: list[psycopg.Error] = []

    def fill(conninfo: Mapping[str, str], plan: Plan) -> None:
        try:
            outcomes.append(seed(conninfo, plan))
        except psycopg.Error as error:
            errors.append(error)

    beside = threading.Thread(target=fill, args=(analytics, ANALYTICS_PLAN))
    beside.start()
    fill(operational, OPERATIONAL_PLAN)
    beside.join()
    if errors:
        raise errors[0]
    return any(outcomes)
