"""A checkout of a project as it is cloned: its own compose file leads to its database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine import ROOT, Project, free_port
from pgdeck.core.surroundings import Sighting
from pgdeck.targets.project import look_around, project_candidates

CONFIGURATIONS = ROOT / "tests" / "configurations"
REVISION = "8149a781ac1b"


@pytest.fixture(scope="module")
def checkout(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the database of system 1 on a port of its own."""
    root = tmp_path_factory.mktemp("system-1") / "checkout"
    shutil.copytree(CONFIGURATIONS / "system-1", root)
    (root / ".git").mkdir()
    # The one line of configuration: its usual port may be taken here.
    (root / ".env").write_text(f"LETTA_PG_PORT={free_port()}\n")
    root.chmod(0o755)
    project = Project({}, (root / "compose.yaml",))
    with (root / ".env").open("a") as file:
        file.write(f"COMPOSE_PROJECT_NAME={project.name}\n")
    try:
        project.compose("up", "-d", "--wait", "--wait-timeout", "120", "letta_db")
        yield root
    finally:
        project.compose("down", "-v", "--timeout", "5", check=False)


def plain_environment() -> dict[str, str]:
    dropped = ("PG", "LETTA_", "COMPOSE_", "DATABASE_URL")
    return {key: value for key, value in os.environ.items() if not key.startswith(dropped)}


def pgdeck(*words: str, directory: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pgdeck", *words],
        cwd=directory,
        env={**plain_environment(), "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_migrations_are_found_in_the_schema_where_they_are(checkout: Path) -> None:
    (found, *_) = project_candidates(checkout, plain_environment())
    assert found.address is not None
    with psycopg.connect(make_conninfo("", **dict(found.address.conninfo))) as session:
        place = "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_|^information_'"
        assert session.execute(place).fetchall() == [("letta",)]
        session.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        session.execute("INSERT INTO alembic_version VALUES (%s)", [REVISION])
    report: dict[str, Any] = json.loads(pgdeck("status", "--json", directory=checkout / "alembic"))
    assert report["target"]["database"] == "letta"
    (table,) = report["panels"]["migrations"]["tables"]
    assert (table["schema"], table["revisions"]) == ("letta", [REVISION])
    said = pgdeck("status", directory=checkout)
    assert f"{REVISION} in letta.alembic_version" in said


def test_the_welcome_screen_is_told_of_it(checkout: Path) -> None:
    seen = look_around(checkout, plain_environment())
    (service,) = seen.services
    assert service.name == "letta_db"
    assert service.running
    assert service.target is not None
    # From elsewhere it is a container among others.
    elsewhere = look_around(checkout.parent, plain_environment())
    mine = [each for each in elsewhere.containers if each.target and _port(each) == _port(service)]
    assert [each.running for each in mine] == [True]
    assert mine[0].target is not None
    assert mine[0].target.conninfo["password"] == "letta"
    assert "password=letta" not in repr(seen) + repr(elsewhere)


def _port(sighting: Sighting) -> str:
    assert sighting.target is not None
    return sighting.target.conninfo["port"]


def test_a_port_that_chance_decided_is_asked_for(engine: None, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  db:\n    image: pgvector/pgvector:pg17\n    ports: ['127.0.0.1::5432']\n"
        "    environment: {POSTGRES_HOST_AUTH_METHOD: trust}\n    entrypoint: [sleep, '600']\n"
    )
    project = Project({}, (tmp_path / "compose.yaml",))
    environ = {**plain_environment(), "COMPOSE_PROJECT_NAME": project.name}
    try:
        project.compose("up", "-d")
        now = project.compose("port", "db", "5432").stdout.strip()
        (found,) = project_candidates(tmp_path, environ)
        assert found.address is not None
        host, port = (found.address.conninfo[key] for key in ("host", "port"))
        assert f"{host}:{port}" == now
    finally:
        project.compose("down", "-v", "--timeout", "1", check=False)
