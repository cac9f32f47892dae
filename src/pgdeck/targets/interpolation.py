"""Variables in texts as compose and dotenv files write them: ``${NAME:-default}`` and its kin."""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST = 65_536
"""Characters of a text with its variables filled in; doubling lines soon pass it."""
DEEPEST = 16

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


class UnfilledError(ValueError):
    """A text cannot be completed; `variable` is the one that is required, if that is why."""

    def __init__(self, sentence: str, variable: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.variable = variable


def fill(text: str, variables: Mapping[str, str], *, bare: bool = True) -> str:
    """Return a text with its variables filled in; one that is not set is empty.

    `bare` says whether ``$NAME`` counts as well and ``$$`` is one dollar sign, as in compose files.
    Raises `UnfilledError` for a required variable that is missing, and for a text too long.
    """
    return _fill(text, variables, bare, 0)


def _fill(text: str, variables: Mapping[str, str], bare: bool, depth: int) -> str:
    if depth > DEEPEST:
        raise UnfilledError("its variables are nested too deeply")
    parts: list[str] = []
    at = length = 0
    while (dollar := text.find("$", at)) >= 0:
        value, end = _one(text, dollar, variables, bare, depth)
        parts += [text[at:dollar], value]
        length += dollar - at + len(value)
        if length > LONGEST:
            raise UnfilledError("its variables make it too long")
        at = end
    return "".join(parts) + text[at:]


def _one(
    text: str, dollar: int, variables: Mapping[str, str], bare: bool, depth: int
) -> tuple[str, int]:
    """Return what stands for the variable at a dollar sign, and where the text goes on."""
    after = text[dollar + 1 : dollar + 2]
    if after == "{" and (end := _closing(text, dollar + 2)) >= 0:
        return _braced(text[dollar + 2 : end], variables, bare, depth), end + 1
    if bare and after == "$":
        return "$", dollar + 2
    if bare and (name := _NAME.match(text, dollar + 1)):
        return variables.get(name[0], ""), name.end()
    return "$", dollar + 1


def _closing(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` is closed, -1 when it is not."""
    level = 1
    for found in re.compile(r"\$\{|\}").finditer(text, start):
        level += 1 if found[0] == "${" else -1
        if level == 0:
            return found.start()
        if level > DEEPEST:
            raise UnfilledError("its variables are nested too deeply")
    return -1


def _braced(inner: str, variables: Mapping[str, str], bare: bool, depth: int) -> str:
    name = _NAME.match(inner)
    if name is None:
        return "${" + inner + "}"
    rest = inner[name.end() :]
    value = variables.get(name[0])
    operator = _OPERATOR.match(rest)
    if operator is None:
        return value or ""
    # With a colon an empty value counts for none.
    is_there = bool(value) if operator[0].startswith(":") else value is not None
    word = rest[operator.end() :]
    if operator[0].endswith("-"):
        return value or "" if is_there else _fill(word, variables, bare, depth + 1)
    if operator[0].endswith("+"):
        return _fill(word, variables, bare, depth + 1) if is_there else ""
    if not is_there:
        raise UnfilledError(f"it needs the variable {name[0]}", name[0])
    return value or ""
