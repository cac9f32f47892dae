"""Connection services: the named sets of keywords that libpq reads from its service files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pgdeck.errors import UsageProblem

SYSTEM_DIRECTORY = "/etc/postgresql-common"


def service_keywords(name: str, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return the keywords of a service, None when only libpq can look it up (by LDAP).

    Raises `UsageProblem` when no service file has it.
    """
    looked = list(service_files(environ))
    for path in looked:
        section = _section(path, name)
        if section is not None:
            return None if "ldap" in section else section
    raise UsageProblem(
        f"the service {name} is in none of libpq's service files",
        "looked in " + ", ".join(map(str, looked)),
    )


def service_names(environ: Mapping[str, str]) -> list[str]:
    """Return the services there are, each once, in the order of the files."""
    found: dict[str, None] = {}
    for path in service_files(environ):
        for line in map(str.strip, _lines(path) or ()):
            if line.startswith("[") and line.endswith("]"):
                found[line[1:-1]] = None
    return list(found)


def service_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that libpq searches, the person's own first."""
    if own := environ.get("PGSERVICEFILE"):
        yield Path(own)
    elif home := environ.get("HOME"):
        yield Path(home) / ".pg_service.conf"
    yield Path(environ.get("PGSYSCONFDIR") or SYSTEM_DIRECTORY) / "pg_service.conf"


def _lines(path: Path) -> list[str] | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None


def _section(path: Path, name: str) -> dict[str, str] | None:
    lines = _lines(path)
    if lines is None:
        return None
    found: dict[str, str] | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            if found is not None:
                break
            if line == f"[{name}]":
                found = {}
        elif found is not None and line and not line.startswith("#"):
            keyword, equals, value = line.partition("=")
            # A line without a value can only be an LDAP URL.
            found.setdefault(keyword.strip() if equals else "ldap", value.strip())
            if line.startswith("ldap"):
                found["ldap"] = line
    return found
