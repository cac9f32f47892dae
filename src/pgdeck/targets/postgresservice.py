"""The service of a compose project that is PostgreSQL, and the way to it from this host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from pgdeck.core.target import Conninfo
from pgdeck.errors import UsageProblem
from pgdeck.targets.compose import LOOPBACK, ComposeProject, Service
from pgdeck.targets.detect import read_address
from pgdeck.targets.dotenv import read_dotenv
from pgdeck.targets.reading import read_text
from pgdeck.targets.url import Address, is_url

DEFAULT_PORT = 5432
AskPort = Callable[[Service, int], "tuple[str, str] | None"]
"""Asks the engine which address and port lead to a service's port now."""

_IS = re.compile(
    r"postgres|postgis|pgvector|pgvecto|timescale|citus|paradedb|vectorchord|spilo|pg_?duckdb"
)
_IS_NOT = re.compile(
    r"exporter|backup|bouncer|pgadmin|postgrest|pgpool|pgcat|adminer|operator|graphile|meta|"
    r"barman|pgweb|studio|dump|migrat|proxy|language-server"
)
_SETUP = (
    "POSTGRES_PASSWORD",
    "POSTGRES_PASSWORD_FILE",
    "POSTGRES_HOST_AUTH_METHOD",
    "POSTGRESQL_PASSWORD",
    "POSTGRESQL_POSTGRES_PASSWORD",
)
_DATA = "/var/lib/postgresql"
_ANY = {"": LOOPBACK, "0.0.0.0": LOOPBACK, "*": LOOPBACK, "::": "::1"}
_COMMAND_PORT = re.compile(r"(?:-p\s*|--port[=\s]|port\s*=\s*)(\d{1,5})\b")
# What the images read, our name of it, and how a secret of that purpose is called.
_PARTS = {
    "user": (("POSTGRES_USER", "POSTGRESQL_USERNAME"), r"user(?:name)?"),
    "password": (("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"), r"pass(?:word|wd)?"),
    "dbname": (("POSTGRES_DB", "POSTGRESQL_DATABASE"), r"(?:db|database)(?:[-_]?name)?"),
}


class Way(Struct, frozen=True):
    """Where a service is reached from this host."""

    host: str
    port: str


def is_postgres(service: Service) -> bool:
    """Whether a service is a server of PostgreSQL, judged by its image or by what sets it up."""
    base = service.image.lower().partition("@")[0]
    head, _, tag = base.rpartition(":")
    name = head if head and "/" not in tag else base
    last = "/".join(name.split("/")[-2:])
    if _IS_NOT.search(last.rpartition("/")[2]):
        return False
    if _IS.search(last):
        return True
    return (
        (service.built or not service.image or not _IS_NOT.search(name))
        and any(each in service.environment for each in _SETUP)
        and (
            any(mount.startswith(_DATA) for mount in service.mounts)
            or any(port.target == DEFAULT_PORT for port in service.ports)
        )
    )


def chosen_service(
    project: ComposeProject, wanted: str, profiles: frozenset[str]
) -> Service | None:
    """Return the one service of PostgreSQL that is meant, None when there is none.

    Raises `UsageProblem` when it cannot be told, or the wanted one is none.
    """
    found = [each for each in project.services.values() if is_postgres(each)]
    if wanted:
        named = project.services.get(wanted)
        if named is None:
            raise UsageProblem(
                f"{project.files[0]} has no service called {wanted}",
                f"its services: {', '.join(sorted(project.services)) or 'none'}",
            )
        return named
    for narrowed in _narrower(found, project, profiles):
        if len(narrowed) == 1:
            return narrowed[0]
    if not found:
        return None
    names = ", ".join(sorted(each.name for each in found))
    raise UsageProblem(
        f"{project.files[0]} has {len(found)} services of PostgreSQL: {names}",
        'say which in pgdeck.toml: compose_service = "..."',
    )


def _narrower(
    found: list[Service], project: ComposeProject, profiles: frozenset[str]
) -> Iterator[list[Service]]:
    """Yield ever fewer of the services: those that run by default, are used, and are reached."""
    used = {address.conninfo.get("host", "") for address in _addresses(project)}
    tests: tuple[Callable[[Service], bool], ...] = (
        lambda each: not each.profiles or bool(profiles & {*each.profiles, "*"}),
        lambda each: bool(used & each.names),
        lambda each: bool(each.ports) or each.on_host,
        lambda each: not re.search(r"test|shadow|replica|standby|ci$", each.name),
    )
    yield found
    for test in tests:
        found = [each for each in found if test(each)] or found
        yield found


def way_to(service: Service, ask_port: AskPort | None = None, engine: str = LOOPBACK) -> Way:
    """Return how a service is reached from this host; raises `UsageProblem` when it is not.

    `engine` is the host that its port is published on.
    """
    port = server_port(service)
    if service.on_host:
        return Way(engine, str(port))
    bound = [each for each in service.ports if each.target == port]
    for each in bound:
        if each.published:
            return _way(service, each.address, each.published, engine)
    if bound and ask_port and (now := ask_port(service, port)):
        return _way(service, *now, engine)
    if bound:
        raise UsageProblem(
            f"the service {service.name} publishes its port {port} where chance decides,"
            " and it is not running",
            f"start it: docker compose up -d {service.name}; or publish a fixed port:"
            f' ports: ["127.0.0.1:{port}:{port}"]',
        )
    raise UsageProblem(
        f"the service {service.name} publishes no port: nothing leads from this host to it",
        f'add to it in the compose file: ports: ["127.0.0.1:{port}:{port}"]',
    )


