"""What a person types to find rows."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.cells import make_cell
from pgdeck.core.filter import Filter, FilterProblem, parse
from pgdeck.core.rows import TableRow, Unknown, Value
from pgdeck.core.spec import Column, Format
from pgdeck.pattern import STRIKES, compile_pattern

SOURCE = Path(__file__).resolve().parents[2] / "src"
COLUMNS = (
    Column("relation", "table"),
    Column("total_bytes", "size", Format.BYTES),
    Column("dead", "dead", Format.RATIO),
    Column("vacuumed_s", "vacuumed", Format.AGE),
    Column("rows", "rows", Format.COUNT),
    Column("locked", "locked", Format.BOOLEAN),
    Column("seen", "seen", Format.TIME),
    Column("lsn", "lsn", Format.LSN),
    Column("owner", "owner of it"),
)
MB = 1024 * 1024
MESSAGES: tuple[Value, ...] = (
    "Messages", 201 * MB, 0.12, 93_600, 612_000, True,
    datetime(2026, 11, 20, tzinfo=UTC), "16/B374D848", "shop [eu]",
)  # fmt: skip
NOTHING: tuple[Value, ...] = ("empty", None, Unknown("no right"), None, None, False, None, None, "")


def row(values: tuple[Value, ...]) -> tuple[TableRow, list[str]]:
    cells = [make_cell(value, at) for value, at in zip(values, COLUMNS, strict=True)]
    return TableRow(("k",), values), [cell.text + cell.unit for cell in cells]


def finds(text: str, values: tuple[Value, ...] = MESSAGES) -> bool:
    rule = parse(text, COLUMNS, compile_pattern)
    assert rule.problem is None, rule.problem
    return rule.matches(*row(values))


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "mess", "MESS shop", '"shop [eu]"', "!users", "table:mess", "rel:SAGES",
        'own:"shop [EU]"', "owner:[eu]", "size>10MB", "size>=201MB", "size<1GB", "size=201MB",
        "total_bytes>1000", "tot<0.5gb", "dead>10%", "dead>0.1", "dead=12%", "vac>=26h",
        "vacuumed<2d", "vac=26h", "vac>1500min", "rows>600k", "rows=612k", "locked=yes",
        "!locked=no", "seen>2026-11-19", "seen<2026-11-21T10:00", "lsn>9/0", "lsn=16/B374D848",
        "/^mess/", "/s{2}/", "table:/ages$/", "!/xyz/", "owner=\"shop [eu]\"", "201", "!", "size:",
        "size>", "table:", "//", '"', "!size>1GB", "20 !11:30",
    ],
)  # fmt: skip
def test_what_matches(text: str) -> None:
    assert finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "users", "mess users", "!mess", "table:shop", "size>1GB", "size<=10MB", "size=200MB",
        "dead>20%", "vac>3d", "rows<1k", "locked=no", "seen>2026-11-22", "lsn<9/0", "/^ages/",
        "owner=shop", "!size>10MB", "!/mess/", "vac=25h",
    ],
)  # fmt: skip
def test_what_does_not(text: str) -> None:
    assert not finds(text)


@pytest.mark.parametrize(
    "text", ["size>0", "size<1GB", "dead>=0", "dead<1", "lsn>0/0", "seen>2000-01-01"]
)
def test_what_is_not_known_is_neither_more_nor_less(text: str) -> None:
    assert not finds(text, NOTHING)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("foo:x", 0, "no column is called foo"),
        ("mess  l:x", 6, "l may be locked, lsn"),
        ("size>10XB", 5, "XB is no unit here; write a size such as 10MB"),
        ("size>big", 5, "big is not a size"),
        ("dead>12", 5, "write 12%"),
        ("locked>1", 7, "=yes or =no"),
        ("seen>soon", 5, "soon is not a time"),
        ("lsn>x", 4, "x is not a position"),
        ("x /[/", 3, "not a pattern"),
        ("x /abc", 2, "no closing /"),
        ("owner>abc", 6, "abc is not a number"),
    ],
)
def test_mistakes_are_said_with_their_place(text: str, position: int, message: str) -> None:
    rule = parse(text, COLUMNS, compile_pattern)
    assert rule.problem is not None
    assert rule.problem.position == position
    assert message in rule.problem.message
    assert rule.matches(*row(MESSAGES))  # nothing vanishes while a term is being typed


def test_words_to_highlight() -> None:
    rule = parse('Mess !users table:Shop size>1kB "two words" /x/', COLUMNS, compile_pattern)
    assert rule.words == ("mess", "shop", "two words")
    assert bool(rule)
    assert not parse("  ", COLUMNS, compile_pattern)


def test_a_pattern_cannot_stop_the_screen() -> None:
    rule = parse("/(x+x+)+y/", COLUMNS, compile_pattern)
    cells = ["x" * 5000] * len(COLUMNS)
    started = time.monotonic()
    for _ in range(500):
        assert not rule.matches(TableRow(("k",), MESSAGES), cells)
    # Without the limit one search alone would take years.
    assert time.monotonic() - started < 3
    assert rule.expired
    assert STRIKES < 5


def test_a_start_without_a_pattern_does_not_load_their_engine() -> None:
    script = "import sys, pgdeck.pattern; sys.exit('regex' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(SOURCE)}).returncode
        == 0
    )


def test_a_pattern_is_bounded() -> None:
    assert parse("/" + "a" * 1000 + "/", COLUMNS, compile_pattern).problem is not None


@given(st.text(st.sampled_from('ab!:<>=/"[(\\* .10MB%sizedead\u202e'), max_size=20))
def test_no_text_is_too_odd(text: str) -> None:
    rule = parse(text, COLUMNS, compile_pattern)
    assert isinstance(rule, Filter)
    assert rule.problem is None or isinstance(rule.problem, FilterProblem)
    assert rule.problem is None or 0 <= rule.problem.position <= len(text)
    assert isinstance(rule.matches(*row(MESSAGES)), bool)
    assert isinstance(rule.matches(*row(NOTHING)), bool)
