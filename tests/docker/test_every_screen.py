"""Every screen of the menu on the PostgreSQL 17 of compose.yaml, for each login."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import MakeProject, Project
from pgdeck.core.target import Target
from pgdeck.targets.detect import find_target
from pgdeck.watch.statements import Statements
from walking import hidden_as_nothing, impossible, shipped, unexplained, unknowns, walk

DATABASE = "pgdeck_operational"
LOGINS = {"postgres": "postgres", "pgdeck_monitor": "pgdeck", "walk_plain": "plain"}
DATA = """
CREATE TABLE ops.parent (id int PRIMARY KEY);
CREATE TABLE ops.child (id int PRIMARY KEY, parent int REFERENCES ops.parent);
INSERT INTO ops.parent SELECT g FROM generate_series(1, 2000) g;
INSERT INTO ops.child SELECT g, g FROM generate_series(1, 2000) g;
CREATE INDEX child_twice ON ops.child (id);
CREATE TABLE ops.parts (d int) PARTITION BY RANGE (d);
CREATE TABLE ops.parts_1 PARTITION OF ops.parts FOR VALUES FROM (0) TO (10);
CREATE ROLE walk_plain LOGIN PASSWORD 'plain';
GRANT CONNECT ON DATABASE pgdeck_operational TO walk_plain;
CREATE SCHEMA counting;
GRANT USAGE ON SCHEMA counting TO PUBLIC;
CREATE EXTENSION pg_stat_statements SCHEMA counting;
ANALYZE
"""
COUNTING = """
services:
  db:
    command: [postgres, -c, shared_preload_libraries=pg_stat_statements]
"""


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def project(make_project: MakeProject, tmp_path_factory: pytest.TempPathFactory) -> Project:
    override = tmp_path_factory.mktemp("counting") / "override.yaml"
    override.write_text(COUNTING)
    project = make_project(override)
    project.compose("up", "-d", "--wait", "db")
    import psycopg

    address = project.dsn("postgres", "postgres", DATABASE)
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in DATA.split(";"):
            connection.execute(statement.encode())
    return project


def target(project: Project, login: str) -> Target:
    found = find_target(project.dsn(login, LOGINS[login], DATABASE), {})
    assert found is not None
    return found


async def test_every_screen_for_every_login(project: Project) -> None:
    seen = {login: await walk(target(project, login)) for login in LOGINS}
    for taken in seen.values():
        assert set(taken) == set(shipped())
        assert unexplained(taken) == []
        assert unknowns(taken) == []
        assert impossible(taken) == []
        assert hidden_as_nothing(seen["postgres"], taken) == []
        statements = taken["statements"].data
        assert isinstance(statements, Statements), taken["statements"].failure
        assert statements.statements
        assert (statements.hidden > 0) is (taken is seen["walk_plain"])
