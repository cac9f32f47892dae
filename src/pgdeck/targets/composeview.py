"""The compose project of each directory, read at most once, and what it says of PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pgdeck.errors import UsageProblem
from pgdeck.targets.compose import ComposeProject, Service
from pgdeck.targets.composecli import ask_compose, ask_port, engine_host
from pgdeck.targets.composefiles import filling, find_files, read_project
from pgdeck.targets.dotenv import read_dotenv
from pgdeck.targets.postgresservice import address_of, chosen_service, from_host, line_of
from pgdeck.targets.project import ProjectSettings
from pgdeck.targets.reading import read_text
from pgdeck.targets.sources import Candidate, Rank
from pgdeck.targets.url import Address

_OF_COMPOSE = ("COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PATH_SEPARATOR", "COMPOSE_PROJECT_NAME")
NETWORK_RESOLVER = "127.0.0.11"
"""Where containers of a network of their own ask for names."""


class ComposeView:
    """The compose projects of the directories of a search, nearest first."""

    def __init__(
        self, places: Sequence[Path], environ: Mapping[str, str], settings: ProjectSettings
    ) -> None:
        self._places = places
        self._environ = environ
        self._settings = settings
        self._known: dict[Path, ComposeProject | UsageProblem | None] = {}
        self._environs: dict[Path, dict[str, str]] = {}

    def project(self, place: Path) -> ComposeProject | None:
        """Return a directory's project, None without one; raises `UsageProblem`."""
        if place not in self._known:
            try:
                found = self._read(place)
                self._known[place] = found and self._completed(found)
            except UsageProblem as problem:
                self._known[place] = problem
        known = self._known[place]
        if isinstance(known, UsageProblem):
            raise known
        return known

    def _completed(self, project: ComposeProject) -> ComposeProject:
        engine = engine_host(self._environ)
        variables, _ = filling(project.directory, self._environ)
        return replace(project, engine=engine, variables=variables)

    def _read(self, place: Path) -> ComposeProject | None:
        environ = self._variables(place)
        files = self.files(place)
        if not files:
            return None
        # Whoever reads them in the end, they are small texts of our own.
        if all(read_text(path) is not None for path in files) and self._settings.ask_docker:
            found = ask_compose(files, environ)
            if found is not None:
                return found
        return read_project(files, environ)

    def files(self, place: Path) -> tuple[Path, ...]:
        """Return the compose files that count in a directory."""
        named = self._settings.compose_files
        if named:
            here = place == self._places[0]
            return tuple(place / path for path in named) if here else ()
        environ = self._variables(place)
        if place != self._places[0] and "COMPOSE_FILE" in self._environ:
            return ()  # it names the same files from everywhere
        return find_files(place, environ)

    def _variables(self, place: Path) -> dict[str, str]:
        """Return the environment with what a directory's ``.env`` says to compose itself."""
        if place not in self._environs:
            self._environs[place] = self._with_own(place)
        return self._environs[place]

    def _with_own(self, place: Path) -> dict[str, str]:
        try:
            found = read_dotenv(place / ".env", self._environ)
        except UsageProblem:
            found = None
        own = {name: found.get(name) for name in _OF_COMPOSE if found.get(name)} if found else {}
        return {**own, **self._environ}

    def _profiles(self, place: Path) -> frozenset[str]:
        named = self._variables(place).get("COMPOSE_PROFILES", "").split(",")
        return frozenset(filter(None, map(str.strip, (*named, *self._settings.profiles))))

    def candidate(self, place: Path) -> Candidate | None:
        """Return what a directory's compose project names; raises `UsageProblem`."""
        project = self.project(place)
        if project is None:
            return None
        wanted = self._settings.service
        service = chosen_service(project, wanted, self._profiles(place))
        if service is None:
            return None
        address, origins = address_of(service, project, self._asker(project))
        return Candidate(
            Rank.PROJECT,
            f"{project.files[0].name}: service {service.name}",
            address,
            file=project.files[0],
            line=line_of(project.files[0], service.name),
            origins=origins,
            project_dir=project.directory,
            container=container_of(project, service),
        )

    def _asker(self, project: ComposeProject) -> AskedPort | None:
        return AskedPort(project, self._environ) if self._settings.ask_docker else None

    def seen_from_here(self, address: Address) -> Address:
        """Return an address as it leads from here to a service; any other one as it is.

        Raises `UsageProblem` when nothing leads there.
        """
        host = address.conninfo.get("host", "")
        if not host or host.startswith("/") or "." in host or self._in_network():
            return address
        for place in self._places:
            try:
                project = self.project(place)
            except UsageProblem:
                continue
            if project is None:
                continue
            changed = from_host(address, project, self._asker(project))
            if changed is not None:
                return changed
        return address

    def _in_network(self) -> bool:
        try:
            return NETWORK_RESOLVER in (read_text(self._settings.resolver, anyones=True) or "")
        except UsageProblem:
            return False


class AskedPort:
    """Asks the engine for the port of a running container where chance decided it."""

    def __init__(self, project: ComposeProject, environ: Mapping[str, str]) -> None:
        self._project = project
        self._environ = environ

    def __call__(self, service: Service, port: int) -> tuple[str, str] | None:
        """Return address and port, None when it does not run."""
        return ask_port(self._project.files, self._environ, service.name, port)


def container_of(project: ComposeProject, service: Service) -> str | None:
    """Return the name of a service's container, None when only an engine knows it."""
    if service.container:
        return service.container
    return f"{project.name}-{service.name}-1" if project.name else None
