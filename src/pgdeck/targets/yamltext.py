"""YAML as compose files use it: mappings, sequences, scalars, anchors, merges; nothing is made.

A scalar is its text, or None for a null.  Tags are passed over but ``!reset`` and ``!override``.
Aliases share what they name, so that a small file cannot become a large value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEEPEST = 50
LONGEST_QUOTATION = 200
"""Lines of a quoted scalar."""
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_KEY_END = re.compile(r":(?=\s|$)|\s#")
_NO_KEY = frozenset("[]{}#&*!|>%@`,?")
_PROPERTY = re.compile(r"(?:&(?P<anchor>[^\s,\[\]{}]+)|(?P<tag>![^\s,\[\]{}]*))(?:\s+|$)")
_BLOCK = re.compile(r"(?P<style>[|>])(?:[+-]?(?P<indent>[1-9])?[+-]?)\s*(?:#.*)?")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "\n": ""}


class YamlError(ValueError):
    """A text is no YAML of the kind that is read here."""

    def __init__(self, line: int, cause: str) -> None:
        super().__init__(f"line {line}: {cause}")
        self.line = line
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Replacing:
    """A value that takes the place of what an earlier file said (``!override``, ``!reset``)."""

    value: object


def parse(text: str) -> object:
    """Return the first document of a text; raises `YamlError` naming the line."""
    return _Reader(text).document()


class _Reader:
    """Goes through the lines once; what follows a dash is put back as a line of its own."""

    def __init__(self, text: str) -> None:
        self._lines = text.replace("\r\n", "\n").split("\n")
        self._at = 0
        self._anchors: dict[str, object] = {}

    def document(self) -> object:
        while self._at < len(self._lines) and re.match(r"%|---\s*(#.*)?$|\s*(#|$)", self._line()):
            self._at += 1
        if self._line().startswith("--- "):
            self._lines[self._at] = "    " + self._line()[4:]
        value = self._node(0, 0)
        if self._skip():
            raise self._error("it is indented like nothing before it")
        return value

    def _line(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    def _skip(self) -> bool:
        """Go to the next line that says something; False at the document's end."""
        while self._at < len(self._lines):
            line = self._line()
            if line.startswith(("---", "...")):
                return False
            stripped = line.lstrip(" ")
            if stripped.startswith("\t") and stripped.strip() and not stripped.strip()[0] == "#":
                raise self._error("a tab indents it")
            if stripped.strip() and not stripped.startswith("#"):
                return True
            self._at += 1
        return False

    def _error(self, cause: str) -> YamlError:
        return YamlError(self._at + 1, cause)

    def _indent(self) -> int:
        return len(self._line()) - len(self._line().lstrip(" "))

    def _node(self, least: int, depth: int) -> object:
        """Read the node that begins at the next line, if that is indented by at least `least`."""
        if depth > DEEPEST:
            raise self._error("it is nested too deeply")
        if not self._skip() or self._indent() < least:
            return None
        indent, text = self._indent(), self._line().strip()
        if text == "-" or text.startswith("- "):
            return self._sequence(indent, depth)
        if _split_key(text) is not None:
            return self._mapping(indent, depth)
        self._at += 1
        return self._value(text, indent - 1, depth, same=False)

    def _sequence(self, indent: int, depth: int) -> list[object]:
        items: list[object] = []
        while self._skip() and self._indent() == indent:
            text = self._line()[indent:]
            if not (text.rstrip() == "-" or text.startswith("- ")):
                break
            rest = text[1:]
            if not _COMMENT.sub("", rest).strip():
                self._at += 1
                items.append(self._node(indent + 1, depth + 1))
                continue
            inner = rest.lstrip()
            self._lines[self._at] = " " * (indent + len(text) - len(inner)) + inner
            items.append(self._node(indent + 1, depth + 1))
        return items

    def _mapping(self, indent: int, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: list[object] = []
        while self._skip() and self._indent() == indent:
            text = self._line()[indent:]
            split = _split_key(text)
            if split is None:
                raise self._error("it is neither a key nor an item")
            key, rest = split
            self._at += 1
            value = self._value(rest, indent, depth, same=True)
            if key == "<<":
                merged.append(value)
            else:
                found[key] = value
        if self._skip() and self._indent() > indent:
            raise self._error("it is indented more than what it belongs to")
        return _merged(found, merged)

    def _value(self, text: str, parent: int, depth: int, *, same: bool) -> object:
        """Read a value of which `text` is the first line; `same`: a list may stand under its key"""
        anchor = tag = ""
        while match := _PROPERTY.match(text):
            anchor, tag = match["anchor"] or anchor, match["tag"] or tag
            text = text[match.end() :]
        if not text or text.startswith("#"):
            value = self._below(parent, depth, same=same)
        elif block := _BLOCK.fullmatch(text):
            value = self._block(block, parent)
        elif text[0] in "[{":
            value = self._flow(text, depth)
        elif text[0] in "\"'":
            value = self._quoted(text)
        elif text[0] == "*":
            value = self._alias(_COMMENT.sub("", text).strip())
        else:
            value = self._plain(text, parent)
        if tag in ("!reset", "!override"):
            value = Replacing(None if tag == "!reset" else value)
        if anchor:
            self._anchors[anchor] = value
        return value

    def _below(self, parent: int, depth: int, *, same: bool) -> object:
        if same and self._skip() and self._indent() == parent:
            text = self._line().strip()
            if text == "-" or text.startswith("- "):
                return self._sequence(parent, depth + 1)
        return self._node(parent + 1, depth + 1)

    def _alias(self, text: str) -> object:
        if text[1:] not in self._anchors:
            raise YamlError(self._at, "it names an anchor that is not there")
        return self._anchors[text[1:]]

    def _plain(self, text: str, parent: int) -> object:
        parts = [_COMMENT.sub("", text).strip()]
        while self._skip() and self._indent() > parent:
            parts.append(_COMMENT.sub("", self._line()).strip())
            self._at += 1
        return _scalar(" ".join(parts))

    def _quoted(self, text: str) -> object:
        gathered = text
        match = _QUOTED.match(gathered)
        lines = [text]
        while match is None and self._at < len(self._lines) and len(lines) < LONGEST_QUOTATION:
            lines.append(self._line().strip())
            self._at += 1
            if text[0] in lines[-1]:
                gathered = "\n".join(lines)
                match = _QUOTED.match(gathered)
        if match is None:
            raise YamlError(self._at, "a quotation is not closed")
        rest = gathered[match.end() :]
        if _COMMENT.sub("", rest).strip():
            raise YamlError(self._at, "something follows a quotation")
        return _scalar(match[0])

    def _block(self, header: re.Match[str], parent: int) -> str:
        rows: list[str] = []
        while self._at < len(self._lines) and (
            not self._line().strip() or self._indent() > max(parent, -1)
        ):
            rows.append(self._line())
            self._at += 1
        filled = [row for row in rows if row.strip()]
        least = min((len(row) - len(row.lstrip(" ")) for row in filled), default=0)
        body = [row[least:] for row in rows]
        return ("\n" if header["style"] == "|" else " ").join(body).rstrip()

    def _flow(self, text: str, depth: int) -> object:
        start, parts, level = self._at, [text], _still_open(text)
        while level > 0 and self._at < len(self._lines):
            parts.append(self._line().strip())
            level += _still_open(parts[-1])
            self._at += 1
        return _Flow("\n".join(parts), self._anchors, start).whole(depth)


def _split_key(text: str) -> tuple[str, str] | None:
    """Return a line's key and what follows its colon, None when it has no key."""
    if quoted := _QUOTED.match(text):
        rest = text[quoted.end() :].lstrip()
        if rest[:1] != ":" or not (len(rest) == 1 or rest[1].isspace()):
            return None
        return str(_scalar(quoted[0])), rest[1:].strip()
    if not text or text[0] in _NO_KEY:
        return None
    end = _KEY_END.search(text)
    if end is None or end[0] != ":":
        return None
    return text[: end.start()].rstrip(), text[end.end() :].strip()


def _still_open(line: str) -> int:
    """Return how many brackets a line opens more than it closes; quoted ones do not count."""
    bare = _QUOTED.sub("", line)
    return sum(map(bare.count, "[{")) - sum(map(bare.count, "]}"))


class _Flow:
    """Reads what stands in brackets."""

    _ENDS = re.compile(r"[,\[\]{}]|:(?=[\s,\[\]{}]|$)|\s#")
    _BLANK = re.compile(r"(?:\s|(?:(?<=\s)|^)#[^\n]*)*")

    def __init__(self, text: str, anchors: dict[str, object], line: int) -> None:
        self._text = text
        self._anchors = anchors
        self._number = line
        self._at = 0

    def whole(self, depth: int) -> object:
        value = self._node(depth)
        self._blank()
        if self._at < len(self._text):
            raise self._error("something follows a closing bracket")
        return value

    def _error(self, cause: str) -> YamlError:
        return YamlError(self._number + self._text.count("\n", 0, self._at), cause)

    def _blank(self) -> None:
        match = self._BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _next(self) -> str:
        self._blank()
        return self._text[self._at : self._at + 1]

    def _node(self, depth: int) -> object:
        if depth > DEEPEST:
            raise self._error("it is nested too deeply")
        anchor = ""
        self._blank()
        while match := _PROPERTY.match(self._text, self._at):
            anchor = match["anchor"] or anchor
            self._at = match.end()
        sign = self._next()
        if sign in ("[", "{"):
            value: object = self._list(depth) if sign == "[" else self._map(depth)
        else:
            value = self._scalar()
        if anchor:
            self._anchors[anchor] = value
        return value

    def _list(self, depth: int) -> list[object]:
        items: list[object] = []
        self._at += 1
        while (sign := self._next()) != "]":
            if not sign:
                raise self._error("a bracket is not closed")
            value = self._node(depth + 1)
            if self._next() == ":":
                self._at += 1
                value = {str(value): self._node(depth + 1)}
            items.append(value)
            self._comma("]")
        self._at += 1
        return items

    def _map(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: list[object] = []
        self._at += 1
        while (sign := self._next()) != "}":
            if not sign:
                raise self._error("a bracket is not closed")
            key, value = str(self._node(depth + 1)), None
            if self._next() == ":":
                self._at += 1
                value = None if self._next() in (",", "}") else self._node(depth + 1)
            if key == "<<":
                merged.append(value)
            else:
                found[key] = value
            self._comma("}")
        self._at += 1
        return _merged(found, merged)

    def _comma(self, closing: str) -> None:
        sign = self._next()
        if sign == ",":
            self._at += 1
        elif sign != closing:
            raise self._error("a comma is missing")

    def _scalar(self) -> object:
        if quoted := _QUOTED.match(self._text, self._at):
            self._at = quoted.end()
            return _scalar(quoted[0])
        end = self._ENDS.search(self._text, self._at)
        stop = end.start() if end else len(self._text)
        if stop == self._at:
            raise self._error("a value is missing")
        text = self._text[self._at : stop].strip()
        self._at = stop
        if text.startswith("*"):
            if text[1:] not in self._anchors:
                raise self._error("it names an anchor that is not there")
            return self._anchors[text[1:]]
        return _scalar(text)


def _merged(found: dict[str, object], merged: list[object]) -> dict[str, object]:
    """Return a mapping with what its merge keys add: the mapping's own keys, then the earlier."""
    for value in merged:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                found = {**each, **found}
    return found


def _scalar(text: str) -> str | None:
    if text[:1] == "'" and len(text) > 1:
        return _folded(text[1:-1]).replace("''", "'")
    if text[:1] == '"' and len(text) > 1:
        return _ESCAPE.sub(_escaped, _folded(text[1:-1]))
    return None if text in _NULLS else text


def _folded(text: str) -> str:
    first, *rest = text.split("\n")
    return " ".join([first.rstrip() if rest else first, *map(str.strip, rest)])


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, code)
