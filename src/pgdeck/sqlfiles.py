"""Statements in files of their own, in the directory `sql` of the wing that asks them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pgdeck.core.rows import Query


class Statements:
    """The statements of one package: ``sql/NAME.sql``, and ``sql/NAME@16.sql`` from 16 on."""

    def __init__(self, package: str) -> None:
        self._package = package

    def query(self, name: str, version: int, *params: str | None) -> Query:
        """Return the statement of a file for a server_version_num; LookupError for no such."""
        texts = _variants(self._package, name)
        chosen = max(floor for floor in texts if floor <= version // 10000)
        return Query(name, texts[chosen], params)


@cache
def _variants(package: str, name: str) -> Mapping[int, str]:
    """Return a statement's texts by the lowest server major version they serve (0: any)."""
    found: dict[int, str] = {}
    for entry in files(package).joinpath("sql").iterdir():
        stem, dot, suffix = entry.name.rpartition(".")
        base, _, floor = stem.partition("@")
        if dot and suffix == "sql" and base == name:
            found[int(floor or 0)] = bare(entry.read_text("utf-8"))
    if not found:
        raise LookupError(name)
    return found


def bare(sql: str) -> str:
    """Return a statement without its comment lines, which would travel at every refresh."""
    lines = (line.rstrip() for line in sql.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("--"))
