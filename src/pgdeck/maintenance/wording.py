"""The parts that the plans of maintenance have in common, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgdeck.core.numbers import count
from pgdeck.core.operation import Wish
from pgdeck.core.text import safe
from pgdeck.errors import UsageProblem
from pgdeck.maintenance.naming import to_type
from pgdeck.maintenance.price import in_words
from pgdeck.maintenance.relations import KINDS, Choice, Found

PATIENCE = 5.0
"""Seconds that a step waits for its lock; what wants the same lock queues up behind it."""

LONGEST_PATIENCE = 3600.0
NAMED = 20
MOST_HELD = 100
MAINTAIN = 170000
"""The version from which on the right can be granted."""


def patience_of(wish: Wish) -> float:
    """Return the seconds that a step waits for its lock; raises `UsageProblem`."""
    text = wish.get("patience", "")
    if not text:
        return PATIENCE
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= LONGEST_PATIENCE:
        raise UsageProblem(f"{safe(text)} is no time to wait", "seconds up to 3600")
    return value


def title(verb: str, choice: Choice, found: Sequence[Found]) -> str:
    """Return what is done to what: `found` is what is left of a choice."""
    if choice.by_name and len(found) == 1:
        return f"{verb} {found[0].quoted}"
    if choice.by_name:
        return f"{verb} {number(found)}: {some([each.quoted for each in found], 3)}"
    return f"{verb} {choice.words}, {number(found)}"


def number(found: Sequence[Found]) -> str:
    """Return how many of them there are."""
    what = "index" if found and all(each.is_index for each in found) else "table"
    plural = {"index": "indexes", "table": "tables"}[what]
    return f"{len(found)} {what if len(found) == 1 else plural}"


def touched(found: Sequence[Found], each_does: str) -> Iterator[str]:
    """Yield a line on each relation: its kind, weight, rows and partitions."""
    for each in found[:NAMED]:
        yield ", ".join(_touched(each, each_does))
    if len(found) > NAMED:
        rest = found[NAMED:]
        about = "" if all(each.exact for each in rest) else "about "
        yield f"and {len(rest)} more of {about}{in_words(sum(each.bytes for each in rest))}"


def _touched(found: Found, each_does: str) -> Iterator[str]:
    yield f"{found.quoted}: {KINDS.get(found.relation.kind, 'relation')}"
    if found.is_partitioned:
        parts = len(found.members)
        yield (
            f"{parts} partition{'' if parts == 1 else 's'}, {each_does}"
            if parts
            else "no partition"
        )
    about = "" if found.exact else "about "
    yield f"{about}{in_words(found.bytes)}" if found.sized else "its size is not known yet"
    if found.indexes:
        many = f"{found.indexes} index{'' if found.indexes == 1 else 'es'}"
        yield f"{many} of {about}{in_words(found.index_bytes)}"
    if found.dead or found.live:
        dead, live = ("".join(count(value)) for value in (found.dead, found.live))
        yield f"about {dead} dead and {live} live rows"


def may_not(found: Sequence[Found], verb: str, login: str, version: int) -> Iterator[str]:
    """Yield a warning for each relation that this login has no right to maintain."""
    for each in found[:NAMED]:
        what = each.table_quoted or each.quoted
        way = (
            f"GRANT MAINTAIN ON {what} TO {login}" if version >= MAINTAIN else "run it as its owner"
        )
        parts = f"{each.denied} partitions of " if each.is_partitioned else ""
        yield (
            f"{login} may not {verb} {parts}{each.quoted}, whose owner is {each.owner}: "
            f"the server would skip it ({way})"
        )


def permitted(choice: Choice, login: str, verb: str) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Return what may be done of what a schema holds, and a warning on what is left out."""
    if choice.by_name:
        return choice.found, ()
    left = [each for each in choice.found if each.denied and each.denied >= len(each.members)]
    done = tuple(each for each in choice.found if each not in left)
    if not left or not done:
        return choice.found, ()
    names = some([each.quoted for each in left], 5)
    return done, (f"{number(left)} left out, {login} may not {verb} them: {names}",)


def some(names: Sequence[str], most: int) -> str:
    """Return names with commas between, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def held_by(choice: Choice, found: Sequence[Found]) -> tuple[str, ...]:
    """Return what nobody else may hold meanwhile; of very many tables, the whole they are of."""
    names = tuple(dict.fromkeys(name for each in found for name in each.held))
    if len(names) <= MOST_HELD:
        return names
    return (f"maintenance of {choice.words or 'many tables'}",)


def word_to_type(found: Sequence[Found], database: str) -> str:
    """Return what must be typed: the name of the one relation, else the database's."""
    if len(found) == 1:
        relation = found[0].relation
        return to_type(f"{relation.schema}.{relation.name}")
    return to_type(database)
