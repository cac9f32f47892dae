"""Every key that a configuration may hold: what it takes, what it does, and an example."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from pgdeck.core.target import COLOURS, Environment
from pgdeck.errors import UsageProblem
from pgdeck.targets.url import is_url, read_url

ENVIRONMENTS = tuple(each.value for each in Environment if each is not Environment.UNKNOWN)

Read = Callable[[object, Path], object]
"""From a TOML value and the file's directory to the value meant; raises `UnfitError`."""


class UnfitError(ValueError):
    """A value that is not what its key takes; the text says more than `Key.expects` does."""


class Key(Struct, frozen=True):
    """One key: `read` checks and converts it, the rest is what people are told."""

    name: str
    read: Read
    expects: str
    told: str
    example: str
    secret: bool = False
    runs: bool = False
    """Whether it names a command: in a project only after its directory was trusted."""


class Section(Struct, frozen=True):
    """A table of a configuration file; `name` is its header, empty for the top of a file."""

    name: str
    told: str
    keys: tuple[Key, ...]


def text(value: object, _base: Path) -> str:
    """Take a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise UnfitError
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise UnfitError("it holds a control character")
    return value.strip()


def secret(value: object, _base: Path) -> str:
    """Take any text, as it is."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise UnfitError
    return value


def flag(value: object, _base: Path) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise UnfitError
    return value


def words(value: object, base: Path) -> tuple[str, ...]:
    """Take one text or a list of them."""
    given = value if isinstance(value, list) else [value]
    if not given:
        raise UnfitError
    return tuple(text(each, base) for each in given)


def files(value: object, base: Path) -> tuple[Path, ...]:
    """Take one path or a list of them."""
    given = value if isinstance(value, list) else [value]
    if not given:
        raise UnfitError
    return tuple(path(each, base) for each in given)


def argv(value: object, _base: Path) -> tuple[str, ...]:
    """Take a command: a list of words, or a text that is split as a shell would."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    if not isinstance(value, str) or not value.strip():
        raise UnfitError
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise UnfitError(f"it cannot be split into words: {error}") from None


def environment(value: object, _base: Path) -> Environment:
    """Take the name of an environment."""
    if value not in ENVIRONMENTS:
        raise UnfitError
    return Environment(str(value))


def colour(value: object, _base: Path) -> str:
    """Take the name of a colour, or ``#rrggbb``."""
    if not isinstance(value, str):
        raise UnfitError
    if value in COLOURS or re.fullmatch("#[0-9a-fA-F]{6}", value):
        return value
    raise UnfitError


def path(value: object, base: Path) -> Path:
    """Take a path; a relative one begins at the file's own directory."""
    try:
        return base / Path(text(value, base)).expanduser()
    except RuntimeError as error:  # no home directory for ~
        raise UnfitError(str(error)) from None


def variable(value: object, _base: Path) -> str:
    """Take the name of a variable of the environment."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_]\w*", value, re.ASCII):
        raise UnfitError
    return value


def url(value: object, _base: Path) -> object:
    """Take the URL of a database; what is said of another never repeats it."""
    if not isinstance(value, str) or not is_url(value.strip()):
        raise UnfitError
    try:
        return read_url(value.strip())
    except UsageProblem as problem:
        raise UnfitError(f"{problem.message}; {problem.hint}") from None


def seconds(value: object, _base: Path) -> float:
    """Take a refresh interval."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.25 <= value <= 3600:
        raise UnfitError
    return float(value)


