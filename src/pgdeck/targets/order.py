"""The table of precedence: every source that may name a database, the strongest first."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pgdeck.core.address import endpoint
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import read_address
from pgdeck.targets.keywords import LOCATING, Filled, fill
from pgdeck.targets.sources import Candidate, Rank
from pgdeck.targets.url import Address

if TYPE_CHECKING:
    from pgdeck.targets.config import Project, Settings, TargetSettings
    from pgdeck.targets.marks import Marks
    from pgdeck.targets.project import ProjectSettings

OWN_VARIABLE = "PGDECK_URL"
PROJECT_VARIABLE = "DATABASE_URL"


class Search:
    """One search for the database that is meant; nothing is read before it is needed.

    Without `settings` no configuration of a person counts, without `directory` no project.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        settings: Settings | None = None,
        directory: Path | None = None,
    ) -> None:
        self._environ = environ
        self._settings = settings
        self._directory = directory

    @cached_property
    def project(self) -> Project | None:
        """What the project around the directory says; raises `UsageProblem` for a mistake."""
        if self._directory is None or not _may_have_settings(self._directory):
            return None
        from pgdeck.targets.project import config_places

        for _ in config_places(self._directory):
            from pgdeck.targets.config import read_project

            return read_project(self._directory)
        return None

    def candidates(self, argument: str | None = None) -> Iterator[Candidate]:
        """Yield every database that something names.

        Raises `UsageProblem` for an argument or a configuration that cannot be read; what cannot
        be read elsewhere is a candidate with a `problem`.
        """
        if argument is not None:
            yield self._argument(argument)
        yield from self._own_variable()
        yield from self._variable(PROJECT_VARIABLE)
        if self._directory is None:
            yield from self._libpq()
            return
        variable = self.project.look.url_env if self.project else ""
        if variable not in ("", OWN_VARIABLE, PROJECT_VARIABLE):
            yield from self._variable(variable)
        yield from self._around()

    def _around(self) -> Iterator[Candidate]:
        """Yield the components, libpq's own, and what the project's files name, in this order."""
        from pgdeck.targets.project import open_search

        assert self._directory is not None
        components, files = open_search(self._directory, self._environ, self._look())
        yield from components
        yield from self._libpq()
        if self.project and self.project.own.is_named:
            yield named_candidate(self.project.own, Rank.PROJECT)
        yield from files

    def _look(self) -> ProjectSettings:
        from pgdeck.targets.project import ProjectSettings

        return self.project.look if self.project else ProjectSettings()

    def target(self, candidate: Candidate) -> Target:
        """Return the target of a candidate; raises `UsageProblem` where it cannot be one.

        Raises `Refused` when its password comes from a command of a project that is not trusted.
        """
        filled = self.filled(candidate)
        plain = Target(
            name=candidate.name or filled.service or endpoint(filled.conninfo),
            kind=_kind(candidate),
            conninfo=filled.conninfo,
            container=candidate.container,
            project_dir=candidate.project_dir,
            source=candidate.source,
            notes=candidate.address.notes if candidate.address else (),
        )
        marks = self.marks(candidate, filled)
        return plain if marks is None else self._marked(plain, marks)

    def _marked(self, plain: Target, marks: Marks) -> Target:
        """Return a target with what is known of it, and its password where that says how."""
        conninfo = plain.conninfo
        command: tuple[str, ...] = ()
        if marks.password is not None and "password" not in conninfo:
            from pgdeck.targets.passwords import known_password

            conninfo, command = known_password(marks, conninfo, self._environ)
        return replace(
            plain,
            name=marks.name or plain.name,
            conninfo=conninfo,
            environment=marks.environment,
            read_only=marks.read_only,
            writable=marks.writable and not marks.read_only,
            project_dir=marks.project_dir,
            backup_dir=marks.backup_dir,
            notes=(*plain.notes, *marks.notes),
            colour=marks.colour,
            project_file=marks.project_file,
            password_command=command,
        )

    def filled(self, candidate: Candidate) -> Filled:
        """Return the keywords of a candidate; raises what is wrong with it."""
        if candidate.problem is not None:
            raise candidate.problem
        assert candidate.address is not None
        given = candidate.address.conninfo
        return fill(given, self._environ, candidate.source, candidate.origins)

    def marks(self, candidate: Candidate, filled: Filled) -> Marks | None:
        """Return what is known of a candidate, None when nothing says more than its address."""
        configured = self._settings is not None and self._settings.file is not None
        project = self.project if self._is_projects(candidate) else None
        if not (configured or project or candidate.environment is not Environment.UNKNOWN):
            return None
        from pgdeck.targets.marks import marks_of

        return marks_of(candidate, filled, self._settings, project, self._environ)

    def _is_projects(self, candidate: Candidate) -> bool:
        """Say whether the project's word counts for a database: not for what a person named."""
        if self._directory is None or candidate.source == OWN_VARIABLE:
            return False
        if candidate.rank is Rank.ARGUMENT:
            named = bool(candidate.name) and candidate.file is not None
            return named and self._is_project_file(candidate.file)
        return candidate.rank is not Rank.LIBPQ

    def _is_project_file(self, file: Path | None) -> bool:
        if self._settings is not None and self._settings.file == file:
            return False
        return self.project is not None and self.project.file == file

    def named(self) -> tuple[Candidate, ...]:
        """Return every configured target, a person's own first; raises `UsageProblem`."""
        return tuple(named_candidate(own, Rank.ARGUMENT) for own in self._by_name().values())

    def _argument(self, text: str) -> Candidate:
        if (own := self._named(text)) is not None:
            return named_candidate(own, Rank.ARGUMENT)
        return Candidate(Rank.ARGUMENT, "argument", read_address(text))

    def _named(self, text: str) -> TargetSettings | None:
        """Return the configured target of a name; raises when a near one was probably meant."""
        if "://" in text or "=" in text:
            return None
        known = self._by_name()
        if known and text not in known and re.fullmatch(r"[\w.-]{1,62}", text):
            from pgdeck.targets.document import nearest

            raise UsageProblem(f"there is no target {text}", nearest(text, known))
        return known.get(text)

    def _by_name(self) -> dict[str, TargetSettings]:
        project = self.project.targets if self.project else {}
        own = self._settings.targets if self._settings else {}
        every = {**project, **{name: each for name, each in own.items() if each.is_named}}
        names = dict.fromkeys((*own, *project))
        return {name: every[name] for name in names if name in every and every[name].is_named}

    def _own_variable(self) -> Iterator[Candidate]:
        """Yield what a person's own variable says: an address, or the name of a target."""
        targets = self._settings.targets if self._settings else {}
        own = targets.get(self._environ.get(OWN_VARIABLE, ""))
        if own is not None and own.is_named:
            yield replace(named_candidate(own, Rank.VARIABLE), source=OWN_VARIABLE)
        else:
            yield from self._variable(OWN_VARIABLE)

    def _variable(self, variable: str) -> Iterator[Candidate]:
        text = self._environ.get(variable)
        if not text:
            return
        try:
            address = read_address(text)
            host = address.conninfo.get("host", "")
            if self._directory is not None and variable != OWN_VARIABLE and _may_be_service(host):
                from pgdeck.targets.project import seen_from_here

                address = seen_from_here(address, self._directory, self._environ, self._look())
            yield Candidate(Rank.VARIABLE, variable, address)
        except UsageProblem as problem:
            told = UsageProblem(
                f"{variable}: {problem.message}",
                f"mend or unset {variable}, or name the database as an argument; {problem.hint}",
            )
            yield Candidate(Rank.VARIABLE, variable, problem=told)

    def _libpq(self) -> Iterator[Candidate]:
        for variable in ("PGSERVICE", *LOCATING):
            if self._environ.get(variable):
                yield Candidate(Rank.LIBPQ, variable, Address(Conninfo()))
                return


def _may_have_settings(directory: Path) -> bool:
    """Say whether a file could hold a project's settings: else nothing of that is imported."""
    names = ("pgdeck.toml", "pyproject.toml")
    return any(
        os.path.lexists(place / name) for place in (directory, *directory.parents) for name in names
    )


def _may_be_service(host: str) -> bool:
    return host not in ("", "localhost") and "." not in host and not host.startswith(("/", "@"))


def named_candidate(own: TargetSettings, rank: Rank) -> Candidate:
    """Return what a configuration says as a candidate."""
    address = own.address or Address(Conninfo({"service": own.service}))
    file = own.file.name if own.file else ""
    return Candidate(rank, file, address, file=own.file, line=own.line, name=own.name)


def _kind(candidate: Candidate) -> Kind:
    return Kind.CONTAINER if candidate.container else Kind.REMOTE
