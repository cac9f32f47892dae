"""A value that cannot be read is lost alone; text that is no text is kept."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.rows import Unknown
from pgdeck.pg.values import Loaders, array_literal, codec_of, load_array

OIDS = (16, 20, 23, 25, 26, 114, 700, 1007, 1009, 1184, 1186, 1700, 3802, 1185, 999_999)


CODECS = ("utf-8", "euc_jp", "cp1252", "ascii")
BYTES = st.binary() | st.text('{},"\\1P-.T').map(str.encode)


@given(st.sampled_from(OIDS), BYTES, st.sampled_from(CODECS))
def test_no_bytes_make_a_loader_raise(oid: int, data: bytes, codec: str) -> None:
    (value, missing) = Loaders(codec).column(oid, [data, None])
    assert missing is None
    if oid == 25:
        assert isinstance(value, str)
        assert value.encode(codec, "surrogateescape") == data or codec == "euc_jp"


def test_one_bad_value_costs_only_itself() -> None:
    good, bad, last = Loaders("utf-8").column(23, [b"1", b"1x", b"3"])
    assert (good, last) == (1, 3)
    assert isinstance(bad, Unknown)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_array_literals_are_read_back(items: list[str]) -> None:
    assert load_array(array_literal(items), str) == items


@pytest.mark.parametrize("text", ["", "{", "}", "{}}", "{}{}", "{{}", "x"])
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the message is the text itself
        load_array(text, str)


@pytest.mark.parametrize(
    "encoding",
    [
        *("UTF8", "SQL_ASCII", "LATIN1", "LATIN9", "LATIN10", "ISO_8859_5", "WIN1252", "WIN1258"),
        *("WIN866", "WIN874", "KOI8R", "KOI8U", "EUC_JP", "EUC_JIS_2004", "EUC_CN", "EUC_KR"),
        *("EUC_TW", "MULE_INTERNAL"),
    ],
)
def test_every_server_encoding_has_a_codec(encoding: str) -> None:
    assert codecs.lookup(codec_of(encoding))
