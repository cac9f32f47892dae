"""A real engine, or the reason why there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import ROOT, MakeProject, Project, reason_against

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this directory."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def engine() -> None:
    """Skip without an engine, or fail when PGDECK_REQUIRE_DOCKER=1 demands one."""
    reason = reason_against()
    if reason is None:
        return
    if os.environ.get("PGDECK_REQUIRE_DOCKER") == "1":
        pytest.fail(f"PGDECK_REQUIRE_DOCKER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def make_project(engine: None) -> Iterator[MakeProject]:
    """Return a maker of projects; each is taken down with its volume at the end."""
    made: list[Project] = []

    def make(*files: Path, **environ: str) -> Project:
        project = Project(environ, (ROOT / "compose.yaml", *files))
        made.append(project)
        return project

    yield make
    for project in made:
        project.compose("--profile", "pool", "down", "-v", "--timeout", "5", check=False)
