"""What a project says of its database: the components in the environment, and its files.

Nothing here runs what a project brings; files are read within limits (`targets.reading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from pgdeck.errors import UsageProblem
from pgdeck.targets.reading import read_text
from pgdeck.targets.sources import Candidate
from pgdeck.targets.url import Address

if TYPE_CHECKING:
    from pgdeck.core.surroundings import Surroundings
    from pgdeck.targets.search import Search

SECRETS = Path("/run/secrets")
RESOLVER = Path("/etc/resolv.conf")


class ProjectSettings(Struct, frozen=True):
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
    resolver: Path = RESOLVER
    """Tells whether this is a container of a compose network, where services' names lead."""
    ask_docker: bool = True
    """Whether ``docker compose config`` may read the compose files for us."""


class ConfigPlace(Struct, frozen=True):
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
        if _is_there(place / ".git") or _is_there(place / ".hg"):
            return tuple(above[: number + 1])
    return (directory,)


def config_places(directory: Path) -> Iterator[ConfigPlace]:
    """Yield each ``pgdeck.toml`` and ``pyproject.toml`` with ``[tool.pgdeck]``, nearest first.

    One that cannot be read as TOML is among them when it seems to hold the table.
    """
    for place in search_path(directory):
        if _is_there(place / "pgdeck.toml"):
            yield ConfigPlace(place / "pgdeck.toml")
        if _holds_table(place / "pyproject.toml"):
            yield ConfigPlace(place / "pyproject.toml", ("tool", "pgdeck"))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _holds_table(path: Path) -> bool:
    try:
        text = read_text(path)
    except UsageProblem:
        return False
    if text is None or "pgdeck" not in text:
        return False
    import tomllib  # only where it is likely to be needed

    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError):
        return "[tool.pgdeck" in text
    return isinstance(tool, dict) and "pgdeck" in tool


def project_candidates(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings | None = None
) -> Sequence[Candidate]:
    """Return what the components and the project's files name, the strongest first.

    Whatever is wrong in a file is a candidate's problem; nothing raises.
    """
    return tuple(find_candidates(directory, environ, settings))


def find_candidates(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings | None = None
) -> Iterator[Candidate]:
    """Yield the same one by one: who needs the first only does not wait for the others."""
    components, files = open_search(directory, environ, settings)
    yield from components
    yield from files


def open_search(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings | None = None
) -> tuple[Iterator[Candidate], Iterator[Candidate]]:
    """Return what the components name, and what the files do; neither is read before it is asked.

    libpq's own variables stand between the two.
    """
    opened = _Opened(directory, environ, settings or ProjectSettings())
    return opened.components(), opened.files()


class _Opened:
    """A search that is begun when the first thing is asked of it."""

    def __init__(
        self, directory: Path, environ: Mapping[str, str], settings: ProjectSettings
    ) -> None:
        self._directory = directory
        self._environ = environ
        self._settings = settings

    @cached_property
    def _search(self) -> Search:
        from pgdeck.targets.search import Search

        return Search(search_path(self._directory), self._environ, self._settings)

    def components(self) -> Iterator[Candidate]:
        told = self._settings.prefix or self._settings.url_env
        if told or any(name.endswith(("_PG_HOST", "_PG_HOST_FILE")) for name in self._environ):
            yield from self._search.components()

    def files(self) -> Iterator[Candidate]:
        yield from self._search.files()


def seen_from_here(
    address: Address,
    directory: Path,
    environ: Mapping[str, str],
    settings: ProjectSettings | None = None,
) -> Address:
    """Return an address as it leads from here to a compose service; any other one as it is.

    An application's own names another container, which only containers can find.  Raises
    `UsageProblem` when no port of the service is published.
    """
    host = address.conninfo.get("host", "")
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", host) or host in ("localhost", ""):
        return address
    from pgdeck.targets.composeview import ComposeView

    view = ComposeView(search_path(directory), environ, settings or ProjectSettings())
    return view.seen_from_here(address)


def look_around(directory: Path, environ: Mapping[str, str]) -> Surroundings:
    """Return what could be a database, for the Welcome screen; takes seconds, raises nothing."""
    from pgdeck.targets.around import surroundings

    return surroundings(directory, environ)
