"""compose.yaml on a real engine: what is set up, from which source, and when it is healthy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from engine import ROOT, MakeProject, Project
from pgdeck.core.shell import ShellWanted
from pgdeck.core.target import Environment
from pgdeck.errors import Refused
from pgdeck.pg.acting import Acting
from pgdeck.pg.psql import psql_on
from pgdeck.targets.detect import find_target

SCHEMAS = "select nspname::text from pg_namespace where nspname !~ '^pg_|^information_' order by 1"
INITIALIZED = "PostgreSQL init process complete"


@pytest.fixture(scope="module")
def plain(make_project: MakeProject) -> Project:
    """A project with no variable set but its ports."""
    project = make_project()
    project.compose("up", "-d", "--wait", "--wait-timeout", "120")
    return project


@pytest.fixture(scope="module")
def chosen(make_project: MakeProject, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with secrets, variables and the pooler."""
    directory = tmp_path_factory.mktemp("secrets")
    for name in ("password", "monitor"):
        (directory / name).write_text(f"{name}-fr0m-secret'\"\n")
        (directory / name).chmod(0o644)
    project = make_project(
        PGDECK_PG_USER="shopkeeper",
        PGDECK_PG_PASSWORD="from-the-environment",
        PGDECK_PG_PASSWORD_FILE=str(directory / "password"),
        PGDECK_PG_MONITOR_PASSWORD_FILE=str(directory / "monitor"),
        PGDECK_PG_SUPERUSER_PASSWORD="super-from-environment",
        PGDECK_OPERATIONAL_DB="Shop",
    )
    project.compose("--profile", "pool", "up", "-d", "--wait", "--wait-timeout", "120")
    return project


def test_the_file_needs_no_variable(engine: None) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PGDECK_")}
    command = ["docker", "compose", "-f", str(ROOT / "compose.yaml"), "config", "--format", "json"]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    config = json.loads(done.stdout)
    assert set(config["services"]) == {"db"}
    service = config["services"]["db"]
    assert service["image"] == "pgvector/pgvector:pg17"
    assert service["ports"][0]["host_ip"] == "127.0.0.1"
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert "start_interval" not in service["healthcheck"]
    assert list(config["volumes"]) == ["data"]


def test_the_defaults_make_both_databases(plain: Project) -> None:
    operational = plain.dsn("pgdeck", "pgdeck", "pgdeck_operational")
    assert plain.rows(operational, SCHEMAS) == [("ops",)]
    assert plain.rows(operational, "show search_path") == [("ops",)]
    assert plain.rows(operational, "show pgdeck.env") == [("dev",)]
    placed = (
        "select n.nspname::text from pg_extension e join pg_namespace n on n.oid = extnamespace"
    )
    assert plain.rows(operational, f"{placed} where extname = 'vector'") == [("ops",)]
    analytics = plain.dsn("pgdeck", "pgdeck", "pgdeck_analytics")
    assert plain.rows(analytics, SCHEMAS) == [("analytics",)]
    with psycopg.connect(analytics) as connection:
        connection.execute("create table made_by_the_owner (id int)")
        where = "select relnamespace::regnamespace::text from pg_class where relname ~ '^made_by'"
        assert connection.execute(where).fetchone() == ("analytics",)
        connection.rollback()


