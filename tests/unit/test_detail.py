"""The text of the detail pane, and how it is broken into the pane's width."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.text import Text

from pgdeck.core.rows import TableRow, Unknown
from pgdeck.core.spec import Column, Format
from pgdeck.tui.widgets.detail import detail_text, hanging


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        (
            "size  2,695,168 bytes, estimated",
            ["size  2,695,168", "      bytes,", "      estimated"],
        ),
        ("    WHERE a = 1 AND b = 2 OR c", ["    WHERE a = 1 AND", "    b = 2 OR c"]),
        ("表  テーブルテーブルテーブル", ["表  テーブルテーブル", "    テーブル"]),
        ("no label, only a sentence", ["no label, only a", "sentence"]),
        ("a label beyond the half  and its value", ["a label beyond the half  and its value"]),
        ("fits  as it is", ["fits  as it is"]),
        ("", [""]),
    ],
)
def test_what_goes_on_stands_below_its_value(line: str, broken: list[str]) -> None:
    text = Text(f"above\n{line}\nbelow\n")

    said = [each.rstrip() for each in hanging(text, 20, Console()).plain.split("\n")]

    assert said == ["above", *broken, "below", ""]


def test_the_styles_stay_where_they_were() -> None:
    text = Text.assemble(("label  ", "red"), "a value that is ", ("too long", "bold"))

    laid = hanging(text, 20, Console())

    styled = {str(span.style): laid.plain[span.start : span.end] for span in laid.spans}
    assert styled["red"] == "label  "
    assert styled["bold"].split() == ["too", "long"]


def test_a_statement_in_its_own_paragraph_widens_no_label() -> None:
    columns = (Column("a", "a very long label", Format.QUERY), Column("b", "size"))

    said = detail_text(columns, TableRow((1,), ("SELECT 1", "12")), {}, "", "").plain

    assert said.splitlines() == ["a very long label", "SELECT 1", "", "size  12"]


def test_a_remedy_stands_below_its_reason() -> None:
    value = Unknown("not visible", "GRANT pg_monitor TO x")

    said = detail_text((Column("a", "size"),), TableRow((1,), (value,)), {}, "", "").plain

    assert said.splitlines() == ["size  ? not visible", "      GRANT pg_monitor TO x"]
