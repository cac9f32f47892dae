r"""Text from outside made fit for a terminal: one line, no controls, a known width.

`safe` is the only door through which a string from a server, a file or an engine reaches a
screen.  What it cannot show is written as an escape: ``\n``, ``\t``, ``\r``, ``\e``, ``\x07`` and
``\x9b`` for control characters, ``\u202e`` or ``\U000e0041`` for other code points, ``\xff`` for
bytes from 0xa0 on that are no UTF-8 (below that ``\udc9b``, since ``\x9b`` is the control
character).  A backslash is doubled only where what follows would make it an escape.

Shown are the code points on whose width wcwidth, Rich and terminal emulators agree.  Joiners,
variation selectors, flags, skin tones, viramas and vowel signs without a combining class are
escaped, since their width depends on the terminal; so are looks of nothing (blank letters).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MARKS_PER_BASE = 4
"""Combining marks shown on one base; a taller stack would run into the lines above and below."""

_SHORT = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\x1b": r"\e"}
_ESCAPE = re.compile(r"\\(?:[\\ntre]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_OPENS_ESCAPE = frozenset("\\ntrexuU")
_ODD = re.compile(r"[^ -\[\]-~]+")
_VIRAMA = 9

# Printable by Unicode, yet hidden, conjoining, or of a width that terminals dispute.
_DISPUTED = tuple(
    range(first, last + 1)
    for first, last in (
        (0x115F, 0x11FF),  # Hangul fillers, conjoining vowels and finals
        (0x2630, 0x2637),  # wide since Unicode 16
        (0x268A, 0x268F),  # wide since Unicode 16
        (0x2800, 0x2800),  # blank Braille pattern
        (0x3164, 0x3164),  # Hangul filler
        (0x4DC0, 0x4DFF),  # wide since Unicode 16
        (0xD7B0, 0xD7FB),  # Hangul conjoining vowels and finals
        (0xFFA0, 0xFFA0),  # Hangul filler, half width
        (0x1D159, 0x1D159),  # null notehead, a blank
        (0x1D300, 0x1D376),  # wide since Unicode 16
        (0x1F1E6, 0x1F1FF),  # halves of flags
        (0x1F3FB, 0x1F3FF),  # skin tones
    )
)

_NEVER, _MARK = -1, 0


class _Widths(dict[str, int]):
    """Cells of a character: 1 or 2, `_MARK` for one drawn on its base, `_NEVER` for no drawing."""

    def __missing__(self, char: str) -> int:
        width = self[char] = _width(char)
        return width


def _width(char: str) -> int:
    point = ord(char)
    if not char.isprintable() or any(point in disputed for disputed in _DISPUTED):
        return _NEVER
    kind = unicodedata.category(char)
    if kind.startswith("M"):
        drawn = kind == "Mn" and unicodedata.combining(char) not in (0, _VIRAMA)
        return _MARK if drawn else _NEVER
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


_WIDTHS = _Widths()


def safe(value: str | bytes) -> str:
    r"""Return text as one printable line in which everything else is a visible escape.

    Bytes are read as UTF-8, undecodable ones kept as escapes.  Different texts give different
    results.  Blanks at both ends are shown as ``\x20``.

    >>> safe("plain"), safe("two\nlines"), safe("  "), safe(b"caf\xe9")
    ('plain', 'two\\nlines', '\\x20\\x20', 'caf\\xe9')
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    plain = value.isascii() and value.isprintable() and "\\" not in value
    if plain and (not value or (value[0] != " " and value[-1] != " ")):
        return value
    bare = value.lstrip(" ")
    lead = len(value) - len(bare)
    core = bare.rstrip(" ")
    tail = len(bare) - len(core)
    shown = _ODD.sub(_shown, core)
    if tail and core.endswith("\\"):
        shown += "\\"
    return r"\x20" * lead + shown + r"\x20" * tail


def _shown(run: re.Match[str]) -> str:
    """Write out a run of characters that are not plain ASCII."""
    text, start, end = run.string, run.start(), run.end()
    parts: list[str] = []
    marks = 0 if start and text[start - 1] != " " else MARKS_PER_BASE
    for at in range(start, end):
        char = text[at]
        width = _WIDTHS[char]
        if char == "\\":
            after = text[at + 1 : at + 2]
            doubled = after in _OPENS_ESCAPE or (after and _WIDTHS[after] == _NEVER)
            parts.append("\\\\" if doubled else char)
            marks = 0
        elif width > 0:
            parts.append(char)
            marks = 0
        elif width == _MARK and marks < MARKS_PER_BASE:
            parts.append(char)
            marks += 1
        else:
            parts.append(_escape(char))
            marks = MARKS_PER_BASE
    return "".join(parts)


