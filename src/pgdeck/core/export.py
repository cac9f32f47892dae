"""Forms in which rows go to a file, and the name of that file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pgdeck.core.printout import Printout, to_csv, to_json, to_markdown

LONGEST_PART = 40
_ODD = re.compile(r"[^A-Za-z0-9_.]+")


class Form(StrEnum):
    """A form by the suffix of its files."""

    CSV = "csv"
    JSON = "json"
    MARKDOWN = "md"


LABELS = {Form.CSV: "CSV", Form.JSON: "JSON", Form.MARKDOWN: "Markdown"}


def render(printout: Printout, form: Form, target: Mapping[str, object]) -> str:
    """Return the text of a file: raw in CSV and JSON, for people in Markdown."""
    if form is Form.JSON:
        return to_json(printout, target)
    return to_csv(printout) if form is Form.CSV else to_markdown(printout)


def file_name(screen: str, database: object, moment: datetime, form: Form) -> str:
    """Return a name that says what is in the file and when it was taken, in UTC.

    >>> file_name("tables", "../shop", datetime(2026, 1, 31, 12, 5), Form.CSV)
    'tables-shop-20260131T120500Z.csv'
    """
    parts = [_plain(screen), _plain(str(database or "")), f"{moment:%Y%m%dT%H%M%SZ}"]
    return "-".join(filter(None, parts)) + f".{form}"


def _plain(text: str) -> str:
    return _ODD.sub("_", text)[:LONGEST_PART].strip("._")
