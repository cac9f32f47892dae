"""What programs read: raw values as JSON and CSV know them, in shapes that stay."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from pgdeck.core.rows import Estimate, Measure, Status, Unknown, Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.target import Target, environment_of


class Identity(Protocol):
    """Who answered, as far as programs are told."""

    @property
    def address(self) -> str | None:
        """The address of the server, None over a socket."""

    @property
    def port(self) -> int | None:
        """Its port, None over a socket."""

    @property
    def database(self) -> str:
        """The database of the session."""

    @property
    def login(self) -> str:
        """The role of the session."""

    @property
    def fingerprint(self) -> str:
        """Which database of which cluster."""

    @property
    def environment(self) -> str | None:
        """What the database itself says that it is used for."""


def plain(value: Value) -> object:
    """Return a raw value as JSON knows it: ISO 8601 for times, seconds for intervals.

    Null stands for nothing and for what cannot be known; NaN and infinity become their names,
    an estimate its number.
    """
    if isinstance(value, (Estimate, Measure)):
        return plain(value.value)
    if isinstance(value, Status):
        return value.word
    if value is None or isinstance(value, (Unknown, bool, int)):
        return None if isinstance(value, Unknown) else value
    if isinstance(value, (float, Decimal)):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def as_json(value: object) -> str:
    """Return JSON in ASCII: no control character and no lone surrogate is written raw."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, indent=2)
    return text.replace("\x7f", "\\u007f")


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV as RFC 4180 has it; null is an empty field, lists are JSON."""
    return "".join(f"{line}\r\n" for line in _lines([header, *rows], ","))


def as_tsv(rows: Iterable[Sequence[object]]) -> str:
    """Return lines of fields as spreadsheets take them; one with a tab or a line end is quoted."""
    return "\n".join(_lines(rows, "\t"))


def _lines(rows: Iterable[Sequence[object]], delimiter: str) -> Iterator[str]:
    written = io.StringIO(newline="")
    # With these ends of lines, fields that hold either of the two characters are quoted.
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        writer.writerow([field(value) for value in row])
        yield written.getvalue()[:-2]
        written.seek(0)
        written.truncate()


def field(value: object) -> object:
    """Return what `plain` made of a value as one field of text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def failure_shape(failure: Failure) -> dict[str, str]:
    """Return a failure as programs read it."""
    return {"kind": failure.kind.value, "message": failure.message, "hint": failure.hint}


def target_shape(target: Target, server: Identity | None) -> dict[str, object]:
    """Return which database was asked; without its answer the fingerprint is not known."""
    conninfo = target.conninfo
    port = conninfo.get("port", "")
    return {
        "name": target.name,
        "host": (server.address if server else None) or conninfo.get("host"),
        "port": (server.port if server else None) or (int(port) if port.isdigit() else None),
        "database": server.database if server else conninfo.get("dbname"),
        "role": server.login if server else conninfo.get("user"),
        "fingerprint": server.fingerprint if server else None,
        "environment": environment_of(target.environment, server.environment if server else None),
    }