def test_the_monitor_sees_and_cannot_write(plain: Project) -> None:
    monitor = plain.dsn("pgdeck_monitor", "pgdeck", "pgdeck_operational")
    assert plain.rows(monitor, "select pg_has_role('pg_read_all_stats', 'usage')") == [(True,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.rows(monitor, "create table ops.mine (id int)")


@pytest.mark.parametrize("login", ["pgdeck", "pgdeck_monitor"])
def test_every_screen_fits_the_server(plain: Project, tmp_path: Path, login: str) -> None:
    dsn = plain.dsn(login, "pgdeck", "pgdeck_operational")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "XDG_"))}
    environ = {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    for words in (
        ["screens", "check", dsn],
        ["ls", "connections", dsn, "--json"],
        ["ls", "locks", dsn, "--csv"],
    ):
        command = [sys.executable, "-m", "pgdeck", *words]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "bad" not in done.stdout.split()


def test_secrets_beat_the_environment_which_beats_the_default(chosen: Project) -> None:
    def login(user: str, password: str) -> str:
        escaped = password.replace("'", "%27").replace('"', "%22")
        dsn = chosen.dsn(user, escaped, "Shop")
        return str(chosen.rows(dsn, "select current_user::text")[0][0])

    assert login("shopkeeper", "password-fr0m-secret'\"") == "shopkeeper"
    assert login("pgdeck_monitor", "monitor-fr0m-secret'\"") == "pgdeck_monitor"
    assert login("postgres", "super-from-environment") == "postgres"
    for user, password in (("shopkeeper", "from-the-environment"), ("postgres", "postgres")):
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            login(user, password)


def test_no_password_is_in_the_servers_log(chosen: Project) -> None:
    assert INITIALIZED in chosen.logs()
    assert "fr0m-secret" not in chosen.logs()


def test_the_pooler_lets_the_owner_in(chosen: Project) -> None:
    pooled = chosen.dsn("shopkeeper", "password-fr0m-secret%27%22", "Shop", pooled=True)
    assert chosen.rows(pooled, "select current_database()::text") == [("Shop",)]
    admin = chosen.dsn("shopkeeper", "password-fr0m-secret%27%22", "pgbouncer", pooled=True)
    with psycopg.connect(admin, autocommit=True) as connection:
        # Its console speaks the simple protocol alone.
        shown = connection.pgconn.exec_(b"show version")
        assert b"PgBouncer" in (shown.get_value(0, 0) or b"")


def test_nothing_is_changed_through_the_pooler(
    chosen: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    address = chosen.dsn("shopkeeper", "password-fr0m-secret%27%22", "Shop", pooled=True)
    words = [sys.executable, "-m", "pgdeck", "checkpoint", address, "--yes"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "pooler" in done.stderr
    target = find_target(address, {})
    assert target is not None
    with pytest.raises(Refused, match="pooler"):
        Acting(target.conninfo, "test")


def test_psql_gets_through_the_pooler_where_options_do_not(
    chosen: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    address = chosen.dsn("shopkeeper", "password-fr0m-secret%27%22", "Shop", pooled=True)
    target = find_target(address, {})
    assert target is not None
    for pooled, code in ((True, 0), (False, 2)):
        wanted = ShellWanted(target.in_environment(Environment.PROD), 170000, pooled)
        with psql_on(wanted) as shell:
            words = [*shell.argv, "--no-psqlrc", "-w", "-Atc", "SELECT current_user"]
            done = subprocess.run(
                words, env=dict(shell.environ), capture_output=True, text=True, timeout=60
            )
        assert done.returncode == code, done.stderr
        assert done.stdout == ("shopkeeper\n" if pooled else "")


def test_it_is_healthy_when_the_databases_are_there_and_not_before(
    make_project: MakeProject, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.sql"
    slow.write_text("select pg_sleep(6);\n")
    slow.chmod(0o644)
    override = tmp_path / "slow.yaml"
    mount = f"{slow}:/docker-entrypoint-initdb.d/05-slow.sql:ro"
    override.write_text(f"services:\n  db:\n    volumes: ['{mount}']\n")
    project = make_project(override)
    project.compose("up", "-d")
    ends = time.monotonic() + 120
    seen = []
    while (health := project.health()) != "running healthy" and time.monotonic() < ends:
        seen.append((health, INITIALIZED in project.logs()))
        time.sleep(0.2)
    assert ("running starting", False) in seen
    assert health == "running healthy"
    assert INITIALIZED in project.logs()
    dsn = project.dsn("pgdeck", "pgdeck", "pgdeck_operational")
    assert project.rows(dsn, SCHEMAS) == [("ops",)]
