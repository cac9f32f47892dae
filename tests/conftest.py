"""Fixtures of every test: live servers of three versions, and names that bite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from servers import Ground, LiveServer, ground

# A busy machine makes any example take its time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is tested away from the files of whoever runs the tests, and these from it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE", "CONFIG"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        yield


@pytest.fixture(scope="session")
def server_ground() -> Iterator[Ground]:
    """The place of this test process's servers."""
    with ground() as place:
        yield place


@pytest.fixture(scope="session")
def pg18(server_ground: Ground) -> Iterator[LiveServer]:
    """A running PostgreSQL 18; leave it running, and other tests' databases alone."""
    with server_ground.server(18, "pg18") as server:
        yield server


@pytest.fixture(scope="session")
def pg16(server_ground: Ground) -> Iterator[LiveServer]:
    """A running PostgreSQL 16."""
    with server_ground.server(16, "pg16") as server:
        yield server


@pytest.fixture(scope="session")
def pg15(server_ground: Ground) -> Iterator[LiveServer]:
    """A running PostgreSQL 15 of the distribution, which has the contrib extensions."""
    with server_ground.server(15, "pg15") as server:
        yield server


@pytest.fixture(scope="session", params=[18, 16, 15])
def any_pg(request: pytest.FixtureRequest) -> LiveServer:
    """Each supported version in turn."""
    server = request.getfixturevalue(f"pg{request.param}")
    assert isinstance(server, LiveServer)
    return server


@pytest.fixture
def fresh_server(server_ground: Ground) -> Iterator[LiveServer]:
    """A PostgreSQL 18 of one test's own, which may stop, kill or spoil it."""
    with server_ground.server(18, "fresh") as server:
        yield server


@pytest.fixture(scope="session")
def hostile_names() -> str:
    """A script that fills a database with names that bite; for an ordinary session."""
    script = (Path(__file__).parent / "hostile_names.sql").read_text(encoding="utf-8")
    return script.replace(r"\g /dev/null", ";")
