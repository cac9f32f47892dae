"""docs/commands.md: every command with its options and examples."""

from __future__ import annotations

from collections.abc import Iterator

from docs.making.blocks import table
from docs.making.commands import Command, Section, commands

HEAD = """\
# Commands

<!-- Made by `make docs` from what --help prints; change that. -->

[cli.md](cli.md) says what they print for scripts, and what the exit codes mean.

"""

HELP = "-h, --help"
"""What every command has needs no line in every table."""


def reference_page() -> str:
    """Return the page."""
    found = commands()
    said_before = set(found[0].sections)
    parts = [HEAD, *_command(found[0], set())]
    for command in found[1:]:
        parts += _command(command, said_before)
    return "".join(parts).rstrip("\n") + "\n"


def _command(command: Command, known: set[Section]) -> Iterator[str]:
    yield f"## {command.name}\n\n"
    yield _literal(command.synopsis)
    for paragraph in command.description.split("\n\n"):
        first, *rest = paragraph.splitlines()
        if first.endswith(":"):
            yield f"{first.capitalize()}\n\n{_literal(tuple(line.strip() for line in rest))}"
        elif first.startswith("  "):
            yield _literal(tuple(line.strip() for line in (first, *rest)))
        else:
            yield f"{_prose(paragraph)}\n\n"
    for title, options in command.groups:
        rows = [(f"`{each.name}`", _escaped(each.help)) for each in options if each.name != HELP]
        if rows:
            yield f"{table((_title(title), ''), rows)}\n"
    for section in command.sections:
        if section in known and section.title != "exit codes":
            continue
        if section.title:
            yield f"{section.title.capitalize()}:\n\n{_literal(section.lines)}"
        else:
            yield f"{_prose(' '.join(section.lines))}\n\n"


def _title(title: str) -> str:
    return {"positional arguments": "word", "options": "option"}.get(title, title)


def _literal(lines: tuple[str, ...]) -> str:
    return "".join(["```\n", *(f"{line}\n" for line in lines), "```\n\n"])


def _prose(text: str) -> str:
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
