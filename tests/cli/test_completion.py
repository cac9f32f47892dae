"""Tab: what is offered where, and each script in the shell that it is for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pgdeck.cli.completing import answer
from pgdeck.cli.completion import arguments, split_line
from pgdeck.cli.main import main
from pgdeck.cli.parser import COMMANDS, PARSERS, VALUE_OPTIONS
from terminals import Terminal, running

PROGRAM = Path(sys.executable).with_name("pgdeck")
SERVICES = "[shop]\nhost=127.0.0.1\nport=1\n[shop_copy]\nhost=127.0.0.1\n[odd name]\nport=1\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person with a service file and a screen, and no server anywhere."""
    for name in list(os.environ):
        if name.startswith("PG") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PGSYSCONFDIR", str(tmp_path))
    (tmp_path / ".pg_service.conf").write_text(SERVICES)
    screens = tmp_path / "config" / "pgdeck" / "screens"
    screens.mkdir(parents=True, mode=0o700)
    header = 'title = "Mine"\nrow_key = ["one"]\n[[columns]]\nname = "one"\n'
    (screens / "mine.sql").write_text(f"/*\n{header}*/\nSELECT 1 AS one;\n")
    themes = screens.with_name("themes")
    themes.mkdir()
    (themes / "evening.toml").write_text('base = "dark"\n')
    config = screens.with_name("config.toml")
    config.write_text('[targets.shop]\nservice = "shop"\n[targets.shop-copy]\nservice = "x"\n')
    config.chmod(0o600)
    return tmp_path


def offered(*words: str) -> list[str]:
    return [offer.text for offer in answer(words).offers]


def test_the_first_word_is_a_command_or_a_target() -> None:
    found = offered("")
    assert set(found) > COMMANDS
    services = ["service=shop", "service=shop_copy", "service=odd name"]
    assert found[len(COMMANDS) :] == ["shop", "shop-copy", *services]
    assert offered("sta") == ["status"]
    assert all(offer.help for offer in answer([""]).offers if offer.text in COMMANDS)
    assert offered("service=shop", "st") == []


@pytest.mark.parametrize(
    ("words", "some", "none"),
    [
        (["ls", ""], {"tables", "mine"}, {"status", "service=shop"}),
        (["ls", "tables", ""], {"service=shop"}, {"tables"}),
        (["ls", "tables", "--j"], {"--json"}, {"--csv"}),
        (["ls", "--json", "--"], {"--limit", "--filter"}, {"--json", "--csv", "--markdown"}),
        (["ls", "tables", "--filter", "de"], {"dead:"}, {"size:"}),
        (["--screen", "ta"], {"tables"}, {"status"}),
        (["--screen=ta"], {"--screen=tables"}, set()),
        (["--theme", ""], {"dark", "light", "contrast", "ansi"}, set()),
        (["--target", "service=s"], {"service=shop"}, {"service=odd name"}),
        (["status", "service=shop", ""], {"--json", "--rates"}, {"--target=", "--headless"}),
        (["check", "--only", "locks"], set(), {"lock_wait"}),
        (["check", "--only", "lock"], {"lock_wait", "lock_queue"}, {"connections"}),
        (["check", "--only", "lock_wait,lock"], {"lock_wait,lock_queue"}, {"lock_wait,lock_wait"}),
        (["check", "--warn", "conn"], {"connections="}, {"connections"}),
        (["check", "--warn", "connections=1", "--w"], {"--warn", "--watch"}, set()),
        (["check", "--silence", "blo"], {"bloat"}, set()),
        (["screens", ""], {"check"}, {"service=shop"}),
        (["completion", ""], {"bash", "zsh", "fish"}, {"--answer"}),
        (["demo", ""], {"--fresh"}, {"--headless", "service=shop"}),
        (["demo", "--interval", ""], set(), {"--fresh"}),
        (["status", "--", "-"], set(), {"--json"}),
    ],
)
def test_what_fits_is_offered(words: list[str], some: set[str], none: set[str]) -> None:
    found = set(offered(*words))
    assert some <= found
    assert not none & found


def test_a_file_is_offered_where_one_is_wanted() -> None:
    assert answer(["metrics", "--textfile", "/tmp/x"]).files
    assert answer(["metrics", "--textfile=x"]).files
    assert answer(["config", "check", ""]).files
    assert not answer(["ls", "--limit", ""]).files


