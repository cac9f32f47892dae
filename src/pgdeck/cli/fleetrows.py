"""``pgdeck ls targets``: what the target switcher shows, once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pgdeck.core.address import place
from pgdeck.core.fleet import Glance, Member, marked
from pgdeck.core.rows import Table, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format, ScreenSpec
from pgdeck.errors import UsageProblem

if TYPE_CHECKING:
    import argparse

    from pgdeck.cli.fleet import FileFleet

NAMES = ("targets", "fleet")
AT_ONCE = 4
"""Connections at a time, one for each target."""

COLUMNS = (
    Column("target", "target", priority=0),
    Column("environment", "env", width=8, priority=1),
    Column("role", "role", width=8, priority=1),
    Column("version", "version", width=8, priority=2),
    Column("warnings", "warn", Format.COUNT, Align.RIGHT, width=5, priority=2),
    Column("criticals", "crit", Format.COUNT, Align.RIGHT, width=5, priority=2),
    Column("lag_s", "lag", Format.DURATION, Align.RIGHT, width=8, priority=3),
    Column("place", "where", priority=4),
    Column("fingerprint", "fingerprint", hidden=True),
    Column("source", "source", hidden=True),
    Column("trouble", "trouble", priority=3),
)
SPEC = ScreenSpec(
    "targets",
    "Targets",
    None,
    (Path("targets"), 0),
    columns=COLUMNS,
    empty_text="No target is named, and none was watched. Name one: pgdeck config init",
)


def fleet_table(args: argparse.Namespace) -> tuple[Table, bool]:
    """Look at every named target and those watched before; say also whether one answered.

    Raises `UsageProblem` when a single target was named.
    """
    from pgdeck.cli.fleet import FileFleet, known_members

    if args.target is not None:
        raise UsageProblem(
            "the list of targets is of all that are named", "for one: pgdeck status TARGET"
        )
    members = known_members()
    glances = asyncio.run(_look(FileFleet({}), members))
    rows = tuple(_row(each, glances.get(each.key)) for each in members)
    reached = any(glance.failure is None for glance in glances.values())
    return Table(rows), reached or not glances


async def _look(fleet: FileFleet, members: Iterable[Member]) -> Mapping[str, Glance]:
    turns = asyncio.Semaphore(AT_ONCE)
    found: dict[str, Glance] = {}

    async def look(member: Member) -> None:
        if member.target is not None:
            async with turns:
                found[member.key] = await fleet.glance(member.target)

    await asyncio.gather(*(look(each) for each in members if each.asked))
    return found


def _row(member: Member, glance: Glance | None) -> TableRow:
    target = member.target
    if target is None:
        said = f"{member.problem.message}" if member.problem else ""
        return TableRow((member.key,), _values(member.name, trouble=said))
    known: dict[str, Value] = {
        "environment": marked(target, glance).value,
        "place": place(target.conninfo),
        "source": target.source,
    }
    if glance is None:
        command = "its password comes from a command, which is not run for a list"
        return TableRow((member.key,), _values(member.name, **known, trouble=command))
    if glance.failure is not None:
        said = glance.failure.message
        return TableRow((member.key,), _values(member.name, **known, trouble=said))
    unjudged = Unknown(glance.unjudged) if glance.unjudged else None
    return TableRow(
        (member.key,),
        _values(
            member.name,
            **known,
            role="standby" if glance.standby else "primary",
            version=glance.version,
            warnings=unjudged if glance.warnings is None else glance.warnings,
            criticals=unjudged if glance.criticals is None else glance.criticals,
            lag_s=glance.lag,
            fingerprint=glance.fingerprint,
        ),
    )


def _values(target: str, **known: Value) -> tuple[Value, ...]:
    return (target, *(known.get(column.name) for column in COLUMNS[1:]))
