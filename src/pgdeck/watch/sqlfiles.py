"""The statements of the bespoke screens, one file each beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pgdeck.core.rows import Query


@cache
def _variants(name: str) -> Mapping[int, str]:
    """Return a statement's texts by the lowest server major version they serve (0: any)."""
    found: dict[int, str] = {}
    for entry in files(__package__).joinpath("sql").iterdir():
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


def query(name: str, version: int, *params: str | None) -> Query:
    """Return the statement of a file for a server_version_num; raises LookupError for no such."""
    texts = _variants(name)
    return Query(name, texts[max(floor for floor in texts if floor <= version // 10000)], params)
