"""What may stand at the cursor of an unfinished command line; asks no server."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field

from pgdeck.cli.parser import COMMANDS, DASHBOARD, DESCRIPTION, PARSERS, split_command
from pgdeck.errors import Problem

CONFIG = "pgdeck config"
FILES = frozenset({"PATH", "FILE", "DIR"})
"""What an option's value is called when it is the name of a file."""


class Offer(Struct, frozen=True):
    """One way to go on: the whole word, and in a few words what it is.

    A `loose` one is not yet complete: no blank follows it.
    """

    text: str
    help: str = ""
    loose: bool = False


class Answer(Struct, frozen=True):
    """All ways to go on; `files` when names of files fit as well."""

    offers: tuple[Offer, ...] = ()
    files: bool = False


class Line(Struct):
    """What the finished words of a line come to.

    `pending` is the option that waits for its value, `place` the number of words that are none.
    """

    parser: argparse.ArgumentParser
    used: list[argparse.Action] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    pending: argparse.Action | None = None
    only_words: bool = False


def answer(words: Sequence[str]) -> Answer:
    """Say what may stand for the last of the words after the program's name."""
    *before, current = words or [""]
    command, rest = split_command(before)
    line = read_line(PARSERS[command](), rest)
    if line.pending is not None:
        return _values(line.pending, line, current)
    if current.startswith("-") and not line.only_words:
        option, equals, typed = current.partition("=")
        action = _option(line.parser, option)
        if equals and action is not None:
            return _behind(f"{option}=", _values(action, line, typed))
        return Answer(_fitting(_options(line), current))
    found = _place(line, current)
    if command == DASHBOARD and not line.words:
        commands = (Offer(name, told(name)) for name in sorted(COMMANDS))
        found = Answer((*_fitting(commands, current), *found.offers), found.files)
    if not current and not found.offers and not found.files:
        found = Answer(tuple(_options(line)))
    return found


def read_line(parser: argparse.ArgumentParser, words: Iterable[str]) -> Line:
    """Return what the words of a command come to, in argparse's own terms."""
    line = Line(parser)
    for word in words:
        if line.pending is not None:
            line.pending = None
        elif word == "--" and not line.only_words:
            line.only_words = True
        elif word.startswith("-") and word != "-" and not line.only_words:
            option, equals, _ = word.partition("=")
            action = _option(parser, option)
            if action is not None:
                line.used.append(action)
                line.pending = action if _takes_value(action) and not equals else None
        else:
            line.words.append(word)
    return line


def _option(parser: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    return next((each for each in parser._actions if word in each.option_strings), None)


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _options(line: Line) -> Iterator[Offer]:
    """Yield the options that may still be given."""
    excluded = set(line.used)
    for group in line.parser._mutually_exclusive_groups:
        if excluded & set(group._group_actions):
            excluded |= set(group._group_actions)
    for action in line.parser._actions:
        repeatable = isinstance(action, argparse._AppendAction)
        if action.help is argparse.SUPPRESS or (action in excluded and not repeatable):
            continue
        for option in action.option_strings[-1:]:
            yield Offer(option, said(action))


def said(action: argparse.Action) -> str:
    """Return an option's help as argparse prints it."""
    return (action.help or "").replace("%%", "%")


def _place(line: Line, current: str) -> Answer:
    """Return what fits the next word that is no option."""
    places = [each for each in line.parser._actions if not each.option_strings]
    if len(line.words) >= len(places):
        return Answer()
    return _values(places[len(line.words)], line, current)


def _values(action: argparse.Action, line: Line, current: str) -> Answer:
    """Return the values of an option, or of a word's place."""
    if action.choices is not None:
        return Answer(_fitting((Offer(str(each)) for each in action.choices), current))
    if action.metavar in FILES:
        return Answer(files=True)
    name = action.option_strings[-1] if action.option_strings else action.dest
    known = VALUES.get(name)
    return known(line, current) if known else Answer()


def _fitting(offers: Iterable[Offer], current: str) -> tuple[Offer, ...]:
    return tuple(offer for offer in offers if offer.text.startswith(current))


def _behind(head: str, found: Answer) -> Answer:
    """Put before each offer what stands before it in the same word."""
    offers = (Offer(head + offer.text, offer.help, offer.loose) for offer in found.offers)
    return Answer(tuple(offers), found.files)


def told(command: str) -> str:
    """Return what the list of commands in pgdeck's own --help says of one."""
    line = re.search(rf"^  pgdeck {command}\b.*?(?:\s\s+|(?<=]) )(\S.*)$", DESCRIPTION, re.M)
    return line.group(1) if line else ""


def _targets(line: Line, current: str) -> Answer:
    """Offer what a configuration names, and libpq's services."""
    import os

    from pgdeck.targets.service import service_names

    if line.parser.prog == CONFIG and line.words[:1] in (["check"], ["trust"]):
        return Answer(files=True)
    services = [Offer(f"service={name}") for name in service_names(os.environ)]
    return Answer(_fitting([*_named_targets(), *services], current))


def _named_targets() -> Iterator[Offer]:
    """Yield the targets of a person's and of the project's configuration, where they are right."""
    from pgdeck.targets.detect import own_settings, working_directory
    from pgdeck.targets.order import Search

    with suppress(Problem, OSError):
        for each in Search({}, own_settings(), working_directory()).named():
            yield Offer(each.name, each.environment.value)


def _screens(_line: Line, current: str) -> Answer:
    from pgdeck.watch.menu import load_menu

    specs = load_menu(strict=False).specs
    found = _fitting((Offer(spec.name, spec.title) for spec in specs), current)
    aliases = (Offer(name, spec.title) for spec in specs for name in spec.aliases)
    return Answer(found or (_fitting(aliases, current) if current else ()))


def _columns(line: Line, current: str) -> Answer:
    """Offer the columns of the screen that is to be printed."""
    from pgdeck.watch.menu import load_menu

    spec = load_menu(strict=False).find(line.words[0]) if line.words else None
    columns = spec.columns if spec else ()
    offers = (Offer(f"{each.label.replace(' ', '_')}:", each.note, loose=True) for each in columns)
    return Answer(_fitting(offers, current))


def _rule_offers(ending: str = "") -> Iterator[Offer]:
    from pgdeck.checks.postgres.rules import RULES

    for rule in RULES:
        yield Offer(rule.name + ending, rule.title, loose=bool(ending))


def _rules(_line: Line, current: str) -> Answer:
    return Answer(_fitting(_rule_offers(), current))


def _bounds(_line: Line, current: str) -> Answer:
    return Answer(_fitting(_rule_offers("="), current))


def _rule_list(_line: Line, current: str) -> Answer:
    """Offer rules behind those that a list has already."""
    head, comma, typed = current.rpartition(",")
    listed = set(head.split(","))
    offers = (offer for offer in _rule_offers() if offer.text not in listed)
    return _behind(head + comma, Answer(_fitting(offers, typed)))


def _themes(_line: Line, current: str) -> Answer:
    from pgdeck.themes import SHIPPED, own_names

    return Answer(_fitting(map(Offer, (*SHIPPED, *own_names())), current))


VALUES: Mapping[str, Callable[[Line, str], Answer]] = {
    "address": _targets,
    "--target": _targets,
    "screen": _screens,
    "--screen": _screens,
    "--filter": _columns,
    "--theme": _themes,
    "--only": _rule_list,
    "--skip": _rule_list,
    "--warn": _bounds,
    "--crit": _bounds,
    "--silence": _rules,
    "--acknowledge": _rules,
    "--unsilence": _rules,
}
"""Who knows the values of an option, or of a word by its name in the parser."""
