"""The statements about statements: the extension may live in any schema, and in any version."""

from __future__ import annotations

from collections.abc import Collection

from pgdeck.core.rows import Query
from pgdeck.pg.values import array_literal

BEST = 200
"""Entries fetched by each measure: time, calls, mean time, temporary files, WAL."""

LONGEST_TEXT = 10_000

_CHOICES: dict[str, tuple[str, ...]] = {
    "toplevel": ("toplevel",),
    "calls": ("calls",),
    "exec_ms": ("total_exec_time", "total_time"),
    "rows": ("rows",),
    "hit": ("shared_blks_hit",),
    "read": ("shared_blks_read",),
    "dirtied": ("shared_blks_dirtied",),
    "written": ("shared_blks_written",),
    "temp_read": ("temp_blks_read",),
    "temp_written": ("temp_blks_written",),
    "wal_bytes": ("wal_bytes",),
    "plan_ms": ("total_plan_time",),
    "read_ms": ("shared_blk_read_time", "blk_read_time"),
    "write_ms": ("shared_blk_write_time", "blk_write_time"),
    "least_ms": ("min_exec_time", "min_time"),
    "most_ms": ("max_exec_time", "max_time"),
    "spread_ms": ("stddev_exec_time", "stddev_time"),
    "since": ("stats_since",),
}
"""What we call a figure, and what releases of the extension call it."""

_MEASURES = ("exec_ms", "calls", "exec_ms / nullif(x.calls, 0)", "temp_written", "wal_bytes")


def list_query(schema: str, columns: Collection[str]) -> Query:
    """Return the query of the entries, without their texts; `schema` is quoted already."""
    figures = ", ".join(
        f"{next((f'f.{name}' for name in names if name in columns), 'NULL')} AS {own}"
        for own, names in _CHOICES.items()
    )
    ranks = ", ".join(
        f"pg_catalog.row_number() OVER (ORDER BY x.{measure} DESC NULLS LAST) AS rank{at}"
        for at, measure in enumerate(_MEASURES)
    )
    best = ", ".join(f"r.rank{at}" for at in range(len(_MEASURES)))
    return Query(
        "statements",
        f"SELECT r.*, pg_catalog.pg_get_userbyid(r.userid) AS login, d.datname AS database"
        f" FROM (SELECT x.*, pg_catalog.count(*) OVER () AS entries,"
        f" pg_catalog.count(*) FILTER (WHERE x.queryid IS NULL) OVER () AS hidden,"
        f" pg_catalog.sum(x.exec_ms) OVER () AS all_ms, {ranks}"
        f" FROM (SELECT f.queryid, f.userid, f.dbid, {figures}"
        f" FROM {schema}.pg_stat_statements(false) AS f) AS x) AS r"
        f" LEFT JOIN pg_catalog.pg_database AS d ON d.oid = r.dbid"
        f" WHERE least({best}) <= {BEST} ORDER BY r.exec_ms DESC NULLS LAST",
    )


def info_query(schema: str, *, informed: bool) -> Query:
    """Return the query of the last reset and of how often entries were evicted."""
    source = f" FROM {schema}.pg_stat_statements_info()" if informed else ""
    figures = "dealloc, stats_reset" if informed else "NULL AS dealloc, NULL AS stats_reset"
    return Query("statements info", f"SELECT {figures}{source}")


def text_query(schema: str, query_ids: Collection[int]) -> Query:
    """Return the query of some entries' texts; reading any costs the server reading all."""
    return Query(
        "statement texts",
        f"SELECT DISTINCT ON (f.queryid) f.queryid, pg_catalog.left(f.query, {LONGEST_TEXT})"
        f" AS query FROM {schema}.pg_stat_statements(true) AS f"
        " WHERE f.queryid = ANY ($1::pg_catalog.text[]::pg_catalog.int8[]) ORDER BY f.queryid",
        (array_literal([str(each) for each in query_ids]),),
    )
