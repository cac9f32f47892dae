"""The menu: every screen there is, the shipped ones and a person's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.header import Companion, parse_companion, parse_screen, parse_variant
from pgdeck.core.spec import Lookup, ScreenSpec, Statements
from pgdeck.errors import UsageProblem
from pgdeck.owned import check_directory, read_file
from pgdeck.paths import config_dir, data_dir

_FILE = re.compile(r"([a-z][a-z0-9_]*)(\+[a-z][a-z0-9_]*)?(?:@(\d{1,2}))?\.(sql|toml)\Z")


class Directory(Struct, frozen=True):
    """A place of screen files; `trusted` marks the shipped one.

    A mistake in a `strict` one is an error, elsewhere it is listed.
    """

    path: Path
    trusted: bool
    strict: bool = True


class Trouble(Struct, frozen=True):
    """A screen of a person's own that cannot be shown, and why."""

    path: Path
    message: str
    hint: str = ""


class Menu(Struct, frozen=True):
    """Every screen in the menu's order, and what kept others out of it."""

    specs: tuple[ScreenSpec, ...]
    problems: tuple[Trouble, ...] = ()

    def find(self, name: str) -> ScreenSpec | None:
        """Return the screen of a name or alias, None when there is none."""
        for spec in self.specs:
            if spec.name == name:
                return spec
        return next((spec for spec in self.specs if name in spec.aliases), None)


def own_directory() -> Path:
    """Return where a person's own screens are; it need not exist."""
    return config_dir() / "screens"


def directories() -> tuple[Directory, ...]:
    """Return where screens are looked for: what is shipped, and the XDG configuration directory."""
    shipped = Directory(data_dir("screens"), trusted=True)
    try:
        return (shipped, Directory(own_directory(), trusted=False))
    except UsageProblem:  # no home directory: nothing of one's own
        return (shipped,)


def load_menu(places: Iterable[Directory] | None = None, *, strict: bool = True) -> Menu:
    """Return the menu; never the working directory is read.

    A mistake in a shipped file raises `UsageProblem`, one in a person's own is listed; unless
    `strict` both are.
    """
    specs: list[ScreenSpec] = []
    problems: list[Trouble] = []
    for found in directories() if places is None else places:
        place = replace(found, strict=found.trusted and strict)
        for spec in _load(place, problems):
            try:
                _check_clash(spec, specs)
            except UsageProblem as problem:
                _list(problem, spec.source[0], place, problems)
                continue
            specs.append(spec)
    specs.sort(key=lambda spec: (spec.order, spec.name))
    return Menu(tuple(specs), tuple(problems))


def _load(place: Directory, problems: list[Trouble]) -> list[ScreenSpec]:
    if not place.path.is_dir():
        return []
    specs = []
    try:
        files = _files(place)
    except UsageProblem as problem:
        _list(problem, place.path, place, problems)
        return []
    for name, parts in files.items():
        try:
            specs.append(_assemble(name, parts, place))
        except UsageProblem as problem:
            _list(problem, next(iter(parts.values())), place, problems)
    return specs


def _files(place: Directory) -> Mapping[str, dict[str, Path]]:
    """Return the files of each screen by what they are: "", "@18", "+sizes", "+sizes@18"."""
    if not place.trusted:
        check_directory(place.path)
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(place.path.iterdir()):
        if path.suffix not in (".sql", ".toml") or path.name.startswith("."):
            continue
        named = _FILE.match(path.name)
        name = named[1] if named else path.name
        role = path.name if named is None else path.stem.removeprefix(name)
        parts = found.setdefault(name, {})
        if role in parts:
            role = path.name  # both .sql and .toml: told by `_assemble`
        parts[role] = path
    return found


def _assemble(name: str, parts: Mapping[str, Path], place: Directory) -> ScreenSpec:
    """Return one screen from its files."""
    base = parts.get("")
    for role, path in parts.items():
        if role == path.name:
            _refuse_name(path, base)
    if base is None:
        first = next(iter(parts.values()))
        raise UsageProblem(f"{first}: the screen's own file {name}.sql is missing")
    # Nobody else writes what is shipped, and tests read it: its statements can wait.
    lazy = place.trusted and place.strict
    own = not place.trusted
    spec = parse_screen(base, read_file(base, own=own), trusted=place.trusted, lazy=lazy)
    variants: dict[int, Callable[[], str]] = {}
    lookups: dict[int, str] = {}
    companion: Companion | None = None
    for role, path in sorted(parts.items()):
        text = "" if role == "" else read_file(path, own=own)
        floor = int(role.rpartition("@")[2]) if "@" in role else 0
        if role.startswith("@"):
            variants[floor] = partial(parse_variant, path, text)
        elif role.startswith("+") and floor:
            lookups[floor] = parse_variant(path, text, companion=True)
        elif role.startswith("+"):
            if companion is not None:
                raise UsageProblem(f"{path}: {name} has a companion, {companion.source.name}")
            companion = parse_companion(path, text)
            lookups[0] = companion.sql
    stray = bool(variants) and not spec.variants
    if variants and not stray:
        every = Statements({0: partial(spec.variants.__getitem__, 0), **variants})
        spec = replace(spec, variants=every if lazy else dict(every))
    return _with_lookup(spec, companion, lookups, stray)


def _refuse_name(path: Path, base: Path | None) -> None:
    if _FILE.match(path.name):
        raise UsageProblem(f"{path}: there is {base.name if base else 'another file'} already")
    raise UsageProblem(
        f"{path}: not a screen file's name",
        "lower-case letters, digits and _, as in locks.sql, locks@18.sql, locks+sizes.sql",
    )


def _with_lookup(
    spec: ScreenSpec, companion: Companion | None, lookups: dict[int, str], stray: bool
) -> ScreenSpec:
    path = spec.source[0]
    if stray:
        raise UsageProblem(f"{path}: a bespoke screen has no variants")
    lazy = [column.name for column in spec.columns if column.lazy]
    if companion is None:
        if lookups:
            raise UsageProblem(f"{path}: a companion's variant has no companion")
        if lazy:
            raise UsageProblem(
                f"{path}: {', '.join(lazy)} is lazy, but no companion makes it exact",
                f"write {spec.name}+exact.sql",
            )
        return spec
    if len(spec.row_key) != 1:
        raise UsageProblem(f"{path}: a screen with a companion has a row_key of one column")
    if not lazy:
        raise UsageProblem(f"{companion.source}: {spec.name} has no lazy column to fill")
    return replace(spec, lookup=Lookup(lookups, companion.max_age))


def _check_clash(spec: ScreenSpec, specs: Iterable[ScreenSpec]) -> None:
    for other in specs:
        where = other.source[0]
        names = {other.name, *other.aliases} & {spec.name, *spec.aliases}
        if names:
            raise UsageProblem(
                f"{spec.source[0]}: the name {', '.join(sorted(names))} is taken by {where}"
            )
        if spec.key is not None and spec.key == other.key:
            raise UsageProblem(f"{spec.source[0]}: the key {spec.key} is taken by {where}")


def _list(problem: UsageProblem, path: Path, place: Directory, problems: list[Trouble]) -> None:
    if place.strict:
        raise problem
    problems.append(Trouble(path, problem.message, problem.hint))
