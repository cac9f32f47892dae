"""Which database is meant: the argument, the environment, libpq's own settings, or none."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from pgdeck.core.address import endpoint
from pgdeck.core.target import Conninfo, Kind, Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.service import service_keywords
from pgdeck.targets.url import Address, is_url, read_url

URL_VARIABLES = ("PGDECK_URL", "DATABASE_URL")
LOCATING = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
}
"""libpq's variables that say where a database is, and their keywords."""

# Replication and another encoding would break what pgdeck reads.
_UNUSABLE = ("replication", "client_encoding")


class NoTarget(UsageProblem):
    """Nothing names a database; the embedded server can be offered."""

    def __init__(self) -> None:
        super().__init__(
            "no database is named",
            "give an address (pgdeck postgresql://user@host/database), set PGDECK_URL or PGHOST,"
            " or try it on an embedded server: pgdeck demo",
        )


def find_target(argument: str | None, environ: Mapping[str, str]) -> Target | None:
    """Return the database that is meant and what named it; None when nothing does.

    The first of these wins: the argument, ``PGDECK_URL``, ``DATABASE_URL``, libpq's variables.
    What an address leaves open is filled from libpq's, as libpq itself would.  Raises
    `UsageProblem` for what cannot be read; neither it nor the target's repr shows a secret.
    """
    if argument is not None:
        return _target(read_address(argument), environ, "argument")
    for variable in URL_VARIABLES:
        if text := environ.get(variable):
            return _target(_from_variable(variable, text), environ, variable)
    for variable in ("PGSERVICE", *LOCATING):
        if environ.get(variable):
            return _target(Address(Conninfo()), environ, variable)
    return None


def require_target(argument: str | None, environ: Mapping[str, str]) -> Target:
    """Return what `find_target` finds; raises `NoTarget` with the way out when it finds nothing."""
    target = find_target(argument, environ)
    if target is None:
        raise NoTarget
    return target


def read_address(text: str) -> Address:
    """Read a URL or a ``keyword=value`` string; raises `UsageProblem` for anything else."""
    text = text.strip()
    if is_url(text):
        return read_url(text)
    if re.match(r"\w+\s*=", text):
        return _read_pairs(text)
    raise UsageProblem(*_no_address(text))


def _from_variable(variable: str, text: str) -> Address:
    try:
        return read_address(text)
    except UsageProblem as problem:
        raise UsageProblem(
            f"{variable}: {problem.message}",
            f"mend or unset {variable}, or name the database as an argument; {problem.hint}",
        ) from None


def _read_pairs(text: str) -> Address:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        keywords = {key: str(value) for key, value in conninfo_to_dict(text).items()}
    except (ProgrammingError, UnicodeError):
        # libpq's own sentence quotes the string, and with it a password that holds a blank.
        raise UsageProblem(
            "the connection string cannot be read as keyword=value pairs",
            "libpq's keywords are host, port, dbname, user, service, sslmode, ...;"
            " a value with a blank stands in 'single quotes'",
        ) from None
    left_out = [key for key in _UNUSABLE if keywords.pop(key, None)]
    notes = (f"not for watching, left out: {', '.join(left_out)}",) if left_out else ()
    return Address(Conninfo(keywords), notes)


def _no_address(text: str) -> tuple[str, str]:
    """Return the sentence and the hint for a text that is no address."""
    way_out = "give postgresql://user@host:5432/database or 'host=... dbname=...', or: pgdeck demo"
    if "@" in text:
        return "the address has no scheme", f"put postgresql:// before it; {way_out}"
    # Nothing but a plain short word is repeated: it might be a secret.
    if re.fullmatch(r"[A-Za-z][\w-]{0,30}", text):
        return f"{text} is neither an address nor a command", f"{way_out}; commands: pgdeck --help"
    return "the target is neither an address nor a command", way_out


def _target(address: Address, environ: Mapping[str, str], source: str) -> Target:
    keywords, service = _completed(address.conninfo, environ)
    conninfo = Conninfo(keywords)
    return Target(
        name=service or endpoint(conninfo),
        kind=Kind.REMOTE,
        conninfo=conninfo,
        source=source,
        notes=address.notes,
    )


def _completed(given: Conninfo, environ: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """Fill what is left open in libpq's order (service, variables, account); name the service."""
    keywords = dict(given)
    service = given.get("service") or environ.get("PGSERVICE") or None
    found = service_keywords(service, environ) if service else None
    if found is not None:
        keywords = {**found, **keywords}
        keywords.pop("service", None)
    named = bool(keywords.get("host") or keywords.get("hostaddr"))
    if named:
        # Or the variable of the other name would lead to another server than the one named.
        keywords.setdefault("host", keywords.get("hostaddr", ""))
        keywords.setdefault("hostaddr", "")
    for variable, keyword in LOCATING.items():
        if environ.get(variable):
            keywords.setdefault(keyword, environ[variable])
    login = _login_of_account()
    if login:
        keywords.setdefault("user", login)
    if keywords.get("user"):
        keywords.setdefault("dbname", keywords["user"])
    if not keywords.get("hostaddr") and not environ.get("PGHOSTADDR"):
        keywords.pop("hostaddr", None)
    if is_url(keywords.get("dbname", "")):
        # Shown as a name it would show its password.
        raise UsageProblem(
            "the name of the database is itself an address", "give that address as the target"
        )
    return keywords, service


def _login_of_account() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
