"""Databases told in parts: ``LETTA_PG_HOST``, ``DB_NAME``, their ``_FILE`` forms and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from pgdeck.core.target import Conninfo
from pgdeck.errors import UsageProblem
from pgdeck.targets.reading import read_text
from pgdeck.targets.url import Address

PARTS = {
    "host": ("HOST", "SERVER", "HOSTNAME"),
    "port": ("PORT",),
    "user": ("USER", "USERNAME"),
    "password": ("PASSWORD", "PASS"),
    "dbname": ("DB", "NAME", "DATABASE", "DBNAME"),
    "sslmode": ("SSLMODE", "SSL_MODE"),
}
LIBPQ = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGDATABASE": "dbname",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
}
STEMS = ("PG", "POSTGRES", "POSTGRESQL", "DB", "DATABASE")
"""What stands between a project's prefix and the part, the one that is surest first."""

_HOST = re.compile(
    r"(?P<family>(?:(?P<prefix>[A-Za-z]\w*?)_)?(?P<stem>PG|POSTGRES|POSTGRESQL|DB|DATABASE))"
    r"_(?:HOST|SERVER|HOSTNAME)(?:_FILE)?"
)
_ENDINGS = re.compile(r"_(?:PG|POSTGRES|POSTGRESQL|DB|DATABASE)?_?(?:URL|URI|DSN)$", re.IGNORECASE)
SECOND = re.compile(r"TEST|SHADOW|REPLICA|READ_?ONLY|_RO_|DIRECT|BACKUP|LEGACY|OLD")
"""In the name of a variable: not the database that is meant first."""
_OTHERS = re.compile(r"MYSQL|MARIA|REDIS|MONGO|CLICKHOUSE|ORACLE|MSSQL|NEO4J|INFLUX|DUCK", re.I)
_FOREIGN_PORTS = frozenset({"3306", "1433", "1521", "27017", "6379"})
_KIND = ("CONNECTION", "ENGINE", "TYPE", "DIALECT", "DRIVER", "CLIENT")
_POSTGRES = re.compile(r"pg|postgres|psycopg", re.IGNORECASE)


class Told(Struct, frozen=True):
    """What the parts of one family say, and which variable or file said it, by keyword."""

    address: Address
    origins: Mapping[str, str] = field(default_factory=dict)


def prefix_of(variable: str) -> str:
    """Return the project's prefix in the name of its variable: ``LETTA`` of ``LETTA_PG_URI``."""
    match = _ENDINGS.search(variable)
    return variable[: match.start()] if match else ""


def families(names: Iterable[str]) -> list[str]:
    """Return every beginning under which a host is told (``LETTA_PG``), the surest first."""
    found = {match["family"]: match for name in names if (match := _HOST.fullmatch(name))}
    return sorted(
        found,
        key=lambda name: (bool(SECOND.search(name)), STEMS.index(found[name]["stem"]), name),
    )


def families_of(prefix: str) -> list[str]:
    """Return the beginnings that a project's prefix may stand before."""
    return [f"{prefix}_{stem}" for stem in STEMS]


def is_foreign(family: str, values: Mapping[str, str]) -> bool:
    """Whether a family's variables are of another kind of database."""
    if _OTHERS.search(family):
        return True
    kinds = [values[name] for each in _KIND if (name := f"{family}_{each}") in values]
    if any(not _POSTGRES.search(kind) for kind in kinds if kind):
        return True
    return values.get(f"{family}_PORT") in _FOREIGN_PORTS and not kinds


def told(family: str, values: Mapping[str, str], secrets: Path | None = None) -> Told:
    """Return what a family's variables say; a secret wins over a variable, a file of it likewise.

    `secrets` is the directory where an engine mounts them.  Raises `UsageProblem` for a file that
    is named and cannot be read.
    """
    keywords: dict[str, str] = {}
    origins: dict[str, str] = {}
    for keyword, words in PARTS.items():
        for word in words:
            found = _value(f"{family}_{word}", values, secrets)
            if found is not None:
                text, origin = found
                keywords[keyword] = _port(text, origin) if keyword == "port" else text
                origins[keyword] = origin
                break
    return Told(Address(Conninfo(keywords)), origins)


def _port(text: str, origin: str) -> str:
    """Return a port's number; an engine that links containers tells it as a whole address."""
    number = re.fullmatch(r"(?:tcp://[^/]*:)?(\d{1,5})", text.strip())
    if number is None:
        raise UsageProblem(f"{origin} is no port", f"give {origin} a number, such as 5432")
    return number[1]


def told_to_libpq(values: Mapping[str, str]) -> Told:
    """Return what variables of libpq's own names say."""
    found = {name: keyword for name, keyword in LIBPQ.items() if values.get(name)}
    keywords = {keyword: values[name] for name, keyword in found.items()}
    return Told(Address(Conninfo(keywords)), {keyword: name for name, keyword in found.items()})


def _value(name: str, values: Mapping[str, str], secrets: Path | None) -> tuple[str, str] | None:
    """Return a variable's value and where it stands; an empty one is none."""
    if path := values.get(f"{name}_FILE"):
        text = read_text(Path(path).expanduser(), anyones=True)
        if text is None:
            raise UsageProblem(
                f"{name}_FILE names {path}, which is not there", f"mend or unset {name}_FILE"
            )
        if text.strip("\r\n"):
            return text.strip("\r\n"), f"{name}_FILE"
    for path_ in _secret_files(name, secrets):
        text = read_text(path_, anyones=True)
        if text and text.strip("\r\n"):
            return text.strip("\r\n"), str(path_)
    return (values[name], name) if values.get(name) else None


def _secret_files(name: str, secrets: Path | None) -> Iterator[Path]:
    if secrets is not None:
        for form in (name.lower(), name, name.lower().replace("_", "-")):
            yield secrets / form