def test_a_spoilt_configuration_costs_its_targets_alone(home: Path) -> None:
    (home / "config" / "pgdeck" / "config.toml").write_text("[targets")
    assert offered("--target", "") == ["service=shop", "service=shop_copy", "service=odd name"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_that_takes_a_value_is_known_to_take_one(command: str) -> None:
    """Or the command behind such a value would not be found, here as on the command line."""
    taking = {
        option
        for action in PARSERS[command]()._actions
        for option in action.option_strings
        if action.nargs != 0
    }
    assert taking <= VALUE_OPTIONS


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pgdeck ", ["pgdeck", ""]),
        ("pgdeck  ls ta", ["pgdeck", "ls", "ta"]),
        ("pgdeck ls --filter 'a b", ["pgdeck", "ls", "--filter", "a b"]),
        ('pgdeck "a\\" b"', ["pgdeck", 'a" b']),
        ("pgdeck a\\ b '' ", ["pgdeck", "a b", "", ""]),
        ("pgdeck x\\", ["pgdeck", "x"]),
    ],
)
def test_an_unfinished_line_is_read_as_the_shell_reads_it(line: str, words: list[str]) -> None:
    assert split_line(line) == words


def test_assignments_before_the_program_are_left_out() -> None:
    assert arguments(["PGHOST=x", "Y=", "./pgdeck", "ls", ""]) == ["ls", ""]


def test_what_a_terminal_must_not_see_is_not_offered(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / ".pg_service.conf").write_text("[evil\x1b[31m]\n[tab\tbed]\n[good]\n")
    done = subprocess.run(
        [PROGRAM, "completion", "--answer", "zsh"],
        input=b"--target\0service=\0",
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.decode() == "service=good\t\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"completion --answer {shell}" in capsys.readouterr().out
    assert main(["completion", "tcsh"]) == 2


def need(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


def typed(terminal: Terminal, keys: str, seen: str) -> None:
    """Type into a shell, and wait until it shows what is expected; then begin a new line."""
    before, until = len(terminal.written), time.monotonic() + 30
    os.write(terminal.master, keys.encode())
    while seen not in plain(terminal.written[before:]):
        assert time.monotonic() < until, plain(terminal.written[before:])
        terminal.read(0.1)
    os.write(terminal.master, b"\x15")


def plain(written: bytearray) -> str:
    """Return what was written without colours, and without what was taken back."""
    return re.sub(r".\x08", "", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.decode()))


def paths(home: Path) -> dict[str, str]:
    return {
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "INPUTRC": "/dev/null",
        "PS1": "> ",
    }


LINES = [
    ("pgdeck stat\t--js\t", "status --json "),
    ("pgdeck ls mi\t--lim\t", "ls mine --limit "),
    ("pgdeck status service=shop_\t", "service=shop_copy "),
    ("pgdeck check --warn connecti\t70", "connections=70"),
    ("pgdeck check --only lock_wait,lock_q\t--al\t", "--only lock_wait,lock_queue --all "),
    ("pgdeck metrics --textfile ./config/pgd\t", "config/pgdeck/"),
]


def test_bash(home: Path) -> None:
    command = (need("bash"), "--norc", "--noprofile", "-i")
    with running(home / "config", *command, variables=paths(home)) as terminal:
        typed(terminal, 'cd; eval "$(pgdeck completion bash)"; echo rea""dy\n', "ready")
        for keys, seen in LINES:
            typed(terminal, keys, seen)
        os.write(terminal.master, b"exit\n")
        terminal.ended()


def test_zsh(home: Path) -> None:
    command = (need("zsh"), "-f", "-i")
    with running(home / "config", *command, variables=paths(home)) as terminal:
        start = "cd; autoload -Uz compinit; compinit -u -D; source <(pgdeck completion zsh)"
        typed(terminal, f'{start}; echo rea""dy\n', "ready")
        for keys, seen in LINES:
            typed(terminal, keys, seen)
        os.write(terminal.master, b"exit\n")
        terminal.ended()


def test_fish(home: Path) -> None:
    """fish says itself what it would offer."""
    script = home / "pgdeck.fish"
    script.write_text(
        subprocess.run(
            [PROGRAM, "completion", "fish"], capture_output=True, check=True, text=True, timeout=60
        ).stdout
    )

    def offers(line: str) -> list[str]:
        said = subprocess.run(
            [need("fish"), "--no-config", "-c", f"source {script}; complete -C {line!r}"],
            env={**os.environ, **paths(home)},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not said.stderr
        return [each.partition("\t")[0] for each in said.stdout.splitlines()]

    assert offers("pgdeck stat") == ["status"]
    assert offers("pgdeck ls mi") == ["mine"]
    assert offers("pgdeck status service=shop_") == ["service=shop_copy"]
    assert offers("pgdeck check --warn connecti") == ["connections="]
    assert offers("pgdeck metrics --textfile config/pgd") == ["config/pgdeck/"]
