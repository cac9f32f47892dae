"""Rows as a server answered them, and the questions that asked for them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from msgspec import Struct

from pgdeck.core.cell import Level
from pgdeck.core.spec import Format

Value = object
"""A raw value: None, bool, int, float, Decimal, str, aware datetime, list; or one of the below.

`Unknown`, `Estimate`, `Status` and `Measure` say more than a value could.
"""

Key = tuple[Hashable, ...]
"""What identifies a row from one refresh to the next."""


class Unknown(Struct, frozen=True):
    """A value that cannot be known, with the reason and the GRANT or setting that would show it."""

    reason: str
    remedy: str = ""


class Estimate(Struct, frozen=True):
    """A value that stands in for an exact one not known yet, or not to be had without waiting."""

    value: Value


class Status(Struct, frozen=True):
    """A state by its word, drawn behind its level's glyph and ordered by its level.

    A `muted` one is drawn quietly: it is so, but somebody said that it is known.
    """

    word: str
    level: Level
    muted: bool = False
    sign: tuple[str, str] = ("", "")
    """A glyph of its own instead of its level's, and that in ASCII."""


class Measure(Struct, frozen=True):
    """A value that brings its own format and level, in a column that holds values of many kinds."""

    value: Value
    format: Format
    level: Level = Level.NORMAL


class Query(Struct, frozen=True):
    """One statement of a round: native ``$1`` placeholders, parameters in the text format."""

    name: str
    sql: str
    params: tuple[str | None, ...] = ()


class Rows(Struct, frozen=True):
    """The answer to one query: column names, and the rows in the server's order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def dicts(self) -> list[dict[str, Value]]:
        """Return the rows as mappings from column name to value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def one(self) -> Mapping[str, Value]:
        """Return the first row as a mapping; empty when there is none."""
        return dict(zip(self.columns, self.rows[0], strict=True)) if self.rows else {}


class TableRow(Struct, frozen=True):
    """One row of a table on screen: its key, and its values in the order of the spec's columns."""

    key: Key
    values: tuple[Value, ...]


class Table(Struct, frozen=True):
    """What a table screen shows: rows keyed and ordered as the spec's columns say.

    `extra` holds values by column name that the query returned beyond the declared columns,
    aligned with `rows`; the detail pane shows them.  `truncated` is the number of rows that
    exist beyond those fetched, when known.
    """

    rows: tuple[TableRow, ...]
    extra: tuple[Mapping[str, Value], ...] = ()
    truncated: int = 0
