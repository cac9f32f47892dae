"""Files that somebody else put into a project do no harm: no crash, no wait, nothing is run."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgdeck.core.surroundings import Surroundings
from pgdeck.targets.around import surroundings
from pgdeck.targets.project import ProjectSettings, config_places, project_candidates
from pgdeck.targets.sources import Candidate
from pgdeck.targets.yamltext import YamlError, parse

NAMES = (".env", "compose.yaml", "alembic.ini", "pyproject.toml", "pgdeck.toml", "alembic/env.py")
ALONE = ProjectSettings(ask_docker=False, secrets=Path("/nonexistent"))
LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
)
MERGES = "\n".join(
    ["m0: &m0 {k: v}"]
    + [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}], k{n}: v}}" for n in range(1, 40)]
)
SERVICE = "services:\n  db:\n    image: postgres\n    environment: {X: *a39}\n    ports: *a39\n"
DOUBLING = "A0=xxxxxxxxxx\n" + "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 60))
INI = "[alembic]\nscript_location = alembic\n"
HOSTILE = {
    "laughing aliases": f"{LAUGHS}\n{SERVICE}",
    "laughing merges": f"{MERGES}\nservices:\n  db: *m39\n",
    "deep brackets": "services: " + "[" * 200_000,
    "deep braces": "services: " + "{a: " * 100_000,
    "deep dashes": "- " * 200_000,
    "deep indents": "\n".join(" " * n + "a:" for n in range(900)),
    "a long blank": "services:\n  db: x" + " " * 400_000 + "y",
    "a long key": "k" * 400_000 + ": 1",
    "an endless quotation": 'services: "' + "\\\n" * 200_000,
    "quotation marks": "\"'" * 200_000,
    "colons": ":" * 400_000,
    "doubling variables": DOUBLING,
    "nested defaults": "services: {db: {image: '" + "${A:-" * 60_000 + "}" * 60_000 + "'}}",
    "nested values": "X=" + "${A:-" * 60_000 + "}" * 60_000,
    "itself": "services: {db: {extends: {file: compose.yaml, service: db}}}\ninclude: compose.yaml",
    "a tag that makes things": "!!python/object/apply:os.system ['touch run']\n",
    "naming itself": INI + "sqlalchemy.url = %(a)s\na = %(b)s%(b)s\nb = %(a)s%(a)s\n",
    "naming much": INI
    + "sqlalchemy.url = %(a0)s\n"
    + "".join(f"a{n} = {f'%(a{n + 1})s' * 30}\n" for n in range(30))
    + "a30 =\n",
    "blank lines of options": INI + "x" + " " * 300_000 + "y\n",
    "deep Python": "x = " + "(" * 50_000,
    "much Python": "a0 = 'x'\n"
    + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 90))
    + "context.configure(url=a89)\nopen('run', 'w')\n",
    "deep tables": "pgdeck = " + "[" * 100_000,
    "no text": "\0\x01\x02" * 1000,
    "a surrogate": "services: {db: {image: '\\ud800'}}",
    "control characters": "DATABASE_URL=postgresql://\x1b]0;x\x07@h/d\nservices:\n  \x1b[2J: {}\n",
}


def look(place: Path) -> tuple[tuple[Candidate, ...], Surroundings]:
    environ = {"HOME": str(place), "PATH": "", "DOCKER_HOST": "unix:///nonexistent.sock"}
    found = tuple(project_candidates(place, environ, ALONE))
    list(config_places(place))
    return found, surroundings(place, environ, ALONE)


def written(place: Path, name: str) -> Path:
    path = place / name
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_does_no_harm(what: str, tmp_path: Path) -> None:
    for name in NAMES:
        written(tmp_path, name).write_text(HOSTILE[what])
    before = sorted(tmp_path.rglob("*"))
    look(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.timeout(20)
def test_docker_compose_gets_little_time_for_a_hostile_file(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(HOSTILE["laughing aliases"])
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    project_candidates(tmp_path, environ, ProjectSettings())


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_link_to_nothing(path: Path) -> None:
    path.symlink_to("/nonexistent/file")


def make_directory(path: Path) -> None:
    path.mkdir()


def make_binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


MAKERS = (
    make_pipe,
    make_large,
    make_loop,
    make_link_to_a_device,
    make_link_to_nothing,
    make_directory,
    make_binary,
    make_socket,
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("make", MAKERS)
def test_what_is_no_small_text_is_not_read(make: Callable[[Path], None], tmp_path: Path) -> None:
    for name in NAMES:
        make(written(tmp_path, name))
    found, _ = look(tmp_path)
    assert all(each.problem is not None for each in found)
    said = " ".join(each.problem.message for each in found if each.problem)
    if make not in (make_link_to_nothing, make_directory, make_socket):
        assert f"{tmp_path}/.env is not read" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    for name in NAMES:
        written(tmp_path, name).write_text("x")
        written(tmp_path, name).chmod(0)
    found, _ = look(tmp_path)
    assert any(each.problem and "Permission denied" in each.problem.message for each in found)


def test_a_program_in_the_project_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\ntouch run\n")
    program.chmod(0o755)
    (tmp_path / "compose.yaml").write_text("services: {db: {image: postgres, ports: ['1:5432']}}")
    monkeypatch.chdir(tmp_path)
    found = project_candidates(tmp_path, {"PATH": f".:{os.pathsep}bin"}, ProjectSettings())
    assert found[0].source == "compose.yaml: service db"
    assert not (tmp_path / "run").exists()


def test_other_machines_are_not_asked(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "include: ['https://127.0.0.1:1/x.git', 'oci://127.0.0.1:1/x']\n"
        "services: {db: {image: postgres, ports: ['1:5432'],"
        " extends: {file: 'git@127.0.0.1:x/y.git', service: z}}}"
    )
    found, seen = look(tmp_path)
    assert found[0].source == "compose.yaml: service db"
    assert any("another machine" in note for note in seen.notes)


TEXTS = st.lists(
    st.sampled_from(
        [*"a: \n[]{}'\"#|>,\\$\t", "  ", "- ", "&a", "*a", "<<: ", "---", "!x", "${", "k:", "x: y"]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(YamlError):
        parse(text)
