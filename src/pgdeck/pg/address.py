"""Where a conninfo leads: one set of libpq keywords for each address worth trying."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Mapping
from ipaddress import ip_address

from msgspec import Struct
from psycopg import pq

from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Conninfo
from pgdeck.errors import Unreachable
from pgdeck.pg.sqlstate import Peer, connect_failure


class Address(Struct, frozen=True):
    """One place to connect to: keywords for libpq, and how to call it in sentences.

    `settled` is False when libpq itself may have to look a name up, which blocks.
    """

    keywords: Mapping[str, str]
    peer: Peer
    settled: bool = True


def where_of(conninfo: Conninfo) -> str:
    """Return how to call a place in a sentence before its name was looked up."""
    host = ",".join(_listed(conninfo, "host") or _listed(conninfo, "hostaddr"))
    port = ",".join(_listed(conninfo, "port")) or _default("port") or "5432"
    return _peer(conninfo, host, port).where


async def addresses_of(conninfo: Conninfo) -> list[Address]:
    """Return the addresses in the order to try them, resolving names off the event loop.

    Raises `Unreachable` when no host name is known, or the keywords contradict each other.
    """
    keywords = dict(conninfo)
    hosts = _listed(keywords, "host")
    fixed = _listed(keywords, "hostaddr")
    if not hosts and not fixed and _has_service(keywords):
        return [Address(keywords, _peer(keywords, "", keywords.get("port", "")), settled=False)]
    count = max(len(hosts), len(fixed), 1)
    ports = _listed(keywords, "port") or [_default("port") or "5432"]
    ports = ports * count if len(ports) == 1 else ports
    if len(ports) != count or (hosts and fixed and len(hosts) != len(fixed)):
        raise Unreachable(
            Failure(FailureKind.QUERY, "The numbers of hosts, addresses and ports differ")
        )
    found: list[Address] = []
    unknown: Unreachable | None = None
    for index in range(count):
        host = hosts[index] if hosts else ""
        single = {**keywords, "port": ports[index]}
        if host:
            single["host"] = host
        try:
            found += await _places(single, host, fixed[index] if fixed else "")
        except Unreachable as error:
            unknown = error
    if not found and unknown is not None:
        raise unknown
    return _passes(found)


async def _places(keywords: dict[str, str], host: str, fixed: str) -> list[Address]:
    port = keywords["port"]
    if fixed:
        return [Address({**keywords, "hostaddr": fixed}, _peer(keywords, host or fixed, port))]
    if not host or host.startswith(("/", "@")):
        return [Address(keywords, _peer(keywords, host, port))]
    peer = _peer(keywords, host, port)
    numbers = [host] if is_number(host) else await _resolve(host, port, peer)
    return [Address({**keywords, "hostaddr": number}, peer) for number in numbers]


def _passes(addresses: list[Address]) -> list[Address]:
    # libpq makes two passes for prefer-standby; with one address at a time that is ours to do.
    if not any(a.keywords.get("target_session_attrs") == "prefer-standby" for a in addresses):
        return addresses
    return [
        Address({**each.keywords, "target_session_attrs": attrs}, each.peer)
        for attrs in ("standby", "any")
        for each in addresses
    ]


async def _resolve(host: str, port: str, peer: Peer) -> list[str]:
    # A thread of our own, since a name service that hangs would hold back the default executor,
    # for which the interpreter waits at its end.
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(numbers: list[str], problem: OSError | None) -> None:
        if answer.done():
            return
        if problem is None:
            answer.set_result(numbers)
        else:
            answer.set_exception(problem)

    def ask() -> None:
        numbers: list[str] = []
        problem: OSError | None = None
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            numbers = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except OSError as error:
            problem = error
        except UnicodeError as error:  # a name that IDNA cannot write
            problem = OSError(str(error))
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, numbers, problem)

    threading.Thread(target=ask, name="pgdeck-resolve", daemon=True).start()
    try:
        return await answer
    except OSError as error:
        failure = connect_failure(f"could not translate host name: {error}", peer)
        raise Unreachable(failure) from error


def _peer(keywords: Mapping[str, str], host: str, port: str) -> Peer:
    service = keywords.get("service") or os.environ.get("PGSERVICE", "")
    if host.startswith("/"):
        where = f"{host}/.s.PGSQL.{port}"
    elif ":" in host:
        where = f"[{host}]:{port}"
    elif host:
        where = f"{host}:{port}"
    else:
        where = f"service {service}" if service else f"the local socket, port {port}"
    login = keywords.get("user") or _default("user") or ""
    return Peer(where, login, keywords.get("dbname") or _default("dbname") or login)


def _listed(keywords: Mapping[str, str], name: str) -> list[str]:
    text = keywords.get(name) or os.environ.get(f"PG{name.upper()}", "")
    return text.split(",") if text else []


def _default(name: str) -> str | None:
    # The environment, the service file and the compiled value, as libpq itself sees them.
    for option in pq.Conninfo.get_defaults():
        if option.keyword == name.encode():
            return option.val.decode(errors="surrogateescape") if option.val else None
    return None


def _has_service(keywords: Mapping[str, str]) -> bool:
    return bool(keywords.get("service") or os.environ.get("PGSERVICE"))


def is_number(host: str) -> bool:
    """Whether a host is given as an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
