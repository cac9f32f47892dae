"""The collector of statements: what pg_stat_statements counts, or what is missing for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from pgdeck.core.quoting import sql_text
from pgdeck.core.rows import Key, Query, Rows, Value
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer, Context
from pgdeck.errors import QueryFailed
from pgdeck.watch.sqlfiles import query
from pgdeck.watch.statement_sql import info_query, list_query, text_query
from pgdeck.watch.statements import Counters, Statement, Statements, changes

Row = Mapping[str, Value]

NAME = "pg_stat_statements"
CREATE = f"CREATE EXTENSION {NAME}"

TEXTS_AT_ONCE = 500
"""Texts asked for in one refresh; what is missing then comes with the next."""


class StatementsCollector:
    """Gathers `Statements`; raises `QueryFailed` that says what is missing and the way to it.

    The extension's schema is asked for in every round, and the rest by what was answered last:
    after the first refresh all of it travels together.  Texts are read once.
    """

    name = "statements"
    interval = 5.0
    timeout = 3.0
    stale_after = 10.0

    def __init__(self) -> None:
        self._there: Row = {}
        self._before: dict[Key, Counters] = {}
        self._before_at: float | None = None
        self._complete = False
        self._reset_at: Value = None
        self._texts: dict[int, str | None] = {}

    async def collect(self, ctx: Context) -> Statements:
        """Ask for the entries, and for texts that are not known yet."""
        listed, info = await self._ask(ctx)
        now = ctx.now
        entries = _rows(listed)
        facts = _rows(info)[0] if isinstance(info, Rows) else {}
        await self._read_texts(ctx, entries)
        return self._statements(entries, facts, now)

    async def _ask(self, ctx: Context) -> tuple[Answer, Answer]:
        where = query("statements_there", ctx.version)
        if self._there:
            there, *answers = await ctx.ask(where, *_queries(self._there))
            if _place(_one(there)) == _place(self._there):
                self._there = _one(there)
                return answers[0], answers[1]
        else:
            (there,) = await ctx.ask(where)
        self._there = {}
        found = _one(there)
        missing = missing_of(found, ctx.version)
        if missing is not None:
            raise QueryFailed(missing)
        self._there = found
        listed, info = await ctx.ask(*_queries(found))
        return listed, info

    async def _read_texts(self, ctx: Context, entries: Sequence[Row]) -> None:
        known = {cast(int, row["queryid"]) for row in entries if row["queryid"] is not None}
        self._texts = {each: text for each, text in self._texts.items() if each in known}
        wanted = dict.fromkeys(cast(int, row["queryid"]) for row in entries if row["queryid"])
        missing = [each for each in wanted if each not in self._texts][:TEXTS_AT_ONCE]
        if not missing:
            return
        (answer,) = await ctx.ask(text_query(str(self._there["schema"]), missing))
        if isinstance(answer, Rows):
            self._texts |= dict.fromkeys(missing)
            self._texts |= {cast(int, row["queryid"]): _text(row["query"]) for row in _rows(answer)}

    def _statements(self, entries: Sequence[Row], facts: Row, now: float) -> Statements:
        if facts.get("stats_reset") != self._reset_at:
            self._before, self._before_at, self._complete = {}, None, False
        block = cast(int, self._there["block"])
        totals = [(key, _counters(row, block)) for key, row in _keyed(entries)]
        # An entry without an id is one of many alike: it has no past.
        past = {key: grown for key, grown in self._changes(totals).items() if key[0] is not None}
        elapsed = None if self._before_at is None else now - self._before_at
        first = entries[0] if entries else {}
        count = cast(int, first.get("entries") or 0)
        self._before, self._before_at = dict(totals), now
        self._complete, self._reset_at = count == len(entries), facts.get("stats_reset")
        return Statements(
            statements=tuple(
                self._statement(key, row, total, past.get(key))
                for (key, total), row in zip(totals, entries, strict=True)
            ),
            entries=count,
            hidden=cast(int, first.get("hidden") or 0),
            all_s=cast(float, first.get("all_ms") or 0.0) / 1000,
            elapsed_s=elapsed,
            reset_at=cast("datetime | None", facts.get("stats_reset")),
            dealloc=cast("int | None", facts.get("dealloc")),
            login=str(self._there["login"]),
            timed=bool(self._there["timed"]),
            planned=bool(self._there["planned"]),
            notice=_notice(self._there),
        )

    def _changes(self, totals: Sequence[tuple[Key, Counters]]) -> dict[Key, Counters | None]:
        if self._before_at is None:
            return {}
        return changes(self._before, totals, complete=self._complete)

    def _statement(self, key: Key, row: Row, total: Counters, recent: Counters | None) -> Statement:
        query_id = cast("int | None", row["queryid"])
        return Statement(
            key=key,
            query_id=query_id,
            database=cast("str | None", row["database"]),
            login=str(row["login"]),
            top_level=cast("bool | None", row["toplevel"]),
            text=None if query_id is None else self._texts.get(query_id),
            visible=query_id is not None,
            total=total,
            recent=recent,
            least_s=_seconds(row["least_ms"]),
            most_s=_seconds(row["most_ms"]),
            spread_s=_seconds(row["spread_ms"]),
            since=cast("datetime | None", row["since"]),
        )


def missing_of(there: Row, version: int) -> Failure | None:
    """Return what keeps statements from being counted or read, None when nothing does."""
    loaded, schema = bool(there.get("loaded")), there.get("schema")
    if schema is None and loaded:
        return Failure(
            FailureKind.MISSING,
            f"This database has no extension {NAME}; the server has loaded its library",
            CREATE,
        )
    if schema is None and not there.get("available"):
        return Failure(
            FailureKind.MISSING,
            f"The server's installation does not have the extension {NAME}",
            f"Install PostgreSQL's contrib modules ({version // 10000}) on the server's machine, "
            f"then: {_load(there)}; restart the server; {CREATE}",
        )
    if not loaded:
        then = "" if schema is not None else f"; {CREATE}"
        return Failure(
            FailureKind.MISSING,
            f"The library {NAME} is not in shared_preload_libraries",
            f"{_load(there)}; restart the server{then}",
        )
    if not there.get("usable"):
        return Failure(
            FailureKind.PERMISSION,
            f"The extension {NAME} is in the schema {schema}, which this login may not use",
            f"GRANT USAGE ON SCHEMA {schema} TO {there.get('login')}",
        )
    return None


def _load(there: Row) -> str:
    """Return the statement that adds the library to those that are loaded."""
    libraries = there.get("libraries")
    if libraries is None:
        return f"add {NAME} to shared_preload_libraries"
    names = [each.strip().strip('"') for each in str(libraries).split(",") if each.strip()]
    listed = ", ".join(sql_text(each) for each in dict.fromkeys([*names, NAME]))
    return f"ALTER SYSTEM SET shared_preload_libraries = {listed}"


def _notice(there: Row) -> str:
    """Say why nothing is counted although everything is there."""
    if there.get("track") == "none":
        return "nothing is counted: pg_stat_statements.track is none"
    if there.get("query_id") == "off":
        return "nothing is counted: compute_query_id is off"
    return ""


def _queries(there: Row) -> tuple[Query, Query]:
    schema = str(there["schema"])
    columns = cast("Sequence[str]", there["columns"])
    return list_query(schema, columns), info_query(schema, informed=bool(there["informed"]))


def _place(there: Row) -> tuple[Value, ...]:
    return tuple(there.get(name) for name in ("schema", "version", "columns", "loaded", "usable"))


def _one(answer: Answer) -> Row:
    if isinstance(answer, Failure):
        raise QueryFailed(answer)
    return answer.one()


def _rows(answer: Answer) -> list[dict[str, Value]]:
    if isinstance(answer, Failure):
        raise QueryFailed(answer)
    return answer.dicts()


def _keyed(entries: Sequence[Row]) -> list[tuple[Key, Row]]:
    """Return the entries with what identifies them; those without an id are counted through."""
    keyed: list[tuple[Key, Row]] = []
    seen: dict[Key, int] = {}
    for row in entries:
        key = tuple(cast(int, row[name]) for name in ("queryid", "userid", "dbid", "toplevel"))
        seen[key] = seen.get(key, 0) + 1
        keyed.append(((*key, seen[key]) if seen[key] > 1 else key, row))
    return keyed


def _counters(row: Row, block: int) -> Counters:
    def figure(name: str) -> float:
        value = row[name]
        return 0.0 if value is None else float(cast(float, value))

    return Counters(
        calls=figure("calls"),
        executing_s=figure("exec_ms") / 1000,
        rows=figure("rows"),
        hit=figure("hit"),
        read=figure("read"),
        dirtied=figure("dirtied"),
        written=figure("written"),
        temp_bytes=(figure("temp_read") + figure("temp_written")) * block,
        wal_bytes=figure("wal_bytes"),
        planning_s=figure("plan_ms") / 1000,
        reading_s=figure("read_ms") / 1000,
        writing_s=figure("write_ms") / 1000,
    )


def _seconds(value: Value) -> float | None:
    return None if value is None else float(cast(float, value)) / 1000


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
