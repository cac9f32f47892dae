"""Rows leave in the same shapes, whoever asked: exact for programs, escaped for people."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.machine import plain
from pgdeck.core.printout import Printout, to_csv, to_json, to_markdown, to_tsv
from pgdeck.core.rows import Estimate, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format

COLUMNS = (
    Column("name", "table"),
    Column("size", "size", Format.BYTES, Align.RIGHT, bad=1e8),
    Column("query", "query", Format.QUERY, hidden=True),
)


def printout(*rows: tuple[Value, ...]) -> Printout:
    return Printout("tables", COLUMNS, tuple(TableRow((row[0],), row) for row in rows))


def test_json_says_which_values_cannot_be_known() -> None:
    taken = datetime(2026, 1, 31, 12, tzinfo=UTC)
    given = printout(("a", Unknown("hidden", "GRANT x"), None), ("b", Estimate(5), "select"))
    answer = json.loads(
        to_json(
            Printout("tables", COLUMNS, given.rows, ({"oid": 1}, {}), taken, 0.5), {"name": "x"}
        )
    )
    assert answer["columns"] == ["name", "size", "query", "oid"]
    assert answer["rows"][0] == {"name": "a", "size": None, "query": None, "oid": 1}
    assert answer["rows"][1] == {"name": "b", "size": 5, "query": "select", "oid": None}
    assert answer["unknown"] == [
        {"column": "size", "reason": "hidden", "remedy": "GRANT x", "rows": 1}
    ]
    assert answer["taken_at"] == "2026-01-31T12:00:00+00:00"


def test_columns_can_be_left_out_and_stand_in_another_order() -> None:
    less = printout(("a", 1, "select 1")).only((COLUMNS[2], COLUMNS[0]))
    assert to_csv(less) == "query,name\r\nselect 1,a\r\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2))
def test_tab_separated_fields_are_exact(fields: list[str]) -> None:
    rows = printout((fields[0], 7, fields[1])), printout(("b", None, "x"))
    text = "\n".join(map(to_tsv, rows))
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", lineterminator="\n"))
    assert read == [[fields[0], "7", fields[1]], ["b", "", "x"]]


def test_formulas_stay_what_the_server_said() -> None:
    assert to_csv(printout(("=1+1", 1, None))).splitlines()[1] == "=1+1,1,"


def test_a_terminal_gets_no_controls_of_csv() -> None:
    assert "\x1b" in to_csv(printout(("a\x1b[2J", 1, None)))
    assert "\x1b" not in to_csv(printout(("a\x1b[2J", 1, None)), terminal=True)


def test_markdown_is_readable() -> None:
    assert to_markdown(printout(("a", 201 << 20, "select  1"))).splitlines() == [
        "| table | size | query |",
        "| --- | ---: | --- |",
        "| a | 201 MB■ | select 1 |",
    ]


@given(st.text(st.characters(), max_size=30))
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    written = to_markdown(printout((text, 1, text)))
    head, rule, row = written.removesuffix("\n").split("\n")
    for line in (head, rule, row):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4
    assert not re.search(r"<|(?<!\\)(?:\\\\)*[`*_\[\]]", row)


def test_an_estimate_is_its_number() -> None:
    assert plain([Estimate(5), Estimate(None)]) == [5, None]
