"""The dashboard on the terminals that there are: what each is sent, and how it looks there."""

from __future__ import annotations

import fcntl
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest
from rich.cells import cell_len

from servers import LiveServer
from terminals import Terminal, program, running

COLORS = re.compile(rb"\x1b\[([\d;]*)m")
UTF8 = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "COLORTERM": "", "NO_COLOR": ""}
WIDE = "界" * 20


def codes(written: bytes) -> set[str]:
    """Return every colour that was sent: `2`, `5` and `16` for what kind it was of, else an SGR."""
    found: set[str] = set()
    for match in COLORS.finditer(written):
        parts = iter(match[1].decode().split(";"))
        for part in parts:
            if part in ("38", "48"):
                found.add("true" if next(parts) == "2" else "256")
                break
            number = int(part or 0)
            if 30 <= number <= 37 or 40 <= number <= 47 or 90 <= number <= 107:
                found.add("16")
    return found


def emulate(written: bytes, columns: int = 80, lines: int = 24) -> pyte.Screen:
    screen = pyte.Screen(columns, lines)
    pyte.ByteStream(screen).feed(written)
    return screen


@pytest.mark.parametrize(
    ("term", "variables", "colors", "is_ascii"),
    [
        ("xterm-256color", {"COLORTERM": "truecolor"}, {"true"}, False),
        ("xterm-256color", {}, {"256"}, False),
        ("tmux-256color", {}, {"256"}, False),
        ("xterm", {}, {"16"}, False),
        ("linux", {"COLORTERM": "truecolor"}, {"16"}, True),
        ("vt100", {}, set(), True),
        ("xterm-256color", {"NO_COLOR": "1"}, set(), False),
        ("xterm-256color", {"LC_ALL": "C"}, {"256"}, True),
    ],
)
def test_each_terminal_gets_what_it_understands(
    pg18: LiveServer,
    tmp_path: Path,
    term: str,
    variables: dict[str, str],
    colors: set[str],
    is_ascii: bool,
) -> None:
    with program(pg18, tmp_path, term=term, variables=UTF8 | variables) as terminal:
        terminal.wait_to_see("Alerts")
        terminal.wait_to_see("* 0.5" if is_ascii else "● 0.5")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
    assert terminal.modes_left_on() == []
    written = bytes(terminal.written)
    assert codes(written) == colors
    assert written.isascii() == is_ascii
    if term in ("linux", "vt100"):
        # What they do not know, some of them print.
        unknown = re.findall(rb"\x1b\[(?:\?(?!7[hl]|25[hl])|[<>])[\d;]*\$?.", written)
        assert unknown == []
        assert not "".join(emulate(written).display).strip()


def test_a_line_of_low_bandwidth_is_spared_colours_movements_and_refreshes(
    pg18: LiveServer, tmp_path: Path
) -> None:
    variables = UTF8 | {"COLORTERM": "truecolor"}
    with program(pg18, tmp_path, "--low-bandwidth", variables=variables, interval=None) as terminal:
        terminal.wait_to_see("Alerts")
        terminal.wait_to_see("● 5 s")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
    assert terminal.modes_left_on() == []
    written = bytes(terminal.written)
    assert codes(written) == {"256"}
    # Clicks and the wheel, but not each movement of the mouse.
    assert b"\x1b[?1000h" in written
    assert b"\x1b[?1003h" not in written


@pytest.mark.parametrize(
    ("term", "said"),
    [("dumb", "cannot place text (TERM=dumb)"), ("", "TERM is not set")],
)
def test_a_terminal_that_cannot_place_text_is_refused(tmp_path: Path, term: str, said: str) -> None:
    with program("postgresql://nobody@127.0.0.1:1/x", tmp_path, term=term) as terminal:
        assert terminal.ended() == 2
        assert said.encode() in terminal.written
        assert b"pgdeck status" in terminal.written
        assert b"\x1b" not in terminal.written


