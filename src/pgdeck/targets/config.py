"""What a person's config.toml and a project's pgdeck.toml say: models, and the strict reader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pgdeck.core.target import SECRET_KEYWORDS, Environment
from pgdeck.errors import UsageProblem
from pgdeck.paths import config_dir
from pgdeck.targets.document import Document, Malformed, Mistake, Place, Untrusted, read_document
from pgdeck.targets.harmless import harmless
from pgdeck.targets.project import ProjectSettings, config_places
from pgdeck.targets.schema import (
    DEFAULT_KEYS,
    PLACE_KEYS,
    PROJECT_KEYS,
    TARGET_KEYS,
    Key,
    UnfitError,
)
from pgdeck.targets.url import Address

FILE = "config.toml"
TOP_KEYS = ("defaults", "checks", "keys", "targets")
PASSWORD_KEYS = ("password_command", "password_variable", "password")
_NAME = re.compile(r"[\w][\w.-]{0,62}")


@dataclass(frozen=True, slots=True)
class Password:
    """Where a password comes from; one of the three is given, and the repr shows no literal."""

    command: tuple[str, ...] = ()
    variable: str = ""
    literal: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What is said of one database; `None` and empty is what is left open.

    One without `address` and `service` decides about the database that has its name as endpoint.
    """

    name: str = ""
    file: Path | None = None
    line: int | None = None
    address: Address | None = None
    service: str = ""
    password: Password | None = None
    environment: Environment = Environment.UNKNOWN
    colour: str = ""
    read_only: bool | None = None
    project_dir: Path | None = None
    backup_dir: Path | None = None

    @property
    def is_named(self) -> bool:
        """Whether it says where the database is."""
        return self.address is not None or bool(self.service)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the command line and the targets leave open."""

    screen: str = ""
    interval: float | None = None
    theme: str = ""
    ascii: bool | None = None
    mouse: bool | None = None
    low_bandwidth: bool | None = None
    read_only: bool | None = None
    backup_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """A person's own configuration; `file` is None when there is none.

    With a `mistake` it is what could be read of one that is not right: nothing is to be changed
    by it, for what is missing may have forbidden that.
    """

    file: Path | None = None
    defaults: Defaults = Defaults()
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)
    mistake: UsageProblem | None = None

    @property
    def named(self) -> tuple[TargetSettings, ...]:
        """The targets that a person can go to by name, in the file's order."""
        return tuple(each for each in self.targets.values() if each.is_named)


@dataclass(frozen=True, slots=True)
class Project:
    """What a project says of its databases: its `own`, and where to `look` for the rest."""

    file: Path
    own: TargetSettings = TargetSettings()
    look: ProjectSettings = field(default_factory=ProjectSettings)
    targets: Mapping[str, TargetSettings] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The directory that the file's relative names begin at."""
        return self.file.parent


def config_file() -> Path | None:
    """Return where a person's configuration would be, None when no home directory is known."""
    try:
        return config_dir() / FILE
    except UsageProblem:
        return None


def read_settings(path: Path | None = None) -> Settings:
    """Return a person's configuration, empty when there is none.

    Raises `UsageProblem` for the first mistake: file, line, key, what was expected.
    """
    settings = readable_settings(path)
    if settings.mistake is not None:
        raise settings.mistake
    return settings


def readable_settings(path: Path | None = None) -> Settings:
    """Return what can be read of a person's configuration, with the first mistake in it.

    Raises `Untrusted` for a file that somebody else could have written.
    """
    path = path or config_file()
    try:
        document = read_document(path) if path is not None else None
    except Untrusted:
        raise
    except Malformed as malformed:
        return Settings(path, mistake=malformed)
    if document is None:
        return Settings()
    mistakes: list[Mistake] = []
    try:
        settings = settings_of(document, mistakes)
    except Malformed as malformed:
        return Settings(path, mistake=malformed)
    return replace(settings, mistake=mistakes[0].problem()) if mistakes else settings


def settings_of(document: Document, mistakes: list[Mistake]) -> Settings:
    """Return what a person's file says; what is wrong is left out and added to `mistakes`."""
    mistakes += document.unknown((), TOP_KEYS)
    table_of(document, ("keys",), mistakes)  # the dashboard reads what is in it
    defaults = _values(document, ("defaults",), DEFAULT_KEYS, mistakes)
    targets = _targets(document, mistakes)
    return Settings(document.path, Defaults(**defaults), targets)


def read_project(directory: Path) -> Project | None:
    """Return what the project around a directory says, None when it says nothing.

    Raises `UsageProblem` for the first mistake.
    """
    for place in config_places(directory):
        document = read_project_document(place.path)
        if document is None:
            continue
        mistakes: list[Mistake] = []
        project = project_of(document, mistakes)
        if mistakes:
            raise mistakes[0].problem()
        return project
    return None


