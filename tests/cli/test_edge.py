"""The program as a shell sees it: exit codes, streams, and no raw traceback."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pgdeck import __version__

SOURCE = Path(__file__).resolve().parents[2] / "src"
URL = "postgresql://app:s3cret@db/shop"

STAND_IN = """
import sys, types
from pgdeck.errors import Problem, QueryFailed, Refused, Unreachable
from pgdeck.core.snapshot import Failure, FailureKind
failure = Failure(FailureKind.REFUSED, "db refused", "start it", None)
module = types.ModuleType("pgdeck.cli.ls")
def run(args):
{body}
module.run = run
sys.modules["pgdeck.cli.ls"] = module
from pgdeck.cli.main import main
sys.exit(main({words!r}))
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "XDG_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "PYTHONPATH": str(SOURCE), "HOME": str(tmp_path)}


def run(environ: dict[str, str], command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run in an empty directory: in the repository its own compose file names a database."""
    home = environ["HOME"]
    return subprocess.run(
        command, env=environ, cwd=home, capture_output=True, text=True, timeout=60
    )


def pgdeck(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgdeck", *words]
    return run(environ, command)


def edge(environ: dict[str, str], body: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the edge around a handler that does nothing but what `body` says."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    script = STAND_IN.format(body=lines, words=["ls", *words])
    command = [sys.executable, "-c", script]
    return run(environ, command)


def test_version_and_help(environ: dict[str, str]) -> None:
    assert pgdeck(environ, "--version").stdout == f"pgdeck {__version__}\n"
    shown = pgdeck(environ, "--help")
    assert shown.returncode == 0
    assert shown.stderr == ""
    for word in ("demo", "status", "ls SCREEN", "screens check", "exit codes", "DATABASE_URL"):
        assert word in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100


@pytest.mark.parametrize("command", ["demo", "ls", "status", "screens"])
def test_every_command_has_help(environ: dict[str, str], command: str) -> None:
    shown = pgdeck({**environ, "PGDECK_URL": URL, "PGPASSWORD": "s3cret"}, command, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"usage: pgdeck {command}" in shown.stdout
    assert "s3cret" not in shown.stdout


def test_without_a_target_the_way_out_is_said(environ: dict[str, str]) -> None:
    done = edge(environ, "args.find_target()")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "pgdeck: no database is named"
    assert "pgdeck demo" in done.stderr


def test_a_slip_of_the_finger_is_noticed(environ: dict[str, str]) -> None:
    done = pgdeck(environ, "stauts")
    assert done.returncode == 2
    assert "did you mean pgdeck status?" in done.stderr


def test_notes_on_an_address_go_to_stderr(environ: dict[str, str]) -> None:
    environ["DATABASE_URL"] = f"{URL}?pool_size=5"
    done = edge(environ, "print(args.find_target().name)\nreturn 0")
    assert (done.returncode, done.stdout) == (0, "db:5432/shop\n")
    assert done.stderr == "pgdeck: DATABASE_URL: not for libpq, left out: pool_size\n"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return 0", 0, ""),
        ("return 1", 1, ""),
        ("raise Problem('the disk is full', 'make room')", 1, "pgdeck: the disk is full"),
        ("raise QueryFailed(failure)", 1, "pgdeck: db refused"),
        ("raise Refused('held by pid 7')", 3, "pgdeck: held by pid 7"),
        ("raise Unreachable(failure)", 4, "pgdeck: start it"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise Problem('\\x1b[31mred\\nline')", 1, r"pgdeck: \e[31mred\nline"),
    ],
)
def test_exit_codes(environ: dict[str, str], body: str, code: int, said: str) -> None:
    done = edge(environ, body)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unforeseen_error_is_written_down_without_secrets(environ: dict[str, str]) -> None:
    environ["PGPASSWORD"] = "0ther"
    configuration = Path(environ["HOME"]) / ".config" / "pgdeck" / "config.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text('[targets.x]\nservice = "x"\npassword = "c0nfig"\n')
    configuration.chmod(0o600)
    body = "password = 'l0cal'\nraise KeyError(args.target, 's3cret', '0ther', 'c0nfig')"
    done = edge(environ, body, "tables", URL)
    assert done.returncode == 1
    assert done.stderr.startswith("pgdeck: an error of pgdeck's own ended it: KeyError\n")
    assert "Traceback" not in done.stderr
    written = re.search(r"details are in (\S+)", done.stderr)
    assert written is not None
    path = Path(written[1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "Traceback" in text
    assert __version__ in text
    assert not [
        secret for secret in ("s3cret", "0ther", "l0cal", "c0nfig") if secret in text + done.stderr
    ]


def test_details_that_cannot_be_written_are_no_second_error(environ: dict[str, str]) -> None:
    environ["XDG_STATE_HOME"] = "/dev/null"
    done = edge(environ, "raise KeyError")
    assert done.returncode == 1
    assert "PGDECK_DEBUG=1" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_raw_traceback_is_there_for_who_wants_it(environ: dict[str, str]) -> None:
    done = edge({**environ, "PGDECK_DEBUG": "1"}, "raise KeyError")
    assert "Traceback" in done.stderr


def test_a_reader_that_leaves_is_no_error(environ: dict[str, str]) -> None:
    script = STAND_IN.format(body="    print('x' * 1000000)\n    return 0", words=["ls"])
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 0


def test_an_interrupt_ends_it_quietly(environ: dict[str, str]) -> None:
    body = "    print('ready', flush=True)\n    import time\n    time.sleep(60)"
    command = [sys.executable, "-c", STAND_IN.format(body=body, words=["ls"])]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == ""


def test_a_narrow_line_is_set_up_before_the_toolkit_is_read(environ: dict[str, str]) -> None:
    script = (
        "import os, sys, types\n"
        "module = types.ModuleType('pgdeck.cli.dash')\n"
        "module.run = lambda args: print(os.environ['TEXTUAL_ANIMATIONS']) or 0\n"
        "sys.modules['pgdeck.cli.dash'] = module\n"
        "from pgdeck.cli.main import main\n"
        "sys.exit(main(['--low-bandwidth']))\n"
    )
    command = [sys.executable, "-c", script]
    done = run(environ, command)
    assert done.stdout == "none\n"
