"""Upkeep: all that is due in a database, in the order in which it is best done."""

from __future__ import annotations

from collections.abc import Sequence

from pgdeck.core.operation import Asker, Wish, Work
from pgdeck.core.plan import Plan, Step
from pgdeck.core.target import Target
from pgdeck.errors import Problem
from pgdeck.maintenance.carrying import carry_out, counts, not_done, run_watched, skipped, untouched
from pgdeck.maintenance.due import Due, Need, due_of
from pgdeck.maintenance.obstacles import AGAINST_VACUUM, in_the_way
from pgdeck.maintenance.reindex import leftovers, mending
from pgdeck.maintenance.relations import Choice, Found, choose, no_standby, rows_of, server_facts
from pgdeck.maintenance.sqlfiles import query
from pgdeck.maintenance.vacuum import ROUTINE, TRUNCATING
from pgdeck.maintenance.wording import held_by, patience_of, permitted, touched
from pgdeck.pg.marking import mark_of

SQL = {
    Need.FREEZE: ("VACUUM (VERBOSE, FREEZE)", "Freeze", TRUNCATING),
    Need.VACUUM: ("VACUUM (VERBOSE)", "Vacuum", TRUNCATING),
    Need.BOTH: ("VACUUM (VERBOSE, ANALYZE)", "Vacuum and analyze", TRUNCATING),
    Need.ANALYZE: ("ANALYZE (VERBOSE)", "Analyze", ROUTINE),
}
NOTHING = "nothing is due: no table has passed what makes autovacuum come, no index is invalid"


class Upkeep:
    """Vacuums, freezes and analyzes what is due, and mends invalid indexes."""

    name = "upkeep"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what is due, why and in which order; reads only.  Raises `Problem` for nothing."""
        mark = await mark_of(asker, target)
        server = await server_facts(asker, mark.version)
        no_standby(server, target.name)
        answers = await asker.ask(query("due", mark.version), query("invalid", mark.version))
        due = due_of(rows_of(answers[0]).dicts())
        broken = [int(str(row[0])) for row in rows_of(answers[1]).rows]
        left = await leftovers(asker, mark.version, broken, server.block_size)
        if not due and not left:
            raise Problem(NOTHING, "the Tables screen says when something will be")
        oids = [*(each.oid for each in due), *(each.table_oid for each in left)]
        choice = await _chosen(asker, oids, mark.version, server.block_size)
        named, warnings = permitted(choice, mark.login, "vacuum")
        mine = {each.relation.oid: each for each in named}
        steps = [_step(each, mine[each.oid], wish) for each in due if each.oid in mine]
        mends = mending([each for each in left if each.table_oid in mine])
        if not steps and not mends:
            raise Problem("what is due may not be done by this login", "; ".join(warnings))
        standing = await in_the_way(asker, mark.version, (tuple(mine), AGAINST_VACUUM))
        words = [f"{len(steps)} table{'' if len(steps) == 1 else 's'}"] if steps else []
        words += [f"{len(mends)} invalid index{'' if len(mends) == 1 else 'es'}"] if mends else []
        return Plan(
            op=self.name,
            title=f"Do what is due: {' and '.join(words)}",
            target=mark,
            steps=(*steps, *mends),
            holds=held_by(choice, named),
            touches=tuple(touched(named, "each is done on its own")),
            in_the_way=standing,
            warnings=warnings,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Do one after the other; what fails keeps none of the others from being done."""
        counted = counts(work)

        def do(work: Work, step: Step) -> str:
            before, after = run_watched(work, step)
            vacuumed, analyzed = step.text.startswith("VACUUM"), "ANALYZE" in step.text
            missed: list[str] = []
            if counted and (vacuumed or analyzed):
                missed = untouched(
                    before,
                    after,
                    lambda old, new: (
                        (not vacuumed or new.vacuums > old.vacuums)
                        and (not analyzed or new.analyzes > old.analyzes)
                    ),
                )
            if missed or any(skipped(work)):
                raise not_done(work, step, "done", missed)
            return ""

        carry_out(work, do)
        done = len(work.plan.steps)
        return f"{done} of {done} steps are done"


async def _chosen(asker: Asker, oids: Sequence[int], version: int, block_size: int) -> Choice:
    """Return the tables with what a plan says of them, as those of a schema.

    So what this login may not maintain is left out, and not skipped by the server.
    """
    wish = {"oids": ",".join(map(str, dict.fromkeys(oids)))}
    kinds = ("r", "m", "t")
    found = await choose(asker, wish, version=version, block_size=block_size, kinds=kinds)
    return Choice(found.found, "what is due", by_name=False)


def _step(due: Due, found: Found, wish: Wish) -> Step:
    sql, verb, takes = SQL[due.need]
    return Step(
        title=f"{verb} {found.quoted}: {due.why}",
        text=f"{sql} {found.quoted}",
        relation=found.relation,
        takes=takes,
        patience_s=patience_of(wish),
        weight=found.bytes + (0 if due.need is Need.ANALYZE else found.index_bytes),
    )
