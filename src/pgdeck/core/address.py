"""Where a connection goes, in one word that holds no secret."""

from __future__ import annotations

import re
from itertools import zip_longest

from pgdeck.core.target import Conninfo, Target

DEFAULT_PORT = "5432"


def endpoint(conninfo: Conninfo) -> str:
    """Return ``host:port/database``; sockets are ``local``, several hosts stand in a row."""
    hosts = (conninfo.get("host") or conninfo.get("hostaddr") or "").split(",")
    ports = (conninfo.get("port") or DEFAULT_PORT).split(",")
    # libpq: one port serves every host, else each host has its own.
    last = ports[0] if len(ports) == 1 else DEFAULT_PORT
    pairs = zip_longest(hosts, ports[: len(hosts)])
    places = ",".join(f"{_host(host or '')}:{port or last}" for host, port in pairs)
    return f"{places}/{conninfo.get('dbname') or conninfo.get('user') or ''}"


def place(conninfo: Conninfo) -> str:
    """Return ``user@host:port/database``, without ``user@`` when it is not known.

    The parts are as they were given: what is not our own must still pass `core.text.safe`.
    """
    user = conninfo.get("user")
    return f"{user}@{endpoint(conninfo)}" if user else endpoint(conninfo)


def identity_line(target: Target) -> str:
    """Return the address of a target with the place where it was found."""
    return f"{place(target.conninfo)} ({target.source})"


def is_here(conninfo: Conninfo) -> bool:
    """Whether an address leads to this host by itself; a tunnel looks as if it did."""
    named = conninfo.get("hostaddr") or conninfo.get("host") or ""
    return all(_is_here(host) for host in named.split(","))


def _is_here(host: str) -> bool:
    if host in ("", "localhost", "::1") or host.startswith(("/", "@")):
        return True
    return re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def _host(host: str) -> str:
    if not host or host.startswith(("/", "@")):
        return "local"
    return f"[{host}]" if ":" in host else host
