"""The books that pgdeck brings, in their order."""

from __future__ import annotations

from typing import Any

from pgdeck.checks.starter import StarterBook
from pgdeck.core.check import Book
from pgdeck.core.samples import Samples


def books(samples: Samples) -> tuple[Book[Any], ...]:
    """Return every book; `samples` is the past of the database that they judge."""
    return (StarterBook(),)
