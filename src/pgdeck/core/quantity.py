"""Amounts with units as a person types them, compared with raw values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pgdeck.core.cells import parse_lsn
from pgdeck.core.rows import Estimate, Measure, Status, Value
from pgdeck.core.spec import Column, Format


class Operator(StrEnum):
    """How an amount is compared."""

    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="


class QuantityError(ValueError):
    """A text that is no amount of the column's kind; the message says what would be."""


_SIZES = {"": 1.0, "b": 1.0, "bytes": 1.0}
for _power, _letter in enumerate("kmgtpe", start=1):
    _SIZES |= dict.fromkeys((_letter, f"{_letter}b", f"{_letter}ib"), 1024.0**_power)
_COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_RATES = _COUNTS | {f"{unit}/s": scale for unit, scale in _COUNTS.items()}
_TIMES = {
    "": 1.0,
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 7 * 86400.0,
    "y": 365.25 * 86400.0,
}
_SHARES = {"": 1.0, "%": 0.01}
_PERCENT = {"": 1.0, "%": 1.0}

_UNITS = {
    Format.BYTES: (_SIZES, "a size such as 10MB"),
    Format.DURATION: (_TIMES, "a time such as 5min"),
    Format.AGE: (_TIMES, "a time such as 3d"),
    Format.RATIO: (_SHARES, "a share such as 10%"),
    Format.BAR: (_SHARES, "a share such as 10%"),
    Format.PERCENT: (_PERCENT, "percent such as 10%"),
    Format.RATE: (_RATES, "a rate such as 1.5k"),
}
_AMOUNT = re.compile(r"([+-]?)(\d+(?:_\d+)*)?(?:\.(\d*))?\s*([^\d\s.]*)\Z")
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}

Test = Callable[[Value], bool]


def comparison(operator: Operator, text: str, column: Column) -> Test:
    """Return the test of a column's raw value against an amount; None and Unknown never pass.

    A number without a unit is in the column's raw unit; an estimate counts as its value.  ``=``
    allows for half a unit of the last digit typed, so that what is shown as 812 MB equals
    ``812MB``; on text it is equality without case.  Raises `QuantityError`.
    """
    test = _comparison(operator, text, column)
    return lambda value: test(_bare(value))


def _bare(value: Value) -> Value:
    if isinstance(value, (Estimate, Measure)):
        return value.value
    return value.word if isinstance(value, Status) else value


def _comparison(operator: Operator, text: str, column: Column) -> Test:
    if column.format is Format.BOOLEAN:
        return _boolean(operator, text)
    if column.format is Format.TIME:
        return _moment(operator, text)
    if column.format is Format.LSN:
        return _position(operator, text)
    if column.format in (Format.TEXT, Format.QUERY):
        return _plain(operator, text)
    scales, example = _UNITS.get(column.format, (_COUNTS, "a number such as 10k"))
    low, middle, high = _amount(text, scales, example)
    if column.format in (Format.RATIO, Format.BAR) and middle > 1 and "%" not in text:
        raise QuantityError(f"a share is 0 to 1; write {text}%")
    if column.format is Format.AGE:
        # Ages are rounded down: all of the hour after 26 h is shown as 26 h.
        low, high = middle, middle + (high - low)
    return _numeric(operator, low, middle, high)


def _amount(text: str, scales: dict[str, float], example: str) -> tuple[float, float, float]:
    found = _AMOUNT.match(text.strip())
    if found is None or not (found[2] or found[3]):
        raise QuantityError(f"{text} is not {example}")
    sign, whole, fraction, unit = found.groups(default="")
    scale = scales.get(unit.casefold())
    if scale is None:
        raise QuantityError(f"{unit} is no unit here; write {example}")
    number = float(f"{sign}{whole or 0}.{fraction or 0}") * scale
    # Only a scaled or fractional amount is rounded for the eye; 5 is 5.
    half = 0.5 * 10.0 ** -len(fraction) * scale if scale != 1.0 or fraction else 0.0
    return number - half, number, number + half


def _numeric(operator: Operator, low: float, middle: float, high: float) -> Test:
    def test(value: Value) -> bool:
        number = _number(value)
        if number is None:
            return False
        match operator:
            case Operator.GREATER:
                return number > middle
            case Operator.AT_LEAST:
                return number >= middle
            case Operator.LESS:
                return number < middle
            case Operator.AT_MOST:
                return number <= middle
            case Operator.EQUAL:
                return number == middle or low <= number < high

    return test


def _number(value: Value) -> float | None:
    if isinstance(value, (list, tuple)):
        value = value[-1] if value else None
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    return None


def _boolean(operator: Operator, text: str) -> Test:
    wanted = _TRUTH.get(text.casefold())
    if operator is not Operator.EQUAL or wanted is None:
        raise QuantityError("compare with =yes or =no")
    return lambda value: value is wanted


def _moment(operator: Operator, text: str) -> Test:
    try:
        moment = datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise QuantityError(f"{text} is not a time such as 2026-11-21T14:00") from None
    compare = _numeric(operator, moment, moment, moment)
    return lambda value: isinstance(value, datetime) and compare(value.timestamp())


def _position(operator: Operator, text: str) -> Test:
    wanted = parse_lsn(text)
    if wanted is None:
        raise QuantityError(f"{text} is not a position such as 16/B374D848")

    def test(value: Value) -> bool:
        position = None if value is None else parse_lsn(value)
        if position is None:
            return False
        order = (position > wanted) - (position < wanted)
        return _ORDERS[operator](order)

    return test


_ORDERS: dict[Operator, Callable[[int], bool]] = {
    Operator.GREATER: lambda order: order > 0,
    Operator.AT_LEAST: lambda order: order >= 0,
    Operator.LESS: lambda order: order < 0,
    Operator.AT_MOST: lambda order: order <= 0,
    Operator.EQUAL: lambda order: order == 0,
}


def _plain(operator: Operator, text: str) -> Test:
    """Return the test of a column without a unit: numbers by value, text by equality."""
    try:
        compare = _numeric(operator, *_amount(text, _COUNTS, "a number"))
    except QuantityError:
        if operator is not Operator.EQUAL:
            raise QuantityError(f"{text} is not a number; compare text with = or :") from None
        compare = None
    wanted = text.casefold()

    def test(value: Value) -> bool:
        if isinstance(value, str):
            return operator is Operator.EQUAL and value.casefold() == wanted
        return compare is not None and compare(value)

    return test


def amount(text: str, form: Format) -> float:
    """Return an amount in the raw unit of a format: ``75 %`` is 0.75 of a share, ``5min`` 300 s.

    Raises `QuantityError`.
    """
    scales, example = _UNITS.get(form, (_COUNTS, "a number such as 10k"))
    _, value, _ = _amount(text, scales, example)
    if form in (Format.RATIO, Format.BAR) and value > 1 and "%" not in text:
        raise QuantityError(f"a share is 0 to 1; write {text}%")
    return value
