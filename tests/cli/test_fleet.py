"""The fleet from the command line: every named target once, and no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers import LiveServer, free_port


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment that knows nothing but what the test configures."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    kept.pop("DATABASE_URL", None)
    places = {f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "STATE")}
    return {**kept, **places, "HOME": str(tmp_path)}


def configure(environ: dict[str, str], text: str) -> None:
    directory = Path(environ["XDG_CONFIG_HOME"]) / "pgdeck"
    directory.mkdir(parents=True, mode=0o700)
    (directory / "config.toml").write_text(text)
    (directory / "config.toml").chmod(0o600)


def ls(environ: dict[str, str], place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgdeck", "ls", "targets", *words]
    return subprocess.run(
        command, cwd=place, env=environ, capture_output=True, text=True, timeout=60
    )


def test_every_target_is_listed_once(
    pg18: LiveServer, environ: dict[str, str], tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    url = f"postgresql://postgres:geheim@127.0.0.1:{pg18.port}/postgres"
    configure(
        environ,
        f"""
        [targets.shop]
        url = "{url}"
        environment = "staging"
        [targets.gone]
        url = "postgresql://me@127.0.0.1:{free_port()}/gone"
        [targets.vault]
        url = "postgresql://me@127.0.0.1:{pg18.port}/postgres"
        password_command = ["touch", "{ran}"]
        [targets.nowhere]
        service = "no-such-service"
        """,
    )
    done = ls(environ, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["target"]: row for row in json.loads(done.stdout)["rows"]}
    assert list(rows) == ["shop", "gone", "vault", "nowhere"]
    assert (rows["shop"]["role"], rows["shop"]["environment"]) == ("primary", "staging")
    assert rows["shop"]["warnings"] is not None
    assert rows["shop"]["lag_s"] is None
    assert rows["gone"]["role"] is None
    assert "connection refused" in rows["gone"]["trouble"]
    assert "comes from a command" in rows["vault"]["trouble"]
    assert "no-such-service" in rows["nowhere"]["trouble"]
    assert not ran.exists()
    assert "geheim" not in done.stdout + done.stderr
    narrowed = ls(environ, tmp_path, "--filter", "role:primary", "--csv")
    assert narrowed.stdout.count("\n") == 2


def test_it_ends_with_4_when_none_answers(environ: dict[str, str], tmp_path: Path) -> None:
    configure(environ, f'[targets.gone]\nurl = "postgresql://me@127.0.0.1:{free_port()}/gone"\n')
    assert ls(environ, tmp_path).returncode == 4


def test_one_target_is_another_command(environ: dict[str, str], tmp_path: Path) -> None:
    done = ls(environ, tmp_path, "postgresql://me:geheim@db/shop")
    assert done.returncode == 2
    assert "pgdeck status TARGET" in done.stderr
    assert "geheim" not in done.stderr
