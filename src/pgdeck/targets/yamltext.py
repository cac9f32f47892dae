"""YAML as compose files use it: mappings, sequences, scalars, anchors, merges; nothing is made.

A scalar is its text, or None for a null.  Tags are passed over but ``!reset`` and ``!override``.
Aliases share what they name, so that a small file cannot become a large value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

DEEPEST = 50
LONGEST_NUMBER = 15
LARGEST = 1e6
"""Above it programs write a decimal number differently."""
_OCTAL = re.compile(r"[-+]?0o?[0-7][0-7_]*")
_HEXADECIMAL = re.compile(r"[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F]")
_WHOLE = re.compile(r"[-+]?[0-9][0-9_]*")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]{1,2})?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class YamlError(ValueError):
    """A text is no YAML of the kind that is read here."""

    def __init__(self, line: int, cause: str) -> None:
        super().__init__(f"line {line}: {cause}")
        self.line = line
        self.cause = cause


class Replacing(Struct, frozen=True):
    """A value that takes the place of what an earlier file said (``!override``, ``!reset``)."""

    value: object


def parse(text: str) -> object:
    """Return the first document of a text; raises `YamlError` naming the line."""
    import yaml

    builder = _Builder()
    try:
        for event in _events(text):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                break
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        cause = getattr(error, "problem", None) or "it is no YAML"
        raise YamlError(mark.line + 1 if mark else 1, cause) from None
    return builder.whole


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _events(text: str) -> Iterator[Any]:
    import yaml

    # The parser in C knows the same YAML and is tenfold faster; not every build has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return iter(yaml.parse(text, Loader=loader))


class _Open(Struct):
    """A mapping or sequence that is not complete yet."""

    value: Any
    tag: str
    anchor: str | None
    key: str | None = None
    expects_key: bool = True
    merged: list[object] = field(default_factory=list)


def _plain(text: str) -> str | None:
    """Return what stands unquoted as compose takes it: a number is written anew in its turn."""
    if text in _NULLS:
        return None
    if len(text) > LONGEST_NUMBER:
        return text
    if _OCTAL.fullmatch(text):
        return str(int(text.replace("_", "").replace("o", ""), 8))
    if _HEXADECIMAL.fullmatch(text):
        return str(int(text.replace("_", ""), 16))
    if _WHOLE.fullmatch(text):
        return str(int(text.replace("_", "")))
    if _DECIMAL.fullmatch(text):
        return f"{float(text):g}" if abs(float(text)) < LARGEST else text
    return text


class _Builder:
    """Makes values of a parser's events; never recursive, so that no depth can end the program."""

    def __init__(self) -> None:
        self.whole: object = None
        self._open: list[_Open] = []
        self._anchors: dict[str, object] = {}

    def take(self, event: Any) -> None:
        """Take the next event; raises `YamlError`."""
        import yaml

        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self._open) >= DEEPEST:
                raise YamlError(_line(event), "it is nested too deeply")
            empty: object = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._open.append(_Open(empty, event.tag or "", event.anchor))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self._open.pop()
            value = _merged(done.value, done.merged) if done.merged else done.value
            self._put(value, done.tag, done.anchor, event)
        elif isinstance(event, yaml.ScalarEvent):
            # The parser in C says of a plain scalar that its style is empty, the other one none.
            plain = event.implicit[0] and not event.style
            value = _plain(event.value) if plain else event.value
            self._put(value, event.tag or "", event.anchor, event)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlError(_line(event), "it names an anchor that is not there")
            self._put(self._anchors[event.anchor], "", None, event)

    def _put(self, value: object, tag: str, anchor: str | None, event: Any) -> None:
        """Set a complete value into what is open around it."""
        if tag in ("!reset", "!override"):
            value = Replacing(None if tag == "!reset" else value)
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.whole = value
            return
        around = self._open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.expects_key:
            if not isinstance(value, str | None):
                raise YamlError(_line(event), "a key is no plain text")
            around.key, around.expects_key = value or "", False
        else:
            around.expects_key = True
            if around.key == "<<":
                around.merged.append(value)
            else:
                around.value[around.key] = value


def _merged(found: dict[str, object], merged: list[object]) -> dict[str, object]:
    """Return a mapping with what its merge keys add: the mapping's own keys, then the earlier."""
    for value in merged:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                found = {**each, **found}
    return found
