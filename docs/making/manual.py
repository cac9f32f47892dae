"""docs/pgdeck.1: the manual page, made of what --help says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docs.making.commands import Command, Section, commands

HEAD = """\
.\\" Made by `make docs` from what --help prints; change that.
.TH PGDECK 1 "" "pgdeck" "User Commands"
.SH NAME
pgdeck \\- the cockpit of a PostgreSQL database in a terminal
"""

FILES = (
    ("~/.config/pgdeck/config.toml", "named targets, defaults and thresholds"),
    ("~/.config/pgdeck/screens/, themes/", "screens and themes of your own"),
    ("pgdeck.toml, pyproject.toml", "what a project says of its databases"),
    ("~/.local/state/pgdeck/", "what pgdeck remembers, and the server of pgdeck demo"),
    ("~/.pgpass, ~/.pg_service.conf", "libpq's passwords and services"),
)

VARIABLES = (
    ("PGDECK_URL, DATABASE_URL", "the target where none is named, in this order"),
    ("PGHOST, PGPORT, PGDATABASE, PGUSER, PGSERVICE, ...", "the same, as libpq reads them"),
    ("PGPASSWORD, PGPASSFILE", "the password, or the file that has it"),
    ("NO_COLOR", "anything but nothing: no colours"),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME", "where the files below are instead"),
    ("PGDECK_DEBUG", "1: show the traceback of an error of pgdeck's own"),
)


def manual_page() -> str:
    """Return the page in the language of man(7)."""
    dashboard, *others = commands()
    lines = [".SH SYNOPSIS"]
    for command in (dashboard, *others):
        lines += [line for use in command.synopsis for line in (".br", _bold_first(use))]
    lines += [".SH DESCRIPTION", *_described(dashboard)]
    lines += [".SH OPTIONS", *_options(dashboard)]
    lines += _sections(dashboard.sections, ".SH")
    lines.append(".SH COMMANDS")
    for command in others:
        lines += [f".SS {_quoted(command.name)}", *_described(command), *_options(command)]
        own = [section for section in command.sections if section not in dashboard.sections]
        lines += _sections(own, ".PP")
    lines += [".SH ENVIRONMENT", *_pairs(VARIABLES), ".SH FILES", *_pairs(FILES)]
    lines += [".SH SEE ALSO", ".BR psql (1)"]
    return HEAD + "\n".join(lines) + "\n"


def _described(command: Command) -> Iterator[str]:
    for paragraph in command.description.split("\n\n"):
        first, *rest = paragraph.splitlines()
        yield ".PP"
        if first.endswith(":"):
            yield _text(first.capitalize())
            yield from _literal(line.removeprefix("  ") for line in rest)
        elif first.startswith("  "):
            yield from _literal(line.removeprefix("  ") for line in (first, *rest))
        else:
            yield _text(" ".join(paragraph.split()))


def _options(command: Command) -> Iterator[str]:
    for title, options in command.groups:
        if title not in ("positional arguments", "options"):
            yield from (".PP", _text(f"{title.capitalize()}:"))
        yield from _pairs((each.name, each.help) for each in options)


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in pairs:
        yield from (".TP", f"\\fB{_plain(name)}\\fR", _text(meaning))


def _sections(sections: Iterable[Section], heading: str) -> Iterator[str]:
    for section in sections:
        if not section.title:
            yield from (".PP", _text(" ".join(" ".join(section.lines).split())))
            continue
        if heading == ".SH":
            yield f".SH {_quoted(section.title.upper())}"
        else:
            yield from (".PP", _text(f"{section.title.capitalize()}:"))
        yield from _literal(section.lines)


def _literal(lines: Iterable[str]) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf")
    yield from map(_text, lines)
    yield from (".fi", ".RE")


def _bold_first(use: str) -> str:
    program, _, rest = use.partition(" ")
    return f"\\fB{_plain(program)}\\fR {_plain(rest)}"


def _quoted(text: str) -> str:
    return f'"{_plain(text)}"'


def _text(line: str) -> str:
    """Return a line of text; a dot or quote at its beginning is no request."""
    escaped = _plain(line)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _plain(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha")
    return escaped.replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti")
