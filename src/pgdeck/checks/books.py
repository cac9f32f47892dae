"""The books that pgdeck brings, in their order."""

from __future__ import annotations

from typing import Any

from pgdeck.checks.postgres.book import PostgresBook
from pgdeck.core.check import Book
from pgdeck.core.samples import Samples


def books(samples: Samples, *, at_once: bool = False) -> tuple[Book[Any], ...]:
    """Return every book; `samples` is the past of the database that they judge.

    With `at_once` they gather in the first round also what is slow: a single look needs it.
    """
    return (PostgresBook(samples, measure_at_once=at_once),)
