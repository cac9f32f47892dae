"""The ladder to a PostgreSQL 17 in a container, directly and through its PgBouncer."""

from __future__ import annotations

import pytest

from diagnosing import Found, climb
from engine import MakeProject, Project
from pgdeck.core.ladder import Verdict

DATABASE = "pgdeck_operational"


@pytest.fixture(scope="module")
def project(make_project: MakeProject) -> Project:
    project = make_project()
    project.compose("--profile", "pool", "up", "-d", "--wait", "--wait-timeout", "120")
    return project


def address(project: Project, pooled: bool = False, /, **words: str) -> str:
    usual = {"user": "pgdeck", "password": "pgdeck", "dbname": DATABASE, "host": "127.0.0.1"}
    port = project.pool_port if pooled else project.port
    return " ".join(f"{key}='{value}'" for key, value in {**usual, **words, "port": port}.items())


async def test_every_rung_holds_on_17(project: Project) -> None:
    found = await climb(address(project))

    assert (found.broken, found.code) == ("", 0)
    assert found["server"].said.startswith("PostgreSQL 17")
    assert "scram-sha-256" in found["login"].said
    assert "marked dev" in found["database"].said


async def test_each_refusal_of_17_breaks_its_rung(project: Project) -> None:
    async def broken(**words: str) -> Found:
        found = await climb(address(project, **words))
        assert found.code == 4
        return found

    assert (await broken(password="wrong")).broken == "login"
    assert (await broken(sslmode="require")).broken == "tls"
    found = await broken(dbname="pgdeck_operationl")
    assert found.broken == "database"
    assert DATABASE in found["database"].notes[0].said
    entered = await climb(address(project, user="pgdeck_monitor", dbname="template1"))
    assert entered.broken in ("", "database")


async def test_a_pooler_is_seen(project: Project) -> None:
    found = await climb(address(project, True))

    assert (found.broken, found.code) == ("", 0)
    assert found["pooler"].verdict is Verdict.OK
    assert "pooler is between" in found["pooler"].said


async def test_the_poolers_own_refusals(project: Project) -> None:
    unknown = await climb(address(project, True, user="nobody_much"))
    wrong = await climb(address(project, True, password="wrong"))

    assert unknown.broken in ("login", "role", "pooler")
    assert wrong.broken == "login"


async def test_a_pooler_whose_server_is_gone(project: Project) -> None:
    project.compose("stop", "--timeout", "5", "db")
    try:
        through = await climb(address(project, True))
        direct = await climb(address(project))
    finally:
        project.compose("start", "db")

    assert (through.broken, through.code) == ("pooler", 4)
    assert direct.broken in ("port", "protocol")
