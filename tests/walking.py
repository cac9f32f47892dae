"""Walks over every screen of the menu, whichever there are: what no screen may ever show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pgdeck.cli.flat import columns_of, flat
from pgdeck.core.rows import Estimate, Measure, Unknown, Value
from pgdeck.core.snapshot import Failure, FailureKind, Snapshot
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.core.target import Target
from pgdeck.watch.once import collect_once
from pgdeck.wiring import collector_for, load_specs

EXPLAINED = (FailureKind.MISSING, FailureKind.PERMISSION)
"""Failures that a person can mend, and is told how."""

MOMENTARY = (Format.DURATION, Format.AGE, Format.RATE, Format.SPARKLINE, Format.TIME)
"""Formats of what differs from one look to the next."""

SIGNED = ("next", "due", "trend", "drift", "left", "query_id")
"""Figures whose name says that they may lie on either side of nothing."""

ABSURD = 1e12
"""More than this a second, of anything, is a wrong subtraction."""

Cell = tuple[str, tuple[object, ...], str, Format]
"""Screen, row key, column and format."""


async def walk(target: Target) -> dict[str, Snapshot[object]]:
    """Collect every shipped screen once over one session, by name."""
    specs = shipped()
    collectors = [collector_for(spec, target) for spec in specs.values()]
    return await collect_once(target, collectors)


def shipped() -> dict[str, ScreenSpec]:
    """Return the menu without a person's own screens."""
    return {name: spec for name, spec in load_specs().items() if spec.trusted}


def unexplained(taken: Mapping[str, Snapshot[object]]) -> list[str]:
    """Return the failures, of whole screens and of parts, that a person could do nothing about."""
    specs = shipped()
    return [
        f"{name}: {failure.kind} {failure.message}"
        for name, snapshot in taken.items()
        for failure in failures_of(specs[name], snapshot)
        if failure.kind not in EXPLAINED or not failure.hint
    ]


def failures_of(spec: ScreenSpec, snapshot: Snapshot[object]) -> list[Failure]:
    """Return the failure of a screen, or those of its parts."""
    if snapshot.failure is not None:
        return [snapshot.failure]
    return flat(spec, snapshot.data)[1]


def cells(taken: Mapping[str, Snapshot[object]]) -> Iterator[tuple[Cell, Value]]:
    """Yield every value of every screen, those of the detail pane included."""
    for name, spec in shipped().items():
        data = taken[name].data if name in taken else None
        if data is None:
            continue
        table, _ = flat(spec, data)
        columns = columns_of(spec)
        for at, row in enumerate(table.rows):
            for column, value in zip(columns, row.values, strict=True):
                yield (name, row.key, column.name, column.format), value
            for label, value in (table.extra[at] if table.extra else {}).items():
                yield (name, row.key, label, Format.TEXT), value


def hidden_as_nothing(
    seen: Mapping[str, Snapshot[object]], limited: Mapping[str, Snapshot[object]]
) -> list[str]:
    """Return what a limited login is told to be nothing, though others see that it is there."""
    everything = dict(cells(seen))
    return [
        f"{where[0]} {where[1]} {where[2]}: {everything[where]!r} is shown as {value!r}"
        for where, value in cells(limited)
        if where[3] not in MOMENTARY
        # There null is what cannot be known; the figures have no reasons of their own.
        and where[0] != "overview"
        and not isinstance(value, Unknown)
        and not number(value)
        and value in (None, 0, "", [])
        and isinstance(everything.get(where), int | float | Decimal | str)
        and not isinstance(everything.get(where), bool)
        and everything[where] not in (0, "")
    ]


def unknowns(taken: Mapping[str, Snapshot[object]]) -> list[str]:
    """Return the values that are unknown without a reason."""
    return [
        f"{where[0]} {where[2]}"
        for where, value in cells(taken)
        if isinstance(value, Unknown) and not value.reason
    ]


def impossible(taken: Mapping[str, Snapshot[object]]) -> list[str]:
    """Return the numbers that cannot be: negative ones, and rates beyond all measure."""
    found = []
    for (name, key, column, form), value in cells(taken):
        amount = number(value)
        if amount is None or any(word in column for word in SIGNED):
            continue
        rate = form is Format.RATE or column.endswith("_per_s")
        if amount < 0 or amount != amount or (rate and amount > ABSURD):
            found.append(f"{name} {key} {column}: {value!r}")
    return found


def number(value: Value) -> float | None:
    """Return a value as a number, None when it is none."""
    if isinstance(value, Estimate | Measure):
        return number(value.value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value)
