"""What `--help` says of each command, taken apart; the manual and the reference are made of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from pgdeck.cli.parser import COMMANDS, DASHBOARD, PARSERS

ORDER = ("demo", "status", "ls", "check", "metrics", "screens", "config", "doctor", "completion")


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or a word without a dash, and what it means."""

    name: str
    help: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text below the options; without a title it is a paragraph."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """One command as its parser knows it."""

    name: str
    synopsis: tuple[str, ...]
    description: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    sections: tuple[Section, ...]


def commands() -> list[Command]:
    """Return the dashboard, then every command."""
    known = [name for name in ORDER if name in COMMANDS]
    names = [DASHBOARD, *known, *sorted(COMMANDS - set(known))]
    return [_command(PARSERS[name]()) for name in names]


def _command(parser: argparse.ArgumentParser) -> Command:
    words = [_word(each) for each in parser._actions if not each.option_strings]
    synopsis = parser.usage or " ".join([parser.prog, *words, "[options]"])
    groups = (
        (group.title or "", tuple(_options(group._group_actions)))
        for group in parser._action_groups
    )
    return Command(
        parser.prog,
        tuple(line.strip() for line in synopsis.splitlines()),
        (parser.description or "").strip(),
        tuple((title, options) for title, options in groups if options),
        tuple(_sections(parser.epilog or "")),
    )


def _word(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    return f"[{name}]" if action.nargs in ("?", "*") else name


def _options(actions: list[argparse.Action]) -> Iterator[Option]:
    for action in actions:
        if action.help is argparse.SUPPRESS:
            continue
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        name = f"{', '.join(action.option_strings)}{value}".strip()
        yield Option(name, (action.help or "").replace("%%", "%"))


def _sections(text: str) -> Iterator[Section]:
    """Yield the paragraphs; one with a first line that ends in a colon has that as its title."""
    for paragraph in text.strip().split("\n\n"):
        first, *rest = paragraph.strip("\n").splitlines() or [""]
        if first.endswith(":") and rest and all(line.startswith("  ") for line in rest):
            yield Section(first.rstrip(":"), tuple(line[2:] for line in rest))
        elif first:
            yield Section("", (first, *rest))
