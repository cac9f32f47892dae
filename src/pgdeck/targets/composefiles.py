"""Reading compose files ourselves: finding them, and ``include``, ``extends`` and their merging."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pgdeck.errors import UsageProblem
from pgdeck.targets.compose import ComposeProject, build, mapping, sequence, variables, word
from pgdeck.targets.dotenv import DotEnv, read_dotenv
from pgdeck.targets.interpolation import UnfilledError, fill
from pgdeck.targets.reading import LIMIT, read_text
from pgdeck.targets.yamltext import Replacing, YamlError, parse

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
)
OF_DEVELOPERS = tuple(
    f"{name}{suffix}"
    for name in (
        *("dev-compose", "compose.dev", "docker-compose.dev", "docker-compose-dev"),
        *("compose.local", "docker-compose.local", "docker-compose-local", "local-compose"),
    )
    for suffix in (".yaml", ".yml")
)
"""Names that compose does not look for, but people use; only where none of its own is."""
PLACES = ("", "docker", ".devcontainer", "deploy", "infra")
MOST_FILES = 24
DEEPEST = 8
DEEPEST_MERGE = 4


def find_files(directory: Path, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the compose files that count in a directory, empty when there are none.

    ``COMPOSE_FILE`` names them, else they bear one of the usual names; an override comes second.
    """
    if named := environ.get("COMPOSE_FILE"):
        separator = environ.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
        parts = (part.strip() for part in named.split(separator))
        return tuple(directory / part for part in parts if part and part != "-")[:MOST_FILES]
    for place in PLACES:
        for names, more in ((NAMES, OVERRIDES), (OF_DEVELOPERS, ())):
            if found := _first(directory / place, names):
                override = _first(directory / place, more)
                return (found, override) if override else (found,)
    return ()


