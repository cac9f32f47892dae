"""What a project says of its database: the components in the environment, and its files.

Nothing here runs what a project brings; files are read within limits (`targets.reading`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgdeck.core.surroundings import Surroundings
from pgdeck.targets.sources import Candidate

SECRETS = Path("/run/secrets")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a configuration says of where to look; everything is found without it, too."""

    url_env: str = ""
    """The variable that holds the address; its beginning is the prefix of the components."""
    prefix: str = ""
    """Of the components: ``LETTA`` for ``LETTA_PG_HOST``."""
    service: str = ""
    """The compose file's service, where there are several of PostgreSQL."""
    compose_files: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()
    alembic: Path | None = None
    secrets: Path = SECRETS
    ask_docker: bool = True
    """Whether ``docker compose config`` may read the compose files for us."""


@dataclass(frozen=True, slots=True)
class ConfigPlace:
    """A file that holds pgdeck's settings of a project, and the table in it."""

    path: Path
    table: tuple[str, ...] = ()


def search_path(directory: Path) -> tuple[Path, ...]:
    """Return the directories from this one up to its repository's root, this one first.

    Outside of a repository only this one: what lies above it belongs to nobody in particular.
    """
    directory = directory.absolute()
    above = [directory, *directory.parents]
    for number, place in enumerate(above):
        if (place / ".git").exists() or (place / ".hg").exists():
            return tuple(above[: number + 1])
    return (directory,)


def config_places(directory: Path) -> Iterator[ConfigPlace]:
    """Yield each ``pgdeck.toml`` and ``pyproject.toml`` with ``[tool.pgdeck]``, nearest first."""
    for place in search_path(directory):
        if (place / "pgdeck.toml").is_file():
            yield ConfigPlace(place / "pgdeck.toml")


def project_candidates(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings | None = None
) -> Sequence[Candidate]:
    """Return what the components and the project's files name, the strongest first."""
    return tuple(find_candidates(directory, environ, settings or ProjectSettings()))


def find_candidates(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings
) -> Iterator[Candidate]:
    """Yield the same one by one: who needs the first only does not wait for the others."""
    yield from ()


def look_around(directory: Path, environ: Mapping[str, str]) -> Surroundings:
    """Return what could be a database, for the Welcome screen; takes seconds, raises nothing."""
    return Surroundings(directory)
