"""A value ready to be drawn: text, how serious it is, and the unit that stays quiet."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct


class Level(IntEnum):
    """How much of the eye's attention a value deserves; ordered by seriousness."""

    QUIET = 0
    NORMAL = 1
    GOOD = 2
    NOTICE = 3
    UNKNOWN = 4
    WARNING = 5
    CRITICAL = 6


class Cell(Struct, frozen=True):
    """Printable single-line text that passed `core.text.safe`, and how to draw it.

    `unit` is drawn after the text in the quiet colour (it brings its own leading blank if it
    wants one); `mark` is a one-cell glyph (``▲``, ``■``) drawn after it in the level's colour,
    so that colour never stands alone.
    """

    text: str
    level: Level = Level.NORMAL
    unit: str = ""
    mark: str = ""
