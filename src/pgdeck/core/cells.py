"""From a raw value to what is drawn: text, unit, and how serious it is.

Raw units: `bytes` bytes; `count` a number; `percent` 0 to 100; `ratio` and `bar` a share of 0 to
1; `duration` and `age` seconds (or a timedelta); `lsn` text or an integer; `sparkline` a sequence
of samples, oldest first, None for a gap; `rate` per second; `time` an aware datetime.
A value of another type than its format expects is shown as text: wrong is never blank.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from pgdeck.core import numbers
from pgdeck.core.cell import Cell, Level
from pgdeck.core.numbers import Figure
from pgdeck.core.rows import Estimate, Measure, Status, TableRow, Unknown, Value
from pgdeck.core.spec import Column, Direction, Format
from pgdeck.core.text import safe, to_ascii

NOTHING = "–"  # noqa: RUF001  # the dashboard's glyph for no value
NOT_KNOWN = "?"
ABOUT = "~"
WARNING_MARK, CRITICAL_MARK = "▲", "■"

SIGNS = {
    Level.GOOD: ("●", "*"),
    Level.NOTICE: ("◐", "~"),
    Level.UNKNOWN: ("?", "?"),
    Level.WARNING: (WARNING_MARK, "!"),
    Level.CRITICAL: (CRITICAL_MARK, "#"),
}
"""The glyph of each level, and the one in ASCII."""
MUTED_SIGN = ("○", ".")

Number = int | float | Decimal

QUERY_CHARS = 2000
"""Characters of a statement that a cell looks at; a line on screen is shorter."""

_DEFAULT_BAR, _DEFAULT_SPARK, _SPARK_UNIT = 10, 16, 7
_STEPS = "▁▂▃▄▅▆▇█"
_ASCII_STEPS = "._-=+*#@"
_PARTS = " ▏▎▍▌▋▊▉"


def make_cell(value: Value, column: Column, *, ascii: bool = False) -> Cell:
    """Return a value as its column shows it: a dash for None, `?` for what cannot be known.

    With `ascii` text, glyphs and marks are ASCII.
    """
    if value is None:
        return Cell("-" if ascii else NOTHING, Level.QUIET)
    if isinstance(value, Unknown):
        return Cell(NOT_KNOWN, Level.UNKNOWN)
    if isinstance(value, Estimate):
        cell = make_cell(value.value, column, ascii=ascii)
        return replace(cell, text=ABOUT + cell.text)
    if isinstance(value, Status):
        return _status(value, ascii=ascii)
    if isinstance(value, Measure):
        cell = make_cell(value.value, _column_of(value, column), ascii=ascii)
        return replace(cell, level=value.level) if cell.level is Level.NORMAL else cell
    writer = _WRITERS.get(column.format)
    figure = writer(value, column, ascii) if writer else None
    text, unit = figure or (_text(value), "")
    if ascii:
        text = to_ascii(text)
    level = _level(value, column)
    if level is Level.NORMAL:
        return Cell(text, level, unit)
    bad = level is Level.CRITICAL
    mark = ("#" if bad else "!") if ascii else (CRITICAL_MARK if bad else WARNING_MARK)
    return Cell(text, level, unit, mark)


def exact(value: Value, column: Column) -> str:
    """Return a value in full for the detail pane: exact bytes and seconds, time with offset."""
    if value is None:
        return NOTHING
    if isinstance(value, Unknown):
        return safe(f"? {value.reason}" + (f" · {value.remedy}" if value.remedy else ""))
    if isinstance(value, Estimate):
        return f"{exact(value.value, column)}, estimated"
    if isinstance(value, Status):
        return safe(value.word)
    if isinstance(value, Measure):
        return exact(value.value, _column_of(value, column))
    writer = _EXACT.get(column.format)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if writer is not None and isinstance(value, (int, float, Decimal)):
        return writer(value)
    if isinstance(value, datetime):
        return (value.astimezone() if value.tzinfo else value).isoformat(sep=" ")
    if column.format is Format.LSN:
        return _lsn(value, column, False)[0]
    return _text(value)


def sort_key(value: Value, column: Column) -> tuple[int, float, str]:
    """Return what orders the known values of a column, whatever their types.

    None and Unknown get the greatest key; `sort_rows` keeps them last downwards too.
    """
    if value is None or isinstance(value, Unknown):
        return (2, 0.0, "")
    if isinstance(value, Estimate):
        return sort_key(value.value, column)
    if isinstance(value, Status):
        return (0, value.level - 0.5 * value.muted, "")
    if isinstance(value, Measure):
        return sort_key(value.value, _column_of(value, column))
    if column.format is Format.SPARKLINE and _is_series(value):
        return sort_key(_latest(value), Column("", ""))
    if column.format is Format.LSN and (lsn := parse_lsn(value)) is not None:
        # Beyond 2**53 a float would lose the last bytes.
        return (0, float(lsn >> 32), f"{lsn & 0xFFFFFFFF:08x}")
    number = _number(value)
    if number is not None:
        return (0, math.inf if math.isnan(number) else number, "")
    if isinstance(value, datetime):
        return (0, value.timestamp(), "")
    text = value if isinstance(value, str) else _text(value)
    return (1, 0.0, text.casefold())


def sort_rows(
    rows: Iterable[TableRow], at: int, column: Column, *, descending: bool
) -> list[TableRow]:
    """Return rows ordered by the value at position `at`, equal ones as they stood, unknown last."""
    known: list[TableRow] = []
    unknown: list[TableRow] = []
    for row in rows:
        value = row.values[at]
        (unknown if value is None or isinstance(value, Unknown) else known).append(row)
    known.sort(key=lambda row: sort_key(row.values[at], column), reverse=descending)
    return known + unknown


def _column_of(measure: Measure, column: Column) -> Column:
    return replace(column, format=measure.format, warn=None, bad=None)


def _status(status: Status, *, ascii: bool) -> Cell:
    own = status.sign if any(status.sign) else SIGNS.get(status.level, ("", ""))
    sign = MUTED_SIGN if status.muted else own
    word = to_ascii(safe(status.word)) if ascii else safe(status.word)
    level = Level.QUIET if status.muted else status.level
    return Cell(f"{sign[ascii]} {word}".lstrip(), level)


def parse_lsn(value: Value) -> int | None:
    """Return the byte position of an LSN (``16/B374D848`` or an integer), None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    high, slash, low = str(value).partition("/")
    try:
        return (int(high, 16) << 32) + int(low, 16) if slash else None
    except ValueError:
        return None


