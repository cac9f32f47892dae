"""What reaches a terminal: clean, one line, of the width that was promised."""

from __future__ import annotations

import doctest
import re
import time
import unicodedata

import pyte
import pytest
import wcwidth
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pgdeck.core import text as module
from pgdeck.core.text import cell_width, cut, cut_middle, fit, pieces, safe, to_ascii

NASTY = (
    "\x00\x07\x08\t\n\r\x1b\x7f\x80\x9b\x9d\xa0\xad\u061c\u200b\u200d\u200e\u2028\u2029\u202e"
    "\u2060\u2066\u2069\ufe0f\ufeff\ufff9\uffff\U000e0041\U000e0100\U0001f1e9\U0001f3fd"
    "\ud800\udc9b\udcff\u0303\u0323\u0301\u094d\u3164\u115f\u1160\u2800\u0488テ漢🚀é\\ntrexuU "
)
hostile = st.text(
    st.one_of(st.sampled_from(NASTY), st.characters(), st.characters(categories=["Cs", "Mn"])),
    max_size=24,
)
ESCAPES = re.compile(r"\\(?:([\\ntre])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def original(shown: str) -> str:
    """Undo `safe`: that this is possible proves that nothing is ambiguous."""

    def meaning(found: re.Match[str]) -> str:
        short, byte, four, eight = found.groups()
        if short:
            return {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "\\": "\\"}[short]
        if byte:
            return chr(int(byte, 16) + (0xDC00 if int(byte, 16) >= 0xA0 else 0))
        return chr(int(four or eight, 16))

    return ESCAPES.sub(meaning, shown)


class _Screen(pyte.Screen):
    """Keeps what the terminal would type back."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.answers: list[str] = []

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)


class Terminal:
    """A terminal emulator that tells everything a text did to it."""

    def __init__(self) -> None:
        self.screen = _Screen(400, 3)
        self.stream = pyte.Stream(self.screen)
        self.stream.feed("\x1b[2;1H")

    def state(self) -> tuple[object, ...]:
        screen = self.screen
        return (
            screen.title,
            screen.icon_name,
            frozenset(screen.mode),
            screen.margins,
            screen.charset,
            screen.cursor.attrs,
            screen.cursor.hidden,
            dict(screen.buffer[0]),
            dict(screen.buffer[2]),
            tuple(screen.answers),
        )


@settings(max_examples=300, deadline=None)
@given(hostile)
@example("\x1b]0;title\x07")
@example("\x9b2J")
@example("abc\u202edef")
@example("\u0303alone")
def test_a_terminal_only_moves_its_cursor(text: str) -> None:
    shown = safe(text)
    terminal = Terminal()
    before = terminal.state()
    terminal.stream.feed(shown)
    assert terminal.screen.cursor.x == cell_width(shown)
    assert terminal.screen.cursor.y == 1
    assert terminal.state() == before
    line = "".join(terminal.screen.buffer[1][x].data for x in range(cell_width(shown)))
    assert unicodedata.normalize("NFC", line) == unicodedata.normalize("NFC", shown)


@settings(max_examples=500, deadline=None)
@given(hostile)
@example("\\\n")
@example("\\n")
@example("\\ ")
@example("\\\\ ")
@example("\\\\")
@example("\\é")
@example("\x9b\udc9b\\x9b")
def test_nothing_is_ambiguous(text: str) -> None:
    assert original(safe(text)) == text
    assert original(to_ascii(safe(text))) == text
    assert to_ascii(safe(text)).isascii()
    assert to_ascii(safe(text)).isprintable()


@settings(max_examples=500, deadline=None)
@given(hostile, st.integers(0, 30))
def test_widths_agree(text: str, width: int) -> None:
    shown = safe(text)
    assert cell_width(shown) == cell_len(shown) == wcwidth.wcswidth(shown)
    fitted = fit(shown, width)
    assert cell_width(fitted) == cell_len(fitted) == width
    assert cell_width(cut_middle(shown, width)) <= width
    assert shown.startswith(cut(shown, width))
    assert "".join(part for part, _ in pieces(shown)) == shown
    assert all(ESCAPES.fullmatch(part) for part, escaped in pieces(shown) if escaped)


@settings(max_examples=200, deadline=None)
@given(hostile)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    assert shown.strip(" ") == shown
    if "\\" not in shown:
        assert safe(shown) == shown == text


def test_every_code_point_is_as_wide_as_all_say() -> None:
    alone = [safe(chr(point)) for point in range(0x110000)]
    assert len(set(alone)) == len(alone)
    # After a base a mark is drawn, so its own width counts.
    marks = [chr(p) for p in range(0x300, 0x110000) if unicodedata.combining(chr(p))]
    shown = [text for text in alone if not text.isascii()]
    shown += [safe("e" + mark) for mark in marks]
    assert len(shown) > 100_000
    assert not [t for t in shown if not cell_width(t) == cell_len(t) == wcwidth.wcswidth(t)]


def test_every_code_point_leaves_a_terminal_alone() -> None:
    terminal = Terminal()
    before = terminal.state()
    for point in range(0x110000):
        if 0xE000 < point < 0xF8FF or 0xF0000 < point < 0x10FFFF or 0xD800 < point < 0xDFFF:
            continue  # private and surrogate code points are all alike
        shown = safe("e" + chr(point))
        if shown.isascii():
            continue
        terminal.stream.feed("\r" + shown)
        assert terminal.screen.cursor.x == cell_width(shown), hex(point)
    assert terminal.state() == before


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("", ""),
        ("plain name", "plain name"),
        ("  ", r"\x20\x20"),
        (" a ", r"\x20a\x20"),
        ("two\nlines", r"two\nlines"),
        ("col\tumn", r"col\tumn"),
        ("\x1b[32m", r"\e[32m"),
        ("\x9b2J", r"\x9b2J"),
        (b"caf\xe9", r"caf\xe9"),
        ("abc\u202edef", r"abc\u202edef"),
        ("zero\u200dwidth", r"zero\u200dwidth"),
        ("c:\\temp\\n", r"c:\\temp\\n"),
        ("c:\\data", "c:\\data"),
        ("\u0303alone", r"\u0303alone"),
        ("a \u0303", r"a \u0303"),
        ("n\u0303o\u0302\u0323", "n\u0303o\u0302\u0323"),
        ("a" + "\u0301" * 5, "a" + "\u0301" * 4 + r"\u0301"),
        ("\u2028", r"\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("テーブル", "テーブル"),
        ("🚀 launch", "🚀 launch"),
        ("[bold]", "[bold]"),
        ("\xa0", r"\u00a0"),
    ],
)
def test_what_is_shown(raw: str | bytes, shown: str) -> None:
    assert safe(raw) == shown


def test_fit_keeps_marks_with_their_base() -> None:
    assert fit("n\u0303o\u0302x", 2) == "n\u0303…"
    assert fit("漢字", 3) == "漢…"
    assert fit("漢字", 2) == "… "
    assert fit("漢字", 1) == "…"
    assert fit("abc", 0) == ""
    assert fit("abcdef", 4, "~") == "abc~"
    assert cut_middle("o\u0302漢e\u0301", 3) == "o\u0302…e\u0301"


def test_plain_text_is_let_through_at_once() -> None:
    names = [f"usage_events_{number}" for number in range(20_000)]
    started = time.process_time()
    for name in names:
        safe(name)
    assert time.process_time() - started < 0.2
    assert safe(names[0]) is names[0]


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0
