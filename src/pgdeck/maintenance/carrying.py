"""Carrying the steps of a plan out: the right object, the right effect, and what is left to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from pgdeck.core.operation import Row, Work
from pgdeck.core.plan import Relation, Step
from pgdeck.core.text import safe
from pgdeck.errors import Problem, Refused, Unreachable
from pgdeck.maintenance.progress import teller, view

Doing = Callable[[Work, Step], str]
"""Does one step and returns a sentence on it, empty for nothing worth saying."""

SKIPS = re.compile(r"\bskipp(?:ing|ed)\b|permission denied|must be owner|cannot \w+ non-")
NAMED = 5

PRESENT = """
SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = %s::pg_catalog.oid
"""

MEMBERS = """
SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
       c.relkind IN ('r', 'm', 't') AS stored,
       pg_catalog.pg_stat_get_vacuum_count(c.oid) AS vacuums,
       pg_catalog.pg_stat_get_analyze_count(c.oid) AS analyzes,
       pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead,
       pg_catalog.pg_relation_filenode(c.oid) AS file
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY (ARRAY(SELECT %s::pg_catalog.oid
                           UNION ALL
                          SELECT p.relid
                            FROM pg_catalog.pg_partition_tree(%s::pg_catalog.oid) AS p))
"""

COUNTING = "SELECT pg_catalog.current_setting('track_counts') AS said"


class Member(Struct, frozen=True):
    """What is worked on, as the server counts it."""

    name: str
    stored: bool
    vacuums: int
    analyzes: int
    dead: int
    file: int


Members = Mapping[int, Member]


def carry_out(work: Work, doing: Doing) -> list[str]:
    """Do every step, each on the object that the plan names; returns their sentences.

    A step that fails does not stop the others; what failed is raised at the end.
    """
    said: list[str] = []
    failed: list[tuple[Step, Problem]] = []
    for at in range(1, len(work.plan.steps) + 1):
        step = work.begin(at)
        try:
            if step.relation is not None:
                check_present(work, step.relation)
            said.append(doing(work, step))
        except Problem as problem:
            if len(work.plan.steps) == 1 or isinstance(problem, Unreachable) or work.cancelled:
                raise
            work.warn(f"not done: {step.title}: {problem.message}")
            failed.append((step, problem))
    if failed:
        raise _together(failed, len(work.plan.steps))
    return [each for each in said if each]


def check_present(work: Work, planned: Relation) -> None:
    """Raise `Refused` unless an oid is still called as it was when the plan was made."""
    rows = work.ask(PRESENT, (planned.oid,))
    was = safe(f"{planned.schema}.{planned.name}")
    if not rows:
        raise Refused(f"{was} is not there any more: it was dropped after the plan was made")
    now = (rows[0]["schema"], rows[0]["name"])
    if now != (planned.schema, planned.name):
        raise Refused(
            f"{was} is called {safe(f'{now[0]}.{now[1]}')} now: it was renamed after the plan "
            "was made",
            "look at what bears that name now, and plan anew",
        )


def run_watched(work: Work, step: Step) -> tuple[Members, Members]:
    """Run a step's SQL with its progress told; returns its relation's members before and after."""
    relation = step.relation
    assert relation is not None
    before = members_of(work, relation.oid)
    names = {oid: member.name for oid, member in before.items()}
    try:
        work.run(step, view(work.plan.target.version), teller(names, relation.oid))
    except Problem as problem:
        if problem.message.startswith("waited ") and step.patience_s:
            problem.hint += "; --wait SECONDS waits longer"
        raise
    return before, members_of(work, relation.oid)


def members_of(work: Work, oid: int) -> Members:
    """Return a relation and its partitions with what the server counts of them."""
    return {int(str(row["oid"])): _member(row) for row in work.ask(MEMBERS, (oid, oid))}


def skipped(work: Work) -> Iterator[str]:
    """Yield what the server said that it passes over: its command tag is the same all the same."""
    for severity, message in work.heard:
        if severity == "WARNING" and SKIPS.search(message):
            yield message


def counts(work: Work) -> bool:
    """Whether the server counts what is done, so that it can be asked whether it was."""
    return work.ask(COUNTING)[0]["said"] == "on"


def untouched(before: Members, after: Members, done: Callable[[Member, Member], bool]) -> list[str]:
    """Return the names of the members on which something had no effect."""
    return [
        member.name
        for oid, member in before.items()
        if member.stored and oid in after and not done(member, after[oid])
    ]


def not_done(work: Work, step: Step, verb: str, names: list[str]) -> Problem:
    """Return the failure of a step that the server passed over though it said that it did it."""
    said = "; ".join(list(skipped(work))[:NAMED])
    why = safe(said) or "the server counts nothing of it"
    what = ", ".join(map(safe, names[:NAMED])) or safe(step.title)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    login = work.plan.target.login
    hint = (
        f"{login} may lack the right to it: as the owner it works, from PostgreSQL 17 on also "
        f"after GRANT MAINTAIN ON ... TO {login}"
    )
    if "concurrently, skipping" in said:
        hint = "--no-concurrently builds it; writes wait meanwhile"
    return Problem(f"{what}{more} was not {verb}: {why}", hint)


def _together(failed: list[tuple[Step, Problem]], steps: int) -> Problem:
    reasons = "; ".join(problem.message for _, problem in failed[:NAMED])
    more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    kind = Refused if all(isinstance(problem, Refused) for _, problem in failed) else Problem
    return kind(
        f"{len(failed)} of {steps} steps were not done: {reasons}{more}",
        failed[0][1].hint,
    )


def _member(row: Row) -> Member:
    return Member(
        name=str(row["name"]),
        stored=row["stored"] is True,
        vacuums=int(str(row["vacuums"] or 0)),
        analyzes=int(str(row["analyzes"] or 0)),
        dead=int(str(row["dead"] or 0)),
        file=int(str(row["file"] or 0)),
    )
