"""URLs of databases: libpq's own, and those written for other drivers."""

from __future__ import annotations

import re
from urllib.parse import unquote

from msgspec import Struct

from pgdeck.core.target import Conninfo
from pgdeck.errors import UsageProblem
from pgdeck.targets.options import translate

FOREIGN = {
    "clickhouse": "ClickHouse",
    "cockroachdb": "CockroachDB",
    "duckdb": "DuckDB",
    "mariadb": "MariaDB",
    "mongodb": "MongoDB",
    "mssql": "SQL Server",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "redis": "Redis",
    "rediss": "Redis",
    "redshift": "Redshift",
    "snowflake": "Snowflake",
    "sqlite": "SQLite",
    "sqlite3": "SQLite",
    "sqlserver": "SQL Server",
}

SCHEMES = ("postgres", "postgresql", "postgis", "pgsql")
"""The last two are words of web frameworks' own for the same."""

FOR_SQLITE = (
    "pgdeck watches PostgreSQL servers and offers nothing for SQLite files yet:"
    " name the project's PostgreSQL database, or try it on an embedded server: pgdeck demo"
)

_SCHEME = re.compile(
    r"(?:jdbc:)?(?P<name>[A-Za-z][A-Za-z0-9.-]*)(?:\+[\w.+-]*)?:(?P<rest>/.*)", re.DOTALL
)
_HOST = r"(?:\[[^\]@/?#]*\]|[^@/?#:,\[\]\s]*)(?::\d*)?"
_PARAMETER = r"[A-Za-z_][\w.-]*=[^&]*"
_TAIL = re.compile(
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)"
    r"(?:/(?P<dbname>[^@/?#]*))?"
    rf"(?:\?(?P<query>(?:{_PARAMETER}(?:&{_PARAMETER})*)?&?))?"
)
_USERINFO = re.compile(r"[^:/?#]*(:.*)?", re.DOTALL)


class Address(Struct, frozen=True):
    """What an address says, in libpq's keywords, and notes on what of it was left out."""

    conninfo: Conninfo
    notes: tuple[str, ...] = ()


def is_url(text: str) -> bool:
    """Whether a text has the form of a URL, whatever it leads to."""
    return _SCHEME.fullmatch(text) is not None


def is_postgres_url(text: str) -> bool:
    """Whether a text is a URL of PostgreSQL, of whichever driver."""
    match = _SCHEME.fullmatch(text.strip())
    return match is not None and match["name"].lower() in SCHEMES


def sqlite_problem(source: str, url: str) -> UsageProblem:
    """Return what is said of an SQLite database that a source names; its file alone is shown."""
    name = re.split(r"[/:]", url.partition("?")[0])[-1] or "in memory"
    return UsageProblem(f"{source} names an SQLite database ({name})", FOR_SQLITE)


def read_url(text: str) -> Address:
    """Read a PostgreSQL URL of any driver.

    A password may stand in it unescaped: the part before the first ``@`` that is followed by
    hosts, an optional database and parameters is the user's.  Raises `UsageProblem`, which never
    repeats a part of the address but its scheme.
    """
    match = _SCHEME.fullmatch(text)
    name = match["name"].lower() if match else ""
    if match is None or name not in SCHEMES:
        raise _foreign(name)
    if not match["rest"].startswith("//"):
        raise _unreadable()
    userinfo, tail = _split(match["rest"][2:])
    user, _, password = userinfo.partition(":")
    keywords = _hosts(tail["hosts"])
    for keyword, value in (("user", user), ("password", password), ("dbname", tail["dbname"])):
        if value:
            keywords[keyword] = _decoded(value)
    pairs = (item.partition("=") for item in (tail["query"] or "").split("&") if item)
    java = text[:5].lower() == "jdbc:"
    chosen, notes = translate(((name, _decoded(value)) for name, _, value in pairs), java=java)
    return Address(Conninfo({**keywords, **chosen}), notes)


def _split(rest: str) -> tuple[str, re.Match[str]]:
    if tail := _TAIL.fullmatch(rest):
        return "", tail
    for found in re.finditer("@", rest):
        userinfo = rest[: found.start()]
        tail = _TAIL.fullmatch(rest, found.end())
        if tail and _USERINFO.fullmatch(userinfo):
            return userinfo, tail
    raise _unreadable()


def _hosts(text: str) -> dict[str, str]:
    """Return host and port keywords; each of several hosts has its own port."""
    pairs = [re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d*))?", item) for item in text.split(",")]
    hosts = ",".join(_decoded(pair[1].strip("[]")) for pair in pairs if pair)
    ports = ",".join(pair[2] or "" for pair in pairs if pair)
    keywords = {"host": hosts, "port": ports}
    return {keyword: value for keyword, value in keywords.items() if value.strip(",")}


def _decoded(text: str) -> str:
    """Return a text without its percent-escapes; what is no escape stays as it is."""
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        plain = "\0"
    if "\0" in plain:
        raise UsageProblem(
            "the address has an escape that is no text in UTF-8", "escape each byte as %XX"
        ) from None
    return plain


def _unreadable() -> UsageProblem:
    return UsageProblem(
        "the address cannot be read as postgresql://user:password@host:port/database",
        "escape odd characters of its parts as %XX (@ is %40, / is %2F), or write"
        ' "host=... dbname=... user=..." and leave the password to ~/.pgpass',
    )


def _foreign(scheme: str) -> UsageProblem:
    known = FOREIGN.get(scheme)
    what = f"an address of {known}" if known else "no address of PostgreSQL"
    way_out = FOR_SQLITE if known == "SQLite" else "postgresql://user@host:5432/database"
    return UsageProblem(f"this is {what}; pgdeck watches PostgreSQL", way_out)
