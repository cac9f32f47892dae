"""The filter of a table: what a person types after `/`, as a predicate over its rows.

``word`` and ``"two words"`` occur in the row's text, ``!word`` does not; ``col:text`` looks at one
column; ``col>10MB``, ``col>=5min``, ``col<``, ``col<=``, ``col=`` compare its raw value;
``/pattern/`` and ``col:/pattern/`` are regular expressions over the row's cells, each a line.
All terms must hold; case never counts.  A column is named by its name, or by an unambiguous
beginning of its label or name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from pgdeck.core.quantity import Operator, QuantityError, comparison
from pgdeck.core.rows import TableRow, Value
from pgdeck.core.spec import Column


class Pattern(Protocol):
    """A compiled regular expression with a time limit of its own."""

    @property
    def expired(self) -> bool:
        """Whether it was given up because its searches took too long."""

    def search(self, text: str) -> bool:
        """Tell whether it occurs in a text."""


class PatternError(ValueError):
    """A text that is no regular expression; the message says why."""


class FilterProblem(Struct, frozen=True):
    """What is wrong with a filter's text, and at which character (from 0) it begins."""

    position: int
    message: str


class Term(Struct, frozen=True):
    """One condition: a test of the row's values and of its cells' case-folded texts."""

    holds: Callable[[Sequence[Value], Sequence[str]], bool]
    negated: bool = False
    word: str = ""
    pattern: Pattern | None = None


class Filter(Struct, frozen=True):
    """A parsed filter; one with a `problem` matches every row."""

    text: str
    terms: tuple[Term, ...] = ()
    problem: FilterProblem | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The case-folded texts whose places in a row are worth highlighting."""
        return tuple(term.word for term in self.terms if term.word and not term.negated)

    @property
    def expired(self) -> bool:
        """Whether a pattern took too long and was given up: what is shown may lack rows."""
        return any(term.pattern is not None and term.pattern.expired for term in self.terms)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, row: TableRow, cells: Sequence[str]) -> bool:
        """Tell whether a row satisfies every term; `cells` are its texts in column order."""
        if self.problem is not None or not self.terms:
            return True
        folded = [cell.casefold() for cell in cells]
        return all(term.holds(row.values, folded) is not term.negated for term in self.terms)


class _FilterError(Exception):
    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.found = FilterProblem(position, message)


_TERM = re.compile(
    r"""(?P<negated>!?)
    (?:(?P<column>[^\W\d][^\s:<>=!"/]*)(?P<operator>:|>=|<=|=|<|>))?
    (?: "(?P<quoted>[^"]*)"?
      | (?P<slash>/)(?P<pattern>(?:\\.|[^\\])*?)(?P<end>/(?=\s|$)|$)
      | (?P<plain>\S*) )""",
    re.VERBOSE | re.DOTALL,
)
_BLANK = re.compile(r"\s*")


def parse(
    text: str, columns: Sequence[Column], compile_pattern: Callable[[str], Pattern]
) -> Filter:
    """Return the filter that a text means; what is wrong with it is the filter's `problem`.

    `compile_pattern` raises `PatternError` for a text that is no regular expression.
    """
    terms: list[Term] = []
    at = _blank(text, 0)
    try:
        while at < len(text):
            found = _TERM.match(text, at)
            assert found is not None  # every part of a term is optional
            term = _term(found, columns, compile_pattern)
            if term is not None:
                terms.append(term)
            at = _blank(text, max(found.end(), at + 1))
    except _FilterError as problem:
        return Filter(text, (), problem.found)
    return Filter(text, tuple(terms))


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _term(
    found: re.Match[str], columns: Sequence[Column], compile_pattern: Callable[[str], Pattern]
) -> Term | None:
    negated = bool(found["negated"])
    operator = found["operator"]
    place = None if found["column"] is None else _place(found, columns)
    if place is not None and operator != ":":
        return _compared(found, columns[place], place, negated)
    if found["slash"]:
        return _searched(found, place, negated, compile_pattern)
    word = (found["quoted"] if found["quoted"] is not None else found["plain"]).casefold()
    if not word:
        # A lone ! or an empty col: is a term still being typed.
        return None
    return Term(_contains(word, place), negated, word)


def _contains(word: str, place: int | None) -> Callable[[Sequence[Value], Sequence[str]], bool]:
    if place is None:
        return lambda values, cells: any(word in cell for cell in cells)
    return lambda values, cells: place < len(cells) and word in cells[place]


def _searched(
    found: re.Match[str],
    place: int | None,
    negated: bool,
    compile_pattern: Callable[[str], Pattern],
) -> Term | None:
    if not found["end"]:
        raise _FilterError(found.start("slash"), "the pattern has no closing /")
    if not found["pattern"]:
        return None
    try:
        pattern = compile_pattern(found["pattern"])
    except PatternError as bad:
        raise _FilterError(found.start("pattern"), str(bad)) from None

    def holds(values: Sequence[Value], cells: Sequence[str]) -> bool:
        # One search a row instead of one a cell: each cell is a line of its own.
        return pattern.search("\n".join(cells if place is None else cells[place : place + 1]))

    return Term(holds, negated, pattern=pattern)


def _compared(found: re.Match[str], column: Column, place: int, negated: bool) -> Term | None:
    operand = found["quoted"] if found["quoted"] is not None else found["plain"]
    start = found.end("operator")
    if found["slash"]:
        operand = found.string[start : found.end()]
    if not operand:
        return None
    try:
        test = comparison(Operator(found["operator"]), operand, column)
    except QuantityError as problem:
        raise _FilterError(start, str(problem)) from None

    def holds(values: Sequence[Value], cells: Sequence[str]) -> bool:
        return place < len(values) and test(values[place])

    return Term(holds, negated)


def _place(found: re.Match[str], columns: Sequence[Column]) -> int:
    """Return the position of the column that a text names."""
    named = found["column"].casefold()
    names = [column.name.casefold() for column in columns]
    labels = [column.label.casefold() for column in columns]
    for texts in (names, labels):
        if named in texts:
            return texts.index(named)
    begun = [
        at
        for at, texts in enumerate(zip(names, labels, strict=True))
        if any(text.startswith(named) for text in texts)
    ]
    if len(begun) == 1:
        return begun[0]
    shown = ", ".join(columns[at].name for at in begun or range(len(columns)))
    if begun:
        raise _FilterError(found.start("column"), f"{found['column']} may be {shown}")
    message = f"no column is called {found['column']} (there are {shown}); quote it to look for it"
    raise _FilterError(found.start("column"), message)
