"""The rungs below PostgreSQL: names become addresses, addresses accept connections."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from pgdeck.core.address import is_here
from pgdeck.core.ladder import Note, Rung, failed, fine, skipped
from pgdeck.core.target import Conninfo
from pgdeck.errors import Unreachable
from pgdeck.pg.address import Address, addresses_of

NAME_LIMIT = 5.0
"""Seconds that the name service gets."""

PORT_LIMIT = 3.0
"""Seconds that an address gets to accept a connection."""

SOCKET_DIRECTORIES = (Path("/var/run/postgresql"), Path("/tmp"))


class Stream(Struct):
    """An open connection to one address; nothing was said on it yet."""

    address: Address
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def close(self) -> None:
        """Close, and wait a moment until that is done."""
        self.writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self.writer.wait_closed()


async def try_names(conninfo: Conninfo) -> tuple[Rung, list[Address]]:
    """Resolve the names of all hosts."""
    began = time.monotonic()
    hosts = [host for host in (conninfo.get("host") or "").split(",") if host]
    try:
        async with asyncio.timeout(NAME_LIMIT):
            addresses = await addresses_of(conninfo)
    except TimeoutError:
        said = f"the name service did not answer within {NAME_LIMIT:g} s"
        cause = "/etc/resolv.conf names a server that is not reached (a VPN that is down?)"
        return failed("name", said, cause, f"getent hosts {hosts[0] if hosts else ''}"), []
    except Unreachable as error:
        if "differ" in error.message:
            cure = "give one port for all hosts, or one for each"
            return failed("configuration", error.message, "", cure), []
        return _unknown_name(hosts, error), []
    took = time.monotonic() - began
    named = [host for host in hosts if _is_name(host, addresses)]
    if not named:
        return skipped("name", _needs_no_name(hosts, addresses)), addresses
    found = {host: _numbers(host, addresses) for host in named}
    said = "; ".join(f"{host} is {', '.join(numbers)}" for host, numbers in found.items())
    lost = [host for host in hosts if not _known(host, addresses)]
    notes = [Note(f"{host} is not known", "take it out of the list of hosts") for host in lost]
    return fine("name", said, *notes, took=took), addresses


def _unknown_name(hosts: Sequence[str], error: Unreachable) -> Rung:
    cause = "it is misspelt, or only known inside another network (a VPN, a compose project)"
    cure = f"check it: getent hosts {hosts[0] if hosts else ''}"
    if len(hosts) == 1 and "." not in hosts[0]:
        cause = f"{hosts[0]} may be the name of a container, known only inside its network"
        cure = "outside use 127.0.0.1 and the port that is published: docker compose ps"
    return failed("name", error.message, cause, cure)


def _is_name(host: str, addresses: Sequence[Address]) -> bool:
    numbers = _numbers(host, addresses)
    return bool(numbers) and numbers != [host]


def _known(host: str, addresses: Sequence[Address]) -> bool:
    return any(each.keywords.get("host") == host for each in addresses)


def _numbers(host: str, addresses: Sequence[Address]) -> list[str]:
    numbers = (
        each.keywords.get("hostaddr", "") for each in addresses if each.keywords.get("host") == host
    )
    return list(dict.fromkeys(number for number in numbers if number))


def _needs_no_name(hosts: Sequence[str], addresses: Sequence[Address]) -> str:
    if not all(each.settled for each in addresses):
        return "libpq itself looks the service up"
    if not hosts or hosts[0].startswith(("/", "@")):
        return "a local socket needs none"
    return "the address is a number"


async def try_ports(addresses: Sequence[Address]) -> tuple[Rung, Stream | None]:
    """Connect to the first address that accepts; the stream is the caller's to close."""
    began = time.monotonic()
    refusals: list[tuple[Address, str, str]] = []
    for address in addresses:
        try:
            async with asyncio.timeout(PORT_LIMIT):
                stream = Stream(address, *await _connect(address))
        except (OSError, TimeoutError) as error:
            refusals.append((address, *_why_not(error, address)))
            continue
        notes = [Note(f"{_numbered(each)}: {said}") for each, said, _ in refusals]
        took = time.monotonic() - began
        return fine("port", f"{_numbered(address)} accepts", *notes, took=took), stream
    return _nobody(refusals), None


def _numbered(address: Address) -> str:
    number, where = address.keywords.get("hostaddr", ""), address.peer.where
    return where if not number or number in where else f"{where} ({number})"


def socket_path(address: Address) -> Path | None:
    """Return the socket file of an address, None for a network address."""
    host, port = address.keywords.get("host", ""), address.keywords["port"]
    if address.keywords.get("hostaddr"):
        return None
    if host:
        return Path(host) / f".s.PGSQL.{port}"
    usual = [place / f".s.PGSQL.{port}" for place in SOCKET_DIRECTORIES]
    return next((path for path in usual if path.is_socket()), usual[0])


async def _connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    keywords = address.keywords
    path = socket_path(address)
    if path is None:
        return await asyncio.open_connection(keywords["hostaddr"], int(keywords["port"]))
    name = str(path)
    return await asyncio.open_unix_connection("\0" + name[1:] if name[0] == "@" else name)


def _why_not(error: OSError | TimeoutError, address: Address) -> tuple[str, str]:
    """Return what happened and the likely cause."""
    path = socket_path(address)
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return (
            f"no answer within {PORT_LIMIT:g} s",
            "a firewall or a security group swallows the packets, or the host is off",
        )
    if path is not None and isinstance(error, FileNotFoundError):
        return "there is no such socket", "the server is stopped, or its sockets lie elsewhere"
    if isinstance(error, PermissionError):
        return "the socket may not be opened", "unix_socket_permissions lets others in only"
    if isinstance(error, ConnectionRefusedError):
        if path is not None:
            return "nobody serves the socket", "a crash left the file behind"
        return "connection refused", "the host answers, but nothing listens on this port"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return error.strerror or "unreachable", "there is no way there (a VPN that is down?)"
    return error.strerror or str(error), ""


def _nobody(refusals: Sequence[tuple[Address, str, str]]) -> Rung:
    address, said, cause = refusals[-1]
    path = socket_path(address)
    notes = [Note(f"{_numbered(each)}: {why}") for each, why, _ in refusals[:-1]]
    cure = "start the server, or mend the port (of a container: docker compose ps)"
    if "within" in said:
        cure = f"open port {address.keywords['port']} on the way, or go through an SSH tunnel"
    elif "may not" in said:
        cure = f"ls -l {path}; or connect by TCP: host=127.0.0.1"
    elif "no such" in said:
        cure = "start the server, or name the directory; to one in a container: host=127.0.0.1"
    elif path is None and not is_here(Conninfo(address.keywords)):
        cure = "start the server there; it must listen beyond itself (listen_addresses = '*')"
    found = _sockets_here() if is_here(Conninfo(address.keywords)) else []
    if found:
        notes.append(Note(f"servers of this host have sockets at {', '.join(found)}"))
    where = str(path) if path is not None else _numbered(address)
    return failed("port", f"no answer from {where}: {said}", cause, cure, *notes)


def _sockets_here() -> list[str]:
    found = []
    for place in SOCKET_DIRECTORIES:
        with suppress(OSError):
            found += sorted(str(p) for p in place.glob(".s.PGSQL.*") if p.is_socket())
    return found
