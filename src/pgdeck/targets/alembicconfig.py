"""The address in a project's Alembic configuration: ``alembic.ini`` and its ``env.py``."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from pgdeck.errors import UsageProblem
from pgdeck.targets.interpolation import LONGEST
from pgdeck.targets.reading import read_text
from pgdeck.targets.staticvalue import StaticFile, options_set

URL = "sqlalchemy.url"
SECTION = "alembic"
PLACES = ("", "migrations", "alembic", "db", "database", "backend", "server", "api", "app", "src")
LONGEST_LINE = 4_000
LONGEST_FILE = 200_000
_REFERENCE = re.compile(r"%(?:%|\((?P<name>[^()\n]{1,200})\)s|(?P<odd>.?))", re.DOTALL)
DEEPEST = 8


class Found(Struct, frozen=True):
    """A text that Alembic would connect to, and where it stands; or why it cannot be told."""

    source: str
    file: Path
    text: str = ""
    line: int | None = None
    problem: UsageProblem | None = None


class AlembicConfig(Struct, frozen=True):
    """One configuration: its sections by name, and where its environment is."""

    path: Path
    sections: Mapping[str, Mapping[str, str]]
    text: str
    script: Path | None


def configurations(directory: Path) -> Iterator[AlembicConfig]:
    """Yield the configurations of a directory and its usual subdirectories; raises nothing."""
    for place in PLACES:
        found = read_ini(directory / place / "alembic.ini") or read_toml(
            directory / place / "pyproject.toml"
        )
        if found is not None:
            yield found


def read_ini(path: Path) -> AlembicConfig | None:
    """Return an ``alembic.ini``; None when it is not there or is none that can be read."""
    text = _text(path)
    if text is None:
        return None
    parser = configparser.RawConfigParser(strict=False)
    # A line may be so long that the parser's own patterns take for ever.
    lines = [line for line in text.split("\n") if len(line) <= LONGEST_LINE]
    try:
        parser.read_string("\n".join(lines))
    except (configparser.Error, RecursionError):
        return None
    sections = {name: dict(parser.items(name)) for name in parser.sections()}
    here = {"here": str(path.absolute().parent)}
    script = _expanded(sections.get(SECTION, {}).get("script_location", ""), {}, here)
    toml = read_toml(path.parent / "pyproject.toml") if not script else None
    return AlembicConfig(
        path, sections, text, toml.script if toml else _place(script or "", path.parent)
    )


def read_toml(path: Path) -> AlembicConfig | None:
    """Return the ``[tool.alembic]`` of a ``pyproject.toml``; it holds no URL, but leads to one."""
    text = _text(path)
    if text is None or "alembic" not in text:
        return None
    try:
        table = tomllib.loads(text).get("tool", {}).get("alembic")
    except (ValueError, RecursionError, AttributeError):
        return None
    if not isinstance(table, dict):
        return None
    here = {"here": str(path.absolute().parent)}
    script = _expanded(str(table.get("script_location", "")), {}, here)
    return AlembicConfig(path, {}, text, _place(script or "", path.parent))


def _text(path: Path) -> str | None:
    try:
        return read_text(path, limit=LONGEST_FILE)
    except UsageProblem:
        return None


def _place(script: str, directory: Path) -> Path | None:
    # `package:directory` is looked up by importing, which nobody does here.
    return directory / script if script and ":" not in script else None


def addresses(config: AlembicConfig, variables: Mapping[str, str]) -> Iterator[Found]:
    """Yield what Alembic would connect to: what its environment sets, else what the file says."""
    options, overrides = _of_environment(config, variables)
    here = {"here": str(config.path.absolute().parent)}
    if URL in options:
        yield options[URL]
        return
    if overrides:
        return  # the environment sets it, and to what cannot be told without running it
    for name, section in _in_order(config.sections):
        if not section.get(URL):
            continue
        given = {key: each.text for key, each in options.items()}
        filled = _expanded(section[URL], section, {**variables, **given, **here})
        source = config.path.name if name == SECTION else f"{config.path.name} [{name}]"
        line = _line(config.text, section[URL])
        if filled is None:
            problem = UsageProblem(
                f"{config.path}:{line}: {URL} has a % that Alembic cannot fill in",
                "write %% for a percent sign in alembic.ini",
            )
            yield Found(source, config.path, line=line, problem=problem)
        else:
            yield Found(source, config.path, _dollars(filled, variables), line)


def wanted_variables(config: AlembicConfig, variables: Mapping[str, str]) -> list[str]:
    """Return the variables that an environment's address needs and that are not set."""
    text = _text(config.script / "env.py") if config.script else None
    if text is None:
        return []
    file = StaticFile(text, variables)
    for name, expression in options_set(file):
        if name == URL and file.value(expression):
            return []
    return list(dict.fromkeys(file.missing))


