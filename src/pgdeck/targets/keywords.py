"""What libpq makes of an address: services, variables and the account fill what it leaves open."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct, field

from pgdeck.core.target import Conninfo
from pgdeck.errors import UsageProblem
from pgdeck.targets.service import service_keywords
from pgdeck.targets.url import is_url

LOCATING = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
}
"""libpq's variables that say where a database is, and their keywords."""


class Filled(Struct):
    """Keywords with the source of each, and what other sources would have given."""

    values: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    lost: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    service: str = ""

    def offer(self, keyword: str, value: str, source: str) -> None:
        """Take a value unless a stronger source gave one; the strongest must come first."""
        if keyword in self.values:
            self.lost.setdefault(keyword, []).append((source, value))
        else:
            self.values[keyword] = value
            self.sources[keyword] = source

    @property
    def conninfo(self) -> Conninfo:
        """The keywords as a connection takes them."""
        return Conninfo(self.values)


def fill(
    given: Conninfo,
    environ: Mapping[str, str],
    source: str = "",
    origins: Mapping[str, str] | None = None,
) -> Filled:
    """Fill what an address leaves open in libpq's order: its service, the variables, the account.

    Raises `UsageProblem` for a service that is in no file.
    """
    filled = Filled()
    for keyword, value in given.items():
        filled.offer(keyword, value, (origins or {}).get(keyword, source))
    _offer_service(filled, environ)
    named = bool(filled.values.get("host") or filled.values.get("hostaddr"))
    if named:
        # Or the variable of the other name would lead to another server than the one named.
        for keyword, value in (("host", filled.values.get("hostaddr", "")), ("hostaddr", "")):
            if keyword not in filled.values:
                filled.offer(keyword, value, filled.sources.get("hostaddr", source))
    for variable, keyword in LOCATING.items():
        if environ.get(variable):
            filled.offer(keyword, environ[variable], variable)
    if "user" not in filled.values and (login := login_of_account()):
        filled.offer("user", login, "the account")
    if "dbname" not in filled.values and filled.values.get("user"):
        filled.offer("dbname", filled.values["user"], "the login's name")
    if not filled.values.get("hostaddr") and not environ.get("PGHOSTADDR"):
        filled.values.pop("hostaddr", None)
    if is_url(filled.values.get("dbname", "")):
        # Shown as a name it would show its password.
        raise UsageProblem(
            "the name of the database is itself an address", "give that address as the target"
        )
    return filled


def _offer_service(filled: Filled, environ: Mapping[str, str]) -> None:
    filled.service = filled.values.get("service") or environ.get("PGSERVICE") or ""
    found = service_keywords(filled.service, environ) if filled.service else None
    if found is None:
        return
    filled.values.pop("service", None)
    for keyword, value in found.items():
        filled.offer(keyword, value, f"service {filled.service}")


def login_of_account() -> str:
    """Return the name of the account that runs this, nothing when it has none."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
