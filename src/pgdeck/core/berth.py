"""One target among many: what tells it apart, its sisters on the same server, its password."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pgdeck.core.address import endpoint, place
from pgdeck.core.target import Target


def berth(target: Target) -> str:
    """Return what tells a target from all others: its name and where it leads, no secret."""
    return f"{target.name} {place(target.conninfo)}"


def sister(target: Target, database: str) -> Target:
    """Return another database of the same server, for the same login.

    Environment and read-only stay: they were said of what stands at this address.
    """
    own = target.conninfo.get("dbname") or target.conninfo.get("user") or ""
    if database == own:
        return target
    conninfo = target.conninfo.with_keywords(dbname=database)
    unnamed = target.name == endpoint(target.conninfo)
    base = target.name.removesuffix(f"/{own}")
    name = endpoint(conninfo) if unnamed else f"{base}/{database}"
    return replace(target, name=name, conninfo=conninfo)


class Passwords:
    """What a person typed or a command printed, in memory alone: one for each login of a server."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Passwords({len(self._known)})"

    def keep(self, target: Target, password: str) -> None:
        """Remember a password for the login of a target, on its server."""
        self._known[_login(target)] = password

    def knows(self, target: Target) -> bool:
        """Whether there is one for the login of a target."""
        return _login(target) in self._known

    def unlock(self, target: Target) -> Target:
        """Return the target with the password that was typed for it, as it is without one."""
        typed = self._known.get(_login(target))
        if typed is None:
            return target
        conninfo = target.conninfo.with_keywords(password=typed)
        return replace(target, conninfo=conninfo, password_command=())


def _login(target: Target) -> str:
    keywords: Mapping[str, str] = target.conninfo
    parts = ("host", "hostaddr", "port", "user", "service")
    return "\0".join(keywords.get(name, "") for name in parts)