def _escape(char: str) -> str:
    point = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if point < 0xA0:
        return f"\\x{point:02x}"
    if 0xDCA0 <= point <= 0xDCFF:
        return f"\\x{point - 0xDC00:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def pieces(text: str) -> list[tuple[str, bool]]:
    r"""Split safe text into (part, is an escape), so that escapes can be drawn in another style.

    >>> pieces("two\\nlines")
    [('two', False), ('\\n', True), ('lines', False)]
    """
    if "\\" not in text:
        return [(text, False)] if text else []
    parts: list[tuple[str, bool]] = []
    done = 0
    for match in _ESCAPE.finditer(text):
        if match.start() > done:
            parts.append((text[done : match.start()], False))
        parts.append((match.group(), True))
        done = match.end()
    if done < len(text):
        parts.append((text[done:], False))
    return parts


def cell_width(text: str) -> int:
    """Return the terminal cells that safe text (or glyphs of our own) takes."""
    if text.isascii():
        return len(text)
    return _wide_width(text)


@lru_cache(maxsize=2048)
def _wide_width(text: str) -> int:
    # The same borders, bars and names are measured at every refresh.
    widths = _WIDTHS
    return sum([1 if widths[char] < 0 else widths[char] for char in text])


def cut(text: str, cells: int) -> str:
    """Return the longest beginning of safe text that takes at most `cells` cells."""
    if text.isascii():
        return text[: max(0, cells)]
    left = cells
    for at, char in enumerate(text):
        left -= abs(_WIDTHS[char])
        if left < 0:
            return text[:at]
    return text


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """Return safe text cut or padded with blanks to exactly `width` cells; a cut is marked.

    >>> fit("messages", 10), fit("messages", 5), fit("テーブル", 6)
    ('messages  ', 'mess…', 'テー… ')
    """
    taken = cell_width(text)
    if taken <= width:
        return text + " " * (width - taken)
    if width <= 0:
        return ""
    mark = cut(ellipsis, width)
    short = cut(text, width - cell_width(mark)) + mark
    return short + " " * (width - cell_width(short))


def cut_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """Return safe text in at most `width` cells, its beginning and end kept; never padded.

    >>> cut_middle("postgres@db.example.org:5432/shop", 16)
    'postgres…32/shop'
    """
    if cell_width(text) <= width:
        return text
    if width <= 0:
        return ""
    mark = cut(ellipsis, width)
    room = width - cell_width(mark)
    head = cut(text, (room + 1) // 2)
    left = room - cell_width(head)
    start = len(text)
    while start and (step := abs(_WIDTHS[text[start - 1]])) <= left:
        left -= step
        start -= 1
    # A mark whose base was cut away would be drawn on the ellipsis.
    while start < len(text) and _WIDTHS[text[start]] == _MARK:
        start += 1
    return head + mark + text[start:]


def wrap(text: str, width: int) -> list[str]:
    """Break safe text at blanks into lines of at most `width` cells; a long word is cut hard."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while cell_width(line) > width > 0:
            head = _head(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line or not lines else lines


def _head(text: str, width: int) -> str:
    """Return the longest prefix of at most `width` cells, and at least one character."""
    taken = 0
    for at, char in enumerate(text):
        taken += cell_width(char)
        if taken > width:
            return text[: max(1, at)]
    return text


_NOT_ASCII = re.compile(rf"({_ESCAPE.pattern})|\\(?=[^\x00-\x7f])|([^\x00-\x7f])")


def to_ascii(text: str) -> str:
    r"""Return safe text with every other character than ASCII escaped, as unambiguous as before.

    >>> to_ascii("naïve"), to_ascii("a…b")
    ('na\\u00efve', 'a\\u2026b')
    """
    return text if text.isascii() else _NOT_ASCII.sub(_ascii, text)


def _ascii(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return _escape(match[2]) if match[2] else "\\\\"
