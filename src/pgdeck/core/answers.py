"""How the answers of one round are read: each by name, a failing one costing its part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from pgdeck.core.rows import Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Answer
from pgdeck.errors import QueryFailed

T = TypeVar("T")

Row = Mapping[str, Value]
Answers = Mapping[str, Answer]


def part(read: Callable[[], T]) -> T | Failure:
    """Return what `read` makes of its answers, or the failure that one of them is."""
    try:
        return read()
    except QueryFailed as error:
        return error.failure


def rows_of(answers: Answers, name: str) -> list[dict[str, Value]]:
    """Return an answer's rows; raises `QueryFailed` when the query failed."""
    answer = answers[name]
    if isinstance(answer, Failure):
        raise QueryFailed(answer)
    return answer.dicts()


def row_of(answers: Answers, name: str) -> Row:
    """Return an answer's only row, empty when there is none; raises `QueryFailed`."""
    rows = rows_of(answers, name)
    return rows[0] if rows else {}


def seconds(value: Value) -> float | None:
    """Return seconds, never below zero: something may begin after the clock was read."""
    return None if value is None else max(0.0, cast(float, value))


def whole(value: Value) -> int | None:
    """Return a whole number, None of null."""
    return None if value is None else int(cast(int, value))


def text(value: Value) -> str | None:
    """Return a text, None of null."""
    return None if value is None else str(value)
