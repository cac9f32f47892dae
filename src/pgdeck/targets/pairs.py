"""Connection strings of ``keyword=value`` pairs, read as libpq reads them, without a driver."""

from __future__ import annotations

import re

from pgdeck.errors import UsageProblem
from pgdeck.targets.options import LIBPQ

UNUSABLE = ("replication", "client_encoding")
"""Replication and another encoding would break what pgdeck reads."""

_QUOTED = r"'(?P<quoted>(?:[^'\\]|\\.)*)'"
_PLAIN = r"(?P<plain>(?:(?:[^\s'\\]|\\.|\\\Z)(?:[^\s\\]|\\.|\\\Z)*)?)(?=\s|\Z)"
_PAIR = re.compile(
    rf"\s*(?P<keyword>[^\s=]+)\s*=\s*(?:{_QUOTED}|{_PLAIN})\s*", re.DOTALL | re.ASCII
)


def read_pairs(text: str) -> dict[str, str]:
    """Return the keywords of a connection string; the last of two equal ones counts.

    Raises `UsageProblem`, which repeats nothing: a part may be a password with a blank.
    """
    keywords: dict[str, str] = {}
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None or not _is_known(pair["keyword"]) or "\0" in pair[0]:
            raise UsageProblem(
                "the connection string cannot be read as keyword=value pairs",
                "libpq's keywords are host, port, dbname, user, service, sslmode, ...;"
                " a value with a blank stands in 'single quotes'",
            )
        value = pair["quoted"] if pair["quoted"] is not None else pair["plain"] or ""
        keywords[pair["keyword"]] = re.sub(r"\\(.|\Z)", r"\1", value, flags=re.DOTALL)
        position = pair.end()
    return keywords


def _is_known(keyword: str) -> bool:
    return keyword in LIBPQ or keyword in UNUSABLE
