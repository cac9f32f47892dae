"""Checks become rows that order, filter and read alike on the screen and for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from pgdeck.core.cell import Level
from pgdeck.core.cells import exact, make_cell, sort_rows
from pgdeck.core.check import Check, Checks, Pardon, PardonKind, State, Thresholds
from pgdeck.core.filter import parse
from pgdeck.core.judged import CHECK_COLUMNS, check_key, check_table, headline
from pgdeck.core.machine import plain
from pgdeck.core.quantity import QuantityError, amount
from pgdeck.core.rows import TableRow
from pgdeck.core.spec import Format
from pgdeck.pattern import compile_pattern
from pgdeck.tui.views.check_detail import check_text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
USED = Check(
    "connections",
    "Connections",
    State.CRITICAL,
    "83 of 87 connections are used",
    0.954,
    Thresholds(0.75, 0.9),
    Format.RATIO,
    fix="SELECT 1;\nSELECT 2",
    screen="activity",
    advice="At the limit nobody gets in.",
    since=NOW - timedelta(minutes=14),
    trend=(0.5, None, 0.9),
)
SEEN = Pardon(PardonKind.ACKNOWLEDGED, "idle", "pid 4711", "anna", "we know", NOW)
IDLE = Check(
    "idle",
    "Idle in transaction",
    State.WARNING,
    "pid 4711 is idle in transaction for 14 min",
    840.0,
    Thresholds(300.0),
    Format.AGE,
    subject="pid 4711",
    pardon=SEEN,
)
LAG = Check("lag", "Lag", State.UNKNOWN, "Not visible", fix="GRANT pg_monitor TO app")
FINE = Check("fine", "Fine", State.OK, "Nothing of the kind", 5.0, format=Format.BYTES)
ALL = Checks((USED, IDLE, LAG, FINE))


def rows() -> list[TableRow]:
    return list(check_table(ALL, NOW).rows)


def cell(row: TableRow, name: str, *, ascii: bool = False) -> str:
    at = next(at for at, column in enumerate(CHECK_COLUMNS) if column.name == name)
    made = make_cell(row.values[at], CHECK_COLUMNS[at], ascii=ascii)
    return made.text + made.unit


def test_each_row_reads_as_its_rule_measures() -> None:
    used, idle, lag, fine = rows()
    assert [cell(row, "state") for row in rows()] == [
        "■ critical",
        "○ warning",
        "? unknown",
        "● ok",
    ]
    assert cell(used, "state", ascii=True) == "# critical"
    assert (cell(used, "value"), cell(used, "warn"), cell(used, "crit")) == (
        "95.4 %",
        "75 %",
        "90 %",
    )
    assert cell(idle, "value") == "14 min"
    assert cell(idle, "check") == "Idle in transaction: pid 4711"
    assert cell(idle, "known") == "acknowledged anna"
    assert cell(lag, "value") == "?"
    assert cell(fine, "value") == "5 B"
    assert cell(used, "since") == "14 min"
    assert len({row.key for row in rows()}) == 4


def test_what_is_known_is_quiet_and_colour_never_stands_alone() -> None:
    by_state = {row.key[0]: make_cell(row.values[0], CHECK_COLUMNS[0]) for row in rows()}
    assert by_state["connections"].level is Level.CRITICAL
    assert by_state["idle"].level is Level.QUIET
    assert by_state["lag"].level is Level.UNKNOWN


def test_ok_rules_can_be_left_out() -> None:
    assert [row.key[0] for row in check_table(ALL, NOW, ok=False).rows] == [
        "connections",
        "idle",
        "lag",
    ]


def test_the_state_orders_by_how_bad_it_is() -> None:
    ordered = sort_rows(rows(), 0, CHECK_COLUMNS[0], descending=True)
    assert [row.key[0] for row in ordered] == ["connections", "idle", "lag", "fine"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("state:warn", ["idle"]),
        ("state=critical", ["connections"]),
        ("value>0.9 value<1", ["connections"]),
        ("rule:la", ["lag"]),
        ("4711 !silenced", ["idle"]),
    ],
)
def test_filters_know_states_and_figures(text: str, found: list[str]) -> None:
    rule = parse(text, CHECK_COLUMNS, compile_pattern)
    assert rule.problem is None
    texts = {row.key: [cell(row, column.name) for column in CHECK_COLUMNS] for row in rows()}
    assert [row.key[0] for row in rows() if rule.matches(row, texts[row.key])] == found


def test_programs_get_raw_values() -> None:
    table = check_table(ALL, NOW)
    names = [column.name for column in CHECK_COLUMNS]
    records: list[dict[str, Any]] = [
        {name: plain(value) for name, value in zip(names, row.values, strict=True)}
        for row in table.rows
    ]
    assert records[0]["state"] == "critical"
    assert records[0]["value"] == pytest.approx(0.954)
    assert (records[0]["warn"], records[0]["crit"]) == (0.75, 0.9)
    assert records[0]["since"] == 14 * 60
    assert records[2]["value"] is None
    assert table.extra[0]["fix"] == "SELECT 1;\nSELECT 2"
    assert table.extra[1]["pardon_by"] == "anna"


def test_the_detail_says_all_of_it_and_the_fix_line_by_line() -> None:
    text = check_text(USED, NOW, "Activity  2", {}).plain
    for said in ("■ critical", "83 of 87", "95.4 %", "warning at   75 %", "14 min", "At the limit"):
        assert said in text
    assert "\nSELECT 1;\nSELECT 2\n" in text
    assert "Activity  2" in text
    known = check_text(IDLE, NOW, "", {}).plain
    for said in ("○ warning", "Acknowledged", "by anna", "until it is ok again", "we know"):
        assert said in known
    assert "Evidence" not in known
    assert "GRANT pg_monitor TO app" in check_text(LAG, NOW, "", {}).plain


def test_text_from_outside_is_harmless_in_the_detail() -> None:
    hostile = Check("x", "T", State.WARNING, "a\x1b[31m [/b]", subject="\u202ename", fix="a\nb\x07")
    text = check_text(hostile, NOW, "", {}).plain
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert "\u202e" not in text
    assert text.isascii() or "▲" in text
    assert check_text(hostile, NOW, "", {}, ascii=True).plain.isascii()


def test_a_time_is_typed_with_its_unit() -> None:
    assert amount("2h", Format.DURATION) == 7200
    assert amount("1.5 d", Format.DURATION) == 129600
    with pytest.raises(QuantityError, match="a time such as"):
        amount("soon", Format.DURATION)


def test_exact_figures_keep_their_own_format() -> None:
    assert exact(rows()[0].values[2], CHECK_COLUMNS[2]) == "95.4 %"
    assert exact(rows()[1].values[2], CHECK_COLUMNS[2]).startswith("840 s")


def test_a_process_is_named_by_its_pid_alone() -> None:
    check = Check("longest_statement", "Longest statement", State.WARNING, "So.")
    process = replace(check, subject="pid 4139 of 1795262635")
    assert headline(process) == "Longest statement: pid 4139"
    assert check_key(process) == ("longest_statement", "pid 4139 of 1795262635")
    assert headline(replace(check, subject="pid 7 of us")) == "Longest statement: pid 7 of us"
    assert headline(check) == "Longest statement"
