"""``pgdeck screens check``: are the screen files right, and do their statements run here?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pgdeck.cli.output import write
from pgdeck.core.text import safe
from pgdeck.errors import UsageProblem

if TYPE_CHECKING:
    from pgdeck.core.spec import ScreenSpec
    from pgdeck.pg.describe import Describer
    from pgdeck.watch.menu import Directory, Menu

BAD_STATEMENT, BAD_FILE = 1, 2
"""Exit codes: a statement that does not run as declared, a file that cannot be read as a screen."""

OK, BAD, SKIPPED = "ok", "bad", "skip"


class Report(Struct):
    """The lines of the check, one a screen, and what they come to."""

    lines: list[str] = field(default_factory=list)
    code: int = 0

    def add(self, state: str, name: str, words: str, hint: str = "", *, code: int = 0) -> None:
        """Add a line, and under it what mends it."""
        self.lines.append(f"{state:<5}{safe(name)}  {safe(words)}")
        if hint:
            self.lines.append(f"       {safe(hint)}")
        self.code = max(self.code, code)


def run(args: argparse.Namespace) -> int:
    """Print one line a screen; 0 all is well, 1 a statement is wrong, 2 a file is.

    Raises `Unreachable` when a live check cannot reach its target; what the files themselves
    lack is printed before that.
    """
    from pgdeck.watch.menu import directories, load_menu

    places = directories()
    menu = load_menu(places, strict=False)
    report = Report()
    for trouble in menu.problems:
        report.add(BAD, trouble.path.name, trouble.message, trouble.hint, code=BAD_FILE)
    _check_schema(places[0].path / "schema.json", report)
    try:
        _check_screens(menu, args, report)
        report.lines += _own_screens(places, menu)
    finally:
        write("".join(f"{line}\n" for line in report.lines))
    return report.code


def _check_screens(menu: Menu, args: argparse.Namespace, report: Report) -> None:
    if args.offline:
        for spec in menu.specs:
            report.add(OK, spec.name, _content(spec))
        return
    from pgdeck.pg.describe import open_describer
    from pgdeck.targets.detect import NoTarget

    try:
        target = args.find_target()
    except NoTarget as nothing:
        hint = "name one, or read the files alone: pgdeck screens check --offline"
        raise UsageProblem(nothing.message, hint) from None
    with open_describer(target.conninfo) as describer:
        for spec in menu.specs:
            _check_live(spec, describer, report)


def _own_screens(places: Sequence[Directory], menu: Menu) -> list[str]:
    names = ", ".join(spec.name for spec in menu.specs if not spec.trusted) or "none"
    return [
        f"screens of your own in {safe(str(place.path))}: {safe(names)}"
        for place in places
        if not place.trusted
    ]


def _content(spec: ScreenSpec) -> str:
    if spec.view is not None:
        return f"view {spec.view}"
    columns = len(spec.columns)
    words = "1 column" if columns == 1 else f"{columns} columns"
    if len(spec.variants) > 1:
        words += f", {len(spec.variants)} variants"
    return words + (", exact values on demand" if spec.lookup else "")


def _check_schema(path: Path, report: Report) -> None:
    """Compare the shipped schema's keys with the parser's."""
    from pgdeck.core import rules

    known: Mapping[str, Iterable[str]] = {
        "screen": rules.SCREEN_KEYS,
        "requires": rules.REQUIRES_KEYS,
        "sort": rules.SORT_KEYS,
        "column": rules.COLUMN_KEYS,
        "companion": rules.COMPANION_KEYS,
    }
    try:
        tables = json.loads(path.read_text("utf-8"))["$defs"]
        stated = {name: set(tables[name]["properties"]) for name in known}
    except (OSError, ValueError, LookupError, TypeError) as error:
        report.add(BAD, path.name, f"{path}: not a schema ({error})", code=BAD_FILE)
        return
    odd = {key for name, keys in known.items() for key in stated[name] ^ set(keys)}
    if odd:
        words = f"{path}: says something else than the parser on {', '.join(sorted(odd))}"
        report.add(BAD, path.name, words, code=BAD_FILE)


def _check_live(spec: ScreenSpec, describer: Describer, report: Report) -> None:
    """Let the server parse the statements that serve it, and compare their columns."""
    if spec.view is not None:
        report.add(OK, spec.name, _content(spec))
        return
    reason = _out_of_place(spec, describer)
    sql = spec.sql_for(describer.version)
    if reason or sql is None:
        report.add(SKIPPED, spec.name, reason or "no variant serves this server")
        return
    returned = describer.columns(sql)
    faults = _faults(returned, [*(c.name for c in spec.columns), *spec.row_key])
    faults += _lookup_faults(spec, describer)
    if not faults:
        report.add(OK, spec.name, _content(spec))
    for fault, hint in faults:
        report.add(BAD, spec.name, f"{spec.source[0]}: {fault}", hint, code=BAD_STATEMENT)


def _out_of_place(spec: ScreenSpec, describer: Describer) -> str:
    """Return what this server lacks of what the screen requires."""
    requires, major = spec.requires, describer.version // 10000
    if requires.minimum_version is not None and major < requires.minimum_version:
        return f"needs PostgreSQL {requires.minimum_version}; this server is {major}"
    if requires.extension is not None and not describer.row(
        "SELECT 1 FROM pg_catalog.pg_extension WHERE extname = $1::pg_catalog.name",
        (requires.extension,),
    ):
        return f"needs the extension {requires.extension}"
    return ""


Fault = tuple[str, str]


def _faults(returned: object, wanted: Sequence[str]) -> list[Fault]:
    from pgdeck.core.layout import Layout
    from pgdeck.core.snapshot import Failure

    if isinstance(returned, Failure):
        return [(returned.message, returned.hint)]
    assert isinstance(returned, tuple)
    faults: list[Fault] = []
    missing = Layout(returned).missing(dict.fromkeys(wanted))
    if missing:
        said = f"the statement returns no column {', '.join(missing)}"
        faults.append((said, f"it returns {', '.join(returned)}"))
    twice = sorted({name for name in returned if returned.count(name) > 1})
    if twice:
        faults.append((f"the statement returns {', '.join(twice)} twice", ""))
    return faults


def _lookup_faults(spec: ScreenSpec, describer: Describer) -> list[Fault]:
    """Return what is wrong with the companion: a key first, then every lazy column."""
    if spec.lookup is None:
        return []
    major = describer.version // 10000
    sql = spec.lookup.variants[max(floor for floor in spec.lookup.variants if floor <= major)]
    returned = describer.columns(sql)
    lazy = [column.name for column in spec.columns if column.lazy]
    faults = _faults(returned, lazy)
    if not faults and isinstance(returned, tuple) and returned[0] in lazy:
        faults.append((f"the key comes first, not {returned[0]}", ""))
    return [(f"companion: {fault}", hint) for fault, hint in faults]
