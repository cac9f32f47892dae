"""Values of ours as SQL literals."""

from __future__ import annotations


def sql_text(text: str) -> str:
    """Return a text as an SQL literal, whatever standard_conforming_strings says."""
    doubled = text.replace("'", "''")
    if "\\" not in text:
        return f"'{doubled}'"
    return "E'" + doubled.replace("\\", "\\\\") + "'"
