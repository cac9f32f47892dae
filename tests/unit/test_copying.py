"""What is copied is exactly what the server said, in a sequence that terminals take."""

from __future__ import annotations

import json
import re
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.copying import (
    MOST_BYTES,
    caution,
    clipboard_sequences,
    copy_offers,
    quoted_name,
)
from pgdeck.core.printout import Printout
from pgdeck.core.rows import Estimate, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format

OSC = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
COLUMNS = (
    Column("table", "table"),
    Column("size", "size", Format.BYTES, Align.RIGHT),
    Column("fix", "way out"),
    Column("schema", "schema", hidden=True),
    Column("name", "name", hidden=True),
    Column("query", "query", Format.QUERY, hidden=True),
)
SHOWN = COLUMNS[:2]
ODD = 'two\n"lines"\t\x1b]52;c;aGk=\x07'
ROW = ("p.odd", Estimate(5), None, "p", ODD, " select\t1;\n")
OTHER = ("p.b", None, "VACUUM b;", "p", "b", "select 2")


def offers(*rows: tuple[Value, ...], extra: dict[str, Value] | None = None) -> dict[str, str]:
    keyed = tuple(TableRow((at,), row) for at, row in enumerate(rows))
    printout = Printout("tables", COLUMNS, keyed, (extra,) * len(rows) if extra else ())
    return {offer.label: offer.make() for offer in copy_offers(printout, SHOWN)}


def copied(text: str, environ: dict[str, str]) -> list[bytes]:
    sequences = clipboard_sequences(text, environ)
    assert sequences is not None
    return [b64decode(found) for found in OSC.findall(sequences)]


def test_a_row_is_offered_in_every_form_and_value() -> None:
    found = offers(ROW, extra={"oid": 7})
    assert list(found)[:5] == ["table", "name in SQL", "query", "row as TSV", "row as JSON"]
    assert found["table"] == "p.odd"
    assert found["name"] == ODD
    assert found["name in SQL"] == '"p"."' + ODD.replace('"', '""') + '"'
    assert found["query"] == " select\t1;\n"
    assert found["row as TSV"] == "p.odd\t5"
    assert json.loads(found["row as JSON"])["name"] == ODD
    assert found["oid"] == "7"
    assert "way out" not in found
    assert list(offers(OTHER))[3] == "way out"


def test_of_several_rows_a_column_becomes_lines_and_statements_a_script() -> None:
    found = offers(ROW, OTHER)
    assert found["table"] == "p.odd\np.b"
    assert found["size"] == "5\n"
    assert found["query"] == " select\t1;\nselect 2;"
    assert found["way out"] == "VACUUM b;"
    assert found["2 rows as TSV"] == "p.odd\t5\np.b\t"
    assert [row["size"] for row in json.loads(found["2 rows as JSON"])] == [5, None]


def test_what_is_not_known_is_not_offered() -> None:
    found = offers(("p.odd", Unknown("hidden"), None, None, None, Unknown("hidden")))
    assert list(found) == ["table", "row as TSV", "row as JSON"]
    assert offers() == {}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_terminal_gets_the_very_text(text: str) -> None:
    assert copied(text, {}) == [text.encode()]
    plain, wrapped = copied(text, {"TMUX": "x"})
    assert plain == wrapped == text.encode()


def test_bytes_that_are_no_utf_8_arrive_as_they_were() -> None:
    assert copied("caf\udce9", {}) == [b"caf\xe9"]
    assert copied("lone \ud800", {}) == [b"lone \\ud800"]


def test_tmux_gets_the_sequence_for_itself_and_to_hand_on() -> None:
    sequences = clipboard_sequences("hi", {"TMUX": "/x,1,0", "STY": "1"})
    plain = "\x1b]52;c;aGk=\x07"
    assert sequences == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"


def test_screen_gets_pieces() -> None:
    sequences = clipboard_sequences("x" * 1000, {"STY": "1.pts"})
    assert sequences is not None
    pieces = re.findall(r"\x1bP([^\x1b]*(?:\x1b\][^\x1b]*)?)\x1b\\", sequences)
    assert len(pieces) == 6
    assert all(len(piece) <= 240 for piece in pieces)
    assert OSC.fullmatch("".join(pieces))


@pytest.mark.parametrize(("text", "fits"), [("x", True), ("é", False)])
def test_too_much_is_not_copied_in_part(text: str, fits: bool) -> None:
    sequences = clipboard_sequences(text * MOST_BYTES, {})
    assert (sequences is not None) is fits
    assert sequences is None or len(sequences) <= 100_000


def test_who_must_let_it_through_is_named() -> None:
    assert caution({}) == ""
    assert "set-clipboard on" in caution({"TMUX": "x", "SSH_TTY": "/dev/pts/1"})
    assert "OSC 52" in caution({"SSH_CONNECTION": "x"})


def test_names_are_quoted_whatever_they_hold() -> None:
    assert quoted_name("public", 'say "hi"') == '"public"."say ""hi"""'