def bar(share: float, width: int, *, ascii: bool = False) -> str:
    """Return a share of 0 to 1 as `width` cells of eight-step blocks."""
    share = 0.0 if math.isnan(share) else min(1.0, max(0.0, share))
    if ascii:
        full = round(share * width)
        return "#" * full + "." * (width - full)
    full, part = divmod(round(share * width * 8), 8)
    drawn = "█" * full + (_PARTS[part] if part else "")
    return drawn + "░" * (width - len(drawn))


def sparkline(
    samples: Sequence[Value], width: int, top: float | None = None, *, ascii: bool = False
) -> str:
    """Return the newest samples as `width` cells, from zero to `top`, newest at the right.

    A gap is blank; `top` is the greatest of all samples when None.
    """
    known = [_number(sample) for sample in samples]
    if top is None:
        top = max((number for number in known if number is not None), default=0.0)
    steps = _ASCII_STEPS if ascii else _STEPS
    drawn = "".join(_step(number, top, steps) for number in known[-width:])
    return " " * (width - len(drawn)) + drawn


def _step(number: float | None, top: float, steps: str) -> str:
    if number is None or math.isnan(number):
        return " "
    if math.isinf(number):
        return steps[-1 if number > 0 else 0]
    if top <= 0 or math.isnan(top) or number <= 0:
        return steps[0]
    if number >= top:  # also where the quotient would not fit in a float
        return steps[7]
    return steps[min(7, max(0, math.ceil(number / top * 8) - 1))]


def _number(value: Value) -> float | None:
    if isinstance(value, (int, float, Decimal)):
        try:
            return float(value)
        except OverflowError:
            return math.inf
        except ValueError:  # a signalling NaN
            return math.nan
    return value.total_seconds() if isinstance(value, timedelta) else None


def _is_series(value: Value) -> bool:
    return isinstance(value, (list, tuple))


def _latest(value: Value) -> Value:
    return value[-1] if isinstance(value, (list, tuple)) and value else None


def _level(value: Value, column: Column) -> Level:
    if column.warn is None and column.bad is None:
        return Level.NORMAL
    number = _number(_latest(value) if _is_series(value) else value)
    if number is None:
        return Level.NORMAL
    for threshold, level in ((column.bad, Level.CRITICAL), (column.warn, Level.WARNING)):
        if threshold is None:
            continue
        high = column.direction is Direction.HIGH
        if number >= threshold if high else number <= threshold:
            return level
    return Level.NORMAL


