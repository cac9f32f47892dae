"""``pgdeck doctor`` as a shell sees it: text, JSON and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from diagnosing import peer
from pgdeck.core.ladder import RUNGS
from servers import LiveServer, free_port

SOURCE = Path(__file__).resolve().parents[2] / "src"
SECRET = "hunter2-hunter2"


def doctor(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command where no project names a database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    kept.pop("DATABASE_URL", None)
    own = {"PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error", "HOME": str(cwd)}
    return subprocess.run(
        [sys.executable, "-m", "pgdeck", "doctor", *words],
        env={**kept, **own, **variables},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_rung_is_named_and_what_holds_ends_with_0(pg18: LiveServer, tmp_path: Path) -> None:
    done = doctor(pg18.dsn(), cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line and line[0] != " "]
    assert [line[2:].split("  ")[0] for line in lines[:-1]] == list(RUNGS.values())
    assert lines[-1].startswith("Every rung holds")


def test_json_has_the_promised_shape(pg18: LiveServer, tmp_path: Path) -> None:
    done = doctor(pg18.dsn(), "--json", cwd=tmp_path)

    report = json.loads(done.stdout)
    assert list(report) == ["target", "source", "verdict", "failed", "rungs"]
    assert (report["source"], report["failed"]) == ("argument", None)
    assert report["target"]["port"] == pg18.port
    assert [rung["rung"] for rung in report["rungs"]] == list(RUNGS)
    for rung in report["rungs"]:
        assert list(rung) == ["rung", "verdict", "said", "cause", "cure", "notes", "seconds"]


def test_a_dead_target_ends_with_4_and_names_what_was_not_reached(tmp_path: Path) -> None:
    url = f"postgresql://app:{SECRET}@127.0.0.1:{free_port()}/shop"
    done = doctor(cwd=tmp_path, DATABASE_URL=url)

    assert done.returncode == 4
    assert "(DATABASE_URL)" in done.stdout
    assert "connection refused" in done.stdout
    assert done.stdout.count("not reached") == len(RUNGS) - 3
    assert "The first rung that does not hold is port." in done.stdout
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        ((), {}, "no database is named"),
        ((), {"DATABASE_URL": f"mysql://app:{SECRET}@db/shop"}, "MySQL"),
        (("host=db port=70000 dbname=x user=y",), {}, "70000 is no port"),
        (("host=db sslmode=perhaps dbname=x user=y",), {}, "sslmode perhaps is no mode"),
        (("service=nowhere",), {}, "nowhere"),
    ],
)
def test_a_wrong_configuration_ends_with_2_in_either_form(
    words: tuple[str, ...], variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    plain = doctor(*words, cwd=tmp_path, **variables)
    shaped = doctor(*words, "--json", cwd=tmp_path, **variables)

    assert plain.returncode == shaped.returncode == 2
    assert said in plain.stdout
    assert json.loads(shaped.stdout)["failed"] == "configuration"
    assert SECRET not in plain.stdout + plain.stderr + shaped.stdout + shaped.stderr


def test_an_ascii_terminal_gets_ascii_and_hostile_words_are_escaped(tmp_path: Path) -> None:
    with peer(lambda caller: caller.sendall("\x1b[2Jé".encode())) as port:
        address = f"host=127.0.0.1 port={port} dbname=x user=y"
        done = doctor(address, cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert done.returncode == 4
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout
    assert "# PostgreSQL" in done.stdout


def test_the_help_has_examples_and_exit_codes(tmp_path: Path) -> None:
    done = doctor("--help", cwd=tmp_path)

    assert done.returncode == 0
    assert "examples:" in done.stdout
    assert "4 server not reached" in done.stdout
