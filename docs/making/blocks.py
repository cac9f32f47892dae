"""Generated blocks between marks in pages that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

MARKED = re.compile(r"(<!-- made: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str, blocks: Mapping[str, str]) -> str:
    """Return a page with what belongs between its marks; an unknown name is a KeyError."""
    return MARKED.sub(lambda found: f"{found[1]}{blocks[found[2]]}{found[3]}", page)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; a bar in a cell does not end it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
