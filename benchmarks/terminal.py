"""A program in a terminal of our own: what it wrote, when, and what the screen then showed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyte

from benchmarks.costs import tree

KEYS = {"UP": b"\x1b[A", "DOWN": b"\x1b[B", "ENTER": b"\r", "ESC": b"\x1b"}
ANSWERS = (
    (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),  # synchronized output: known, off
    (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),  # in-band resize: unknown
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[c", b"\x1b[?62;22c"),
)
# Sequences that the emulator would print as text: private ones, strings, intermediates.
FOREIGN = re.compile(
    rb"\x1b\[[<>=][0-?]*[ -/]*[@-~]|\x1b[P_].*?\x1b\\|\x1b\[[0-?]*[ -/]+[@-~]", re.DOTALL
)
UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[P_\]][^\x1b\x07]*\x1b?)?$", re.DOTALL)
MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
RESTORED_OFF = (1, 47, 1000, 1002, 1003, 1004, 1006, 1015, 1016, 1047, 1049, 2004, 2048)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program left: what is still switched on in the terminal is `left_on`."""

    milliseconds: float
    exit_code: int
    killed: bool
    left_on: tuple[str, ...]
    leftovers: int


class Terminal:
    """A program in a pty.

    A thread stamps and stores what the program writes; the screen is computed from that store
    afterwards, so that emulating the terminal never delays a stamp.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], size: str) -> None:
        self.columns, self.rows = map(int, size.split("x"))
        self.chunks: list[tuple[float, bytes]] = []
        self._screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.ByteStream(self._screen)
        self._parsed = 0
        self._held = b""
        self._master, self._slave = pty.openpty()
        window = struct.pack("HHHH", self.rows, self.columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, window)
        self._flags = termios.tcgetattr(self._slave)
        self._closing = threading.Event()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._closing.is_set():
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                chunk = os.read(self._master, 1 << 16)
            except OSError:
                return
            self.chunks.append((time.monotonic(), chunk))
            for question, answer in ANSWERS:
                if question in chunk:
                    os.write(self._master, answer)

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self.process.poll() is None

    def press(self, key: str) -> None:
        """Send one key: a character, a name of `KEYS`, or ``C-x`` with control."""
        if re.fullmatch(r"C-[a-z]", key):
            os.write(self._master, bytes([ord(key[2]) & 31]))
        else:
            os.write(self._master, KEYS.get(key, key.encode()))

    def step(self) -> float | None:
        """Show the next stored chunk on the screen and return its stamp, None without one."""
        if self._parsed >= len(self.chunks):
            return None
        stamp, chunk = self.chunks[self._parsed]
        self._parsed += 1
        chunk = self._held + chunk
        tail = UNFINISHED.search(chunk)
        self._held, chunk = (chunk[tail.start() :], chunk[: tail.start()]) if tail else (b"", chunk)
        self._stream.feed(FOREIGN.sub(b"", chunk))
        return stamp

    def catch_up(self) -> None:
        """Show everything stored so far."""
        while self.step() is not None:
            pass

    def text(self) -> str:
        """Return the screen as lines of text."""
        return "\n".join(self._screen.display)

    def paint(self) -> int:
        """Return a digest of backgrounds and weights: it changes when a cursor bar moves."""
        lines = (self._screen.buffer[y] for y in range(self.rows))
        cells = (line[x] for line in lines for x in range(self.columns))
        return hash(tuple((cell.bg, cell.reverse, cell.bold) for cell in cells))

    def until(self, seen: Callable[[], bool], timeout: float) -> float | None:
        """Return the stamp of the first chunk after which `seen()` holds, None when none comes."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            stamp = self.step()
            if stamp is not None:
                if seen():
                    return stamp
            elif self.alive:
                time.sleep(0.003)
            else:
                time.sleep(0.15)  # the reader takes what is left
                if self._parsed >= len(self.chunks):
                    return None
        return None

    def quiet(self, seconds: float, timeout: float) -> None:
        """Wait until nothing was written for so long."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            last = self.chunks[-1][0] if self.chunks else self.started
            if time.monotonic() - last >= seconds:
                return
            time.sleep(0.003)

    def end(self, keys: Sequence[str], timeout: float = 10.0) -> Ending:
        """Press the keys that leave the program, wait for it, and look at what it left behind."""
        processes = tree(self.process.pid)
        asked = time.monotonic()
        for key in keys:
            if self.alive:
                self.press(key)
        while self.alive and time.monotonic() - asked < timeout:
            time.sleep(0.001)
        took = (time.monotonic() - asked) * 1e3
        killed = self.alive
        if killed:
            self._kill()
        time.sleep(0.05)
        leftovers = sum(os.path.exists(f"/proc/{pid}") for pid in processes[1:])
        ending = Ending(took, self.process.returncode, killed, self._left_on(), leftovers)
        self._close()
        return ending

    def _kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _left_on(self) -> tuple[str, ...]:
        written = b"".join(chunk for _, chunk in self.chunks)
        modes = {
            int(number): match[2] == b"h"
            for match in MODE.finditer(written)
            for number in match[1].split(b";")
        }
        left = [f"mode {number}" for number in RESTORED_OFF if modes.get(number)]
        if modes.get(25) is False:
            left.append("hidden cursor")
        pushed = len(re.findall(rb"\x1b\[>\d+u", written))
        if pushed > len(re.findall(rb"\x1b\[<\d*u", written)):
            left.append("key protocol")
        if termios.tcgetattr(self._slave) != self._flags:
            left.append("tty flags")
        return tuple(left)

    def _close(self) -> None:
        self._closing.set()
        self._reader.join(1)
        os.close(self._master)
        os.close(self._slave)
