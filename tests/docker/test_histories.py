"""The reference histories in the containers of compose.yaml, by Alembic's own command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import ROOT, MakeProject, Project

HISTORIES = {
    "operational": ("pgdeck_operational", "ops"),
    "analytics": ("pgdeck_analytics", "analytics"),
}


@pytest.fixture(scope="module")
def project(make_project: MakeProject) -> Project:
    project = make_project()
    project.compose("up", "-d", "--wait", "db")
    return project


def alembic(history: str, dsn: str, *words: str) -> str:
    config = ["-c", str(Path("alembic") / "analytics" / "alembic.ini")]
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *(config if history == "analytics" else []), *words],
        cwd=ROOT,
        env={**os.environ, "PGDECK_REFERENCE_URL": dsn},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("history", HISTORIES)
def test_up_down_and_up_again_as_the_owner_of_the_container(project: Project, history: str) -> None:
    database, schema = HISTORIES[history]
    dsn = project.dsn("pgdeck", "pgdeck", database)
    alembic(history, dsn, "upgrade", "head")
    version = f"SELECT count(*) FROM {schema}.alembic_version"
    tables = (
        "SELECT count(*) FROM pg_catalog.pg_tables"
        f" WHERE schemaname = '{schema}' AND tablename <> 'alembic_version'"
    )
    assert project.rows(dsn, version) == [(1,)]
    ((made,),) = project.rows(dsn, tables)
    assert made > 1
    alembic(history, dsn, "downgrade", "base")
    assert project.rows(dsn, tables) == [(0,)]
    assert project.rows(dsn, version) == [(0,)]
    alembic(history, dsn, "upgrade", "head")
    assert project.rows(dsn, tables) == [(made,)]
    assert "public" not in {
        schema for (schema,) in project.rows(dsn, "SELECT nspname FROM pg_catalog.pg_namespace")
    }
