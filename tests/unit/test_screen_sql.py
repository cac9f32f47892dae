"""The statements of the screens as text, and the forecast that goes over the Tables screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pgdeck.core.rows import Query, Table, TableRow
from pgdeck.core.source import Answer, Context
from pgdeck.core.spec import ScreenSpec
from pgdeck.sqlfiles import bare
from pgdeck.watch.menu import load_menu
from pgdeck.watch.sqlfiles import query
from pgdeck.watch.tables import ForecastCollector
from watching import SCREENS, sql_of

SPEC: ScreenSpec = next(spec for spec in load_menu().specs if spec.name == "tables")
NAMES = [column.name for column in SPEC.columns]
PACKAGE = SCREENS.parent / "src" / "pgdeck"
BESPOKE = PACKAGE / "watch" / "sql"
GRAMMAR = frozenset(
    {"all", "and", "any", "array", "as", "by", "coalesce", "distinct", "else", "exists", "filter"}
    | {"from", "greatest", "in", "join", "lateral", "least", "materialized", "not", "nullif", "on"}
    | {"or", "over", "select", "then", "values", "when", "where"}
)


def test_both_variants_differ_only_in_what_the_server_knows() -> None:
    pairs = [(sql_of("tables", 15).split("*/")[1], sql_of("tables", 18))]
    files = [BESPOKE / f"overview_tables{variant}.sql" for variant in ("", "@18")]
    pairs.append((files[0].read_text("utf-8"), files[1].read_text("utf-8")))
    for old, new in pairs:
        gone = set(bare(old).splitlines()) - set(bare(new).splitlines())
        come = set(bare(new).splitlines()) - set(bare(old).splitlines())
        assert gone == {"         1::pg_catalog.float8 AS unfrozen"}
        assert len(come) == 3
        assert "relallfrozen" in "".join(come)


def test_the_indexes_of_15_differ_only_in_when_one_was_last_used() -> None:
    old, new = (
        set(bare(sql_of("indexes", major).split("*/")[-1]).splitlines()) for major in (15, 16)
    )

    assert len(old - new) == 3
    assert len(new - old) == 4
    assert all("lastscan" in line or "no_memory" in line or "u.last" in line for line in new - old)


def test_a_statement_is_chosen_by_the_servers_version() -> None:
    assert "relallfrozen" not in query("overview_tables", 170005).sql
    assert "relallfrozen" in query("overview_tables", 180004).sql
    assert "relallfrozen" in query("overview_tables", 190000).sql
    assert "--" not in query("sessions", 150000).sql
    with pytest.raises(LookupError):
        query("no such", 180000)


@pytest.mark.parametrize(
    "path",
    sorted([*SCREENS.glob("*.sql"), *PACKAGE.glob("**/sql/*.sql")]),
    ids=lambda path: path.name,
)
def test_every_name_is_qualified(path: Path) -> None:
    sql = re.sub(r"/\*.*?\*/|--[^\n]*|'[^']*'", "", path.read_text("utf-8"), flags=re.S)
    own = {name.lower() for name in re.findall(r"(\w+) AS (?:MATERIALIZED )?\(", sql)}
    calls = {name.lower() for name in re.findall(r"(?<![.\w])([A-Za-z_]\w*)\s*\(", sql)}
    tables = re.findall(r"\b(?:FROM|JOIN)\s+([a-z_][\w.]*)", sql)
    casts = re.findall(r"::\s*([a-z_][\w.]*)", sql)

    assert calls - GRAMMAR - own - {"p", "b"} == set()
    assert [
        name for name in tables if "." not in name and name not in own and name != "lateral"
    ] == []
    assert [name for name in casts if not name.startswith("pg_catalog.")] == []


class Replay:
    """A collector that gives prepared tables."""

    name, interval, timeout, stale_after = "tables", 5.0, 4.0, 10.0

    def __init__(self, *tables: Table) -> None:
        self.tables = list(tables)

    async def collect(self, _ctx: Context) -> Table:
        return self.tables.pop(0)


class Moment:
    """A context that only knows the time."""

    version = 180000
    reported = 0
    pooled = False

    def __init__(self, now: float) -> None:
        self.now = now

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        raise AssertionError(queries)


def one_row(share: float, average: float | None, *, comes: bool = True) -> Table:
    values = {"due": share, "next": average, "autovacuum": comes}
    return Table((TableRow((1,), tuple(values.get(name) for name in NAMES)),))


async def test_the_measured_pace_replaces_the_average() -> None:
    collector = ForecastCollector(Replay(one_row(0.5, 999.0), one_row(0.6, 999.0)), SPEC)

    first = await collector.collect(Moment(0.0))
    second = await collector.collect(Moment(10.0))

    at = NAMES.index("next")
    assert first.rows[0].values[at] == 999.0
    assert second.rows[0].values[at] == pytest.approx(40.0)


async def test_a_table_that_autovacuum_leaves_alone_is_not_foretold() -> None:
    tables = [one_row(share, None, comes=False) for share in (0.5, 0.6)]
    collector = ForecastCollector(Replay(*tables), SPEC)

    await collector.collect(Moment(0.0))
    second = await collector.collect(Moment(10.0))

    assert second.rows[0].values[NAMES.index("next")] is None
