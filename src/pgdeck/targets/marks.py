"""What is known of a database besides its address: from a person's own file and the project's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from pgdeck.core.address import DEFAULT_PORT, endpoint, is_here
from pgdeck.core.target import STRICTNESS, Conninfo, Environment
from pgdeck.errors import UsageProblem
from pgdeck.targets.config import Password, Project, Settings, TargetSettings
from pgdeck.targets.keywords import Filled, fill
from pgdeck.targets.sources import Candidate


class Marks(Struct):
    """The marks in force, the source of each, and what others would have said."""

    name: str = ""
    environment: Environment = Environment.UNKNOWN
    colour: str = ""
    read_only: bool = False
    writable: bool = False
    project_dir: Path | None = None
    backup_dir: Path | None = None
    project_file: Path | None = None
    password: Password | None = None
    password_file: Path | None = None
    sources: dict[str, str] = field(default_factory=dict)
    lost: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def take(self, key: str, value: object, source: str, *, wins: bool | None = None) -> None:
        """Take a value, by default unless there is one; `None` and empty is nothing said."""
        if value is None or value in ("", Environment.UNKNOWN):
            return
        if wins is None:
            wins = key not in self.sources
        if not wins:
            self.lost.setdefault(key, []).append((source, said(value)))
            return
        if key in self.sources:
            older = (self.sources[key], said(getattr(self, key)))
            self.lost.setdefault(key, []).insert(0, older)
        setattr(self, key, value)
        self.sources[key] = source


def said(value: object) -> str:
    """Return a mark as a configuration has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def marks_of(
    candidate: Candidate,
    filled: Filled,
    settings: Settings | None,
    project: Project | None,
    environ: Mapping[str, str],
) -> Marks:
    """Return what is known of a candidate: a person's own word first, the project's may tighten.

    `project` is the one that the candidate belongs to, None when it belongs to none.
    """
    marks = Marks(name=candidate.name)
    own = section_of(candidate, filled, settings, environ) if settings else None
    if own is not None:
        _take_own(marks, own, filled.values.get("user"))
    if settings is not None and settings.mistake is not None:
        _close(marks, settings.mistake)
    if settings is not None and settings.file is not None:
        source = f"{settings.file.name}: defaults"
        marks.take("read_only", settings.defaults.read_only, source)
        marks.writable = marks.writable or settings.defaults.read_only is False
        marks.take("backup_dir", settings.defaults.backup_dir, source)
    here = is_here(filled.conninfo)
    if project is not None:
        marks.project_file = project.file
        section = project.targets.get(candidate.name) if candidate.name else project.own
        for each in (section, project.own if section is not project.own else None):
            if each is not None:
                _take_projects(marks, each, project, here=here)
    _tighten(marks, candidate.environment, candidate.source, here=here)
    marks.take("project_dir", candidate.project_dir, candidate.source)
    return marks


def _close(marks: Marks, mistake: UsageProblem) -> None:
    """Let nothing be changed while the file that may forbid it cannot be read in full."""
    marks.take("read_only", True, "a mistake in the configuration", wins=True)
    said = "; ".join(filter(None, (mistake.message, mistake.hint)))
    marks.notes.append(f"read-only until the configuration is mended: {said}")


def _take_own(marks: Marks, own: TargetSettings, login: str | None) -> None:
    file = own.file.name if own.file else ""
    source = f"{file}: targets.{own.name}"
    if own.is_named:
        marks.name = own.name
        marks.sources["name"] = source
    for key in ("environment", "colour", "read_only", "project_dir", "backup_dir"):
        marks.take(key, getattr(own, key), source)
    marks.writable = own.read_only is False
    its_login = own.address.conninfo.get("user") if own.address else None
    if own.password is not None and its_login in (None, login):
        marks.password, marks.password_file = own.password, own.file
        marks.sources["password"] = source


def _take_projects(marks: Marks, own: TargetSettings, project: Project, *, here: bool) -> None:
    """Take a project's word: stricter marks win over a person's own, others only fill gaps."""
    source = f"{project.file.name}: targets.{own.name}" if own.name else project.file.name
    _tighten(marks, own.environment, source, here=here)
    marks.take("read_only", own.read_only, source, wins=bool(own.read_only) or None)
    marks.take("colour", own.colour, source)
    marks.take("project_dir", own.project_dir or project.directory, source)
    marks.take("backup_dir", own.backup_dir, source)
    if own.password is not None and marks.password is None:
        marks.password, marks.password_file = own.password, project.file
        marks.sources["password"] = source


def _tighten(marks: Marks, environment: Environment, source: str, *, here: bool) -> None:
    """Let a project say what a database is for, as long as nothing becomes laxer by it.

    On this host an unmarked database counts as a developer's own in any case.
    """
    if environment is Environment.UNKNOWN:
        return
    stricter = STRICTNESS.index(environment) > STRICTNESS.index(marks.environment)
    fills = marks.environment is Environment.UNKNOWN and here
    if not (stricter or fills) and environment is not marks.environment:
        marks.notes.append(
            f"{source}: a project cannot make {marks.environment.value} {environment.value};"
            " config.toml can"
        )
    marks.take("environment", environment, source, wins=stricter or fills)


def section_of(
    candidate: Candidate, filled: Filled, settings: Settings, environ: Mapping[str, str]
) -> TargetSettings | None:
    """Return what a person's own file says of a database: by name, or by where it leads.

    A name counts when the person gave it: whoever writes a project's address could borrow it, and
    the password with it, for another server.
    """
    targets, conninfo = settings.targets, filled.conninfo
    if candidate.name in targets and candidate.file == settings.file:
        return targets[candidate.name]
    unnamed = targets.get(endpoint(conninfo))
    if (
        unnamed
        and not unnamed.is_named
        and conninfo.get("hostaddr", "") in ("", conninfo.get("host"))
    ):
        return unnamed
    of_service = targets.get(filled.service)
    if of_service and not of_service.is_named and _is_of(filled.service, conninfo, environ):
        return of_service
    same = [each for each in settings.named if _is_same(each, conninfo, environ)]
    login = conninfo.get("user")
    for each in same:
        if each.address is not None and each.address.conninfo.get("user") == login:
            return each
    return same[0] if same else None


def _is_same(own: TargetSettings, conninfo: Conninfo, environ: Mapping[str, str]) -> bool:
    """Say whether an address leads where a target does."""
    if own.service:
        return _is_of(own.service, conninfo, environ)
    assert own.address is not None
    other = _filled(own.address.conninfo, environ)
    return other is not None and _place(other) == _place(conninfo)


def _is_of(service: str, conninfo: Conninfo, environ: Mapping[str, str]) -> bool:
    """Say whether an address leads to a service's server, whichever of its databases."""
    other = _filled(Conninfo({"service": service}), environ)
    return other is not None and _place(other)[:-1] == _place(conninfo)[:-1]


def _filled(given: Conninfo, environ: Mapping[str, str]) -> Conninfo | None:
    try:
        return fill(given, environ).conninfo
    except UsageProblem:
        return None


def _place(conninfo: Conninfo) -> tuple[str, ...]:
    """Return what decides where a connection ends: `hostaddr` beats the host's name."""
    port = conninfo.get("port") or DEFAULT_PORT
    keywords = ("host", "hostaddr", "service", "dbname")
    return (port, *(conninfo.get(keyword, "") for keyword in keywords))
