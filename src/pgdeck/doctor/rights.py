"""The rung of the rights: which screens stay half empty, and the GRANT that fills each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from pgdeck.core.ladder import Note, Rung, fine
from pgdeck.core.rows import Value

NAMED = 3
"""Databases that are named before they are only counted."""


def judge_rights(row: Mapping[str, Value], login: str, *, superuser: bool) -> Rung:
    """Return the rung; a screen that lacks something is a warning, never a failure."""
    notes = tuple(_lacking(row, login))
    if superuser:
        said = f"{login} is a superuser: it sees everything, and may break everything"
        return fine("rights", said, *notes)
    if not any(note.cure.startswith("GRANT") for note in notes):
        return fine("rights", f"{login} sees all that the screens show", *notes)
    return fine("rights", f"{login} does not see everything that the screens show", *notes)


def _lacking(row: Mapping[str, Value], login: str) -> Iterator[Note]:
    if not row["stats"]:
        said = "Activity, Connections, Locks, Statements, Checks: what others do stays hidden"
        yield Note(said, f"GRANT pg_monitor TO {login}")
    elif not row["settings"]:
        said = "Checks: a few settings stay hidden"
        yield Note(said, f"GRANT pg_read_all_settings TO {login}")
    hidden = [
        f"{count} {word if count != 1 else word[:-1]}"
        for count, word in (
            (cast(int, row["hidden_tables"]), "tables"),
            (cast(int, row["hidden_sequences"]), "sequences"),
        )
        if count
    ]
    if hidden:
        said = f"Tables, Indexes, Checks: bloat and ends of {' and '.join(hidden)} stay unknown"
        yield Note(said, f"GRANT pg_read_all_data TO {login}")
    closed = cast("Sequence[str] | None", row["closed"])
    if closed and not row["stats"]:
        named = ", ".join(closed[:NAMED])
        more = f" and {len(closed) - NAMED} more" if len(closed) > NAMED else ""
        said = f"Databases: the size of {named}{more} stays unknown"
        yield Note(said, f"GRANT CONNECT ON DATABASE {named} TO {login}")
    yield from _counting(row, login)


def _counting(row: Mapping[str, Value], login: str) -> Iterator[Note]:
    schema = row["counter_schema"]
    if schema is None:
        first = "" if row["counting"] else "shared_preload_libraries = 'pg_stat_statements', "
        first += "" if row["counting"] else "a restart, "
        # Nothing is wrong without it, so this is no warning.
        yield Note(
            f"Statements: nothing is counted without {first}CREATE EXTENSION pg_stat_statements"
        )
    elif not row["counter_usable"]:
        said = f"Statements: the extension is in {schema}, which this login may not use"
        yield Note(said, f"GRANT USAGE ON SCHEMA {schema} TO {login}")
