"""The keys that a screen's header may hold, and what each value must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from pgdeck.core.spec import Align, Direction, Format

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_MOST_TEXT = 4000


class RuleError(ValueError):
    """What a value must be; reads on from the key's name."""


Rule = Callable[[object], Any]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_TEXT:
        raise RuleError("must be text in quotes")
    return value


def _line(value: object) -> str:
    text = _text(value)
    if not text.isprintable():
        raise RuleError("must be one line of printable text")
    return text


def _maybe(value: object) -> str:
    return "" if value == "" else _text(value)


def _name(value: object) -> str:
    if not isinstance(value, str) or not NAME.match(value):
        raise RuleError("must be lower-case letters, digits and _, beginning with a letter")
    return value


def _key(value: object) -> str:
    if not isinstance(value, str) or len(value) != 1 or not "!" <= value <= "~":
        raise RuleError("must be one printable ASCII character")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleError("must be true or false")
    return value


def _integer(low: int, high: int) -> Rule:
    def rule(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise RuleError(f"must be a whole number from {low} to {high}")
        return value

    return rule


def _number(low: float, high: float) -> Rule:
    def rule(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RuleError("must be a number")
        if not low <= value <= high:
            raise RuleError(f"must be from {low:g} to {high:g}")
        return float(value)

    return rule


def _choice(kind: type[StrEnum]) -> Rule:
    def rule(value: object) -> StrEnum:
        try:
            return kind(str(value))
        except ValueError:
            raise RuleError(f"must be one of {', '.join(kind)}") from None

    return rule


def _unique(item: Rule) -> Rule:
    def rule(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise RuleError("must be a list")
        found = tuple(item(part) for part in value)
        if len(set(found)) != len(found):
            raise RuleError("names something twice")
        return found

    return rule


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise RuleError("must be a table")
    return value


def _tables(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise RuleError("must be tables: [[columns]]")
    return value


_ANY = _number(-1e18, 1e18)

SCREEN_KEYS: Mapping[str, Rule] = {
    "title": _line,
    "key": _key,
    "group": _line,
    "order": _integer(-10_000, 10_000),
    "help": _maybe,
    "aliases": _unique(_name),
    "interval": _number(0.5, 3600),
    "timeout": _number(0.1, 60),
    "requires": _table,
    "columns": _tables,
    "actions": _unique(_name),
    "row_key": _unique(_line),
    "sort": _table,
    "empty_text": _maybe,
    "limit": _integer(1, 100_000),
    "view": _name,
}

REQUIRES_KEYS: Mapping[str, Rule] = {
    "extension": _line,
    "privilege": _line,
    "minimum_version": _integer(10, 99),
}

SORT_KEYS: Mapping[str, Rule] = {"column": _line, "descending": _flag}

COLUMN_KEYS: Mapping[str, Rule] = {
    "name": _line,
    "label": _line,
    "format": _choice(Format),
    "align": _choice(Align),
    "width": _integer(0, 200),
    "priority": _integer(0, 9),
    "warn": _ANY,
    "bad": _ANY,
    "direction": _choice(Direction),
    "note": _maybe,
    "lazy": _flag,
    "hidden": _flag,
}

COMPANION_KEYS: Mapping[str, Rule] = {"fills": _name, "max_age": _number(1, 86_400)}
