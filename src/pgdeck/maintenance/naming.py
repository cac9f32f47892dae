"""Names of relations: as people type them, as they are asked to type them, and those meant."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pgdeck.core.text import safe
from pgdeck.errors import UsageProblem

PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,63}")
LETTERS = "abcdefghjkmnpqrstuvwxyz"
NEAREST = 3

Named = tuple[int, str, str]
"""An oid, a schema, a name."""


def parts(text: str) -> tuple[str, ...]:
    """Return the identifiers of a name as SQL has it: unquoted ones in lower case.

    Empty for what is no such name, which may yet be one as it stands.

    >>> parts('public.Orders'), parts('"we.ird"".x".t'), parts('a b"')
    (('public', 'orders'), ('we.ird".x', 't'), ())
    """
    found: list[str] = []
    at = 0
    while True:
        match = re.compile(r'"((?:[^"]|"")+)"|([^".]+)', re.DOTALL).match(text, at)
        if match is None:
            return ()
        quoted, bare = match.groups()
        found.append(quoted.replace('""', '"') if quoted is not None else bare.lower())
        at = match.end()
        if at == len(text):
            return tuple(found)
        if text[at] != ".":
            return ()
        at += 1


def meant(text: str, every: Sequence[Named]) -> Named:
    """Return the relation that a name means; raises `UsageProblem` with the nearest for none."""
    if "\0" in text:
        raise UsageProblem("a name holds a NUL character, which no name may", "leave it out")
    read = parts(text)
    schema, dot, name = text.partition(".")
    for found in (
        [each for each in every if len(read) == 2 and each[1:] == read],
        [each for each in every if dot and each[1:] == (schema, name)],
        [each for each in every if each[2] == text],
        [each for each in every if len(read) == 1 and each[2] == read[0]],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(_written(each) for each in found[:5])
            raise UsageProblem(f"{safe(text)} means several: {names}", "name its schema as well")
    raise UsageProblem(f"there is no {safe(text)} in this database", _nearest(text, every))


def known_schema(text: str, every: Iterable[str]) -> str:
    """Return the schema that a name means; raises `UsageProblem` with the nearest for none."""
    if "\0" in text:
        raise UsageProblem("a name holds a NUL character, which no name may", "leave it out")
    there = list(every)
    read = parts(text)
    words: tuple[str, ...] = (text, *(read if len(read) == 1 else ()))
    for word in words:
        if word in there:
            return word
    near = get_close_matches(text, there, n=1, cutoff=0.4)
    hint = f"did you mean {safe(near[0])}?" if near else "pgdeck ls tables lists what is there"
    raise UsageProblem(f"there is no schema {safe(text)} in this database", hint)


def to_type(name: str) -> str:
    """Return what confirms something about a name: itself, or a random word in its stead.

    What cannot be typed, or may look like another name, cannot be compared by eye either.
    """
    if PLAIN.fullmatch(name):
        return name
    return "".join(secrets.choice(LETTERS) for _ in range(5))


def _nearest(text: str, every: Sequence[Named]) -> str:
    bare = text.rpartition(".")[2].strip('"').lower()
    names: dict[str, Named] = {each[2].lower(): each for each in reversed(every)}
    near = get_close_matches(bare, names, n=NEAREST, cutoff=0.5)
    if not near:
        return "pgdeck ls tables lists what is there"
    return f"did you mean {', '.join(_written(names[each]) for each in near)}?"


def _written(named: Named) -> str:
    return safe(".".join(map(_quoted, named[1:])))


def _quoted(name: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'
