"""What is to be maintained: found by oid, by name, by schema or in the whole database."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.operation import Asker, Wish
from pgdeck.core.plan import Relation
from pgdeck.core.rows import Rows, Value
from pgdeck.core.source import Answer
from pgdeck.core.text import safe
from pgdeck.errors import Problem, QueryFailed, Refused, UsageProblem
from pgdeck.maintenance.naming import known_schema, meant
from pgdeck.maintenance.sqlfiles import query

MOST = 10_000
"""Relations in one plan; more of them nobody reads."""

MOST_SIZED = 200
"""Relations whose exact sizes are asked for; of more it takes the server too long."""

KINDS = {
    "r": "table",
    "p": "partitioned table",
    "m": "materialized view",
    "t": "TOAST table",
    "i": "index",
    "I": "partitioned index",
    "f": "foreign table",
    "v": "view",
    "S": "sequence",
    "c": "composite type",
}
INDEXES = ("i", "I")


class Server(Struct, frozen=True):
    """What a plan needs to know of the server; None is what this login cannot see."""

    standby: bool
    block_size: int
    superuser: bool
    data_directory: str | None = None
    port: str | None = None
    place: str = ""


class Found(Struct, frozen=True):
    """One relation with what it weighs; a partitioned one with the sum of its partitions.

    `quoted` is its name as SQL has it, `table` the same of an index's table.  `members` are the
    oids of what is really worked on, `member_names` their quoted names.  `denied` counts those
    that this login may not maintain.  Sizes that are not `exact` are the catalogue's estimates.
    """

    relation: Relation
    quoted: str
    owner: str
    members: tuple[int, ...]
    member_names: tuple[str, ...]
    denied: int
    bytes: int
    index_bytes: int
    indexes: int
    live: int
    dead: int
    place: str = ""
    valid: bool = True
    exclusion: bool = False
    table: Relation | None = None
    table_quoted: str = ""
    exact: bool = False

    @property
    def sized(self) -> bool:
        """Whether anything is known of its size; the catalogue's 0 is none."""
        return self.exact or self.bytes > 0

    @property
    def is_index(self) -> bool:
        """Whether it is an index, partitioned or not."""
        return self.relation.kind in INDEXES

    @property
    def is_partitioned(self) -> bool:
        """Whether it has no storage of its own."""
        return self.relation.kind in ("p", "I")

    @property
    def called(self) -> str:
        """Kind and name, for people."""
        return f"{KINDS.get(self.relation.kind, 'relation')} {self.quoted}"

    @property
    def held(self) -> tuple[str, ...]:
        """The names under which operators exclude each other: that of its table, its partitions."""
        if self.is_index:
            return (f"table {self.table_quoted}",)
        return tuple(dict.fromkeys(f"table {each}" for each in (self.quoted, *self.member_names)))


class Choice(Struct, frozen=True):
    """What a wish came to: the relations, and how to say which they are.

    `by_name` are those that somebody pointed at, and not just what a schema holds.
    """

    found: tuple[Found, ...]
    words: str
    by_name: bool


async def server_facts(asker: Asker, version: int) -> Server:
    """Return what the server says of itself; raises `Problem`."""
    (answer,) = await asker.ask(query("facts", version))
    return Server(**cast(Any, rows_of(answer).one()))


async def choose(
    asker: Asker,
    wish: Wish,
    *,
    version: int,
    block_size: int,
    kinds: Sequence[str],
    owner_may: bool = True,
    catalogs: bool = False,
) -> Choice:
    """Return the relations that a wish means; raises `UsageProblem` or `Problem` for none."""
    schema, oids = wish.get("schema"), None
    by_name = True
    if wish.get("oids"):
        oids = _oids(wish["oids"])
    elif wish.get("tables"):
        oids = await _named(asker, wish["tables"], version, kinds)
    elif schema is not None:
        (answer,) = await asker.ask(query("schemas", version))
        schema = known_schema(schema, [str(row[0]) for row in rows_of(answer).rows])
        by_name = False
    elif wish.get("database") == "yes":
        by_name = False
    else:
        raise UsageProblem(
            "it is not said what shall be maintained", "--table, --schema or --database says it"
        )
    whole = oids is None and schema is None
    question = query(
        "relations",
        version,
        None if oids is None else "{" + ",".join(map(str, oids)) + "}",
        None if oids is not None else schema,
        "yes" if whole else None,
        "yes" if catalogs else None,
        "yes" if owner_may else None,
    )
    (answer,) = await asker.ask(question)
    found = tuple(_found(row, block_size) for row in rows_of(answer).dicts())
    _check(found, oids, kinds, by_name=by_name)
    words = "" if by_name else (f"schema {safe(schema)}" if schema else "the whole database")
    return Choice(await _sized(asker, version, _usable(found, kinds)), words, by_name)


