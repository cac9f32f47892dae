"""Numbers as a person reads them: at most three significant digits, the unit kept apart.

Own code, not humanize: core imports nothing from outside, and humanize writes other units
(``4.1 million``, ``a day``), no three significant digits and no unit of its own.
"""

from __future__ import annotations

from decimal import Decimal

BYTES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
COUNTS = ("", "k", "M", "G", "T", "P")

_MINUTE, _HOUR, _DAY, _YEAR = 60.0, 3600.0, 86400.0, 365.25 * 86400.0
_THOUSAND = 999.5
"""From here on three digits without a point would round to four."""

Figure = tuple[str, str]
"""A number's text, and its unit with the leading blank."""


def three(value: float) -> str:
    """Return a number with at most three significant digits and no trailing zeros.

    >>> [three(number) for number in (0, 1.214, 41.0, 98.24, 812.4, 0.004)]
    ['0', '1.21', '41', '98.2', '812', '0']
    """
    size = abs(value)
    if size >= 99.95:
        return f"{value:.0f}"
    text = f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def scaled(value: float, step: float, units: tuple[str, ...]) -> Figure:
    """Return a number in the unit that leaves it below a thousand, where there is one."""
    at = 0
    while abs(value) >= _THOUSAND and at < len(units) - 1:
        value /= step
        at += 1
    unit = units[at]
    return three(value), f" {unit}" if unit else ""


def size(value: float) -> Figure:
    """Return bytes in units of 1024, as PostgreSQL names them.

    >>> [size(number) for number in (812, 1000, 851443712, 1299227607)]
    [('812', ' B'), ('0.98', ' kB'), ('812', ' MB'), ('1.21', ' GB')]
    """
    return scaled(value, 1024.0, BYTES)


def count(value: float) -> Figure:
    """Return a count in units of 1000.

    >>> [count(number) for number in (7, 999, 1000, 612_300, 4_100_000)]
    [('7', ''), ('999', ''), ('1', ' k'), ('612', ' k'), ('4.1', ' M')]
    """
    return scaled(value, 1000.0, COUNTS)


def rate(value: float) -> Figure:
    """Return a number per second.

    >>> rate(412.4), rate(4120)
    (('412', ' /s'), ('4.12', ' k/s'))
    """
    text, unit = count(value)
    return text, f"{unit}/s" if unit else " /s"


def percent(value: float) -> Figure:
    """Return percent with one decimal; what is not quite nothing or all is never shown as such.

    >>> [percent(number)[0] for number in (0, 0.01, 4.13, 12, 99.97, 100, 130.4)]
    ['0', '<0.1', '4.1', '12', '99.9', '100', '130']
    """
    if 0 < value < 0.05:
        return "<0.1", " %"
    if 99.9 < value < 100:
        return "99.9", " %"
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text, " %"


def duration(seconds: float) -> Figure:
    """Return a time that something takes, in one unit.

    >>> [duration(number) for number in (0, 0.0042, 0.4, 12.3, 250, 93_600)]
    [('0', ' s'), ('4.2', ' ms'), ('0.4', ' s'), ('12', ' s'), ('4', ' min'), ('26', ' h')]
    """
    if 0 < abs(seconds) < 0.0995:
        return three(seconds * 1000), " ms"
    if abs(seconds) < 9.95:
        text = f"{seconds:.1f}".removesuffix(".0")
        return "0" if text == "-0" else text, " s"
    return age(seconds)


def age(seconds: float) -> Figure:
    """Return a time since, in one unit and rounded down; the future counts as now.

    A unit is left at twice the next one, so that ``26 h`` says more than ``1 d``.

    >>> [age(number) for number in (-3, 3.9, 90, 250, 93_600, 300_000, 8e7)]
    [('0', ' s'), ('3', ' s'), ('90', ' s'), ('4', ' min'), ('26', ' h'), ('3', ' d'), ('2', ' y')]
    """
    seconds = max(0.0, seconds)
    for length, limit, unit in (
        (1.0, 2 * _MINUTE, " s"),
        (_MINUTE, 2 * _HOUR, " min"),
        (_HOUR, 2 * _DAY, " h"),
        (_DAY, 2 * _YEAR, " d"),
    ):
        if seconds < limit:
            return str(int(seconds / length)), unit
    return str(int(seconds / _YEAR)), " y"


def grouped(value: int | float | Decimal) -> str:
    """Return the exact number with its thousands apart.

    >>> grouped(4123456), grouped(1234.5), grouped(0.1)
    ('4,123,456', '1,234.5', '0.1')
    """
    return f"{value:,}"
