"""One server to be broken for all tests of this directory, and a misbehaving line to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from faults.proxy import FaultProxy
from servers import Ground, LiveServer, standby_of


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
    with standby_of(server, server_ground, "standby", connections=12) as standby:
        yield standby


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
