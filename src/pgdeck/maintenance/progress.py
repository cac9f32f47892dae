"""How far the server says that it is."""

from __future__ import annotations

from collections.abc import Mapping

from pgdeck.core.numbers import count
from pgdeck.core.operation import Progress, Row
from pgdeck.maintenance.sqlfiles import query


def view(version: int) -> str:
    """Return the question after the progress of one session."""
    return query("progress", version).sql


def teller(names: Mapping[int, str], own: int) -> Progress:
    """Return what puts a row of progress into words; `names` are those of all that is worked on.

    The relation is named where it is not the step's `own`, as a partition.
    """

    def tell(row: Row) -> tuple[float | None, float | None, str]:
        done, total = _number(row["done"]), _number(row["whole"])
        if not total:
            total = None
        said = [str(row["phase"] or row["command"])]
        relid = int(str(row["relid"] or 0))
        if relid != own and relid in names:
            said[0] += f" of {names[relid]}"
        if done is not None and (total is not None or done):
            of = f" of {_short(total)}" if total is not None else ""
            said.append(f"{_short(done)}{of} {row['unit']}")
        if passes := int(str(row["passes"] or 0)):
            said.append(f"index pass {passes}" if passes > 1 else "one index pass done")
        if row["locker"] is not None:
            said.append(_waiting(row))
        return done, total, ", ".join(said)

    return tell


def _waiting(row: Row) -> str:
    lockers = int(str(row["lockers"] or 0))
    which = f" ({int(str(row['lockers_done'] or 0)) + 1} of {lockers})" if lockers > 1 else ""
    return f"waits for pid {row['locker']}{which}"


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _short(value: float) -> str:
    return "".join(count(value))
