"""What programs read: raw values as JSON and CSV know them, in shapes that stay."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pgdeck.core.rows import Unknown, Value
from pgdeck.core.snapshot import Failure

if TYPE_CHECKING:
    from pgdeck.core.target import Target
    from pgdeck.watch.model import Server


def plain(value: Value) -> object:
    """Return a raw value as JSON knows it: ISO 8601 for times, seconds for intervals.

    Null stands for nothing and for what cannot be known; NaN and infinity become their names.
    """
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
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_field(value) for value in row])
    return written.getvalue()


def _field(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def failure_shape(failure: Failure) -> dict[str, str]:
    """Return a failure as programs read it."""
    return {"kind": failure.kind.value, "message": failure.message, "hint": failure.hint}


def target_shape(target: Target, server: Server | None) -> dict[str, object]:
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
        "environment": (server.environment if server else None) or target.environment.value,
    }
