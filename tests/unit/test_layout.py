"""Returned columns become declared ones; programs get raw values; paper gets aligned lines."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pgdeck.cli.grid import grid_lines
from pgdeck.core.layout import Layout
from pgdeck.core.machine import as_csv, as_json, plain
from pgdeck.core.rows import TableRow, Unknown
from pgdeck.core.spec import Align, Column, Format
from pgdeck.core.text import cell_width

hostile = st.text(st.characters(), max_size=12)
COLUMNS = (
    Column("table", "table", priority=0),
    Column("size", "size", Format.BYTES, Align.RIGHT, priority=1),
    Column("dead", "dead", Format.RATIO, Align.RIGHT, priority=5, warn=0.1),
    Column("note", "note", priority=9),
    Column("secret", "secret", hidden=True),
)


def table_row(name: str, size: int, dead: float) -> TableRow:
    return TableRow((name,), (name, size, dead, "a long remark on it", "hidden"))


ROWS = [table_row("messages", 210763776, 0.012), table_row("events", 851443712, 0.12)]


def test_reasons_stand_beside_their_values() -> None:
    layout = Layout(("id", "n", "n__unknown", "n__remedy", "x__unknown", "__total"))
    assert layout.names == ("id", "n", "x__unknown")  # there is no x: a column of its own
    row = (1, 0, "not visible", None, "x", 9)
    assert layout.values(row, ("n", "id")) == (Unknown("not visible", ""), 1)
    assert layout.values((1, 5, None, "g", "x", 9), ("n",)) == (5,)
    read = layout.reader(("n", "id"))
    assert read(row) == (Unknown("not visible", ""), 1)
    assert read((1, 5, None, "g", "x", 9)) == (5, 1)
    assert layout.reader(("n",))(row) == (Unknown("not visible", ""),)
    assert layout.reader(())(row) == ()
    assert layout.total([row]) == 9
    assert layout.total([]) is None
    assert layout.missing(("id", "m", "n__unknown")) == ("m", "n__unknown")
    assert layout.key(([1, 2], 3, None, None, None, None), ("id",)) == ((1, 2),)


def test_raw_values() -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    assert plain(moment) == "2026-11-21T00:00:00+00:00"
    assert plain(Decimal("1.5")) == 1.5
    assert plain(float("nan")) == "nan"
    assert plain(Unknown("no")) is None
    assert plain([1, None, (2,)]) == [1, None, [2]]
    assert plain(2**63) == 2**63


@given(st.lists(hostile, min_size=1, max_size=4))
def test_programs_get_exactly_what_the_server_said(values: list[str]) -> None:
    written = as_json(values)
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == values
    text = as_csv(["h"] * len(values), [values])
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == values


def test_csv_is_rfc_4180() -> None:
    assert as_csv(["a", "b"], [['say "hi"', None], [True, [1, 2]]]) == (
        'a,b\r\n"say ""hi""",\r\ntrue,"[1, 2]"\r\n'
    )


def test_lines_are_aligned() -> None:
    assert grid_lines(COLUMNS, ROWS, None) == [
        "table       size    dead  note",
        "messages  201 MB  1.2 %   a long remark on it",
        "events    812 MB   12 %▲  a long remark on it",
    ]


def test_a_narrow_terminal_loses_columns_by_priority() -> None:
    assert grid_lines(COLUMNS, ROWS, 34)[0] == "table       size    dead  note"
    assert grid_lines(COLUMNS, ROWS, 28)[0] == "table       size    dead"
    assert grid_lines(COLUMNS, ROWS, 18)[0] == "table       size"
    assert grid_lines(COLUMNS, ROWS, 12)[2] == "events"
    assert grid_lines(COLUMNS, ROWS, 4)[1] == "mes…"


@given(hostile, st.integers(1, 60), st.booleans())
def test_no_line_is_longer_than_the_terminal(name: str, width: int, ascii: bool) -> None:
    for line in grid_lines(COLUMNS, [table_row(name, 1, 0.0)], width, ascii=ascii):
        assert cell_width(line) <= width
        assert line.isprintable()
        assert line.isascii() or not ascii