def _in_order(
    sections: Mapping[str, Mapping[str, str]],
) -> list[tuple[str, Mapping[str, str]]]:
    names = re.split(r"[\s,]+", sections.get(SECTION, {}).get("databases", ""))
    order = [SECTION, *names, *sections]
    return [(name, sections[name]) for name in dict.fromkeys(order) if name in sections]


def _dollars(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with ``${NAME}`` filled in where that is set: some environments do that."""
    return re.sub(r"\$\{(\w{1,100})\}", lambda match: variables.get(match[1]) or match[0], text)


def _of_environment(
    config: AlembicConfig, variables: Mapping[str, str]
) -> tuple[dict[str, Found], bool]:
    """Return the options that ``env.py`` sets, and whether it sets the URL at all."""
    if config.script is None:
        return {}, False
    path = config.script / "env.py"
    text = _text(path)
    if text is None:
        return {}, False
    file = StaticFile(text, variables)
    options: dict[str, Found] = {}
    overrides = False
    for name, expression in options_set(file):
        value = file.value(expression)
        if value is None:
            overrides = overrides or (name == URL and not file.reads_options(expression))
            continue
        if name == URL and "://" not in value:
            continue
        said = f"{path.parent.name}/env.py"
        source = f"{said}: {file.used[0]}" if file.used else said
        # Here as in the file a percent sign is written twice.
        plain = value.replace("%%", "%")
        options.setdefault(name, Found(source, path, plain, expression.lineno))
    return options, overrides


def _expanded(
    text: str, options: Mapping[str, str], literal: Mapping[str, str] | None = None
) -> str | None:
    """Return a text with ``%(name)s`` filled in, None when that cannot be done.

    The values of `options` hold such names themselves, those of `literal` are what they are.
    """
    return _Expansion(options, literal or {}).expanded(text, 0)


class _Expansion:
    """Fills in each name once, or a few lines could name one another a million times."""

    def __init__(self, options: Mapping[str, str], literal: Mapping[str, str]) -> None:
        self._options = options
        self._done: dict[str, str | None] = dict(literal)

    def expanded(self, text: str, depth: int) -> str | None:
        if depth > DEEPEST or len(text) > LONGEST:
            return None
        parts: list[str] = []
        at = length = 0
        for found in _REFERENCE.finditer(text):
            value = None if found["odd"] is not None else self._named(found["name"], depth)
            if value is None:
                return None
            parts += [text[at : found.start()], value]
            length += len(value)
            if length > LONGEST:
                return None
            at = found.end()
        return "".join(parts) + text[at:]

    def _named(self, name: str | None, depth: int) -> str | None:
        if not name:
            return "%"
        if name not in self._done:
            raw = self._options.get(name, self._options.get(name.lower()))
            self._done[name] = None if raw is None else self.expanded(raw, depth + 1)
        return self._done[name]


def _line(text: str, value: str) -> int | None:
    first = value.split("\n")[0]
    return next((number for number, row in enumerate(text.split("\n"), 1) if first in row), None)
