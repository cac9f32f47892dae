"""``pgdeck config init``: a commented example, made from the models; nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pgdeck.cli.output import write
from pgdeck.core.text import safe
from pgdeck.errors import Problem, Refused
from pgdeck.paths import config_dir
from pgdeck.targets.schema import CONFIG, PROJECT, Section

COLUMN = 32

OWN = """\
# pgdeck's configuration.  Every line is an example: remove the # of those that you want.
# pgdeck config check names what is wrong; pgdeck config show says what counts, and why.
# A password stands better in ~/.pgpass, in a variable, or comes from a command.
"""
PROJECTS = """\
# What pgdeck should know of this project.  Every line is an example: remove the # of those that
# you want.  A project may make things stricter (environment, read_only), never laxer, and commands
# in it run only after pgdeck config trust.  The same keys may stand in pyproject.toml,
# [tool.pgdeck].
"""
HEADERS = {"targets.NAME": "targets.prod", "checks.RULE": "checks.connections"}


def init(*, project: bool, to_stdout: bool) -> int:
    """Write the example, privately for oneself; raises `Refused` when a file is there."""
    text = example(project=project)
    if to_stdout:
        write(text)
        return 0
    path = Path("pgdeck.toml").absolute() if project else config_dir() / "config.toml"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, 0o644 if project else 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(
            f"{path} is there already and stays as it is", "see: pgdeck config init --print"
        ) from None
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror or error}") from None
    write(f"{safe(str(path))} written; every line in it is a comment yet\n")
    return 0


def example(*, project: bool) -> str:
    """Return the commented example of a configuration."""
    head, sections = (PROJECTS, PROJECT) if project else (OWN, CONFIG)
    return head + "".join("\n".join(_lines(each)) + "\n" for each in sections)


def _lines(section: Section) -> Iterator[str]:
    yield ""
    yield f"# {section.told}"
    if section.name:
        yield f"#[{HEADERS.get(section.name, section.name)}]"
    for key in section.keys:
        yield f"#{key.name} = {key.example}".ljust(COLUMN) + f"  # {key.told}"
