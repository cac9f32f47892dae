"""What one round sends: the units between its Syncs, and what each of them came back with."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct
from psycopg.pq.abc import PGconn, PGresult

from pgdeck.core.rows import Query
from pgdeck.pg.settings import language_sql, settings_sql
from pgdeck.pg.sqlstate import ServerError

# Linux alone; elsewhere the pieces go as they come.
_CORK: int = getattr(socket, "TCP_CORK", 0)

OPENING = 2
"""Statements that lead a session's first round: its settings and its language."""

PREPARED_LIMIT = 200
"""Statements that a session keeps prepared; what comes after is sent as it is."""

# A cached plan no longer fits its view, or the statement is gone.
_FORGET = frozenset({"0A000", "26000"})


class Statement(Struct, frozen=True):
    """One statement; a `name` means a prepared one, which `prepare` makes first."""

    sql: str
    params: tuple[str | None, ...] = ()
    name: str = ""
    prepare: bool = False

    def send(self, pgconn: PGconn, codec: str) -> None:
        """Queue it on a connection in pipeline mode."""
        values = [param if param is None else _bytes(param, codec) for param in self.params]
        if self.prepare:
            pgconn.send_prepare(self.name.encode(), _bytes(self.sql, codec))
        if self.name:
            pgconn.send_query_prepared(self.name.encode(), values)
        else:
            pgconn.send_query_params(_bytes(self.sql, codec), values)


class Unit(Struct):
    """Statements that stand or fall together, and their outcome.

    `index` is the place among the round's queries, None for what nobody asked; `guard` marks
    what must succeed for the others' answers to be used.  `commands` counts the results without
    rows; the first one of a statement that is prepared says that it now is.
    """

    statements: tuple[Statement, ...]
    index: int | None = None
    guard: bool = False
    rows: PGresult | None = None
    error: ServerError | None = None
    commands: int = 0


class Planner:
    """Turns the queries of a round into units, knowing what the session has seen before.

    Statements are prepared: the server neither parses nor plans them at every refresh, and their
    text is not sent again.
    """

    def __init__(self, version: int, server_encoding: str) -> None:
        self._version = version
        self._encoding = server_encoding
        self._protected = False
        self._prepared: dict[str, str] = {}
        self._made = 0
        self._dropping = False

    @property
    def opening(self) -> int:
        """How many statements of its own lead the next round."""
        return int(self._dropping) if self._protected else OPENING

    def plan(self, queries: Sequence[Query], *, pooled: bool) -> list[Unit]:
        """Return the units of a round; the session's settings come before its first."""
        if pooled:
            return [unit for i, q in enumerate(queries) for unit in self._in_transaction(i, q)]
        asked = [Unit((self._statement(query),), i) for i, query in enumerate(queries)]
        if self._protected:
            return [Unit((Statement("DEALLOCATE ALL"),)), *asked] if self._dropping else asked
        settings = Statement(settings_sql(self._version, self._encoding, local=False))
        language = Statement(language_sql(local=False))
        return [Unit((settings,), guard=True), Unit((language,)), *asked]

    def forget(self) -> None:
        """Prepare every statement anew, and have the server drop what it holds."""
        if self._prepared:
            self._prepared.clear()
            self._dropping = True

    def learn(self, units: Sequence[Unit]) -> None:
        """Remember what a completed round has prepared, and forget what no longer works."""
        self._protected, self._dropping = True, False
        for unit in units:
            statement = unit.statements[-1]
            if statement.prepare and unit.commands:
                self._prepared[statement.sql] = statement.name
            if unit.error is not None and unit.error.sqlstate in _FORGET:
                self._prepared.pop(statement.sql, None)

    def _statement(self, query: Query) -> Statement:
        sql = query.sql
        if (name := self._prepared.get(sql)) is not None:
            return Statement(sql, query.params, name)
        if len(self._prepared) >= PREPARED_LIMIT:
            return Statement(sql, query.params)
        self._made += 1
        return Statement(sql, query.params, f"pgdeck_{self._made}", prepare=True)

    def _in_transaction(self, index: int, query: Query) -> tuple[Unit, Unit]:
        # Behind a pooler a session's settings, or what it prepared, would stay with a connection
        # that others use.
        begin = Statement("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
        protect = Statement(settings_sql(self._version, self._encoding, local=True))
        asked = Unit((begin, protect, Statement(query.sql, query.params)), index)
        return asked, Unit((Statement("ROLLBACK"),))


@contextmanager
def in_one_piece(fd: int) -> Iterator[None]:
    """Let the kernel hold back what is written to a TCP socket until the block is left."""
    if not _CORK:
        yield
        return
    wire = socket.socket(fileno=fd)
    try:
        if wire.family == socket.AF_UNIX:
            yield
            return
        wire.setsockopt(socket.IPPROTO_TCP, _CORK, 1)
        yield
        wire.setsockopt(socket.IPPROTO_TCP, _CORK, 0)
    finally:
        wire.detach()


def _bytes(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