def test_a_pipe_is_refused_and_told_of_the_other_ways() -> None:
    command = [sys.executable, "-m", "pgdeck", "postgresql://nobody@127.0.0.1:1/x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr
    assert "pgdeck ls SCREEN --json" in done.stderr


def resize(terminal: Terminal, columns: int, lines: int) -> None:
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def until(
    terminal: Terminal, begun: int, size: tuple[int, int], holds: Callable[[pyte.Screen], bool]
) -> pyte.Screen:
    """Read until what was written since then shows something, and return the screen."""
    screen = pyte.Screen(*size)
    stream = pyte.ByteStream(screen)
    deadline = time.monotonic() + 30
    while True:
        stream.feed(bytes(terminal.written[begun:]))
        begun = len(terminal.written)
        if holds(screen):
            return screen
        assert time.monotonic() < deadline, "\n".join(screen.display)
        terminal.read(0.2)


@pytest.fixture(scope="module")
def wide_names(pg18: LiveServer) -> str:
    database = pg18.create_database("terminals")
    for at in range(12):
        pg18.sql(f'CREATE TABLE "{WIDE}{at}" (id int)', database)
    return database


def test_a_storm_of_sizes_ends_in_a_right_frame(
    pg18: LiveServer, tmp_path: Path, wide_names: str
) -> None:
    chance = random.Random(4)
    with program(
        pg18, tmp_path, "--screen", "tables", database=wide_names, variables=UTF8
    ) as terminal:
        terminal.wait_to_see("Tables")
        for columns, lines in ((300, 100), (97, 31), (40, 10)):
            for _ in range(25):
                resize(terminal, chance.randint(1, 300), chance.randint(1, 100))
                terminal.read(chance.choice((0.0, 0.01, 0.05)))
            begun = len(terminal.written)
            resize(terminal, columns, lines)
            screen = until(
                terminal,
                begun,
                (columns, lines),
                lambda found: "?" in found.display[-1] and "界" in "".join(found.display),
            )
            assert "● 0.5" in screen.display[0]
            for line in screen.display:
                assert cell_len(line.rstrip()) <= columns
                assert "\ufffd" not in line
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0


def test_a_window_too_small_says_so_and_comes_back(pg18: LiveServer, tmp_path: Path) -> None:
    with program(pg18, tmp_path, variables=UTF8) as terminal:
        terminal.wait_to_see("Alerts")
        begun = len(terminal.written)
        resize(terminal, 30, 8)
        until(terminal, begun, (30, 8), lambda found: "40x10 at least" in found.display[0])
        begun = len(terminal.written)
        resize(terminal, 80, 24)
        until(terminal, begun, (80, 24), lambda found: "Alerts" in "".join(found.display))
        resize(terminal, 3, 1)
        terminal.read(0.5)
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
def test_tmux_shows_it_and_a_pane_may_be_resized(pg18: LiveServer, tmp_path: Path) -> None:
    tmux = ["tmux", "-L", f"pgdeck-{os.getpid()}", "-f", "/dev/null"]

    def ask(*words: str) -> str:
        done = subprocess.run([*tmux, *words], capture_output=True, text=True, timeout=30)
        return done.stdout

    def see(*words: str) -> str:
        deadline = time.monotonic() + 30
        while True:
            shown = ask("capture-pane", "-p")
            if all(word in shown for word in words):
                return shown
            assert time.monotonic() < deadline, shown
            time.sleep(0.1)

    environ = [f"{name}={value}" for name, value in UTF8.items()]
    environ += [f"XDG_STATE_HOME={tmp_path}", f"XDG_CONFIG_HOME={tmp_path}"]
    command = ["env", *environ, "TERM=tmux-256color", sys.executable, "-m", "pgdeck"]
    try:
        ask("new-session", "-d", "-x", "120", "-y", "36", *command, pg18.dsn("postgres"))
        see("Alerts", "q quit")
        ask("resize-window", "-x", "62", "-y", "20")
        lines = see("Alerts", "q quit").splitlines()
        assert len(lines) == 20
        assert max(map(cell_len, lines)) <= 62
    finally:
        ask("kill-server")


def test_no_color_in_a_program_that_we_start_is_what_it_was(tmp_path: Path) -> None:
    script = (
        "import os\nfrom pgdeck.tui.app import DeckApp\n"
        "DeckApp(lambda: None, {}, None)\nprint(repr(os.environ.get('NO_COLOR')))\n"
    )
    with running(tmp_path, sys.executable, "-c", script, variables={"NO_COLOR": "1"}) as terminal:
        terminal.ended()
        assert b"'1'" in terminal.written


@pytest.mark.parametrize(
    ("term", "locale", "is_ascii"),
    [("linux", "C.UTF-8", True), ("xterm", "C", True), ("xterm", "C.UTF-8", False)],
)
def test_commands_print_what_the_terminal_takes(
    pg18: LiveServer, tmp_path: Path, term: str, locale: str, is_ascii: bool
) -> None:
    command = (sys.executable, "-m", "pgdeck", "status", pg18.dsn("postgres"))
    variables = {**UTF8, "LC_ALL": locale}
    with running(tmp_path, *command, term=term, variables=variables) as terminal:
        assert terminal.ended() == 0
    assert bytes(terminal.written).isascii() == is_ascii
    assert b"PostgreSQL 18" in terminal.written
    assert b"\\u" not in terminal.written
    assert b"\x1b" not in terminal.written
