"""Exact values: asked for when seen, kept for a while, merged by key."""

from __future__ import annotations

from pathlib import Path

from pgdeck.core.lookup import MOST_KEYS, RETRY_AFTER, LookupCache
from pgdeck.core.rows import Estimate, Rows, Table, TableRow
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.spec import Column, Lookup, ScreenSpec

SPEC = ScreenSpec(
    "tables",
    "Tables",
    None,
    (Path("tables.sql"), 1),
    columns=(Column("relation", "table"), Column("total_bytes", "size", lazy=True)),
    row_key=("oid",),
    lookup=Lookup({0: "SELECT"}, max_age=30.0),
)
TABLE = Table((TableRow((1,), ("a", 10)), TableRow((2,), ("b", 20))))
KEYS = ((1,), (2,))


def test_only_what_is_missing_or_old_is_asked_for() -> None:
    cache = LookupCache(SPEC)
    assert cache.due(KEYS, 100.0) == ("1", "2")
    assert cache.due(KEYS, 100.5) == ()
    assert cache.due(KEYS, 100.0 + RETRY_AFTER) == ("1", "2")
    cache.take(("1", "2"), Rows(("oid", "total_bytes"), ((1, 11),)), 106.0)
    assert cache.due(KEYS, 107.0) == ()
    assert cache.due(((1,), (2,), (3,)), 120.0) == ("3",)
    assert cache.due(((1,),), 136.0) == ("1",)


def test_exact_values_replace_the_estimates_of_their_rows() -> None:
    cache = LookupCache(SPEC)
    assert [row.values for row in cache.merge(TABLE, 0.0).rows] == [
        ("a", Estimate(10)),
        ("b", Estimate(20)),
    ]
    cache.take(("1", "2"), Rows(("oid", "total_bytes", "other"), ((1, 11, "x"),)), 1.0)
    merged = cache.merge(TABLE, 2.0)
    assert [row.values for row in merged.rows] == [("a", 11), ("b", Estimate(20))]
    assert cache.age((1,), 3.0) == 2.0
    assert cache.age((2,), 3.0) is None


def test_a_failure_keeps_what_is_known_and_gone_rows_are_forgotten() -> None:
    cache = LookupCache(SPEC)
    cache.take(("1",), Rows(("oid", "total_bytes"), ((1, 11),)), 1.0)
    assert cache.due(((1,),), 40.0) == ("1",)
    cache.take(("1",), Failure(FailureKind.LOCKED, "held"), 41.0)
    assert cache.merge(TABLE, 42.0).rows[0].values == ("a", 11)
    cache.merge(Table(TABLE.rows[1:]), 43.0)
    assert cache.merge(TABLE, 44.0).rows[0].values == ("a", Estimate(10))


def test_a_question_is_no_longer_than_a_screen() -> None:
    cache = LookupCache(SPEC)
    many = [(number,) for number in range(1000)]
    assert len(cache.due(many, 0.0)) == MOST_KEYS
    bare = ScreenSpec("x", "X", None, SPEC.source, columns=SPEC.columns)
    assert LookupCache(bare).due(many, 0.0) == ()
