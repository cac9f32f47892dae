"""EXPLAIN of somebody's statement: as whom, under which conditions, and that nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pgdeck.core.explaining import Explained, Seen
from pgdeck.errors import Refused
from pgdeck.pg.acting import Acting, ActionFailed
from pgdeck.pg.explain import explain
from servers import LiveServer

DB = "explaining"
BUILD = """
CREATE TABLE IF NOT EXISTS public.item (id int PRIMARY KEY, name text);
GRANT SELECT, INSERT ON public.item TO exp_reader, exp_other;
CREATE SCHEMA IF NOT EXISTS own;
GRANT USAGE ON SCHEMA own TO exp_reader;
CREATE TABLE IF NOT EXISTS own.thing (id int);
GRANT SELECT ON own.thing TO exp_reader;
ALTER ROLE exp_reader IN DATABASE explaining SET search_path = own, public;
"""


@pytest.fixture(params=[18, 15])
def server(request: pytest.FixtureRequest) -> LiveServer:
    found = request.getfixturevalue(f"pg{request.param}")
    assert isinstance(found, LiveServer)
    for role in ("exp_reader", "exp_other"):
        found.role(role)
    found.role("exp_member", "exp_reader")
    found.create_database(DB)
    found.sql(BUILD, DB)
    return found


@contextmanager
def acting(server: LiveServer, user: str = "postgres") -> Iterator[Acting]:
    session = Acting(server.conninfo(DB, user), "explains")
    try:
        yield session
    finally:
        session.close()


def of_reader(text: str) -> Seen:
    return Seen(text, "exp_reader", DB)


def said(explained: Explained) -> str:
    return "\n".join((*explained.said, *explained.lines))


def test_a_statement_is_explained_as_its_login_with_its_search_path(server: LiveServer) -> None:
    with acting(server, "exp_member") as session:
        asked = "SELECT CURRENT_USER AS login, current_setting('search_path') AS path"
        before = session.ask(asked)
        found = explain(session, of_reader("SELECT * FROM thing WHERE id = 3"))
        assert "Seq Scan on thing" in said(found)
        assert "as exp_reader, search_path own, public" in found.said
        assert session.ask(asked) == before


def test_parameters_need_a_generic_plan(server: LiveServer) -> None:
    seen = of_reader("SELECT name FROM item WHERE id = $1 AND name <> $2")
    with acting(server, "exp_reader") as session:
        if server.major < 16:
            with pytest.raises(Refused, match="from PostgreSQL 16 on"):
                explain(session, seen)
            return
        found = explain(session, seen)
        assert "id = $1" in said(found)
        assert any("generic plan" in each for each in found.said)


def test_a_superuser_is_asked_first(server: LiveServer) -> None:
    with acting(server) as session:
        asked = explain(session, of_reader("SELECT 1 FROM item"))
        assert "superuser" in asked.asks
        assert not asked.lines
        found = explain(session, of_reader("SELECT 1 FROM item"), agreed=True)
        assert "item" in said(found)


def test_of_another_login_it_is_refused_with_the_grant(server: LiveServer) -> None:
    with acting(server, "exp_other") as session, pytest.raises(Refused) as refused:
        explain(session, of_reader("SELECT 1 FROM item"))
    assert "may not act as exp_reader" in refused.value.message
    assert refused.value.hint == "GRANT exp_reader TO exp_other"


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (Seen(None, "exp_reader", DB), "not visible"),
        (Seen("", None, DB), "no statement"),
        (Seen("autovacuum: VACUUM x", None, DB), "no statement"),
        (Seen("SELECT 1", "exp_reader", "elsewhere"), "database elsewhere"),
        (Seen("SELECT '" + "x" * 1100 + "'", "exp_reader", DB, 2000), "is cut"),
    ],
)
def test_what_cannot_be_explained_is_said(pg18: LiveServer, seen: Seen, says: str) -> None:
    pg18.role("exp_reader")
    pg18.create_database(DB)
    with acting(pg18, "exp_reader") as session, pytest.raises(Refused, match=says):
        explain(session, seen)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO item VALUES (1, 'x')",
        "SELECT 1; INSERT INTO public.item VALUES (2, 'x')",
        "SELECT 1; COMMIT; INSERT INTO public.item VALUES (3, 'x')",
        "(ANALYZE) INSERT INTO public.item VALUES (4, 'x')",
        "ANALYZE INSERT INTO public.item VALUES (5, 'x')",
        "COMMIT",
    ],
)
def test_nothing_is_ever_run(server: LiveServer, text: str) -> None:
    with acting(server, "exp_reader") as session:
        try:
            explain(session, of_reader(text))
        except ActionFailed:
            assert not text.startswith("INSERT")
        session.run("BEGIN")
        session.run("ROLLBACK")
    assert server.sql("SELECT count(*) FROM item", DB) == [(0,)]