URL = Key(
    "url",
    url,
    "a URL such as postgresql://user@host:5432/database",
    "Where the database is, as a URL of any driver.",
    '"postgresql://app@db.example.com:5432/shop"',
)
SERVICE = Key(
    "service",
    text,
    "the name of an entry of pg_service.conf",
    "Where the database is, as a service of libpq, instead of `url`.",
    '"shop-prod"',
)
PASSWORDS = (
    Key(
        "password_command",
        argv,
        "a command, as a text or as a list of words",
        "What prints the password on its first line; run without a shell.",
        '"pass show shop/prod"',
        runs=True,
    ),
    Key(
        "password_variable",
        variable,
        "the name of a variable of the environment",
        "The variable that holds the password.",
        '"SHOP_PASSWORD"',
    ),
    Key(
        "password",
        secret,
        "a text",
        "The password itself; only in a file of mode 0600.",
        '"..."',
        secret=True,
    ),
)
MARKS = (
    Key(
        "environment",
        environment,
        f"one of {', '.join(ENVIRONMENTS)}",
        "What the database is for: colours the frame and sets how much is asked before acting.",
        '"prod"',
    ),
    Key(
        "colour",
        colour,
        f"one of {', '.join(COLOURS)}, or #rrggbb",
        "The colour of the name in the frame, instead of the environment's.",
        '"orange"',
    ),
    Key(
        "read_only",
        flag,
        "true or false",
        "Whether pgdeck and the psql that it opens begin read-only.",
        "true",
    ),
)
PROJECT_DIR = Key(
    "project_dir",
    path,
    "a directory",
    "The checkout that belongs to the database: its compose file, its migrations.",
    '"~/src/shop"',
)
BACKUP_DIR = Key("backup_dir", path, "a directory", "Where backups go.", '"~/backups/shop"')
TARGET_KEYS = (URL, SERVICE, *PASSWORDS, *MARKS, PROJECT_DIR, BACKUP_DIR)

DEFAULT_KEYS = (
    Key("screen", text, "the name of a screen", "The screen to begin with.", '"activity"'),
    Key("interval", seconds, "seconds from 0.25 to 3600", "Seconds between refreshes.", "2"),
    Key("theme", text, "the name of a theme", "The theme; docs/terminals.md has them.", '"light"'),
    Key("ascii", flag, "true or false", "Draw with ASCII alone.", "false"),
    Key("mouse", flag, "true or false", "Take the mouse from the terminal.", "true"),
    Key("low_bandwidth", flag, "true or false", "Paint less often; no motion.", "false"),
    MARKS[2],
    BACKUP_DIR,
)

PLACE_KEYS = (
    Key(
        "url_env",
        variable,
        "the name of a variable of the environment",
        "The project's own variable for the URL, after PGDECK_URL and DATABASE_URL.",
        '"SHOP_PG_URI"',
    ),
    Key(
        "prefix",
        variable,
        "the beginning of names of variables",
        "Components are read from PREFIX_PG_HOST, _PORT, _USER, _PASSWORD and _DB.",
        '"SHOP"',
    ),
    Key(
        "compose_service",
        text,
        "the name of a service",
        "Which service of the compose file is the database.",
        '"db"',
    ),
    Key(
        "compose_files",
        files,
        "a file or a list of files",
        "The compose files, when they are not the usual ones.",
        '["docker/compose.yaml"]',
    ),
    Key(
        "compose_profiles",
        words,
        "a name or a list of names",
        "The profiles of the compose file that count.",
        '["database"]',
    ),
    Key("alembic", path, "a file", "The project's Alembic configuration.", '"db/alembic.ini"'),
)
PROJECT_KEYS = (URL, SERVICE, *PLACE_KEYS, *PASSWORDS, *MARKS, BACKUP_DIR)

RULE_KEYS = (
    Key("warn", text, "a number with its unit, or false", "Warn from here on.", '"60 %"'),
    Key("crit", text, "a number with its unit, or false", "Critical from here on.", '"80 %"'),
    Key("off", flag, "true or false", "Do not judge the rule.", "true"),
)
RULE = Section(
    "checks.RULE", "What is decided about one rule of the checks; also under a target.", RULE_KEYS
)
KEY_KEYS = (
    Key(
        '"live.pause"',
        words,
        "a key or a list of keys",
        "And so on for every name; the old key is free then.",
        '"f9"',
    ),
)
CONFIG = (
    Section("defaults", "What the command line and the targets leave open.", DEFAULT_KEYS),
    Section("targets.NAME", "A database that has a name: pgdeck NAME.", TARGET_KEYS),
    RULE,
    Section("keys", "Other keys for what docs/keys.md names.", KEY_KEYS),
)
PROJECT = (
    Section("", "The project's own database.", PROJECT_KEYS),
    Section("targets.NAME", "Another database of the project: pgdeck NAME.", TARGET_KEYS),
    RULE,
)
"""The sections of config.toml, and of a project's pgdeck.toml or ``[tool.pgdeck]``."""
