"""Rows on their way out: the same shapes for the command line, files and the clipboard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from pgdeck.core.cells import make_cell
from pgdeck.core.machine import as_csv, as_json, as_tsv, failure_shape, plain
from pgdeck.core.rows import TableRow, Unknown, Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.spec import Align, Column
from pgdeck.core.text import safe

_MARKUP = str.maketrans({char: f"\\{char}" for char in "\\`*_[]|#~$"} | {"<": "&lt;", "&": "&amp;"})
"""What Markdown would take for more than text."""


class Printout(Struct, frozen=True):
    """Rows of one screen in the order in which they leave.

    `rows` have a value for each of `columns`; `extra` is aligned with them and holds what the
    query told beyond.  `taken_at` is in UTC, `age_s` in seconds.
    """

    screen: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    extra: tuple[Mapping[str, Value], ...] = ()
    taken_at: datetime | None = None
    age_s: float | None = None
    truncated: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the columns, then those of what is told beyond them."""
        declared = [column.name for column in self.columns]
        told = dict.fromkeys(name for more in self.extra[:1] for name in more)
        return declared + [name for name in told if name not in declared]

    @property
    def records(self) -> list[dict[str, Value]]:
        """Each row as a mapping from name to raw value."""
        declared = [column.name for column in self.columns]
        extra = self.extra or ({},) * len(self.rows)
        return [
            {**more, **dict(zip(declared, row.values, strict=True))}
            for row, more in zip(self.rows, extra, strict=True)
        ]

    def only(self, columns: tuple[Column, ...]) -> Printout:
        """Return the same rows with these of the columns alone, in this order."""
        at = {column.name: place for place, column in enumerate(self.columns)}
        places = [at[column.name] for column in columns]
        rows = tuple(
            TableRow(row.key, tuple(row.values[place] for place in places)) for row in self.rows
        )
        return Printout(
            self.screen,
            columns,
            rows,
            (),
            self.taken_at,
            self.age_s,
            self.truncated,
            self.failures,
        )


def reasons(printout: Printout) -> dict[tuple[str, Unknown], int]:
    """Count the rows for each reason why a column's value is not known."""
    found: dict[tuple[str, Unknown], int] = {}
    for record in printout.records:
        for name, value in record.items():
            if isinstance(value, Unknown):
                found[name, value] = found.get((name, value), 0) + 1
    return found


def plain_records(printout: Printout) -> list[dict[str, object]]:
    """Return each row as JSON knows it, with every name."""
    names = printout.names
    return [{name: plain(record.get(name)) for name in names} for record in printout.records]


def shape(printout: Printout, target: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON object that stands for a screen; docs/cli.md promises it."""
    return {
        "screen": printout.screen,
        "target": target,
        "taken_at": printout.taken_at.isoformat() if printout.taken_at else None,
        "age_s": printout.age_s,
        "columns": printout.names,
        "rows": plain_records(printout),
        "unknown": [
            {"column": column, "reason": why.reason, "remedy": why.remedy, "rows": count}
            for (column, why), count in reasons(printout).items()
        ],
        "truncated": printout.truncated,
        "failures": [failure_shape(failure) for failure in printout.failures],
    }


def to_json(printout: Printout, target: Mapping[str, object]) -> str:
    """Return a screen as one JSON object."""
    return as_json(shape(printout, target)) + "\n"


def to_csv(printout: Printout, *, terminal: bool = False) -> str:
    """Return a screen as CSV; for a terminal, which obeys what a file only holds, made safe."""
    names = printout.names
    rows = [[plain(record.get(name)) for name in names] for record in printout.records]
    if terminal:
        names = [safe(name) for name in names]
        rows = [[safe(v) if isinstance(v, str) else v for v in row] for row in rows]
    return as_csv(names, rows)


def to_tsv(printout: Printout) -> str:
    """Return the raw values as lines of fields, without a heading."""
    return as_tsv([plain(value) for value in row.values] for row in printout.rows)


def to_markdown(printout: Printout) -> str:
    """Return a table as people read it, its text kept from being markup."""
    told = printout.names[len(printout.columns) :]
    columns = (*printout.columns, *(Column(name, name) for name in told))
    lines = [
        [_escaped(safe(column.label or column.name)) for column in columns],
        ["---:" if column.align is Align.RIGHT else "---" for column in columns],
    ]
    for record in printout.records:
        cells = [make_cell(record.get(column.name), column) for column in columns]
        lines.append([_escaped(cell.text + cell.unit + cell.mark) for cell in cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(text: str) -> str:
    return text.translate(_MARKUP)
