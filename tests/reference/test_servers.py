"""The servers that the other tests stand on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from pgdeck.pg.postmaster import find_postmaster
from servers import LOCK, Ground, LiveServer, sweep


def test_each_version_answers_over_tcp_and_socket(any_pg: LiveServer) -> None:
    assert any_pg.sql("SHOW server_version_num")[0][0].startswith(str(any_pg.major))
    over_socket = {**any_pg.conninfo(), "host": str(any_pg.socket_dir)}
    with psycopg.connect(**over_socket) as connection:  # type: ignore[arg-type]
        assert connection.execute("SELECT inet_server_addr()").fetchone() == (None,)


def test_a_database_and_roles_can_be_made_again(pg18: LiveServer) -> None:
    for _ in range(2):
        name = pg18.create_database("made_again")
        pg18.role("watcher", "pg_monitor")
        pg18.sql("CREATE TABLE once_only ()", name)
        assert pg18.sql("SELECT current_user; SELECT current_user", name, "watcher") == [
            ("watcher",)
        ]
    assert pg18.sql("SELECT pg_has_role('watcher', 'pg_monitor', 'usage')") == [(True,)]


def test_a_fresh_server_may_be_killed_and_comes_back(fresh_server: LiveServer) -> None:
    for mode in ("fast", "immediate"):
        fresh_server.stop(mode)
        with pytest.raises(psycopg.OperationalError):
            fresh_server.connect()
        fresh_server.start()
        assert fresh_server.sql("SELECT 1") == [(1,)]
    found = fresh_server.cluster.running()
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    fresh_server.cluster.stop()
    fresh_server.start()
    assert fresh_server.sql("SELECT 1") == [(1,)]


def test_what_a_killed_run_left_is_swept_up_and_a_living_one_is_not(
    server_ground: Ground, pg18: LiveServer
) -> None:
    script = (
        "import os, servers; making = servers.ground(); ground = making.__enter__();"
        " serving = ground.server(18, 'left'); serving.__enter__();"
        " print(ground.place, flush=True); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True
    )
    left = Path(done.stdout.strip())
    assert done.returncode == -signal.SIGKILL
    assert find_postmaster(left / "left" / "data") is not None
    sweep()
    assert left.exists()
    for place in (left, server_ground.place):
        os.utime(place / LOCK, (0, 0))
    sweep()
    assert not left.exists()
    assert server_ground.place.exists()
    assert pg18.sql("SELECT 1") == [(1,)]