def no_standby(server: Server, target: str) -> None:
    """Raise `Refused` for a server that only replays what its primary does."""
    if server.standby:
        raise Refused(
            f"{target} is a standby: nothing can be maintained there",
            "do it on its primary; the standby follows",
        )


async def _sized(asker: Asker, version: int, found: tuple[Found, ...]) -> tuple[Found, ...]:
    """Return the same with exact sizes, where they can be had without waiting for a lock."""
    oids = sorted({oid for each in found for oid in each.members})
    if not oids or len(oids) > MOST_SIZED:
        return found
    (answer,) = await asker.ask(query("sizes", version, "{" + ",".join(map(str, oids)) + "}"))
    if not isinstance(answer, Rows):
        return found
    sizes = {int(str(row[0])): (int(str(row[1])), int(str(row[2]))) for row in answer.rows}
    return tuple(
        replace(
            each,
            bytes=sum(sizes[oid][0] for oid in each.members),
            index_bytes=sum(sizes[oid][1] for oid in each.members),
            exact=True,
        )
        if all(oid in sizes for oid in each.members)
        else each
        for each in found
    )


async def _named(asker: Asker, text: str, version: int, kinds: Sequence[str]) -> tuple[int, ...]:
    try:
        names = json.loads(text)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise UsageProblem("the names of the tables are not a list of texts")
    (answer,) = await asker.ask(query("names", version, "{" + ",".join(kinds) + "}"))
    every = [(int(str(oid)), str(schema), str(name)) for oid, schema, name in rows_of(answer).rows]
    return tuple(dict.fromkeys(meant(name, every)[0] for name in names))


def _oids(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and int(word) < 2**32 for word in words):
        raise UsageProblem(f"these are no oids: {safe(text[:60])}", "numbers with commas between")
    return tuple(dict.fromkeys(int(word) for word in words))


def _check(
    found: Sequence[Found], oids: Sequence[int] | None, kinds: Sequence[str], *, by_name: bool
) -> None:
    if oids is not None and (gone := set(oids) - {each.relation.oid for each in found}):
        raise Problem(
            f"what was chosen is not there any more: oid {', '.join(map(str, sorted(gone)))}",
            "look again, and choose anew",
        )
    if by_name and (strange := [each for each in found if each.relation.kind not in kinds]):
        raise UsageProblem(
            f"{safe(strange[0].called)} cannot be maintained so",
            f"it can be done to: {', '.join(KINDS[kind] for kind in kinds)}",
        )
    for each in found:
        try:
            each.quoted.encode()
        except UnicodeEncodeError:
            raise Problem(
                f"the name of {safe(each.called)} is not readable in the database's encoding",
                "maintain it by hand, from a session of that encoding",
            ) from None
    if len(found) > MOST:
        raise Problem(f"{len(found)} relations are too many for one plan", "take a schema at once")


def _usable(found: Sequence[Found], kinds: Sequence[str]) -> tuple[Found, ...]:
    usable = tuple(each for each in found if each.relation.kind in kinds)
    if not usable:
        raise Problem("there is nothing to maintain: no table is there", "pgdeck ls tables")
    return usable


def _found(row: Mapping[str, Value], block_size: int) -> Found:
    def number(name: str) -> int:
        return int(str(row[name] or 0))

    table = None
    if row["table_oid"] is not None:
        table = Relation(number("table_oid"), str(row["table_schema"]), str(row["table_name"]))
    members = cast("Sequence[int] | None", row["members"])
    names = cast("Sequence[str] | None", row["member_names"])
    return Found(
        relation=Relation(number("oid"), str(row["schema"]), str(row["name"]), str(row["kind"])),
        quoted=str(row["quoted"]),
        owner=str(row["owner"]),
        members=tuple(members or ()),
        member_names=tuple(names or ()),
        denied=number("denied"),
        bytes=number("pages") * block_size,
        index_bytes=number("index_pages") * block_size,
        indexes=number("indexes"),
        live=number("live"),
        dead=number("dead"),
        place=str(row["place"] or ""),
        valid=row["valid"] is not False,
        exclusion=row["exclusion"] is True,
        table=table,
        table_quoted=str(row["table_quoted"] or ""),
    )


def rows_of(answer: Answer) -> Rows:
    """Return an answer's rows; raises `QueryFailed`."""
    if isinstance(answer, Rows):
        return answer
    raise QueryFailed(answer)