def _first(directory: Path, names: tuple[str, ...]) -> Path | None:
    return next((directory / name for name in names if _is_there(directory / name)), None)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def filling(directory: Path, environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the variables for a directory's compose files, and notes on what was not read.

    The environment wins over the ``.env`` file beside them, or those of ``COMPOSE_ENV_FILES``.
    """
    named = environ.get("COMPOSE_ENV_FILES", "")
    values: dict[str, str] = {}
    notes: list[str] = []
    for part in [each.strip() for each in named.split(",") if each.strip()] or [".env"]:
        found = _optional(directory / part, environ, notes)
        values |= found.values if found else {}
    return {**values, **environ}, notes


def _optional(path: Path, environ: Mapping[str, str], notes: list[str]) -> DotEnv | None:
    try:
        return read_dotenv(path, environ, bare=True)
    except UsageProblem as problem:
        notes.append(problem.message)
        return None


def read_project(files: tuple[Path, ...], environ: Mapping[str, str]) -> ComposeProject:
    """Read compose files as compose does; raises `UsageProblem` for what cannot be read."""
    values, notes = filling(files[0].parent, environ)
    loader = _Loader(values)
    data: dict[str, object] = {}
    for path in files:
        data = merge(data, loader.load(path))
    found = build(_settled(data), files, _Filling(values), [*notes, *loader.notes])
    return replace(found, variables=values)


class _Filling:
    """Fills variables in, up to some length in all: a small file may name a long value often."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._left = 4 * LIMIT

    def __call__(self, text: str) -> str:
        if "$" not in text:
            return text
        filled = fill(text, self._values)
        self._left -= len(filled)
        if self._left < 0:
            raise UnfilledError("its variables make it too long")
        return filled


class _Loader:
    """Loads files with what they include and extend; each costs one of `MOST_FILES`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._read: dict[Path, dict[str, object]] = {}
        self.notes: list[str] = []

    def load(self, path: Path, depth: int = 0) -> dict[str, object]:
        """Return a file's mapping with its includes, and its services with what they extend."""
        data = dict(self._raw(path))
        services = mapping(data.get("services"))
        data["services"] = {
            name: self._extended(name, services, path, depth) for name in list(services)
        }
        for included in self._included(data.pop("include", None), path.parent):
            if depth < DEEPEST:
                data = merge(self.load(included, depth + 1), data)
        return data

    def _raw(self, path: Path) -> dict[str, object]:
        if path not in self._read:
            if len(self._read) >= MOST_FILES:
                raise UsageProblem(
                    f"{path} is not read: more than {MOST_FILES} compose files belong together",
                    "name the database as an argument",
                )
            self._read[path] = _parsed(path)
        return self._read[path]

    def _included(self, value: object, directory: Path) -> Iterator[Path]:
        for each in sequence(value):
            paths = sequence(mapping(each).get("path") if isinstance(each, dict) else each)
            for path in paths:
                if (local := self._local(path, directory)) is not None:
                    yield local

    def _local(self, value: object, directory: Path) -> Path | None:
        """Return a path of this machine; what another machine holds is not fetched."""
        try:
            text = fill(word(value), self._values)
        except UnfilledError as error:
            self.notes.append(f"{directory}: an included file is not read: {error.sentence}")
            return None
        if "://" in text or text.startswith("git@"):
            self.notes.append(f"{directory}: an included file of another machine is not read")
            return None
        return directory / Path(text)

    def _extended(
        self, name: str, services: Mapping[str, object], path: Path, depth: int
    ) -> dict[str, object]:
        body = dict(_absolute(mapping(services.get(name)), path.parent))
        wish = body.pop("extends", None)
        if wish is None or depth >= DEEPEST:
            return body
        other = mapping(wish).get("file")
        base_name = word(mapping(wish).get("service") if isinstance(wish, dict) else wish)
        base_path = path if other is None else self._local(other, path.parent)
        if base_path is None:
            return body
        there = services if other is None else mapping(self._raw(base_path).get("services"))
        base = self._extended(base_name, there, base_path, depth + 1)
        return merge(base, body)


def _absolute(body: Mapping[str, object], directory: Path) -> Mapping[str, object]:
    """Return a service whose ``env_file`` is found from elsewhere, too."""
    if body.get("env_file") is None:
        return body
    files: list[object] = []
    for each in sequence(body["env_file"]):
        path = each.get("path") if isinstance(each, dict) else each
        text = word(path)
        files.append(text if text.startswith(("/", "~", "$")) else str(directory / text))
    return {**body, "env_file": files}


def _parsed(path: Path) -> dict[str, object]:
    text = read_text(path)
    if text is None:
        raise UsageProblem(f"{path} is not there", "mend COMPOSE_FILE, or what includes the file")
    try:
        data = parse(text)
    except YamlError as error:
        raise UsageProblem(
            f"{path}:{error.line}: {error.cause}",
            "mend the file, or name the database as an argument",
        ) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UsageProblem(f"{path} is no compose file: it holds no keys", "mend the file")
    return data


# What stands in its own right and is not added to what an earlier file says.
_SETS = frozenset({"env_file", "profiles"})
_REPLACED = frozenset({"command", "entrypoint", "test", "image", "path"})


def merge(
    base: Mapping[str, object], over: Mapping[str, object], depth: int = 0
) -> dict[str, object]:
    """Return two files' mappings as one, as compose merges them: the second wins."""
    merged = dict(base)
    for name, value in over.items():
        merged[name] = _merged(name, merged.get(name), value, depth)
    return merged


def _merged(name: str, old: object, new: object, depth: int) -> object:
    if isinstance(new, Replacing) or old is None or name in _REPLACED:
        return new
    if isinstance(old, Replacing):
        old = old.value
    if name == "environment":
        return {**variables(old), **variables(new)}
    if isinstance(old, dict) and isinstance(new, dict):
        # Services, their networks, and what is below: aliases could make more of it endless.
        return merge(old, new, depth + 1) if depth < DEEPEST_MERGE else new
    if name in _SETS:
        return list(dict.fromkeys(map(word, (*sequence(old), *sequence(new)))))
    if isinstance(old, list) and isinstance(new, (list, str)):
        return [*old, *sequence(new)]
    return old if new is None else new


def _settled(data: Mapping[str, object]) -> dict[str, object]:
    """Return merged files without the marks of what replaces: services and their keys have them."""
    found: dict[str, object] = {}
    for name, value in data.items():
        value = value.value if isinstance(value, Replacing) else value
        if name == "services":
            value = {key: _plain(each) for key, each in mapping(value).items()}
        found[name] = value
    return found


def _plain(value: object) -> object:
    value = value.value if isinstance(value, Replacing) else value
    if not isinstance(value, dict):
        return value
    return {key: each.value if isinstance(each, Replacing) else each for key, each in value.items()}
