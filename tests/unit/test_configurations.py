"""Real configurations of projects resolve to what a person would say of them."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pgdeck.targets.composecli import ask_compose
from pgdeck.targets.project import ProjectSettings, project_candidates
from pgdeck.targets.sources import Candidate

CONFIGURATIONS = Path(__file__).resolve().parents[1] / "configurations"
CASES = sorted(path.name for path in CONFIGURATIONS.iterdir() if path.is_dir())
OWN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
KEYWORDS = ("host", "port", "user", "password", "dbname", "sslmode")
Expected = dict[str, Any]


def told(name: str) -> Expected:
    with (CONFIGURATIONS / name / "expected.toml").open("rb") as file:
        return tomllib.load(file)


def checkout(name: str, place: Path) -> Path:
    """Copy a configuration to where only it counts, as the root of a repository."""
    root = place / "checkout"
    shutil.copytree(CONFIGURATIONS / told(name).get("checkout", name), root)
    (root / "expected.toml").unlink()
    (root / ".git").mkdir()
    # What lies above the root belongs to nobody.
    (place / ".env").write_text("DATABASE_URL=postgresql://above@above/above\n")
    return root


def resolve(name: str, place: Path, *, ask_docker: bool) -> list[Candidate]:
    root, case = checkout(name, place), told(name)

    def here(value: str) -> str:
        return value.replace("{here}", str(root))

    environ = {key: here(value) for key, value in case.get("environ", {}).items()}
    if ask_docker:
        environ |= OWN  # the plugin is looked for at home
    given: dict[str, Any] = {key: here(value) for key, value in case.get("settings", {}).items()}
    secrets = Path(given.pop("secrets", str(root / "no-secrets")))
    settings = ProjectSettings(
        **given, secrets=secrets, ask_docker=ask_docker, resolver=root / "no-resolver"
    )
    return list(project_candidates(root / case.get("directory", "."), environ, settings))


def check(candidates: list[Candidate], expected: Expected, root: Path) -> None:
    if not expected:
        assert not candidates
        return
    first = candidates[0]
    if "problem" in expected:
        assert first.problem is not None, first
        assert expected["problem"] in first.problem.message.replace(f"{root}/", "")
        assert expected.get("hint", "") in first.problem.hint
        assert "s3cret" not in f"{first.problem.message}{first.problem.hint}"
        return
    assert first.problem is None, (first.problem.message, first.problem.hint)
    assert first.address is not None
    assert first.source == expected["source"]
    conninfo = first.address.conninfo
    found = {key: conninfo[key] for key in KEYWORDS if conninfo.get(key)}
    assert found == {key: expected[key] for key in KEYWORDS if key in expected}
    assert set(conninfo) <= set(KEYWORDS)
    assert expected.get("note", "") in " ".join(first.address.notes)
    assert expected.get("rank", 5) == first.rank
    if "line" in expected:
        assert first.line == expected["line"]
    for key, origin in expected.items():
        if key.startswith("origin_"):
            assert first.origins[key.removeprefix("origin_")] == origin


@pytest.mark.parametrize("name", CASES)
def test_it_resolves_to_what_a_person_says(name: str, tmp_path: Path) -> None:
    check(
        resolve(name, tmp_path, ask_docker=False),
        told(name).get("expected", {}),
        tmp_path / "checkout",
    )


@pytest.mark.parametrize("name", [name for name in CASES if re.match("compose|system", name)])
def test_compose_itself_reads_it_alike(name: str, tmp_path: Path) -> None:
    if ask_compose((CONFIGURATIONS / "compose-plain" / "compose.yaml",), OWN, 20) is None:
        pytest.skip("docker compose does not answer")
    check(
        resolve(name, tmp_path, ask_docker=True),
        told(name).get("expected", {}),
        tmp_path / "checkout",
    )


def test_there_are_thirty_and_each_says_what_it_is() -> None:
    assert len(CASES) >= 30
    assert all(told(name)["says"] for name in CASES)


def test_no_candidate_shows_a_secret(tmp_path: Path) -> None:
    for number, name in enumerate(CASES):
        place = tmp_path / str(number)
        place.mkdir()
        shown = repr(resolve(name, place, ask_docker=False))
        assert not re.search("s3cret|fr0m-the-file|p@ss", shown), name
