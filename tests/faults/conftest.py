"""One server to be broken for all tests of this directory, and a misbehaving line to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from faults.proxy import FaultProxy
from pgdeck.pg.embedded import Cluster
from servers import Ground, LiveServer, free_port


@pytest.fixture(scope="session")
def _server(server_ground: Ground) -> Iterator[LiveServer]:
    with server_ground.server(18, "broken", max_connections="12") as server:
        yield server


@pytest.fixture
def server(_server: LiveServer) -> LiveServer:
    """A running server 18 that may be stopped; the next test finds it running again."""
    try:
        _server.sql("SELECT 1")
    except psycopg.OperationalError:
        _server.start()
    return _server


@pytest.fixture
def standby(server: LiveServer, server_ground: Ground) -> Iterator[LiveServer]:
    """A running standby of `server`."""
    binaries = server_ground.binaries(18)
    home = server_ground.place / "standby"
    home.mkdir()
    cluster = Cluster(
        binaries,
        home / "data",
        port=free_port(),
        listen="127.0.0.1",
        settings={"max_connections": "12", "max_prepared_transactions": "8", "fsync": "off"},
    )
    cluster.account.own(home)
    tool = str(binaries.tool("pg_basebackup"))
    argv = [tool, "-D", str(cluster.data_dir), "-d", server.dsn(), "-R", "-c", "fast", "--no-sync"]
    code, said = cluster.account.run(argv, home)
    assert code == 0, said
    try:
        cluster.start()
        yield LiveServer(cluster, 18)
    finally:
        cluster.stop("immediate")


@pytest.fixture
def proxy(server: LiveServer) -> Iterator[FaultProxy]:
    """A line to the server that passes everything until told otherwise."""
    with FaultProxy((server.host, server.port)) as line:
        yield line


_RECOVERED = pytest.StashKey[list[tuple[str, float]]]()


@pytest.fixture
def recovered(request: pytest.FixtureRequest) -> Callable[[float], None]:
    """Note the seconds from the end of a fault to fresh data; the summary lists them."""
    noted = request.config.stash.setdefault(_RECOVERED, [])
    return lambda seconds: noted.append((request.node.name, seconds))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List how long each recovery took."""
    for name, seconds in config.stash.get(_RECOVERED, []):
        terminalreporter.write_line(f"{seconds:6.2f} s to fresh data  {name}")
