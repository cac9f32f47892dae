"""REINDEX of what was chosen, and the leftovers of one that was interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.operation import Asker, Wish, Work
from pgdeck.core.plan import Asking, Plan, Relation, Standing, Step
from pgdeck.core.rows import Rows
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.errors import Problem, UsageProblem
from pgdeck.maintenance.built import files_before, left_behind, not_built
from pgdeck.maintenance.carrying import carry_out, not_done, run_watched, skipped
from pgdeck.maintenance.obstacles import AGAINST_ALL, AGAINST_BUILD, elders, in_the_way
from pgdeck.maintenance.price import disk_words, in_words, rough_time
from pgdeck.maintenance.relations import Choice, Found, choose, no_standby, server_facts
from pgdeck.maintenance.sqlfiles import query
from pgdeck.maintenance.wording import (
    held_by,
    may_not,
    patience_of,
    permitted,
    some,
    title,
    touched,
    word_to_type,
)
from pgdeck.pg.marking import mark_of

BESIDE = (
    "SHARE UPDATE EXCLUSIVE: reads and writes go on; it waits for every transaction that is older"
)
ALONE = "SHARE, and ACCESS EXCLUSIVE on each index: writes of the table wait, and mostly reads too"
DROPPING = "SHARE UPDATE EXCLUSIVE: reads and writes go on; it waits for older transactions"
WAYS = ("yes", "no")
CLEANING = "the next reindex of the table removes it, or at once pgdeck reindex --leftovers"


class Leftover(Struct, frozen=True):
    """An invalid index; `made` says whether a REINDEX CONCURRENTLY left it behind."""

    relation: Relation
    quoted: str
    table_oid: int
    bytes: int
    made: bool
    ready: bool

    @property
    def words(self) -> str:
        """What it is and what it costs."""
        written = "every write keeps it up to date" if self.ready else "nothing uses it"
        return f"{self.quoted}: invalid index, about {in_words(self.bytes)}, {written}"


class Reindex:
    """Builds indexes anew, beside the work that goes on where that is possible."""

    name = "reindex"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what it costs and who is in its way; reads only."""
        beside, only_leftovers = _way(wish)
        mark = await mark_of(asker, target)
        server = await server_facts(asker, mark.version)
        no_standby(server, target.name)
        choice = await choose(
            asker,
            wish,
            version=mark.version,
            block_size=server.block_size,
            kinds=("r", "m", "p", "t", "i", "I"),
            owner_may=False,
        )
        found, warnings = permitted(_indexed(choice), mark.login, "reindex")
        lacking = [each for each in found if each.denied]
        warnings += tuple(may_not(lacking, "reindex", mark.login, mark.version))
        left = await leftovers(asker, mark.version, tables_of(found), server.block_size)
        if only_leftovers and not left:
            raise Problem("there are no leftovers: no invalid index is there that nobody builds")
        builds = () if only_leftovers else tuple(_builds(found, left, beside, patience_of(wish)))
        alone = any("CONCURRENTLY" not in step.text for step in builds)
        touches: tuple[str, ...] = ()
        tight = False
        if builds:
            largest = max(map(_built, found))
            words, tight = await disk_words(largest, server, found[0].place, target.conninfo)
            touches = tuple(touched(found, "the indexes of each are built anew"))
            read = sum(each.bytes for each in found if not each.is_index)
            moved = read + 2 * sum(map(_built, found))
            touches += (f"disk: {words}", f"time: {rough_time(moved)}")
        warnings += tuple(_warnings(found, left, beside)) if builds else ()
        warnings += ("the disk may be too small for the new indexes",) if tight else ()
        verb = "Remove leftovers of" if only_leftovers else _verb(beside)
        return Plan(
            op=self.name,
            title=title(verb, choice, found),
            target=mark,
            steps=(*(_drop(each) for each in left if each.made), *builds),
            holds=held_by(choice, found),
            asking=Asking.NAME if alone else Asking.YES,
            confirm=word_to_type(found, mark.database) if alone else "",
            touches=touches + tuple(each.words for each in left if each.made),
            in_the_way=await _in_the_way(asker, mark.version, found, alone=alone),
            warnings=warnings,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Remove what was left, then build one after the other; say what is left of a failure."""

        carry_out(work, _build)
        dropped = sum(step.text.startswith("DROP") for step in work.plan.steps)
        return _outcome(work.plan, dropped)


def _build(work: Work, step: Step) -> str:
    assert step.relation is not None
    before = {} if step.text.startswith("DROP") else files_before(work, step.relation.oid)
    try:
        run_watched(work, step)
    except Problem as problem:
        _say_what_is_left(work, step, problem)
        raise
    missed = not_built(work, before) if before else []
    if missed and len(missed) == len(before):
        raise not_done(work, step, "built anew", missed)
    if missed:
        why = "; ".join(skipped(work)) or "the server passed them over"
        work.warn(f"not built anew: {some(missed, 5)}: {why}")
    return ""


async def leftovers(
    asker: Asker, version: int, tables: Sequence[int], block_size: int
) -> tuple[Leftover, ...]:
    """Return the invalid indexes of tables that nobody is building now."""
    if not tables:
        return ()
    (answer,) = await asker.ask(query("leftovers", version, "{" + ",".join(map(str, tables)) + "}"))
    if not isinstance(answer, Rows):
        return ()
    return tuple(
        Leftover(
            relation=Relation(
                cast(int, row["oid"]), str(row["schema"]), str(row["name"]), str(row["kind"])
            ),
            quoted=str(row["quoted"]),
            table_oid=cast(int, row["table_oid"]),
            bytes=cast(int, row["pages"]) * block_size,
            made=row["leftover"] is True,
            ready=row["ready"] is True,
        )
        for row in answer.dicts()
    )


def tables_of(found: Sequence[Found]) -> tuple[int, ...]:
    """Return the tables, and those of the indexes, that hold what is chosen."""
    every: list[int] = []
    for each in found:
        every += [each.table.oid] if each.table else [each.relation.oid, *each.members]
    return tuple(dict.fromkeys(every))


def _indexed(choice: Choice) -> Choice:
    """Return a choice without the tables that have no index; raises `Problem` for nothing left."""
    found = tuple(each for each in choice.found if _has_index(each))
    if not found:
        names = some([each.quoted for each in choice.found], 3)
        raise Problem(f"there is nothing to reindex: {names} has no index")
    return replace(choice, found=found)


def _has_index(found: Found) -> bool:
    return found.is_index or found.indexes > 0


def _way(wish: Wish) -> tuple[bool, bool]:
    """Return whether it is to go on beside other work, and whether to remove leftovers only."""
    for name in ("concurrently", "leftovers"):
        if wish.get(name, "yes") not in WAYS:
            raise UsageProblem(f"{name} is yes or no, not {safe(wish[name])}")
    return wish.get("concurrently", "yes") == "yes", wish.get("leftovers") == "yes"


def _verb(beside: bool) -> str:
    return "Reindex" if beside else "Reindex (not CONCURRENTLY)"


def _builds(
    found: Sequence[Found], left: Sequence[Leftover], beside: bool, patience: float
) -> Iterator[Step]:
    made = {each.relation.oid for each in left if each.made}
    for each in found:
        if each.relation.oid in made:
            continue  # it goes away before
        what = "INDEX" if each.is_index else "TABLE"
        step = _building(what, each.quoted, each.relation, beside and _can_beside(each), patience)
        yield replace(step, weight=each.bytes + each.index_bytes)
    chosen = {each.relation.oid for each in found}
    for invalid in left:
        # A table's own REINDEX CONCURRENTLY passes invalid ones over.
        if beside and not invalid.made and invalid.relation.oid not in chosen:
            yield _building("INDEX", invalid.quoted, invalid.relation, beside, patience)


def _building(what: str, quoted: str, relation: Relation, beside: bool, patience: float) -> Step:
    return Step(
        title=f"Reindex {quoted}",
        text=f"REINDEX {what} {'CONCURRENTLY ' if beside else ''}{quoted}",
        relation=relation,
        takes=BESIDE if beside else ALONE,
        # Beside others a wait given up half-way would leave an invalid index behind.
        patience_s=0.0 if beside else patience,
    )


def mending(left: Sequence[Leftover]) -> tuple[Step, ...]:
    """Return the steps that rid a database of invalid indexes: leftovers go, others are built."""
    return tuple(
        _drop(each) if each.made else _building("INDEX", each.quoted, each.relation, True, 0.0)
        for each in left
    )


def _drop(left: Leftover) -> Step:
    return Step(
        title=f"Remove the leftover {left.quoted}",
        text=f"DROP INDEX CONCURRENTLY {left.quoted}",
        relation=left.relation,
        takes=DROPPING,
    )


def _can_beside(found: Found) -> bool:
    return not found.exclusion and found.relation.schema != "pg_catalog"


def _built(found: Found) -> int:
    return found.bytes if found.is_index else found.index_bytes


def _warnings(found: Sequence[Found], left: Sequence[Leftover], beside: bool) -> Iterator[str]:
    if beside:
        for each in found:
            if not _can_beside(each):
                why = "an exclusion constraint" if each.exclusion else "the catalogue"
                yield f"{each.quoted} belongs to {why}: it cannot be built CONCURRENTLY"
    if beside and (invalid := [each.quoted for each in left if not each.made]):
        yield f"invalid, and built anew by name: {some(invalid, 5)}"


async def _in_the_way(
    asker: Asker, version: int, found: Sequence[Found], *, alone: bool
) -> tuple[Standing, ...]:
    if not alone:
        return await elders(asker, version)
    indexes = [oid for each in found if each.is_index for oid in each.members]
    return await in_the_way(
        asker, version, (tables_of(found), AGAINST_BUILD), (indexes, AGAINST_ALL)
    )


def _say_what_is_left(work: Work, step: Step, problem: Problem) -> None:
    """Add the invalid indexes to a failure, and the way to be rid of them."""
    assert step.relation is not None
    oid = step.relation.oid
    with suppress(Problem):
        names = left_behind(work, oid)
        if not names:
            return
        work.warn(f"left behind, invalid: {some(names, 5)}")
        problem.message += f"; left behind: {some(names, 5)}"
        problem.hint = "; ".join(filter(None, (problem.hint, CLEANING)))


def _outcome(plan: Plan, dropped: int) -> str:
    built = len(plan.steps) - dropped
    gone = f"{dropped} leftover{'' if dropped == 1 else 's'} removed"
    if not built:
        return gone
    if built == 1:
        relation = plan.steps[-1].relation
        assert relation is not None
        said = f"{relation.schema}.{relation.name} is built anew"
    else:
        said = f"{built} are built anew"
    return f"{said}, {gone}" if dropped else said
