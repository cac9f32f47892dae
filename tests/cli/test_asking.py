"""Passwords at a terminal, and what the configuration says of the dashboard there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import Ground, LiveServer
from terminals import Terminal, running

PASSWORD = "tr0ub4dor"
ALONE = {name: "" for name in os.environ if name.startswith("PG")} | {"DATABASE_URL": ""}


@pytest.fixture(scope="module")
def guarded(server_ground: Ground) -> Iterator[LiveServer]:
    """A server that asks the role `clerk` for its password."""
    with server_ground.server(18, "asking") as server:
        server.role("clerk", options=f"LOGIN PASSWORD '{PASSWORD}'")
        rules = server.cluster.data_dir / "pg_hba.conf"
        rules.write_text(f"host all clerk all scram-sha-256\n{rules.read_text()}")
        server.sql("SELECT pg_reload_conf()")
        yield server


def configured(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pgdeck" / "config.toml"
    path.parent.mkdir(mode=0o700)
    path.write_text(text)
    path.chmod(0o600)


def url(server: LiveServer, user: str = "clerk") -> str:
    return f"postgresql://{user}@{server.host}:{server.port}/postgres"


def answer(terminal: Terminal, text: str) -> None:
    os.write(terminal.master, f"{text}\n".encode())


def test_a_password_is_asked_for_at_a_terminal(tmp_path: Path, guarded: LiveServer) -> None:
    words = (sys.executable, "-m", "pgdeck", "ls", "databases", url(guarded))
    variables = {**ALONE, "HOME": str(tmp_path)}
    with running(tmp_path, *words, variables=variables) as terminal:
        terminal.wait_for(rb"Password of clerk@127\.0\.0\.1:\d+/postgres: ")
        answer(terminal, "wrong")
        terminal.wait_for(rb"(?s)Password of.*Password of")
        answer(terminal, PASSWORD)
        assert terminal.ended() == 0
    written = bytes(terminal.written)
    assert b"template1" in written
    assert PASSWORD.encode() not in written
    assert not [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]


def test_three_wrong_ones_end_it(tmp_path: Path, guarded: LiveServer) -> None:
    words = (sys.executable, "-m", "pgdeck", "status", url(guarded))
    variables = {**ALONE, "HOME": str(tmp_path)}
    with running(tmp_path, *words, variables=variables) as terminal:
        for asked in range(1, 4):
            terminal.wait_for(b"(?s)" + b".*".join([b"Password of"] * asked))
            answer(terminal, "wrong")
        assert terminal.ended() == 4
    assert b"password authentication failed" in terminal.written


def test_who_needs_no_password_is_not_asked(tmp_path: Path, guarded: LiveServer) -> None:
    words = (sys.executable, "-m", "pgdeck", "ls", "databases", url(guarded, "postgres"))
    variables = {**ALONE, "HOME": str(tmp_path)}
    with running(tmp_path, *words, variables=variables) as terminal:
        assert terminal.ended() == 0
    assert b"Password" not in terminal.written


def test_the_dashboard_begins_as_it_is_configured(tmp_path: Path, guarded: LiveServer) -> None:
    configured(
        tmp_path,
        f"""
[defaults]
screen = "activity"
interval = 7
ascii = true
[targets.till]
url = "{url(guarded)}"
environment = "staging"
colour = "#12ff34"
password_command = ["echo", "{PASSWORD}"]
""",
    )
    words = (sys.executable, "-m", "pgdeck", "till")
    variables = {**ALONE, "COLORTERM": "truecolor"}
    with running(tmp_path, *words, variables=variables) as terminal:
        terminal.wait_to_see("till - clerk@127.0.0.1")
        terminal.wait_to_see("* 7 s")
        os.write(terminal.master, b"\x11")
        assert terminal.ended() == 0
    assert b"38;2;18;255;52" in terminal.written
    assert b" - staging" in terminal.written
    assert PASSWORD.encode() not in terminal.written


def test_the_command_line_wins_over_the_configuration(tmp_path: Path, pg18: LiveServer) -> None:
    configured(tmp_path, '[defaults]\nscreen = "nowhere"\ninterval = 7\n')
    words = (sys.executable, "-m", "pgdeck", pg18.dsn())
    with running(tmp_path, *words, variables=ALONE) as terminal:
        assert terminal.ended() == 2
    assert b"No screen is called nowhere" in terminal.written
    more = ("--screen", "tables", "--interval", "9")
    with running(tmp_path, *words, *more, variables=ALONE) as terminal:
        terminal.wait_to_see("● 9 s")
        os.write(terminal.master, b"\x11")
        assert terminal.ended() == 0
