"""VACUUM and ANALYZE of what was chosen, a step for each table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from pgdeck.core.numbers import count
from pgdeck.core.operation import Asker, Wish, Work
from pgdeck.core.plan import Asking, Plan, Step
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.errors import Problem, UsageProblem
from pgdeck.maintenance.carrying import (
    Member,
    Members,
    carry_out,
    counts,
    not_done,
    run_watched,
    skipped,
    untouched,
)
from pgdeck.maintenance.obstacles import AGAINST_ALL, AGAINST_VACUUM, in_the_way
from pgdeck.maintenance.price import disk_words, rough_time, weight
from pgdeck.maintenance.relations import Found, Server, choose, no_standby, server_facts
from pgdeck.maintenance.wording import (
    held_by,
    may_not,
    patience_of,
    permitted,
    title,
    touched,
    word_to_type,
)
from pgdeck.pg.marking import mark_of

ROUTINE = "SHARE UPDATE EXCLUSIVE: reads and writes go on; other maintenance and DDL of it wait"
TRUNCATING = f"{ROUTINE}; for a moment ACCESS EXCLUSIVE to give empty pages at its end back"
REWRITING = "ACCESS EXCLUSIVE: every read and write of it waits from beginning to end"


class Mode(Struct, frozen=True):
    """One way to vacuum: its SQL, its words and its lock."""

    sql: str
    verb: str
    takes: str
    each: str = "each is vacuumed on its own"
    done: str = "vacuumed"
    left: str = "what it did so far stays, the rest is as it was"
    freezes: bool = False
    rewrites: bool = False
    analyzes: bool = False


MODES = {
    "plain": Mode("VACUUM (VERBOSE)", "Vacuum", TRUNCATING),
    "analyze": Mode("VACUUM (VERBOSE, ANALYZE)", "Vacuum and analyze", TRUNCATING, analyzes=True),
    "freeze": Mode("VACUUM (VERBOSE, FREEZE)", "Freeze", TRUNCATING, done="frozen", freezes=True),
    "full": Mode(
        "VACUUM (VERBOSE, FULL)",
        "Rewrite (VACUUM FULL)",
        REWRITING,
        each="each is rewritten on its own",
        done="rewritten",
        left="the table is as it was, its half-made copy is gone",
        rewrites=True,
    ),
}


class Vacuum:
    """Makes room of dead rows, freezes old ones, or rewrites tables."""

    name = "vacuum"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what it costs and who is in its way; reads only."""
        mode = MODES.get(wish.get("mode", "plain"))
        if mode is None:
            raise UsageProblem(
                f"there is no way {safe(wish['mode'])} to vacuum", f"there are {', '.join(MODES)}"
            )
        mark = await mark_of(asker, target)
        server = await server_facts(asker, mark.version)
        no_standby(server, target.name)
        choice = await choose(
            asker,
            wish,
            version=mark.version,
            block_size=server.block_size,
            kinds=("r", "m", "p", "t"),
            catalogs=mode.freezes,
        )
        found, warnings = permitted(choice, mark.login, "vacuum")
        lacking = [each for each in found if each.denied]
        warnings += tuple(may_not(lacking, "vacuum", mark.login, mark.version))
        touches = tuple(touched(found, mode.each))
        if mode.rewrites:
            price, too_little = await _price(found, server, target)
            touches += price
            warnings += too_little
        modes = AGAINST_ALL if mode.rewrites else AGAINST_VACUUM
        standing = await in_the_way(asker, mark.version, (_members(found), modes))
        patience = patience_of(wish)
        return Plan(
            op=self.name,
            title=title(mode.verb, choice, found),
            target=mark,
            steps=tuple(_step(each, mode.sql, mode.verb, mode.takes, patience) for each in found),
            holds=held_by(choice, found),
            asking=Asking.NAME if mode.rewrites else Asking.YES,
            confirm=word_to_type(found, mark.database) if mode.rewrites else "",
            touches=touches,
            in_the_way=standing,
            warnings=warnings,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Vacuum one table after the other."""
        mode = MODES[work.plan.wish.get("mode", "plain")]
        counted = counts(work)

        def vacuum(work: Work, step: Step) -> str:
            try:
                before, after = run_watched(work, step)
            except Problem as problem:
                if work.cancelled:
                    problem.message += f"; {mode.left}"
                raise
            missed = []
            if mode.rewrites:
                missed = untouched(before, after, lambda old, new: old.file != new.file)
            elif counted:
                missed = untouched(before, after, _vacuumed(analyzed=mode.analyzes))
            if missed or any(skipped(work)):
                raise not_done(work, step, mode.done, missed)
            return "" if mode.rewrites else _freed(work, step, before, after)

        said = carry_out(work, vacuum)
        return _outcome(work.plan, mode.done, said)


class Analyze:
    """Looks at a sample of tables, so that the planner guesses well."""

    name = "analyze"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what it costs and who is in its way; reads only."""
        mark = await mark_of(asker, target)
        server = await server_facts(asker, mark.version)
        no_standby(server, target.name)
        choice = await choose(
            asker,
            wish,
            version=mark.version,
            block_size=server.block_size,
            kinds=("r", "m", "p", "f"),
        )
        found, warnings = permitted(choice, mark.login, "analyze")
        lacking = [each for each in found if each.denied]
        warnings += tuple(may_not(lacking, "analyze", mark.login, mark.version))
        standing = await in_the_way(asker, mark.version, (_members(found), AGAINST_VACUUM))
        patience = patience_of(wish)
        return Plan(
            op=self.name,
            title=title("Analyze", choice, found),
            target=mark,
            steps=tuple(
                _step(each, "ANALYZE (VERBOSE)", "Analyze", ROUTINE, patience) for each in found
            ),
            holds=held_by(choice, found),
            touches=tuple(touched(found, "each is analyzed, and all of them as one table")),
            in_the_way=standing,
            warnings=warnings,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Analyze one table after the other."""
        counted = counts(work)

        def analyze(work: Work, step: Step) -> str:
            before, after = run_watched(work, step)
            missed = untouched(before, after, _analyzed) if counted else []
            if missed or any(skipped(work)):
                raise not_done(work, step, "analyzed", missed)
            return ""

        return _outcome(work.plan, "analyzed", carry_out(work, analyze))


async def _price(
    found: Sequence[Found], server: Server, target: Target
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a rewrite costs, and the warning when the disk is too small for it."""
    # One after the other: what the old copy took is free again before the next begins.
    largest = max(found, key=lambda each: each.bytes + each.index_bytes)
    words, tight = await disk_words(weight([largest]), server, largest.place, target.conninfo)
    moved = weight(found)
    time = rough_time(None if moved is None else 2 * moved)
    price = (f"disk: {words}", f"time: {time}; locked all the while")
    return price, (("the disk may be too small for the copy",) if tight else ())


def _members(found: Sequence[Found]) -> tuple[int, ...]:
    own = (each.relation.oid for each in found)
    return tuple(dict.fromkeys([*own, *(oid for each in found for oid in each.members)]))


def _step(found: Found, sql: str, verb: str, takes: str, patience: float) -> Step:
    return Step(
        title=f"{verb} {found.quoted}",
        text=f"{sql} {found.quoted}",
        relation=found.relation,
        takes=takes,
        patience_s=patience,
        weight=found.bytes + (0 if sql.startswith("ANALYZE") else found.index_bytes),
    )


def _vacuumed(*, analyzed: bool) -> Callable[[Member, Member], bool]:
    def done(old: Member, new: Member) -> bool:
        return new.vacuums > old.vacuums and (not analyzed or new.analyzes > old.analyzes)

    return done


def _analyzed(old: Member, new: Member) -> bool:
    return new.analyzes > old.analyzes


def _freed(work: Work, step: Step, before: Members, after: Members) -> str:
    """Say how many dead rows went, and warn when they all stayed."""
    was, now = (sum(each.dead for each in found.values()) for found in (before, after))
    if now and now >= was:
        work.warn(
            f"{step.title}: {now} dead rows stay: an old transaction, a slot or a standby may "
            "still see them; the checks name it"
        )
        return ""
    gone = was - now
    return f"{''.join(count(gone))} dead rows freed" if gone > 0 else ""


def _outcome(plan: Plan, verb: str, said: Sequence[str]) -> str:
    if len(plan.steps) > 1:
        return f"{len(plan.steps)} tables are {verb}"
    relation = plan.steps[0].relation
    assert relation is not None
    more = f", {said[0]}" if said else ""
    return f"{relation.schema}.{relation.name} is {verb}{more}"
