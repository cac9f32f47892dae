"""However the dashboard is left, the terminal is as it was found."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte
import pytest

from servers import LiveServer
from terminals import Terminal, program

KEYS = {"q": b"q", "ctrl+c": b"\x03", "ctrl+q": b"\x11"}
SIGNALS = {"SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}


@pytest.mark.parametrize(
    ("way", "code"), [("q", 0), ("ctrl+q", 0), ("ctrl+c", 130), ("SIGTERM", 143), ("SIGHUP", 129)]
)
def test_the_terminal_is_put_back(pg18: LiveServer, tmp_path: Path, way: str, code: int) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        if way in KEYS:
            os.write(terminal.master, KEYS[way])
        else:
            terminal.child.send_signal(SIGNALS[way])
        assert terminal.ended() == code
        assert terminal.modes_left_on() == []
        assert termios.tcgetattr(terminal.slave) == terminal.flags
        assert b"Traceback" not in terminal.written


def test_it_leaves_while_the_server_is_gone(fresh_server: LiveServer, tmp_path: Path) -> None:
    with program(fresh_server, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        fresh_server.stop("immediate")
        terminal.wait_for(rb"next try|trying now")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
        assert terminal.modes_left_on() == []


def close(terminal: Terminal) -> None:
    """Take the terminal away, and wait until the program noticed."""
    os.close(terminal.slave)
    os.close(terminal.master)
    try:
        terminal.child.wait(5)
    finally:
        # The descriptors that the program's end closes must be open, whoever they belong to.
        terminal.master, terminal.slave = pty.openpty()


def stall(terminal: Terminal) -> None:
    """Have the program write more than a terminal takes that nobody reads."""
    for size in range(60):
        fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90 + size, 0, 0))
        time.sleep(0.05)


@pytest.mark.parametrize("controls", [True, False])
def test_a_closed_terminal_ends_it(pg18: LiveServer, tmp_path: Path, controls: bool) -> None:
    with program(pg18, tmp_path, controls=controls) as terminal:
        terminal.wait_for(rb"reserved")
        close(terminal)
        assert terminal.child.returncode == 129


def test_a_terminal_that_stalls_and_hangs_up_ends_it(pg18: LiveServer, tmp_path: Path) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        stall(terminal)
        close(terminal)
        assert terminal.child.returncode == 129


def test_a_signal_ends_it_while_the_terminal_stalls(pg18: LiveServer, tmp_path: Path) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        stall(terminal)
        terminal.child.send_signal(signal.SIGTERM)
        assert terminal.child.wait(10) == 143


def test_after_a_stall_the_whole_screen_is_painted(pg18: LiveServer, tmp_path: Path) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        stall(terminal)
        screen = pyte.Screen(149, 40)
        stream = pyte.ByteStream(screen)
        until = time.monotonic() + 15
        while not all(line.strip() for line in screen.display):
            assert time.monotonic() < until, "\n".join(screen.display)
            terminal.written.clear()
            terminal.read(0.2)
            stream.feed(bytes(terminal.written))
        assert "quit" in screen.display[-1]
        assert sum("reserved" in line for line in screen.display) == 1
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
        assert terminal.modes_left_on() == []


@pytest.mark.parametrize("way", ["ctrl+z", "SIGSTOP"])
def test_after_a_stop_the_whole_screen_is_painted(
    pg18: LiveServer, tmp_path: Path, way: str
) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        if way == "SIGSTOP":
            terminal.child.send_signal(signal.SIGSTOP)
        else:
            os.write(terminal.master, b"\x1a")
            terminal.wait_for(rb"\x1b\[\?1049l")
        os.waitid(os.P_PID, terminal.child.pid, os.WSTOPPED | os.WNOWAIT)
        terminal.written.clear()
        terminal.child.send_signal(signal.SIGCONT)
        terminal.wait_for(rb"reserved")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
        assert termios.tcgetattr(terminal.slave) == terminal.flags


def test_bytes_that_are_no_text_do_no_harm(pg18: LiveServer, tmp_path: Path) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(rb"reserved")
        os.write(terminal.master, b"\xe9\xff\xc3")
        terminal.read(0.5)
        os.write(terminal.master, b"2")
        terminal.wait_for(rb"waiting")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0


def test_without_a_terminal_it_says_what_to_use(pg18: LiveServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pgdeck", pg18.dsn("postgres")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "pgdeck status" in done.stderr


def test_a_terminal_that_cannot_place_text_is_refused(pg18: LiveServer, tmp_path: Path) -> None:
    with program(pg18, tmp_path, term="dumb") as terminal:
        assert terminal.ended() == 2
        assert b"TERM=dumb" in terminal.written
