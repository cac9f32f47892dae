"""Where the migrations stand is read from the schema in which Alembic's table really is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgdeck.watch.model import MigrationsSummary, VersionTable
from pgdeck.watch.overview import OverviewCollector
from servers import LiveServer
from watching import look

DB = "overview_migrations"
SCHEMA = """
CREATE SCHEMA letta;
DROP SCHEMA public;
CREATE TABLE letta.alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO letta.alembic_version VALUES ('8149a781ac1b');
CREATE SCHEMA "od<d";
CREATE TABLE "od<d".alembic_version_two (version_num text);
INSERT INTO "od<d".alembic_version_two VALUES ('a<b&c'), ('d');
CREATE TABLE letta.alembic_version_empty (version_num varchar(32));
CREATE TABLE letta.alembic_versions_of_another_kind (id int);
CREATE TABLE letta.alembic_version_hidden (version_num varchar(32));
CREATE FUNCTION letta.tell(text) RETURNS bool LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'run'; END $$;
ALTER TABLE letta.alembic_version_hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON letta.alembic_version_hidden USING (letta.tell(version_num));
CREATE VIEW letta.alembic_version_seen AS SELECT '1'::text AS version_num WHERE letta.tell('');
"""


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql(SCHEMA, DB)
    any_pg.role("sees_no_revision", "pg_monitor")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


async def migrations_of(server: LiveServer, user: str = "postgres") -> tuple[VersionTable, ...]:
    overview = await look(server, OverviewCollector(), DB, user)
    assert isinstance(overview.migrations, MigrationsSummary), overview.migrations
    return overview.migrations.tables


async def test_every_history_is_found_where_it_is(any_pg: LiveServer) -> None:
    tables = await migrations_of(any_pg)
    assert [(each.schema, each.name, each.revisions) for each in tables] == [
        ("letta", "alembic_version", ("8149a781ac1b",)),
        ("letta", "alembic_version_empty", ()),
        ("letta", "alembic_version_hidden", None),
        ("od<d", "alembic_version_two", ("a<b&c", "d")),
    ]


async def test_a_login_that_may_not_read_it_still_knows_where_it_is(any_pg: LiveServer) -> None:
    first, *_ = await migrations_of(any_pg, "sees_no_revision")
    assert (first.schema, first.revisions, first.readable) == ("letta", None, False)


async def test_a_locked_one_is_not_waited_for(any_pg: LiveServer) -> None:
    with any_pg.connect(DB, autocommit=False) as migration:
        migration.execute("LOCK TABLE letta.alembic_version")
        first, *others = await migrations_of(any_pg)
        assert (first.revisions, first.locked) == (None, True)
        assert others[-1].revisions == ("a<b&c", "d")
