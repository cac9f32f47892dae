"""``pgdeck config check``: every mistake of the configuration at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pgdeck.cli.output import write
from pgdeck.cli.parser import COMMANDS
from pgdeck.core.machine import as_json
from pgdeck.core.text import safe
from pgdeck.errors import UsageProblem
from pgdeck.targets.config import (
    config_file,
    project_of,
    read_project_document,
    settings_of,
    table_of,
)
from pgdeck.targets.detect import working_directory
from pgdeck.targets.document import Document, Malformed, Mistake, nearest, read_document
from pgdeck.targets.project import config_places

WRONG = 2


def check(word: str | None, *, json: bool) -> int:
    """Print every mistake of one file, or of a person's files and the project's; 2 for any."""
    mistakes: list[Mistake] = []
    looked: list[Path] = []
    if word is not None:
        path = Path(word).expanduser()
        if not path.exists():
            raise UsageProblem(f"{path} is not there", "give a config.toml or a pgdeck.toml")
        files = [(path, path.name not in ("pgdeck.toml", "pyproject.toml"))]
    else:
        files = list(_files())
    for path, own in files:
        looked.append(path)
        mistakes += mistakes_in(path, own=own)
    if word is None:
        mistakes += _beside(looked)
    if json:
        write(as_json(shape(looked, mistakes)) + "\n")
    else:
        write("\n".join(page(looked, mistakes)) + "\n")
    return WRONG if mistakes else 0


def mistakes_in(path: Path, *, own: bool) -> list[Mistake]:
    """Return what is wrong in one file, in the order of its lines."""
    from pgdeck.wiring import audit_thresholds

    mistakes: list[Mistake] = []
    try:
        document = read_document(path) if own else read_project_document(path)
        if document is None:
            return []
    except Malformed as malformed:
        return [malformed.mistake]
    if own:
        settings = settings_of(document, mistakes)
        targets = settings.targets
        mistakes += _screen(document, settings.defaults.screen)
        mistakes += _theme(document, settings.defaults.theme)
        mistakes += _keys(document, mistakes)
    else:
        targets = project_of(document, mistakes).targets
    for name, target in targets.items():
        if name in COMMANDS and target.is_named:
            said = f"{name} is a command; a target may not bear a command's name"
            mistakes.append(document.mistake(("targets", name), said))
        if target.service:
            mistakes += _service(document, name, target.service)
    audit_thresholds(document, mistakes)
    return sorted(dict.fromkeys(mistakes), key=lambda each: each.line or 0)


def _screen(document: Document, name: str) -> Iterator[Mistake]:
    from pgdeck.watch.menu import load_menu

    if name and name not in (known := [spec.name for spec in load_menu(strict=False).specs]):
        said = f"no screen is called {name}"
        yield document.mistake(("defaults", "screen"), said, nearest(name, known))


def _theme(document: Document, name: str) -> Iterator[Mistake]:
    from pgdeck.themes import find_theme

    try:
        if name:
            find_theme(name)
    except UsageProblem as problem:
        yield document.mistake(("defaults", "theme"), problem.message, problem.hint)


def _keys(document: Document, mistakes: list[Mistake]) -> list[Mistake]:
    from pgdeck.cli.ownkeys import TABLE, mistakes_in_keys
    from pgdeck.wiring import load_specs

    return mistakes_in_keys(document, load_specs()) if table_of(document, TABLE, mistakes) else []


def _service(document: Document, name: str, service: str) -> Iterator[Mistake]:
    from pgdeck.targets.service import service_keywords

    try:
        service_keywords(service, os.environ)
    except UsageProblem as problem:
        place = ("targets", name, "service")
        yield document.mistake(place, problem.message, problem.hint)


def _files() -> Iterator[tuple[Path, bool]]:
    """Yield the files that count here, and whether each is a person's own."""
    own = config_file()
    if own is not None and own.exists():
        yield own, True
    directory = working_directory()
    for place in config_places(directory) if directory else ():
        yield place.path, False
        return


def _beside(looked: list[Path]) -> Iterator[Mistake]:
    """Yield what is wrong in the other files of the configuration directory."""
    from pgdeck.themes import own_directory, remarks

    own = config_file()
    if own is None:
        return
    looked += sorted(own_directory().glob("*.toml"))
    yield from map(as_mistake, remarks())


def as_mistake(problem: UsageProblem) -> Mistake:
    """Return a complaint that begins with ``FILE:LINE:`` as a mistake."""
    told = re.match(r"(?P<file>/[^:]*):(?:(?P<line>\d+):)? (?P<said>.*)", problem.message, re.S)
    if told is None:
        return Mistake(Path(), None, "", problem.message, problem.hint)
    line = int(told["line"]) if told["line"] else None
    return Mistake(Path(told["file"]), line, "", told["said"], problem.hint)


def shape(looked: list[Path], mistakes: list[Mistake]) -> dict[str, object]:
    """Return what ``config check --json`` prints."""
    return {
        "ok": not mistakes,
        "files": [str(each) for each in looked],
        "mistakes": [
            {
                "file": str(each.file),
                "line": each.line,
                "key": each.key,
                "message": each.message,
                "hint": each.hint,
            }
            for each in mistakes
        ],
    }


def page(looked: list[Path], mistakes: list[Mistake]) -> list[str]:
    """Return the lines for a person: each mistake, or the files in which there is none."""
    lines: list[str] = []
    for each in mistakes:
        lines.append(safe(f"{each.where}: {each.message}"))
        if each.hint:
            lines.append(f"    {safe(each.hint)}")
    wrong = {each.file for each in mistakes}
    lines += [f"{safe(str(each))}: ok" for each in looked if each not in wrong]
    if not looked:
        lines.append(safe(f"no configuration: {config_file()} is not there, nor a pgdeck.toml"))
    return lines
