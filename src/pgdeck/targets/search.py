"""The search through a project: each source in its turn, nearest directory first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from pgdeck.errors import UsageProblem
from pgdeck.targets.alembicconfig import (
    AlembicConfig,
    addresses,
    configurations,
    read_ini,
    read_toml,
    wanted_variables,
)
from pgdeck.targets.components import (
    SECOND,
    Told,
    families,
    families_of,
    is_foreign,
    prefix_of,
    told,
    told_to_libpq,
)
from pgdeck.targets.composeview import ComposeView
from pgdeck.targets.detect import read_address
from pgdeck.targets.dotenv import DotEnv, read_dotenv
from pgdeck.targets.harmless import harmless
from pgdeck.targets.project import ProjectSettings
from pgdeck.targets.reading import read_text
from pgdeck.targets.sources import Candidate, Rank
from pgdeck.targets.url import Address, is_postgres_url, is_url, sqlite_problem

URL_NAMES = (
    "PGDECK_URL",
    "DATABASE_URL",
    "SQLALCHEMY_DATABASE_URI",
    "SQLALCHEMY_DATABASE_URL",
    "POSTGRES_URL",
    "POSTGRES_URI",
    "POSTGRES_DSN",
    "DB_URL",
)
"""Variables of a ``.env`` file that mean the database, the surest first."""
_SQLITE = re.compile(r"(?:jdbc:)?(?:sqlite3?(?:\+\w+)?|file):", re.IGNORECASE)
_MEANS_POSTGRES = re.compile(r"(?:jdbc:)?(?:postgres|postgis|pgsql)|\w+\s*=", re.IGNORECASE)
_NAMES_A_URL = re.compile(r"_(?:URL|URI|DSN)$")


class Search:
    """One search; what it reads it reads once."""

    def __init__(
        self, places: Sequence[Path], environ: Mapping[str, str], settings: ProjectSettings
    ) -> None:
        self._places = places
        self._environ = environ
        self._settings = settings
        self._compose = ComposeView(places, environ, settings)
        self._late: list[Candidate] = []

    def files(self) -> Iterator[Candidate]:
        """Yield what the project's files name; what is wrong with a file comes last.

        A file that cannot be read may have meant nothing; what another says is surer.
        """
        surer = any(each.get(name) for each in self._dotenvs.values() for name in URL_NAMES[:2])
        exported = self._exported()
        if not surer:
            yield from exported
        for place in self._places:
            yield from self._of_dotenv(place)
            yield from self._of_compose(place)
        yield from exported
        yield from self._of_alembic()
        yield from self._without_host()
        yield from sorted(self._late, key=lambda each: each.source.startswith("SQLite"))

    def notes(self) -> list[str]:
        """Return what would name a database if only something more were there."""
        problems = [each.problem for each in self.files() if each.problem is not None]
        said = [": ".join(filter(None, (each.message, each.hint))) for each in problems]
        said += [
            f"{config.path}: its env.py reads {name}, which is not set"
            for config in self._alembic
            for name in wanted_variables(config, self._variables)
        ]
        return said

    @cached_property
    def _dotenvs(self) -> Mapping[Path, DotEnv]:
        found: dict[Path, DotEnv] = {}
        for place in self._places:
            try:
                dotenv = read_dotenv(place / ".env", self._environ)
            except UsageProblem as problem:
                self._postpone(".env", problem, place / ".env")
            else:
                if dotenv is not None:
                    found[place] = dotenv
        return found

    @cached_property
    def _variables(self) -> Mapping[str, str]:
        """What is set: the environment wins, then the nearest file."""
        values: dict[str, str] = {}
        for place in reversed(self._places):
            if place in self._dotenvs:
                values |= self._dotenvs[place].values
        return {**values, **self._environ}

    def _postpone(
        self, source: str, problem: UsageProblem, file: Path | None, line: int | None = None
    ) -> None:
        self._late.append(Candidate(Rank.PROJECT, source, problem=problem, file=file, line=line))

    def components(self) -> Iterator[Candidate]:
        """Yield what the components in the environment say, if they name a host."""
        prefix = self._settings.prefix or prefix_of(self._settings.url_env)
        secrets = self._settings.secrets if prefix else None
        for family in families_of(prefix) if prefix else self._only_family():
            try:
                found = told(family, self._variables, secrets)
            except UsageProblem as problem:
                yield Candidate(Rank.COMPONENTS, f"{family}_*", problem=problem)
                return
            origin = found.origins.get("host", "")
            if origin and (origin in self._environ or "/" in origin):
                yield self._made(Rank.COMPONENTS, origin, found)
                return

    def _only_family(self) -> list[str]:
        """Return the one family with a prefix in the environment: of two, nobody knows which."""
        found = [name for name in families(self._environ) if name.endswith("_PG")]
        return found if len(found) == 1 else []

    def _in_file(self, dotenv: DotEnv, origin: str, found: Told) -> Candidate:
        candidate = self._made(Rank.PROJECT, f".env: {origin}", found)
        return replace(candidate, file=dotenv.path, line=dotenv.lines.get(origin))

    def _made(self, rank: Rank, source: str, found: Told) -> Candidate:
        origins = {key: self._called(name) for key, name in found.origins.items()}
        kept = {key: name for key, name in origins.items() if name != source}
        return self._addressed(Candidate(rank, source, origins=kept), found.address)

    def _called(self, variable: str) -> str:
        """Return where a variable stands, as a person calls it."""
        if variable in self._environ or "/" in variable:
            return variable
        return f".env: {variable}" if variable in self._variables else variable

    def _addressed(self, candidate: Candidate, address: Address) -> Candidate:
        """Return a candidate with an address as it leads from here, or with why none leads."""
        try:
            return replace(candidate, address=harmless(self._compose.seen_from_here(address)))
        except UsageProblem as problem:
            return replace(candidate, problem=problem)

    def _read(self, candidate: Candidate, text: str) -> Candidate | None:
        """Return a candidate with the address in a text; one of SQLite comes last, if at all."""
        if _SQLITE.match(text):
            problem = sqlite_problem(candidate.source, text)
            self._postpone(f"SQLite in {candidate.source}", problem, candidate.file, candidate.line)
            return None
        if is_url(text) and not is_postgres_url(text):
            return None
        try:
            address = read_address(text)
        except UsageProblem as problem:
            where = f"{candidate.file}:{candidate.line}" if candidate.line else candidate.source
            told_with = UsageProblem(f"{where}: {problem.message}", problem.hint)
            if not _MEANS_POSTGRES.match(text):
                self._postpone(candidate.source, told_with, candidate.file, candidate.line)
                return None
            return replace(candidate, problem=told_with)
        return self._addressed(candidate, address)

    def _exported(self) -> Iterator[Candidate]:
        """Yield the address in a variable of the environment that the project speaks of."""
        names = [
            name
            for name, value in self._environ.items()
            if name not in ("PGDECK_URL", "DATABASE_URL", self._settings.url_env)
            and not SECOND.search(name.upper())
            and _NAMES_A_URL.search(name)
            and is_postgres_url(value)
        ]
        spoken = _mentioned(sorted(names), self._texts) if names else []
        for name in _preferred(spoken)[:1]:
            candidate = self._read(Candidate(Rank.PROJECT, name), self._environ[name])
            if candidate is not None:
                yield candidate

    @cached_property
    def _texts(self) -> Sequence[Path]:
        """The files in which a project says how its variables are called."""
        names = (".env", ".env.example", ".env.template", "README.md")
        paths = [place / name for place in self._places for name in names]
        paths += [path for place in self._places for path in self._compose.files(place)]
        paths += [config.path for config in self._alembic]
        return [*paths, *(config.script / "env.py" for config in self._alembic if config.script)]

    def _of_dotenv(self, place: Path) -> Iterator[Candidate]:
        dotenv = self._dotenvs.get(place)
        if dotenv is None:
            return
        for name in self._url_variables(dotenv):
            line = dotenv.lines.get(name)
            made = Candidate(Rank.PROJECT, f".env: {name}", file=dotenv.path, line=line)
            if (candidate := self._read(made, dotenv.values[name])) is not None:
                yield candidate
        for family in families(dotenv.values):
            yield from self._of_family(dotenv, family)
        libpq = told_to_libpq(dotenv.values)
        if origin := libpq.origins.get("host") or libpq.origins.get("hostaddr"):
            yield self._in_file(dotenv, origin, libpq)

    def _url_variables(self, dotenv: DotEnv) -> list[str]:
        """Return the variables of a file that hold the address, the surest first."""
        wanted = [*URL_NAMES[:2], self._settings.url_env, *URL_NAMES[2:]]
        known = [name for name in wanted if dotenv.get(name)]
        others = [
            name
            for name, value in dotenv.values.items()
            if name not in known and is_postgres_url(value)
        ]
        return known + _preferred(others)

    def _of_family(self, dotenv: DotEnv, family: str) -> Iterator[Candidate]:
        values = {**dotenv.values, **self._environ}
        if is_foreign(family, values):
            return
        try:
            found = told(family, values)
        except UsageProblem as problem:
            self._postpone(f".env: {family}_*", problem, dotenv.path)
            return
        origin = found.origins.get("host")
        if origin:
            yield self._in_file(dotenv, origin, found)

    def _of_compose(self, place: Path) -> Iterator[Candidate]:
        try:
            candidate = self._compose.candidate(place)
        except UsageProblem as problem:
            files = self._compose.files(place)
            self._postpone(files[0].name, problem, files[0])
        else:
            if candidate is not None:
                yield candidate

    @cached_property
    def _alembic(self) -> Sequence[AlembicConfig]:
        named = self._settings.alembic
        if named is not None:
            path = self._places[0] / named
            found = read_toml(path) if path.suffix == ".toml" else read_ini(path)
            return [found] if found else []
        configs = [config for place in self._places for config in configurations(place)]
        return list({config.path: config for config in configs}.values())

    def _of_alembic(self) -> Iterator[Candidate]:
        for config in self._alembic:
            for found in addresses(config, self._variables):
                made = Candidate(Rank.PROJECT, found.source, file=found.file, line=found.line)
                if found.problem is not None:
                    self._postpone(found.source, found.problem, found.file, found.line)
                elif (candidate := self._read(made, found.text)) is not None:
                    yield candidate

    def _without_host(self) -> Iterator[Candidate]:
        """Yield what the components say that name a database but no host: it is this one."""
        for dotenv in self._dotenvs.values():
            values = {**dotenv.values, **self._environ}
            prefix = self._settings.prefix or prefix_of(self._settings.url_env)
            for family in (*(families_of(prefix) if prefix else ()), "POSTGRES", "PG", "DB"):
                if is_foreign(family, values):
                    continue
                try:
                    found = told(family, values)
                except UsageProblem:
                    continue
                if "dbname" in found.address.conninfo and "host" not in found.address.conninfo:
                    origin = found.origins["dbname"]
                    here = found.address.conninfo.with_keywords(host="localhost")
                    local = Told(Address(here), found.origins)
                    yield self._in_file(dotenv, origin, local)
            libpq = told_to_libpq(dotenv.values)
            if "dbname" in libpq.origins and "host" not in libpq.origins:
                yield self._in_file(dotenv, libpq.origins["dbname"], libpq)


def _mentioned(names: Sequence[str], paths: Sequence[Path]) -> list[str]:
    """Return the names that one of the files holds as a word, in whichever case."""
    texts: list[str] = []
    for path in paths:
        try:
            texts.append(read_text(path) or "")
        except UsageProblem:
            continue
    words = {name: re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE) for name in names}
    return [name for name in names if any(words[name].search(text) for text in texts)]


def _preferred(names: list[str]) -> list[str]:
    """Return names with those of tests and copies last."""
    return sorted(names, key=lambda name: bool(SECOND.search(name.upper())))
