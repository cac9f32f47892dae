"""What could be a database near here: compose services, containers, sockets, service entries."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from pgdeck.core.address import endpoint
from pgdeck.core.surroundings import Sight, Sighting, Surroundings
from pgdeck.core.target import Conninfo, Kind, Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.compose import ComposeProject, Service
from pgdeck.targets.composecli import engine_host
from pgdeck.targets.composeview import AskedPort, ComposeView, container_of
from pgdeck.targets.postgresservice import address_of, is_postgres
from pgdeck.targets.project import ProjectSettings, search_path
from pgdeck.targets.search import Search
from pgdeck.targets.service import service_files, service_keywords

SOCKET_DIRECTORIES = ("/var/run/postgresql", "/run/postgresql", "/tmp")
_SOCKET = re.compile(r"\.s\.PGSQL\.(\d{1,5})")
MOST = 50
"""Things of a kind that are told; nobody chooses among more."""


def surroundings(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings | None = None
) -> Surroundings:
    """Return all that is in sight; what cannot be looked at is a note."""
    from pgdeck.targets.engine import running_containers

    notes: list[str] = []
    settings = settings or ProjectSettings()
    services = tuple(_services(directory, environ, settings, notes))
    notes += Search(search_path(directory), environ, settings).notes()
    running = running_containers(environ)
    if isinstance(running, str):
        notes.append(running)
        running = []
    else:
        names = {each.name for each in running}
        services = tuple(_checked(each, names) for each in services)
    known = {each.target.container for each in services if each.target is not None}
    engine = engine_host(environ)
    containers = [_container(each, engine) for each in running if is_postgres(each)]
    return Surroundings(
        directory,
        services=services[:MOST],
        containers=tuple(each for each in containers if each.name not in known)[:MOST],
        sockets=tuple(_sockets(environ))[:MOST],
        entries=tuple(_entries(environ))[:MOST],
        notes=tuple(dict.fromkeys(notes)),
    )


def _checked(sighting: Sighting, names: Collection[str]) -> Sighting:
    """Return a service with whether it runs, where the name of its container is known."""
    container = sighting.target.container if sighting.target else None
    return replace(sighting, running=container in names) if container else sighting


def _services(
    directory: Path, environ: Mapping[str, str], settings: ProjectSettings, notes: list[str]
) -> Iterator[Sighting]:
    places = search_path(directory)
    view = ComposeView(places, environ, settings)
    for place in places:
        try:
            project = view.project(place)
        except UsageProblem as problem:
            notes.append(problem.message)
            continue
        if project is not None:
            notes += project.notes
            for service in project.services.values():
                if is_postgres(service):
                    yield _service(service, project, environ, settings)


def _service(
    service: Service, project: ComposeProject, environ: Mapping[str, str], settings: ProjectSettings
) -> Sighting:
    source = f"{project.files[0].name}: service {service.name}"
    try:
        asker = AskedPort(project, environ) if settings.ask_docker else None
        address, _ = address_of(service, project, asker)
    except UsageProblem as problem:
        return Sighting(Sight.COMPOSE, service.name, note=problem.message)
    target = Target(
        endpoint(address.conninfo),
        Kind.CONTAINER,
        address.conninfo,
        source=source,
        project_dir=project.directory,
        container=container_of(project, service),
    )
    profiles = f"profile {', '.join(service.profiles)}" if service.profiles else ""
    return Sighting(
        Sight.COMPOSE, service.name, endpoint(address.conninfo), target=target, note=profiles
    )


def _container(service: Service, engine: str) -> Sighting:
    project = ComposeProject((Path("/"),), {service.name: service}, engine=engine)
    try:
        address, _ = address_of(service, project)
    except UsageProblem as problem:
        said = problem.message.replace("the service", "the container", 1)
        return Sighting(Sight.CONTAINER, service.name, running=True, note=said)
    target = Target(
        endpoint(address.conninfo),
        Kind.CONTAINER,
        address.conninfo,
        source=f"container {service.name}",
        container=service.name,
    )
    place = endpoint(address.conninfo)
    return Sighting(Sight.CONTAINER, service.name, place, running=True, target=target)


def _sockets(environ: Mapping[str, str]) -> Iterator[Sighting]:
    named = environ.get("PGHOST", "")
    looked = dict.fromkeys((*([named] if named.startswith("/") else []), *SOCKET_DIRECTORIES))
    seen: set[str] = set()
    for directory in looked:
        real = os.path.realpath(directory)
        if real in seen:
            continue
        seen.add(real)
        for port in sorted(_ports_in(directory)):
            keywords = {"host": directory, "port": str(port), "dbname": "postgres"}
            conninfo = Conninfo(keywords)
            target = Target(
                f"{directory}:{port}", Kind.REMOTE, conninfo, source=f"socket in {directory}"
            )
            yield Sighting(Sight.SOCKET, f"{directory}:{port}", endpoint(conninfo), target=target)


def _ports_in(directory: str) -> Iterator[int]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                match = _SOCKET.fullmatch(entry.name)
                if match and stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                    yield int(match[1])
    except OSError:
        return


def _entries(environ: Mapping[str, str]) -> Iterator[Sighting]:
    """Yield the services of libpq's files, the person's own first."""
    seen: set[str] = set()
    for path in service_files(environ):
        for name in _names_in(path):
            if name in seen:
                continue
            seen.add(name)
            try:
                keywords = service_keywords(name, environ)
            except UsageProblem:
                continue
            # None: by LDAP, which libpq alone can ask.
            conninfo = Conninfo({"service": name} if keywords is None else keywords)
            place = "" if keywords is None else endpoint(conninfo)
            target = Target(name, Kind.REMOTE, conninfo, source=f"{path}: [{name}]")
            yield Sighting(Sight.SERVICE, name, place, target=target)


def _names_in(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return re.findall(r"^\s*\[([^\]\n]{1,100})\]", text, re.MULTILINE)
