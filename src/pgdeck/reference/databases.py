"""The two reference databases on one server: made whole, or made again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import psycopg
from psycopg import sql

from pgdeck.core.target import Environment

OPERATIONAL = "pgdeck_operational"
ANALYTICS = "pgdeck_analytics"
HISTORIES = {OPERATIONAL: "operational", ANALYTICS: "analytics"}
SCHEMAS = {OPERATIONAL: "ops", ANALYTICS: "analytics"}
MARK = "pgdeck's reference database"
STEPS_BELOW_HEAD = 2

Address = Callable[[str], Mapping[str, str]]
"""Gives the libpq keywords of a database of the server, by its name."""


def are_complete(address: Address) -> bool:
    """Say whether both databases were built to their end. Raises `psycopg.Error`."""
    with _administration(address) as connection:
        marked = connection.execute(
            "SELECT count(*) FROM pg_database"
            " WHERE datname = ANY(%s) AND shobj_description(oid, 'pg_database') = %s",
            [list(HISTORIES), MARK],
        ).fetchone()
    return marked == (len(HISTORIES),)


def build(address: Address, say: Callable[[str], None]) -> None:
    """Make both databases anew, two revisions below their heads, and fill them.

    What an interrupted build left is dropped. Raises `psycopg.Error` or SQLAlchemy's errors.
    """
    from pgdeck.reference import migrate
    from pgdeck.reference.seed import seed_both

    with _administration(address) as connection:
        for name in HISTORIES:
            _create(connection, name)
    for name, history in HISTORIES.items():
        revision = migrate.below_head(history, STEPS_BELOW_HEAD)
        migrate.upgrade(history, address(name), revision)
        say(f"{name} is migrated to {revision}, {STEPS_BELOW_HEAD} revisions below its head")
    started = time.monotonic()
    seed_both(address(OPERATIONAL), address(ANALYTICS))
    say(f"both are filled, in {time.monotonic() - started:.1f} s")
    with _administration(address) as connection:
        for name in HISTORIES:
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(comment.format(sql.Identifier(name), sql.Literal(MARK)))


def _create(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    database = sql.Identifier(name)
    settings = {"search_path": SCHEMAS[name], "pgdeck.env": Environment.DEV.value}
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
    # Copying the template's files through the log spares two checkpoints.
    connection.execute(sql.SQL("CREATE DATABASE {} STRATEGY wal_log").format(database))
    for setting, value in settings.items():
        statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
        parts = sql.SQL(".").join(map(sql.Identifier, setting.split(".")))
        connection.execute(statement.format(database, parts, sql.Literal(value)))


def _administration(address: Address) -> psycopg.Connection[tuple[object, ...]]:
    keywords = {"application_name": "pgdeck demo", **address("postgres")}
    return psycopg.connect(autocommit=True, **keywords)  # type: ignore[arg-type]
