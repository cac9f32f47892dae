"""A slow line: to the server it is measured and spared, to the terminal never waited for."""

from __future__ import annotations

import os
import re
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest

from decks import deck, drawn, live, until
from faults.proxy import FaultProxy
from pgdeck.tui.app import DeckApp
from servers import LiveServer
from terminals import Terminal, program

SYNC_START, SYNC_END = b"\x1b[?2026h", b"\x1b[?2026l"
ASKED = rb"\x1b\[\?2026\$p"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


async def test_the_round_trip_is_measured_apart_from_the_servers_work(
    proxy: FaultProxy,
) -> None:
    proxy.delay = 0.3
    dsn = f"postgresql://postgres@127.0.0.1:{proxy.address[1]}/postgres"
    async with deck(dsn, interval=None, start="locks") as pilot:
        app = pilot.app
        assert isinstance(app, DeckApp)

        def measured() -> bool:
            watcher = app.watcher
            return watcher is not None and 0.6 <= (watcher.round_trip or 0.0) < 0.9

        await until(pilot, measured, 40.0)
        await until(pilot, lambda: "slowed: line 6" in drawn(pilot)[0], 40.0)
        assert "● 5 s" in drawn(pilot)[0]
        watcher = app.watcher
        assert watcher is not None
        assert watcher.interval is None
        await pilot.press("minus")
        # Chosen by hand, nothing changes it.
        await until(pilot, lambda: watcher.interval == 2.0)
        await until(pilot, lambda: "● 2 s · line 6" in drawn(pilot)[0])


async def test_a_quick_line_is_not_spoken_of(pg18: LiveServer) -> None:
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        app = pilot.app
        assert isinstance(app, DeckApp)
        watcher = app.watcher
        assert watcher is not None
        await until(pilot, lambda: watcher.round_trip is not None)
        assert "line" not in drawn(pilot)[0]


class Throttle:
    """Reads a terminal as slowly as a thin line, and keeps what the screen shows."""

    def __init__(self, terminal: Terminal, bytes_a_second: int) -> None:
        self._terminal = terminal
        self.rate = bytes_a_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.screen = pyte.Screen(80, 24)
        self.taken = 0

    def __enter__(self) -> Throttle:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        stream = pyte.ByteStream(self.screen)
        step = 0.02
        while not self._stop.wait(step):
            ready, _, _ = select.select([self._terminal.master], [], [], 0)
            if ready:
                data = os.read(self._terminal.master, max(1, int(self.rate * step)))
                self.taken += len(data)
                self._terminal.written += data
                stream.feed(data)

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        by = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < by, "\n".join(self.screen.display)
            time.sleep(0.05)

    def sees(self, text: str) -> bool:
        return any(text in line for line in list(self.screen.display))


def test_a_terminal_that_drains_slowly_gets_the_newest_frame_next(
    pg18: LiveServer, tmp_path: Path
) -> None:
    with (
        program(pg18, tmp_path, "--screen", "tables") as terminal,
        Throttle(terminal, 8000) as line,
    ):
        line.until(lambda: line.sees("q quit"))
        # Paused, nothing comes later that would paint what was held back.
        os.write(terminal.master, b"p")
        # Many screens faster than the line takes one of them: each would be some 3 kB.
        for _ in range(6):
            os.write(terminal.master, b"1")
            time.sleep(0.1)
            os.write(terminal.master, b"2")
            time.sleep(0.1)
        before = line.taken
        os.write(terminal.master, b"5")
        line.until(lambda: line.sees("index") and line.sees("scans"))
        # What was pending is at most what the kernel's buffer and two frames hold.
        assert line.taken - before < 30_000
        os.write(terminal.master, b"q")
        line.until(lambda: terminal.child.poll() is not None, 15.0)
        line.until(lambda: b"\x1b[?1049l" in terminal.written, 15.0)
        assert terminal.child.returncode == 0
        assert terminal.modes_left_on() == []


def test_a_slow_terminal_is_refreshed_less_often_and_told_so(
    pg18: LiveServer, tmp_path: Path
) -> None:
    with (
        program(pg18, tmp_path, interval=None) as terminal,
        Throttle(terminal, 100_000) as line,
    ):
        line.until(lambda: line.sees("q quit") and line.sees("● "))
        line.rate = 100
        # The kernel holds some kilobytes for a terminal: only then the line is seen to be slow.
        for _ in range(6):
            os.write(terminal.master, b"12")
            time.sleep(0.2)
        time.sleep(5)  # two refreshes of the screen's own
        line.rate = 100_000
        line.until(lambda: line.sees("slowed: terminal"), 20.0)
        os.write(terminal.master, b"\x03")
        line.until(lambda: terminal.child.poll() is not None, 15.0)
        assert terminal.child.returncode == 130


@pytest.mark.parametrize("knows", [True, False])
def test_frames_are_held_together_where_the_terminal_can(
    pg18: LiveServer, tmp_path: Path, knows: bool
) -> None:
    with program(pg18, tmp_path) as terminal:
        terminal.wait_for(ASKED)
        if knows:
            os.write(terminal.master, b"\x1b[?2026;2$y")
        terminal.wait_to_see("● ")
        os.write(terminal.master, b"2")
        terminal.wait_to_see("F1 running")
        starts, ends = terminal.written.count(SYNC_START), terminal.written.count(SYNC_END)
        if knows:
            assert starts
            assert 0 <= starts - ends <= 1
            held = re.findall(rb"\x1b\[\?2026h(.*?)\x1b\[\?2026l", bytes(terminal.written), re.S)
            assert all(held)
        else:
            assert starts == ends == 0
