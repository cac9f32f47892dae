"""Regular expressions that a person types, searched within a time limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgdeck.core.filter import PatternError

if TYPE_CHECKING:
    import regex

LONGEST_PATTERN = 500
"""Characters of a pattern."""

SEARCH_SECONDS = 0.03
"""Time that one search may take."""

STRIKES = 3
"""Searches that may run out of time before the pattern is given up."""


class TimedPattern:
    """A compiled pattern; after some searches without an end it is `expired` and finds nothing."""

    def __init__(self, compiled: regex.Pattern[str]) -> None:
        self._compiled = compiled
        self._strikes = 0

    @property
    def expired(self) -> bool:
        """Whether the pattern was given up because its searches took too long."""
        return self._strikes >= STRIKES

    def search(self, text: str) -> bool:
        """Tell whether the pattern occurs in the text; False when that takes too long."""
        if self.expired:
            return False
        try:
            return self._compiled.search(text, timeout=SEARCH_SECONDS) is not None
        except TimeoutError:
            self._strikes += 1
            return False


def compile_pattern(text: str) -> TimedPattern:
    """Return a pattern blind to case, for which every line of a text begins and ends anew.

    Raises `PatternError` saying what is wrong with the pattern.
    """
    # A tenth of a second that a start without a pattern need not pay.
    import regex

    if len(text) > LONGEST_PATTERN:
        raise PatternError(f"the pattern is longer than {LONGEST_PATTERN} characters")
    try:
        return TimedPattern(regex.compile(text, regex.IGNORECASE | regex.MULTILINE))
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise PatternError(f"not a pattern: {getattr(error, 'msg', error)}") from None