def read_project_document(path: Path) -> Document | None:
    """Read a project's file: all of pgdeck.toml, or the section of pyproject.toml."""
    root: Place = ("tool", "pgdeck") if path.name == "pyproject.toml" else ()
    return read_document(path, own=False, root=root)


def project_of(document: Document, mistakes: list[Mistake]) -> Project:
    """Return what a project's file says; what is wrong is left out and added to `mistakes`."""
    known = [each.name for each in PROJECT_KEYS]
    mistakes += document.unknown((), [*known, "checks", "targets"])
    values = _values(document, (), PROJECT_KEYS, mistakes)
    places = {key.name: values.pop(key.name) for key in PLACE_KEYS if key.name in values}
    look = ProjectSettings(
        url_env=places.get("url_env", ""),
        prefix=places.get("prefix", ""),
        service=places.get("compose_service", ""),
        compose_files=places.get("compose_files", ()),
        profiles=places.get("compose_profiles", ()),
        alembic=places.get("alembic"),
    )
    own = _harmless(_settings(document, (), values, mistakes))
    targets = {name: _harmless(each) for name, each in _targets(document, mistakes).items()}
    return Project(document.path, own, look, targets)


def _harmless(settings: TargetSettings) -> TargetSettings:
    if settings.address is None:
        return settings
    return replace(settings, address=harmless(settings.address))


def _targets(document: Document, mistakes: list[Mistake]) -> dict[str, TargetSettings]:
    targets: dict[str, TargetSettings] = {}
    for name in table_of(document, ("targets",), mistakes):
        place = ("targets", name)
        values = _values(document, place, TARGET_KEYS, mistakes, others=("checks",))
        targets[name] = _settings(document, place, values, mistakes)
    return targets


def _settings(
    document: Document, place: Place, values: dict[str, Any], mistakes: list[Mistake]
) -> TargetSettings:
    """Return one target; keys that contradict each other are mistakes."""
    address: Address | None = values.pop("url", None)
    if address and values.get("service"):
        said = "url and service are both given; either says where the database is"
        mistakes.append(document.mistake((*place, "service"), said, "remove one of them"))
    ways: list[str] = [key for key in PASSWORD_KEYS if key in values]
    mine = {key: values.pop(key) for key in ways}
    if address and SECRET_KEYWORDS & address.conninfo.keys():
        ways.insert(0, "url")
    if len(ways) > 1:
        said = f"{' and '.join(ways)}: a password can come from one place only"
        mistakes.append(document.mistake((*place, ways[1]), said, f"remove all but {ways[0]}"))
    literal = next((key for key in ways if key in ("url", "password")), None)
    if literal and not document.private:
        said = (
            f"{document.dotted((*place, literal))} holds a password, and others may read the file"
        )
        hint = f"chmod 600 {document.path}, or use password_command or password_variable"
        mistakes.append(document.mistake((*place, literal), said, hint))
    settings = TargetSettings(
        name=place[-1] if place else "",
        file=document.path,
        line=document.line(place) if place else None,
        address=address,
        password=_password(mine),
        **values,
    )
    _check_name(document, place, settings, mistakes)
    return settings


def _password(given: Mapping[str, Any]) -> Password | None:
    if not given:
        return None
    return Password(
        given.get("password_command", ()),
        given.get("password_variable", ""),
        given.get("password", ""),
    )


def _check_name(
    document: Document, place: Place, settings: TargetSettings, mistakes: list[Mistake]
) -> None:
    """Complain about a name that nobody could give on the command line."""
    if place and settings.is_named and not _NAME.fullmatch(settings.name):
        said = "the name of a target is a word of letters, digits, dots and dashes"
        mistakes.append(document.mistake(place, said))


def _values(
    document: Document,
    place: Place,
    keys: Iterable[Key],
    mistakes: list[Mistake],
    *,
    others: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the values of a table's keys as they are meant, without those that are wrong."""
    table = table_of(document, place, mistakes)
    known = {key.name: key for key in keys}
    if place:
        mistakes += document.unknown(place, (*known, *others)) if table else ()
    values: dict[str, Any] = {}
    for name, given in table.items():
        if (key := known.get(name)) is None:
            continue
        try:
            values[name] = key.read(given, document.path.parent)
        except UnfitError as unfit:
            said = f"{document.dotted((*place, name))}: expected {key.expects}"
            mistakes.append(document.mistake((*place, name), said, str(unfit)))
    return values


def table_of(document: Document, place: Place, mistakes: list[Mistake]) -> Mapping[str, Any]:
    """Return a table of a file; one that is none is a mistake, once, and empty."""
    try:
        return document.child(place)
    except Malformed as malformed:
        if malformed.mistake not in mistakes:
            mistakes.append(malformed.mistake)
    return {}