def _text(value: Value) -> str:
    if isinstance(value, (str, bytes)):
        return safe(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _time(value, None, False)[0]
    if isinstance(value, (list, tuple)):
        return safe(", ".join(NOTHING if part is None else str(part) for part in value))
    if isinstance(value, dict):
        return safe(json.dumps(value, default=str, ensure_ascii=False))
    return safe(value.isoformat() if isinstance(value, date) else str(value))


def _of_number(
    write: Callable[[float], Figure],
) -> Callable[[Value, Column | None, bool], Figure | None]:
    def writer(value: Value, column: Column | None, ascii: bool) -> Figure | None:
        number = _number(value)
        if number is None or math.isnan(number):
            return None
        return write(number) if math.isfinite(number) else (str(number), "")

    return writer


def _query(value: Value, column: Column | None, ascii: bool) -> Figure | None:
    if not isinstance(value, (str, bytes)):
        return None
    text = value[:QUERY_CHARS]
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return safe(" ".join(text.split())), ""


def _lsn(value: Value, column: Column | None, ascii: bool) -> Figure:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value >> 32:X}/{value & 0xFFFFFFFF:X}", ""
    return _text(value), ""


def _bar(value: Value, column: Column, ascii: bool) -> Figure | None:
    share = _number(value)
    if share is None:
        return None
    judged = column.warn is not None or column.bad is not None
    width = max(1, (column.width or _DEFAULT_BAR) - judged)
    return bar(share, width, ascii=ascii), ""


def _spark(value: Value, column: Column, ascii: bool) -> Figure | None:
    if not isinstance(value, (list, tuple)):
        return None
    width = (column.width or _DEFAULT_SPARK) - (column.warn is not None or column.bad is not None)
    known = [number for number in map(_number, value) if number is not None]
    top = max(known, default=0.0)
    if width < 2 * _SPARK_UNIT:
        return sparkline(value, max(1, width), top, ascii=ascii), ""
    text, unit = numbers.count(top)
    return sparkline(value, width - _SPARK_UNIT, top, ascii=ascii), f" {text}{unit}"


def _time(value: Value, column: Column | None, ascii: bool) -> Figure:
    if not isinstance(value, datetime):
        return _text(value), ""
    return (value.astimezone() if value.tzinfo else value).strftime("%Y-%m-%d %H:%M"), ""


_WRITERS: dict[Format, Callable[[Value, Column, bool], Figure | None]] = {
    Format.QUERY: _query,
    Format.BYTES: _of_number(numbers.size),
    Format.COUNT: _of_number(numbers.count),
    Format.PERCENT: _of_number(numbers.percent),
    Format.RATIO: _of_number(lambda share: numbers.percent(share * 100)),
    Format.DURATION: _of_number(numbers.duration),
    Format.AGE: _of_number(numbers.age),
    Format.RATE: _of_number(numbers.rate),
    Format.LSN: _lsn,
    Format.BAR: _bar,
    Format.SPARKLINE: _spark,
    Format.TIME: _time,
}


def _whole(value: Number) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return numbers.grouped(int(value) if whole else value)


def _measured(value: Number) -> str:
    """Return what a clock or a rate measured, without digits that it cannot know."""
    return (
        _whole(round(value, 3 if abs(value) >= 1 else 6))
        if isinstance(value, float)
        else _whole(value)
    )


def _share(value: Number) -> str:
    return f"{_written_out((_number(value) or 0.0) * 100, 6)} %"


def _written_out(number: float, digits: int) -> str:
    """Return a number with so many digits and no exponent, which few read at a glance."""
    text = f"{number:.{digits}g}"
    return f"{Decimal(text):f}" if "e" in text else text


def _with(short: Callable[[float], Figure], unit: str) -> Callable[[Number], str]:
    """Return a writer of the exact number, followed by the short form where that differs."""

    def write(value: Number) -> str:
        full = f"{_measured(value)} {unit}"
        number = _number(value)
        if number is None or not math.isfinite(number):
            return full
        brief = "".join(short(number))
        return full if brief in (full, full.replace(" bytes", " B")) else f"{full} ({brief})"

    return write


_EXACT: dict[Format, Callable[[Number], str]] = {
    Format.BYTES: _with(numbers.size, "bytes"),
    Format.COUNT: _measured,
    Format.PERCENT: lambda value: f"{_written_out(_number(value) or 0.0, 10)} %",
    Format.RATIO: _share,
    Format.BAR: _share,
    Format.DURATION: _with(numbers.duration, "s"),
    Format.AGE: _with(numbers.age, "s"),
    Format.RATE: lambda value: f"{_measured(value)} /s",
}
