"""Help as wide as the terminal: written for a hundred columns, read at eighty as well."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

_COLUMN = re.compile(r" +\S.*?(?:\s{2,}|(?<=]) )(?=\S)")
"""What stands before the second column of a list, such as that of the commands."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps lists and examples line by line; breaks only what the terminal would break."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Return a description or an epilog; argparse calls this by its private name."""
        return "\n".join(f"{indent}{line}" for line in fitted(text, width - len(indent)))


def fitted(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text within a width; an example that is longer stays whole."""
    for paragraph in text.strip("\n").split("\n\n"):
        lines = paragraph.splitlines()
        if not any(line.startswith(" ") for line in lines):
            yield from _prose(lines, width)
        else:
            for line in lines:
                yield from _entry(line, width)
        yield ""


def _prose(lines: list[str], width: int) -> Iterator[str]:
    if all(len(line) <= width for line in lines):
        yield from lines
        return
    from textwrap import wrap

    yield from wrap(" ".join(lines), width, break_on_hyphens=False, break_long_words=False)


def _entry(line: str, width: int) -> Iterator[str]:
    """Yield a line of a list, what does not fit set below its second column."""
    column = _COLUMN.match(line) if len(line) > width else None
    if column is None:
        yield line
        return
    items = re.split(r"\s{3,}", line.strip())
    if len(items) > 2 or all(item[:1].isdigit() for item in items):
        yield from _items(items, width)
        return
    from textwrap import wrap

    below = " " * column.end()
    yield from wrap(line, width, subsequent_indent=below, break_on_hyphens=False)


def _items(items: list[str], width: int) -> Iterator[str]:
    """Yield short items side by side, none of them broken."""
    line = ""
    for item in items:
        if line and len(line) + len(item) + 3 > width:
            yield line
            line = ""
        line = f"{line}   {item}" if line else f"  {item}"
    yield line
