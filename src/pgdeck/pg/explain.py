"""EXPLAIN of somebody's statement: never run, in a read-only transaction, as its own login."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from pgdeck.core.explaining import Explained, Seen
from pgdeck.core.quoting import sql_text
from pgdeck.core.snapshot import FailureKind
from pgdeck.errors import Problem, Refused
from pgdeck.pg.acting import Acting, ActionFailed
from pgdeck.pg.sqlstate import quoted

GENERIC_FROM = 160000
PATIENCE_MS = 5000

HERE = """
SELECT pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' AS superuser,
       CURRENT_USER AS login, pg_catalog.current_database() AS database,
       pg_catalog.current_setting('track_activity_query_size') AS kept,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('track_activity_query_size')) AS bytes,
       (SELECT pg_catalog.substr(o.setting, 13)
          FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS o (setting)
          LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname OPERATOR(pg_catalog.=) {login}
         WHERE s.setrole IN (r.oid, 0)
           AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d
                WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()))
           AND o.setting LIKE 'search_path=%'
         ORDER BY s.setrole OPERATOR(pg_catalog.=) 0, s.setdatabase OPERATOR(pg_catalog.=) 0
         LIMIT 1) AS path
"""
USUAL_PATH = '"$user", public'


def explain(session: Acting, seen: Seen, *, agreed: bool = False) -> Explained:
    """Return how the server would carry a statement out; nothing of it is run.

    As a superuser it asks first: planning evaluates IMMUTABLE functions.  Raises `Refused` with
    what stands against it, `ActionFailed` for what the server says.
    """
    (here,) = session.ask(HERE.format(login=sql_text(seen.login or "")))
    _check(session, seen, here)
    login = str(seen.login)
    if here["superuser"] and not agreed:
        return Explained(
            asks=f"This login is a superuser. Planning evaluates IMMUTABLE functions of the "
            f"statement, and one of {login}'s making could take a superuser's rights from there"
        )
    path = str(here["path"] or USUAL_PATH)
    options = "(GENERIC_PLAN, FORMAT TEXT)" if seen.parameters else "(FORMAT TEXT)"
    said = [f"EXPLAIN {options}: nothing is run", f"as {login}, search_path {path}"]
    if seen.parameters:
        said.append("a generic plan: for whatever values its parameters have")
    session.run("BEGIN READ ONLY")
    try:
        session.run(f"SET LOCAL statement_timeout TO {PATIENCE_MS}")
        session.run("SET LOCAL lock_timeout TO 250")
        session.ask(f"SELECT pg_catalog.set_config('search_path', {sql_text(path)}, true)")
        if login != here["login"]:
            _become(session, login, str(here["login"]))
        rows = session.ask_one(f"EXPLAIN {options} {seen.text}")
    finally:
        with suppress(Problem):
            session.run("ROLLBACK")
    return Explained(tuple(str(row["QUERY PLAN"]) for row in rows), tuple(said))


def _check(session: Acting, seen: Seen, here: object) -> None:
    """Raise `Refused` for what cannot be explained here."""
    facts = cast("dict[str, object]", here)
    us = quoted(str(facts["login"]))
    if seen.text == "" or (seen.text and seen.login is None):
        raise Refused("it has no statement of its own that could be explained")
    if seen.text is None or seen.login is None:
        raise Refused(
            "the statement, or whose it is, is not visible", f"GRANT pg_read_all_stats TO {us}"
        )
    if seen.database != facts["database"]:
        raise Refused(
            f"it runs in database {seen.database}, and this one is {facts['database']}",
            "b goes to another database of this server",
        )
    size = len(seen.text.encode("utf-8", "surrogateescape"))
    if seen.most and (len(seen.text) >= seen.most or size >= int(str(facts["bytes"])) - 4):
        raise Refused(
            f"its text is cut: the server keeps {facts['kept']}, pgdeck {seen.most} characters",
            "track_activity_query_size sets the one; longer ones are in pg_stat_statements",
        )
    if seen.parameters and session.version < GENERIC_FROM:
        raise Refused(
            "it has parameters, whose values nobody knows; a generic plan is explained from "
            "PostgreSQL 16 on",
            "copy it, and explain it with values in psql",
        )


def _become(session: Acting, login: str, us: str) -> None:
    try:
        session.run(f'SET LOCAL ROLE "{login.replace(chr(34), chr(34) * 2)}"')
    except ActionFailed as failed:
        if failed.failure.kind is not FailureKind.PERMISSION:
            raise
        raise Refused(
            f"it is a statement of {login}'s, and {us} may not act as {login}",
            f"GRANT {quoted(login)} TO {quoted(us)}",
        ) from None
