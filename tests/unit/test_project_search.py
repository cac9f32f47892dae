"""Around the search of a project: where it looks, what it tells, and what else is in sight."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pgdeck.core.surroundings import Sight, Surroundings
from pgdeck.errors import UsageProblem
from pgdeck.targets.around import surroundings
from pgdeck.targets.detect import NoTarget, find_target
from pgdeck.targets.project import (
    ProjectSettings,
    config_places,
    project_candidates,
    search_path,
    seen_from_here,
)
from pgdeck.targets.url import read_url

SERVICE = (
    "services: {db: {image: postgres, environment: {POSTGRES_PASSWORD: s3cret}, ports: ['%s']}}"
)
URL = "postgresql://app@db:5432/shop"
ALONE = ProjectSettings(ask_docker=False)
NOWHERE = {"DOCKER_HOST": "unix:///nonexistent.sock", "PGSYSCONFDIR": "/nonexistent"}


def around(place: Path, **environ: str) -> Surroundings:
    return surroundings(place, {**NOWHERE, "HOME": str(place), **environ}, ALONE)


def test_it_looks_up_to_the_repositorys_root_and_no_further(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    assert search_path(inner) == (inner,)
    # Of a work tree it is a file.
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere\n")
    assert search_path(inner) == (inner, inner.parent, inner.parent.parent)


def test_where_pgdecks_own_settings_of_a_project_are(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[tool.other]\nname = "pgdeck"\n')
    (tmp_path / "pgdeck.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text('[tool.pgdeck]\nprefix = "SHOP"\n')
    found = [(place.path, place.table) for place in config_places(inner)]
    assert found == [
        (tmp_path / "pgdeck.toml", ()),
        (tmp_path / "pyproject.toml", ("tool", "pgdeck")),
    ]
    (inner / "pyproject.toml").write_text("[tool.pgdeck]\nprefix = \n")
    assert next(config_places(inner)).path == inner / "pyproject.toml"


def test_an_exported_address_of_a_container_leads_to_its_port(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SERVICE % "127.0.0.1:15432:5432")
    environ = {"DATABASE_URL": URL, "PATH": ""}
    target = find_target(None, environ, None, tmp_path)
    assert target is not None
    assert (target.conninfo["host"], target.conninfo["port"]) == ("127.0.0.1", "15432")
    assert "db is a container's name" in target.notes[0]
    # What a person names for pgdeck is meant as it is.
    target = find_target(None, {"PGDECK_URL": URL}, None, tmp_path)
    assert target is not None
    assert target.conninfo["host"] == "db"
    (tmp_path / "compose.yaml").write_text("services: {db: {image: postgres}}")
    with pytest.raises(UsageProblem, match="DATABASE_URL: the service db publishes no port"):
        find_target(None, environ, None, tmp_path)


def test_in_a_compose_network_names_of_services_lead(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SERVICE % "15432:5432")
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.11\n")
    settings = ProjectSettings(ask_docker=False, resolver=resolver)
    address = read_url(URL)
    assert seen_from_here(address, tmp_path, {}, settings) == address
    resolver.write_text("nameserver 192.0.2.1\n")
    assert seen_from_here(address, tmp_path, {}, settings).conninfo["port"] == "15432"


@pytest.mark.parametrize("engine", ["tcp://build:2376", "ssh://me@build"])
def test_ports_of_another_hosts_engine_are_there(tmp_path: Path, engine: str) -> None:
    (tmp_path / "compose.yaml").write_text(SERVICE % "15432:5432")
    (found,) = project_candidates(tmp_path, {"DOCKER_HOST": engine}, ALONE)
    assert found.address is not None
    assert found.address.conninfo["host"] == "build"
    (tmp_path / "compose.yaml").write_text(SERVICE % "127.0.0.1:15432:5432")
    (found,) = project_candidates(tmp_path, {"DOCKER_HOST": engine}, ALONE)
    assert found.problem is not None
    assert "of the engine's host build alone" in found.problem.message
    assert "ssh -N -L 15432:127.0.0.1:15432 build" in found.problem.hint


def test_what_a_project_lacks_is_told(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "env.py").write_text(
        "import os\nconfig.set_main_option('sqlalchemy.url', os.environ['SHOP_DATABASE'])\n"
    )
    (tmp_path / "compose.yaml").write_text("services: {db: {image: postgres}}")
    seen = around(tmp_path)
    said = "\n".join(seen.notes)
    assert "env.py reads SHOP_DATABASE, which is not set" in said
    assert "the service db publishes no port" in said
    assert "no Docker engine answers: its socket is not there" in said
    (service,) = seen.services
    assert (service.kind, service.name, service.target) == (Sight.COMPOSE, "db", None)
    assert "publishes no port" in service.note


def test_services_of_compose_can_be_opened_at_once(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(SERVICE % "15432:5432")
    (service,) = around(tmp_path).services
    assert service.target is not None
    assert service.place == "127.0.0.1:15432/postgres"
    assert service.target.source == "compose.yaml: service db"
    assert service.target.conninfo["password"] == "s3cret"
    assert "s3cret" not in repr(service)


def test_sockets_and_service_entries_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(".s.PGSQL.5433")
        (tmp_path / ".s.PGSQL.5434").write_text("no socket")
        (tmp_path / ".pg_service.conf").write_text(
            "[shop]\nhost=db.example.com\ndbname=shop\npassword=s3cret\n[lookup]\nldap://x/y\n"
        )
        seen = around(tmp_path, PGHOST=str(tmp_path))
    mine = [each for each in seen.sockets if each.name.startswith(str(tmp_path))]
    assert [each.name for each in mine] == [f"{tmp_path}:5433"]
    assert mine[0].target is not None
    assert mine[0].target.conninfo["host"] == str(tmp_path)
    assert [(each.name, each.place) for each in seen.entries] == [
        ("shop", "db.example.com:5432/shop"),
        ("lookup", ""),
    ]
    assert "s3cret" not in repr(seen)
    assert [each.kind for each in seen][-2:] == [Sight.SERVICE, Sight.SERVICE]


def test_what_is_unclear_in_a_project_can_be_chosen_from_what_is_in_sight(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services: {a: {image: postgres, ports: ['1:5432']},"
        " b: {image: postgres, ports: ['2:5432']}}"
    )
    with pytest.raises(NoTarget, match="2 services of PostgreSQL: a, b") as caught:
        find_target(None, {"PATH": ""}, None, tmp_path)
    assert "compose_service" in caught.value.hint
    seen = around(tmp_path)
    assert [each.place for each in seen.services] == [
        "127.0.0.1:1/postgres",
        "127.0.0.1:2/postgres",
    ]
    assert any("2 services of PostgreSQL" in note for note in seen.notes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "its socket is not there"),
        (lambda path: path.write_text(""), "nothing listens at its address"),
    ],
)
def test_why_no_engine_answers(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path / "engine")
    seen = around(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/engine")
    assert f"no Docker engine answers: {said}" in seen.notes


def test_the_engine_of_a_context_is_the_one_that_is_asked(tmp_path: Path) -> None:
    meta = tmp_path / "contexts/meta" / hashlib.sha256(b"mine").hexdigest()
    meta.mkdir(parents=True)
    (tmp_path / "config.json").write_text('{"currentContext": "mine"}')
    host = f"unix://{tmp_path}/nobody"
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))
    environ = {"DOCKER_CONFIG": str(tmp_path), "PGSYSCONFDIR": "/nonexistent"}
    seen = surroundings(tmp_path, environ, ALONE)
    assert "no Docker engine answers: its socket is not there" in seen.notes


def test_an_engine_behind_ssh_is_not_asked(tmp_path: Path) -> None:
    seen = around(tmp_path, DOCKER_HOST="ssh://ops@far.example.com")
    assert "the Docker engine is reached through ssh: what runs there is not listed" in seen.notes


def test_an_engine_that_is_no_engine_costs_a_note(tmp_path: Path) -> None:
    seen = around(tmp_path, DOCKER_HOST="nonsense://x")
    assert any(note.startswith("no Docker engine answers: ") for note in seen.notes)
