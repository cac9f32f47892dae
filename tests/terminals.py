"""The dashboard in a terminal of its own, as a person runs it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pyte

from servers import LiveServer

RESTORED = (1049, 1000, 1002, 1003, 1006, 1015, 1004, 2004, 2048)
"""Private modes that a Textual program may switch on and must switch off."""


@dataclass
class Terminal:
    """A program in a terminal of its own."""

    child: subprocess.Popen[bytes]
    master: int
    slave: int
    flags: list[object]
    written: bytearray = field(default_factory=bytearray)

    def read(self, seconds: float) -> None:
        """Take what the program writes for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                self.written += os.read(self.master, 1 << 16)

    def wait_for(self, pattern: bytes, seconds: float = 30.0) -> None:
        """Read until a pattern was written."""
        until = time.monotonic() + seconds
        while not re.search(pattern, self.written):
            assert time.monotonic() < until, bytes(self.written[-2000:])
            self.read(0.1)

    def wait_to_see(self, text: str, seconds: float = 30.0) -> None:
        """Read until the screen shows a text: of what changes, only the cells that differ come."""
        screen = pyte.Screen(80, 24)
        stream = pyte.ByteStream(screen)
        until, fed = time.monotonic() + seconds, 0
        while not any(text in line for line in screen.display):
            assert time.monotonic() < until, "\n".join(screen.display)
            self.read(0.1)
            stream.feed(bytes(self.written[fed:]))
            fed = len(self.written)

    def ended(self, seconds: float = 15.0) -> int:
        """Return the exit code."""
        until = time.monotonic() + seconds
        while self.child.poll() is None:
            assert time.monotonic() < until, "it did not end"
            self.read(0.05)
        self.read(0.2)
        return self.child.returncode

    def modes_left_on(self) -> list[int]:
        """Return the private modes that were switched on last and never off."""
        state: dict[int, bool] = {}
        for numbers, letter in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", bytes(self.written)):
            for number in numbers.split(b";"):
                state[int(number)] = letter == b"h"
        left = [mode for mode in RESTORED if state.get(mode)]
        return left if state.get(25, True) else [*left, 25]


@contextmanager
def program(
    server: LiveServer | str,
    state: Path,
    *words: str,
    term: str = "xterm-256color",
    controls: bool = True,
    database: str = "postgres",
    variables: Mapping[str, str] = MappingProxyType({}),
    interval: str | None = "0.5",
) -> Iterator[Terminal]:
    """Run the dashboard in a terminal, which signals it when it `controls` the session.

    It watches a database of a server, or the target that a text names.
    """
    target = server if isinstance(server, str) else server.dsn(database)
    every = () if interval is None else ("--interval", interval)
    command = (sys.executable, "-m", "pgdeck", target, *every, *words)
    with running(state, *command, term=term, controls=controls, variables=variables) as terminal:
        yield terminal


@contextmanager
def running(
    state: Path,
    *command: str,
    term: str = "xterm-256color",
    controls: bool = True,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Terminal]:
    """Run any program in a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    flags = termios.tcgetattr(slave)
    environ = {
        **os.environ,
        "TERM": term,
        "XDG_STATE_HOME": str(state),
        "XDG_CONFIG_HOME": str(state),
        # Some shells export what was true when they started.
        "COLUMNS": "70",
        "LINES": "20",
        **variables,
    }
    for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"):
        if name not in variables:
            environ.pop(name, None)
    child = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        start_new_session=True,
        preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controls else None,
    )
    terminal = Terminal(child, master, slave, flags)
    try:
        yield terminal
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        os.close(terminal.slave)
        os.close(terminal.master)
