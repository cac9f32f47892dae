"""psql from the dashboard and back: the terminal changes hands, and nothing else does."""

from __future__ import annotations

import os
import re
import signal
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pyte
import pytest

from decks import deck, says, text, until
from pgdeck.core.shell import Shell, ShellWanted
from pgdeck.errors import Problem
from pgdeck.tui.app import DeckApp
from servers import Ground, LiveServer
from terminals import Terminal, program

PASSWORD = "sesame open"
PROMPT = rb"postgres=>"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PSQL_HISTORY", str(tmp_path / "history"))


@pytest.fixture(scope="module")
def target(server_ground: Ground) -> Iterator[str]:
    """A target on a server that asks for the password that the target's URL holds."""
    with server_ground.server(18, "outing") as server:
        server.role("clerk", options=f"LOGIN PASSWORD '{PASSWORD}'")
        rules = server.cluster.data_dir / "pg_hba.conf"
        rules.write_text(f"host all clerk all scram-sha-256\n{rules.read_text()}")
        server.sql("SELECT pg_reload_conf()")
        yield f"postgresql://clerk:sesame%20open@127.0.0.1:{server.port}/postgres"


def go_out(terminal: Terminal) -> psutil.Process:
    """Open psql and return its process, once it has asked for a command."""
    terminal.wait_for(rb"reserved")
    terminal.written.clear()
    os.write(terminal.master, b"~")
    terminal.wait_for(PROMPT)
    (child,) = psutil.Process(terminal.child.pid).children()
    return child


def test_psql_has_the_terminal_until_it_ends(target: str, tmp_path: Path) -> None:
    left = tmp_path / "pgdeck" / "psql" / "of-a-crash"
    left.mkdir(parents=True)
    (left.parent / "lock").touch()
    (left / "pgpass").write_text("*:*:*:*:old")
    with program(target, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        until = time.monotonic() + 10
        while left.exists():
            assert time.monotonic() < until, "a crash's password was left"
            terminal.read(0.1)
        child = go_out(terminal)
        assert terminal.modes_left_on() in ([], [2004])  # psql's own line editor pastes in brackets
        assert not any("sesame" in word for word in child.cmdline())
        assert not any("sesame" in value for value in child.environ().values())
        (file,) = tmp_path.glob("pgdeck/psql/*/pgpass")
        assert file.stat().st_mode & 0o777 == 0o600
        # While psql stands there, the dashboard neither asks nor paints.
        terminal.written.clear()
        terminal.read(1.2)
        assert not terminal.written
        os.write(
            terminal.master, b"SELECT 'na' || 'med', application_name FROM pg_stat_activity;\n"
        )
        terminal.wait_for(rb"named +\|[^\n]*psql")
        terminal.written.clear()
        os.write(terminal.master, b"SELECT pg_sleep(60);\n")
        wait_for_query(target)
        os.write(terminal.master, b"\x03")
        terminal.wait_for(rb"canceling statement due to user request")
        os.write(terminal.master, b"\x1c")  # a quit would end us both, with a core
        terminal.written.clear()
        os.write(terminal.master, b"\\q\n")
        screen = whole_screen(terminal)
        assert sum("reserved" in line for line in screen) == 1
        assert not list(tmp_path.glob("pgdeck/psql/*/pgpass"))
        terminal.written.clear()
        terminal.wait_for(rb".")  # and it goes on
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
        assert terminal.modes_left_on() == []
        assert termios.tcgetattr(terminal.slave) == terminal.flags


def wait_for_query(target: str) -> None:
    import psycopg

    asked = "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"
    with psycopg.connect(target, autocommit=True) as connection:
        until_time = time.monotonic() + 10
        while connection.execute(asked).fetchone() is None:
            assert time.monotonic() < until_time
            time.sleep(0.05)


def whole_screen(terminal: Terminal) -> list[str]:
    """Read until every line of the screen is painted."""
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    until_time = time.monotonic() + 10
    while not all(line.strip() for line in screen.display):
        assert time.monotonic() < until_time, "\n".join(screen.display)
        seen = len(terminal.written)
        terminal.read(0.2)
        stream.feed(bytes(terminal.written[seen:]))
    return list(screen.display)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_end_of_the_dashboard_ends_psql(
    target: str, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with program(target, tmp_path) as terminal:
        child = go_out(terminal)
        terminal.child.send_signal(number)
        assert terminal.ended() == code
        assert not child.is_running()
        assert not list(tmp_path.glob("pgdeck/psql/*/pgpass"))
        assert termios.tcgetattr(terminal.slave) == terminal.flags
        assert terminal.modes_left_on() in ([], [2004])
        assert b"Traceback" not in terminal.written


def test_what_psql_says_last_can_be_read(fresh_server: LiveServer, tmp_path: Path) -> None:
    with program(fresh_server, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        fresh_server.stop("immediate")
        terminal.written.clear()
        os.write(terminal.master, b"~")
        terminal.wait_for(rb"psql ended with 2")
        assert re.search(rb"[Cc]onnection refused", terminal.written)
        terminal.written.clear()
        os.write(terminal.master, b"\n")
        terminal.wait_for(rb"next try|trying now")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0


async def test_what_is_typed_before_psql_stands_does_not_reach_the_dashboard(
    pg18: LiveServer,
) -> None:
    asked, go = threading.Event(), threading.Event()

    @contextmanager
    def slow(_wanted: ShellWanted) -> Iterator[Shell]:
        asked.set()
        assert go.wait(20)
        raise Problem("no psql is installed here", "install it")
        yield  # pragma: no cover

    async with deck(pg18.dsn("postgres"), (100, 30)) as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)
        app._open_shell = slow
        await until(pilot, says(pilot, "Connections"))
        # As a slow line delivers it: in one piece.
        await pilot.press("tilde", "4", "question_mark", "q", "q")
        await until(pilot, asked.is_set)
        await pilot.press("q", "0")
        go.set()
        await until(pilot, says(pilot, "no psql is installed here"))
        assert app.is_running
        assert "Throughput" in text(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "Throughput" not in text(pilot))


async def test_a_machine_without_psql_is_told_the_way_out(pg18: LiveServer) -> None:
    @contextmanager
    def nothing(_wanted: ShellWanted) -> Iterator[Shell]:
        raise Problem("no psql is installed here", "install it")
        yield  # pragma: no cover

    async with deck(pg18.dsn("postgres"), (100, 30)) as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)
        app._open_shell = nothing
        await until(pilot, says(pilot, "Connections"))
        await pilot.press("tilde")
        await until(pilot, says(pilot, "no psql is installed here"))
        await until(pilot, lambda: app.watcher is not None and not app.watcher.paused)
