"""A docker program that hangs, fails or talks nonsense costs a moment: our own reading counts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pgdeck.targets.composecli import LONGEST_ANSWER, ask_compose, docker_program, engine_host
from pgdeck.targets.project import ProjectSettings, project_candidates

COMPOSE = "services: {db: {image: postgres, ports: ['15432:5432']}}"
ANSWERS = {
    "fails": "exit 14",
    "says nothing": "exit 0",
    "talks nonsense": "echo '{'",
    "says another thing": "echo '[1]'",
    "nests deeply": f"'{sys.executable}' -c \"print('[' * 200000)\"",
    "talks too much": f"head -c {LONGEST_ANSWER + 1} /dev/zero",
    "knows no such thing": "echo 'unknown command' >&2; exit 125",
    "hangs": "echo $$ > pid; sleep 300 & wait",
}


def stand_in(place: Path, body: str) -> dict[str, str]:
    """Put a docker program of our own first on the path."""
    (place / "bin").mkdir()
    program = place / "bin" / "docker"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    (place / "compose.yaml").write_text(COMPOSE)
    return {"PATH": f"{place / 'bin'}:/usr/bin:/bin"}


def living(group: int) -> list[int]:
    """Return what still runs of a group of processes."""
    found: list[int] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


@pytest.mark.parametrize("what", ANSWERS)
def test_whatever_docker_does_the_files_are_read(what: str, tmp_path: Path) -> None:
    environ = stand_in(tmp_path, ANSWERS[what])
    (found,) = project_candidates(tmp_path, environ, ProjectSettings())
    assert found.address is not None
    assert found.address.conninfo["port"] == "15432"


def test_what_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    environ = stand_in(tmp_path, ANSWERS["hangs"])
    files = (tmp_path / "compose.yaml",)
    assert ask_compose(files, environ, seconds=0.5) is None
    group = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while living(group) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not living(group)


def test_it_is_asked_to_fetch_nothing(tmp_path: Path) -> None:
    environ = stand_in(tmp_path, 'env > seen; pwd >> seen; echo "$@" >> seen; exit 1')
    environ |= {"COMPOSE_FILE": "compose.yaml", "PASSED_ON": "yes"}
    project_candidates(tmp_path, environ, ProjectSettings())
    seen = (tmp_path / "seen").read_text().splitlines()
    assert "COMPOSE_EXPERIMENTAL_GIT_REMOTE=false" in seen
    assert "COMPOSE_EXPERIMENTAL_OCI_REMOTE=false" in seen
    assert "PASSED_ON=yes" in seen
    assert seen[-1].endswith(f"-f {tmp_path}/compose.yaml --profile * config --format json")


@pytest.mark.parametrize("path", ["", ".", "bin:.", "./bin:relative"])
def test_a_program_is_looked_for_in_absolute_directories_alone(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, "exit 1")
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert docker_program({"PATH": path}) is None


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("", "127.0.0.1"),
        ("unix:///var/run/docker.sock", "127.0.0.1"),
        ("tcp://localhost:2375", "127.0.0.1"),
        ("tcp://192.0.2.7:2376", "192.0.2.7"),
        ("ssh://me@build.example.com", "build.example.com"),
        ("tcp://[broken", "127.0.0.1"),
    ],
)
def test_the_host_of_an_engine(address: str, host: str) -> None:
    assert engine_host({"DOCKER_HOST": address}) == host


def test_the_engine_of_a_context(tmp_path: Path) -> None:
    chosen(tmp_path / ".docker", "far", "ssh://ops@far.example.com")
    home = {"HOME": str(tmp_path)}
    assert engine_host(home) == "far.example.com"
    # In docker's own order.
    assert engine_host({**home, "DOCKER_CONTEXT": "default"}) == "127.0.0.1"
    assert engine_host({**home, "DOCKER_CONTEXT": "lost"}) == "127.0.0.1"
    assert engine_host({**home, "DOCKER_HOST": "tcp://near:2375"}) == "near"
    chosen(tmp_path / "other", "rootless", "unix:///run/user/1/docker.sock")
    assert engine_host({**home, "DOCKER_CONFIG": str(tmp_path / "other")}) == "127.0.0.1"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"currentContext": 1}', "[" * 100_000])
def test_a_spoilt_configuration_of_docker_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    assert engine_host({"DOCKER_CONFIG": str(tmp_path)}) == "127.0.0.1"


def chosen(home: Path, name: str, address: str) -> None:
    """Write docker's configuration as ``docker context create`` and ``use`` do."""
    meta = home / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (home / "config.json").write_text(json.dumps({"auths": {}, "currentContext": name}))
    said = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": address}}}
    (meta / "meta.json").write_text(json.dumps(said))


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker program")
def test_docker_itself_writes_contexts_so(tmp_path: Path) -> None:
    environ = {**os.environ, "DOCKER_CONFIG": str(tmp_path)}
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        environ.pop(name, None)
    for words in (["create", "far", "--docker", "host=tcp://192.0.2.7:2376"], ["use", "far"]):
        subprocess.run(["docker", "context", *words], env=environ, check=True, capture_output=True)
    assert engine_host(environ) == "192.0.2.7"