def _way(service: Service, address: str, port: str, engine: str) -> Way:
    if engine == LOOPBACK:
        return Way(_ANY.get(address, address), port)
    if address in _ANY:
        return Way(engine, port)
    if address.startswith("127.") or address == "::1":
        raise UsageProblem(
            f"the service {service.name} is published on {address} of the engine's host {engine}"
            " alone",
            f"forward it: ssh -N -L {port}:{address}:{port} {engine}; then name"
            f" postgresql://...@127.0.0.1:{port}/... as the argument",
        )
    return Way(address, port)


def server_port(service: Service) -> int:
    """Return the port the server listens on in its container."""
    told = _COMMAND_PORT.search(service.command)
    text = (
        told[1]
        if told
        else service.environment.get("PGPORT")
        or service.environment.get("POSTGRESQL_PORT_NUMBER")
        or ""
    )
    return int(text) if text.isdecimal() and len(text) < 6 else DEFAULT_PORT


def address_of(
    service: Service, project: ComposeProject, ask_port: AskPort | None = None
) -> tuple[Address, dict[str, str]]:
    """Return how the server of a service is reached, and where keywords come from.

    Each of user, password and database comes from a secret, else from the environment, else from
    the image's default.  Raises `UsageProblem` when no way leads there.
    """
    if service.lacks:
        raise UsageProblem(
            f"{project.files[0]}: the service {service.name} is not complete: {service.lacks}",
            "set it, or put it into the .env file beside the compose file",
        )
    way = way_to(service, ask_port, project.engine)
    keywords = {"host": way.host, "port": way.port}
    origins: dict[str, str] = {}
    environment = {**_from_files(service, project), **service.environment}
    for keyword, (names, pattern) in _PARTS.items():
        secret = _secret(service, project, environment, names, pattern)
        if secret is not None:
            keywords[keyword], origins[keyword] = secret
        elif value := next(filter(None, (environment.get(name) for name in names)), None):
            keywords[keyword] = value
    keywords.setdefault("user", "postgres")
    keywords.setdefault("dbname", keywords["user"])
    used = [each for each in _addresses(project) if each.conninfo.get("host") in service.names]
    if (other := _other_database(used, keywords["dbname"])) is not None:
        keywords |= {
            key: value for key, value in other.conninfo.items() if key not in ("host", "port")
        }
    return Address(Conninfo(keywords)), origins


def _other_database(used: list[Address], own: str) -> Address | None:
    """Return the address that the other services use when they all mean one database of its."""
    names = {each.conninfo.get("dbname", own) for each in used}
    return used[0] if len(names) == 1 and own not in names else None


def _from_files(service: Service, project: ComposeProject) -> dict[str, str]:
    values: dict[str, str] = {}
    for path in service.env_files:
        try:
            found = read_dotenv(path, project.variables, bare=True)
        except UsageProblem:
            continue
        values |= found.values if found else {}
    return values


def _secret(
    service: Service,
    project: ComposeProject,
    environment: Mapping[str, str],
    names: tuple[str, ...],
    pattern: str,
) -> tuple[str, str] | None:
    """Return the value and the file of a secret of the service, None when it has none.

    An empty file is none.
    """
    pointed = next(filter(None, (environment.get(f"{name}_FILE") for name in names)), "")
    secrets = [pointed.rpartition("/")[2]] if pointed else []
    called = re.compile(rf"(?:[a-z0-9]+[-_])?(?:(?:pg|postgres|db)[-_])?{pattern}", re.IGNORECASE)
    elsewhere = {
        value.rpartition("/")[2] for key, value in environment.items() if key.endswith("_FILE")
    }
    secrets += [
        name for name in service.secrets if called.fullmatch(name) and name not in elsewhere
    ]
    for name in secrets:
        variable = project.secret_variables.get(name, "")
        if value := project.variables.get(variable):
            return value, variable
        path = project.secrets.get(name)
        if path is None:
            continue
        try:
            text = read_text(path)
        except UsageProblem:
            continue
        if text and text.strip("\r\n"):
            return text.strip("\r\n"), str(path)
    return None


def _addresses(project: ComposeProject) -> Iterator[Address]:
    """Yield the addresses of PostgreSQL that other services are given."""
    for service in project.services.values():
        for value in service.environment.values():
            if is_url(value) and value.lower().startswith("postgres"):
                try:
                    yield read_address(value)
                except UsageProblem:
                    continue


def from_host(
    address: Address, project: ComposeProject, ask_port: AskPort | None = None
) -> Address | None:
    """Return an address as it is reached from this host, None when it needs no change.

    One of another container leads to a service's name, which only containers can find.  Raises
    `UsageProblem` when no way leads there.
    """
    service = project.called(address.conninfo.get("host", ""))
    if service is None:
        return None
    way = way_to(service, ask_port, project.engine)
    note = f"{address.conninfo['host']} is a container's name: from here {way.host}:{way.port}"
    changed = address.conninfo.with_keywords(host=way.host, port=way.port)
    return Address(changed, (*address.notes, note))


def line_of(path: Path, service: str) -> int | None:
    """Return the line in which a compose file begins a service."""
    try:
        text = read_text(path) or ""
    except UsageProblem:
        return None
    begins = re.compile(rf"""\s+["']?{re.escape(service)}["']?\s*:""")
    return next((n for n, row in enumerate(text.split("\n"), 1) if begins.match(row)), None)
