"""Values as they are drawn: humane, honest, in the right order."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core import numbers
from pgdeck.core.cell import Cell, Level
from pgdeck.core.cells import bar, exact, make_cell, parse_lsn, sort_key, sort_rows, sparkline
from pgdeck.core.diff import TableDiff, diff_rows
from pgdeck.core.rates import RateBook, rate
from pgdeck.core.rows import Estimate, TableRow, Unknown, Value
from pgdeck.core.spec import Column, Direction, Format
from pgdeck.core.text import cell_width


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def column(format: Format, **fields: object) -> Column:
    return Column("name", "label", format, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("format", "value", "text", "unit"),
    [
        (Format.TEXT, "messages", "messages", ""),
        (Format.TEXT, "a\x1b[2Jb", r"a\e[2Jb", ""),
        (Format.TEXT, [1, None, "x\n"], r"1, –, x\n", ""),
        (Format.TEXT, {"a": 1}, '{"a": 1}', ""),
        (Format.TEXT, 5432, "5432", ""),
        (Format.QUERY, "  select\n\t1\x07 ", r"select 1\x07", ""),
        (Format.BYTES, 851443712, "812", " MB"),
        (Format.BYTES, Decimal(0), "0", " B"),
        (Format.COUNT, 4_100_000, "4.1", " M"),
        (Format.COUNT, -612_000, "-612", " k"),
        (Format.PERCENT, 4.13, "4.1", " %"),
        (Format.RATIO, 0.12, "12", " %"),
        (Format.RATIO, 0.99999, "99.9", " %"),
        (Format.DURATION, 0.4, "0.4", " s"),
        (Format.DURATION, timedelta(minutes=4), "4", " min"),
        (Format.AGE, 93_600, "26", " h"),
        (Format.AGE, -1, "0", " s"),
        (Format.LSN, "16/B374D848", "16/B374D848", ""),
        (Format.LSN, 0x16B374D848, "16/B374D848", ""),
        (Format.BOOLEAN, True, "yes", ""),
        (Format.BOOLEAN, False, "no", ""),
        (Format.RATE, 412.4, "412", " /s"),
        (Format.TIME, datetime(2026, 11, 21, 14, 3, 22, tzinfo=UTC), "2026-11-21 14:03", ""),
        (Format.BYTES, "not a number", "not a number", ""),
        (Format.BYTES, float("nan"), "nan", ""),
        (Format.COUNT, float("inf"), "inf", ""),
    ],
)
def test_formats(format: Format, value: Value, text: str, unit: str) -> None:
    assert make_cell(value, column(format)) == Cell(text, Level.NORMAL, unit)


@pytest.mark.parametrize("format", list(Format))
def test_nothing_is_not_unknown(format: Format) -> None:
    assert make_cell(None, column(format)) == Cell("–", Level.QUIET)
    assert make_cell(Unknown("why"), column(format)) == Cell("?", Level.UNKNOWN)
    assert make_cell(None, column(format), ascii=True).text == "-"
    assert exact(Unknown("not visible", "GRANT x"), column(format)) == "? not visible · GRANT x"


def test_thresholds_speak_twice() -> None:
    high = column(Format.RATIO, warn=0.1, bad=0.2)
    assert make_cell(0.09, high).mark == ""
    assert make_cell(0.12, high) == Cell("12", Level.WARNING, " %", "▲")
    assert make_cell(0.2, high) == Cell("20", Level.CRITICAL, " %", "■")
    assert make_cell(0.2, high, ascii=True).mark == "#"
    assert make_cell(0.12, high, ascii=True).mark == "!"
    low = column(Format.RATIO, warn=0.95, bad=0.9, direction=Direction.LOW)
    assert make_cell(0.99, low).level is Level.NORMAL
    assert make_cell(0.95, low).level is Level.WARNING
    assert make_cell(0.5, low).level is Level.CRITICAL
    spark = column(Format.SPARKLINE, warn=5, width=6)
    assert make_cell([9, 1], spark).mark == ""
    assert make_cell([1, 9], spark).mark == "▲"


def test_blocks() -> None:
    assert bar(0.5, 10) == "█████░░░░░"
    assert bar(0.55, 10) == "█████▌░░░░"
    assert bar(7, 4) == "████"
    assert bar(0.5, 4, ascii=True) == "##.."
    assert sparkline([1, None, 8, 4], 6) == "  ▁ █▄"
    assert sparkline([0, 0], 2) == "▁▁"
    assert sparkline([1, 2], 2, 8) == "▁▂"
    assert sparkline([1, 8], 2, ascii=True) == ".@"
    assert make_cell(0.5, column(Format.BAR, width=5, warn=0.9)).text == "██░░"
    drawn = make_cell([1, 2, 4_100_000], column(Format.SPARKLINE, width=20))
    assert drawn.unit == " 4.1 M"
    assert cell_width(drawn.text) + cell_width(drawn.unit) <= 20


def test_ascii_terminals_get_ascii() -> None:
    for format, value in (
        (Format.TEXT, "naïve 🚀"),
        (Format.BAR, 0.4),
        (Format.SPARKLINE, [1, 2, 3]),
        (Format.TEXT, [None]),
    ):
        assert make_cell(value, column(format, warn=0.0), ascii=True).text.isascii()


@pytest.mark.parametrize(
    ("format", "value", "text"),
    [
        (Format.BYTES, 851443712, "851,443,712 bytes (812 MB)"),
        (Format.BYTES, 12, "12 bytes"),
        (Format.COUNT, 2**63 - 1, "9,223,372,036,854,775,807"),
        (Format.AGE, 93784.2, "93,784.2 s (26 h)"),
        (Format.DURATION, 12.0, "12 s"),
        (Format.RATIO, 0.123456, "12.3456 %"),
        (Format.RATIO, 1e-7, "0.00001 %"),
        (Format.PERCENT, 9.31323e-7, "0.000000931323 %"),
        (Format.RATE, 412.5, "412.5 /s"),
        (Format.RATE, 51.80948228894325, "51.809 /s"),
        (Format.RATE, 0.0001234567, "0.000123 /s"),
        (Format.DURATION, 24.426153, "24.426 s (24 s)"),
        (Format.LSN, 0x16B374D848, "16/B374D848"),
        (Format.TIME, datetime(2026, 11, 21, 14, 3, 22, 5, tzinfo=UTC),
         "2026-11-21 14:03:22.000005+00:00"),
        (Format.TEXT, "a\nb", r"a\nb"),
        (Format.SPARKLINE, [1, None, 2.5], "1, –, 2.5"),
    ],
)  # fmt: skip
def test_exact_values(format: Format, value: Value, text: str) -> None:
    assert exact(value, column(format)) == text


@given(st.one_of(st.floats(), st.integers(), st.decimals(), st.text(), st.binary(),
                 st.none(), st.booleans(), st.datetimes(), st.lists(st.floats())),
       st.sampled_from(list(Format)), st.booleans())  # fmt: skip
def test_every_value_is_drawn_by_every_format(value: Value, format: Format, ascii: bool) -> None:
    cell = make_cell(value, column(format, warn=1.0), ascii=ascii)
    assert (cell.text + cell.unit + cell.mark).isprintable()
    assert not ascii or (cell.text + cell.unit + cell.mark).isascii()
    assert exact(value, column(format)).isprintable()
    sort_key(value, column(format))


@given(st.floats(0, 1e21))
def test_no_more_than_three_digits(value: float) -> None:
    for write in (numbers.size, numbers.count, numbers.rate):
        digits = write(value)[0].lstrip("<").replace(".", "").lstrip("0")
        assert len(digits) <= 3 or value > 1e17


def test_order() -> None:
    rows = [TableRow((n,), (v,)) for n, v in enumerate([3, None, 1, Unknown("x"), 2, "b", "A"])]
    up = [row.values[0] for row in sort_rows(rows, 0, column(Format.COUNT), descending=False)]
    down = [row.values[0] for row in sort_rows(rows, 0, column(Format.COUNT), descending=True)]
    assert up[:5] == [1, 2, 3, "A", "b"]
    assert down[:5] == ["b", "A", 3, 2, 1]
    assert up[5:] == down[5:] == [None, Unknown("x")]
    lsn = column(Format.LSN)
    assert sort_key("9/0", lsn) < sort_key("16/0", lsn) < sort_key("16/1", lsn)
    assert parse_lsn("no/lsn") is None


def test_diff() -> None:
    old = [TableRow((n,), (n, "x")) for n in range(5)]
    new = [TableRow((n,), (n, "y" if n == 3 else "x")) for n in (4, 1, 3, 2)]
    new.append(TableRow((9,), (9, "x")))
    assert diff_rows(old, new) == TableDiff(((9,),), ((0,),), (((3,), 1),), True)
    assert diff_rows(old, old) == TableDiff()
    assert not diff_rows(old, list(old))
    assert diff_rows(old, old[1:]).order_changed is False
    nan = [TableRow((0,), (float("nan"),))]
    assert not diff_rows(nan, [TableRow((0,), (float("nan"),))])
    assert diff_rows(nan, [TableRow((0,), (1.0,))]).changed == (((0,), 0),)
    assert diff_rows([TableRow((0,), (None,))], [TableRow((0,), (0,))]).changed == (((0,), 0),)


@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True))
def test_a_diff_tells_everything(before: list[int], after: list[int]) -> None:
    found = diff_rows(
        [TableRow((n,), (0, n)) for n in before], [TableRow((n,), (n % 2, n)) for n in after]
    )
    assert set(found.added) == {(n,) for n in set(after) - set(before)}
    assert set(found.removed) == {(n,) for n in set(before) - set(after)}
    assert set(found.changed) == {((n,), 0) for n in set(before) & set(after) if n % 2}
    stayed = [n for n in before if n in after]
    assert found.order_changed == (stayed != [n for n in after if n in before])


def test_rates_are_divided_by_the_measured_time_and_survive_resets() -> None:
    assert rate(100, 300, 4.0) == 50.0
    assert rate(300, 100, 4.0) is None
    assert rate(None, 100, 4.0) is None
    assert rate(1, 2, 0.0) is None
    assert rate(Decimal(1), 3, 1.0) == 2.0
    book = RateBook()
    assert book.sample(10.0, {"a": 5, "b": 1}.items()) == {"a": None, "b": None}
    assert book.sample(12.0, {"a": 9, "c": 1}.items()) == {"a": 2.0, "c": None}
    assert book.sample(13.0, {"a": 9, "b": 2}.items()) == {"a": 0.0, "b": None}
    book.clear()
    assert book.sample(14.0, {"a": 10}.items()) == {"a": None}


def test_doctests() -> None:
    assert doctest.testmod(numbers).failed == 0


def test_an_estimate_is_marked_and_orders_as_its_value() -> None:
    column = Column("size", "size", Format.BYTES)
    guess = Estimate(12_058_624)
    assert make_cell(guess, column).text == "~11.5"
    assert exact(guess, column).endswith(", estimated")
    assert sort_key(guess, column) == sort_key(12_058_624, column)
