"""From the text format of the protocol to Python values, losing a value rather than a panel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from pgdeck.core.rows import Unknown, Value

Loader = Callable[[bytes], Value]

UNREADABLE = Unknown("the server's bytes could not be read as a value of their type")

# Every server encoding has a Python codec but these two; SQL_ASCII promises nothing.
_CODECS: Mapping[str, str] = {
    "UTF8": "utf-8",
    "SQL_ASCII": "utf-8",
    "MULE_INTERNAL": "ascii",
    "EUC_TW": "ascii",
    "EUC_CN": "gb2312",
    "EUC_JIS_2004": "euc_jis_2004",
    "EUC_JP": "euc_jp",
    "EUC_KR": "euc_kr",
    "KOI8R": "koi8_r",
    "KOI8U": "koi8_u",
    "LATIN1": "iso8859_1",
    "LATIN2": "iso8859_2",
    "LATIN3": "iso8859_3",
    "LATIN4": "iso8859_4",
    "LATIN5": "iso8859_9",
    "LATIN6": "iso8859_10",
    "LATIN7": "iso8859_13",
    "LATIN8": "iso8859_14",
    "LATIN9": "iso8859_15",
    "LATIN10": "iso8859_16",
    "ISO_8859_5": "iso8859_5",
    "ISO_8859_6": "iso8859_6",
    "ISO_8859_7": "iso8859_7",
    "ISO_8859_8": "iso8859_8",
    "WIN866": "cp866",
    "WIN874": "cp874",
}


def codec_of(server_encoding: str) -> str:
    """Return the Python codec for a PostgreSQL encoding; ASCII for those Python does not know."""
    if server_encoding in _CODECS:
        return _CODECS[server_encoding]
    return f"cp{server_encoding[3:]}" if server_encoding.startswith("WIN") else "ascii"


def load_numeric(data: bytes) -> Value:
    """Return an int when there is no fraction, else a float."""
    return int(data) if data.isdigit() or data[1:].isdigit() else float(data)


def load_moment(data: bytes) -> Value:
    """Return an aware UTC datetime; None for infinity; text for what datetime cannot hold."""
    text = data.decode("ascii")
    if text.endswith("infinity"):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text


_INTERVAL = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?"
    r"(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?[\d.]+)S)?)?"
)
# As the server's own extract(epoch from interval) counts: 365.25 days, months of 30.
_SECONDS = (31_557_600.0, 2_592_000.0, 86_400.0, 3600.0, 60.0, 1.0)


def load_interval(data: bytes) -> Value:
    """Return seconds for an interval in the ISO 8601 style; None for infinity."""
    text = data.decode("ascii")
    if text.endswith("infinity"):
        return None
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return sum(
        float(part) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True) if part
    )


_ITEM = re.compile(r'\{|\}|,|"((?:[^"\\]|\\.)*)"|([^{},"]+)', re.DOTALL)


def load_array(text: str, element: Callable[[str], Value]) -> Value:
    """Return nested lists for an array literal; raises ValueError when it is none."""
    start = text.find("{")  # a literal may begin with its bounds: [0:1]={...}
    top: list[Value] = []
    stack = [top]
    for token in _ITEM.finditer(text, start):
        match token[0]:
            case "{":
                inner: list[Value] = []
                stack[-1].append(inner)
                stack.append(inner)
            case "}" if len(stack) > 1:
                stack.pop()
            case "}":
                raise ValueError(text)
            case ",":
                continue
            case "NULL":
                stack[-1].append(None)
            case item if token[1] is None:
                stack[-1].append(element(item))
            case _:
                stack[-1].append(element(re.sub(r"\\(.)", r"\1", token[1], flags=re.DOTALL)))
    if start < 0 or len(stack) != 1 or len(top) != 1:
        raise ValueError(text)
    return top[0]


def array_literal(items: Sequence[str]) -> str:
    """Return a one-dimensional text[] literal."""
    escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in escaped) + "}"


def _load_bool(data: bytes) -> Value:
    return data == b"t"


_SCALARS: Mapping[int, Loader] = {
    16: _load_bool,
    20: int,
    21: int,
    23: int,
    26: int,
    28: int,
    29: int,
    5069: int,
    700: float,
    701: float,
    1700: load_numeric,
    1184: load_moment,
    1186: load_interval,
}
_ARRAYS: Mapping[int, int] = {
    1000: 16,
    1005: 21,
    1007: 23,
    1016: 20,
    1028: 26,
    1021: 700,
    1022: 701,
    1231: 1700,
    1185: 1184,
    1002: 18,
    1003: 19,
    1009: 25,
    1014: 1042,
    1015: 1043,
    2210: 2205,
    1263: 2275,
}
_JSON = frozenset({114, 3802})


class Loaders:
    """Finds the loader of a type, for a session whose text is in one encoding.

    Text that is wrong in that encoding is kept with surrogate escapes, so it never raises.
    """

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self._known: dict[int, Loader] = dict(_SCALARS)

    def text(self, data: bytes) -> str:
        """Decode without ever raising."""
        return data.decode(self.codec, "surrogateescape")

    def for_type(self, oid: int) -> Loader:
        """Return the loader for a type's oid; unknown types are text."""
        loader = self._known.get(oid)
        if loader is None:
            loader = self._known[oid] = self._make(oid)
        return loader

    def _make(self, oid: int) -> Loader:
        if oid in _JSON:
            return lambda data: json.loads(self.text(data))
        if oid not in _ARRAYS:
            return self.text
        element = self.for_type(_ARRAYS[oid])
        return lambda data: load_array(
            self.text(data), lambda item: element(item.encode(self.codec, "surrogateescape"))
        )

    def column(self, oid: int, raw: Sequence[bytes | None]) -> list[Value]:
        """Load one column; a value that cannot be loaded becomes Unknown."""
        load = self.for_type(oid)
        try:
            return [None if data is None else load(data) for data in raw]
        except (ValueError, ArithmeticError, RecursionError):
            return [None if data is None else _tolerant(load, data) for data in raw]


def _tolerant(load: Loader, data: bytes) -> Value:
    try:
        return load(data)
    except (ValueError, ArithmeticError, RecursionError):
        return UNREADABLE
