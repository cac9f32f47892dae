"""``pgdeck ls``: the screens there are, or the rows of one, for people and for programs."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from pgdeck.cli.flat import columns_of, flat, humane
from pgdeck.cli.grid import grid_lines
from pgdeck.cli.output import speaks_unicode, terminal_width, write
from pgdeck.core.cells import make_cell, sort_rows
from pgdeck.core.filter import Filter, parse
from pgdeck.core.machine import as_csv, as_json, target_shape
from pgdeck.core.printout import Printout, reasons, to_csv, to_json, to_markdown
from pgdeck.core.rows import Table, TableRow
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.spec import Column
from pgdeck.core.text import safe
from pgdeck.errors import Problem, Unreachable, UsageProblem

if TYPE_CHECKING:
    from pgdeck.core.spec import ScreenSpec
    from pgdeck.core.target import Target
    from pgdeck.watch.menu import Menu
    from pgdeck.watch.model import Server

FAILED, UNREACHABLE = 1, 4


class Answer(Struct):
    """What a screen came to: its rows as declared, and what kept others from being known."""

    spec: ScreenSpec
    columns: tuple[Column, ...]
    table: Table = field(default_factory=lambda: Table(()))
    server: Server | None = None
    taken_at: datetime | None = None
    age_s: float | None = None
    failures: list[Failure] = field(default_factory=list)
    code: int = 0


def run(args: argparse.Namespace) -> int:
    """Print a screen's rows; 0 done, 1 its data failed, 2 no such screen or filter, 4 no answer."""
    from pgdeck.watch.menu import load_menu

    menu = load_menu()
    if args.screen is None:
        if args.filter or args.limit or args.rates:
            raise UsageProblem("no screen is named", "pgdeck ls alone lists the screens there are")
        return _list_screens(menu, args)
    spec = menu.find(args.screen)
    if spec is None:
        return _list_fleet(args, menu)
    answer = Answer(spec, columns_of(spec))
    rule = _rule(args.filter or "", answer.columns)
    if spec.is_local:
        asyncio.run(_read(answer))
        return _write(answer, rule, args, {})
    target = args.find_target()
    asyncio.run(_ask(answer, target, rates=args.rates))
    return _write(answer, rule, args, target_shape(target, answer.server))


def _list_fleet(args: argparse.Namespace, menu: Menu) -> int:
    """Print every target at a glance; 4 when none of them answers."""
    from pgdeck.cli.fleetrows import NAMES, SPEC, fleet_table

    if args.screen not in NAMES:
        raise _no_screen(args.screen, menu)
    answer = Answer(SPEC, SPEC.columns, taken_at=datetime.now(UTC), age_s=0.0)
    rule = _rule(args.filter or "", answer.columns)
    answer.table, reached = fleet_table(args)
    return _write(answer, rule, args, {}) or (0 if reached else UNREACHABLE)


def _write(
    answer: Answer, rule: Filter, args: argparse.Namespace, identity: dict[str, object]
) -> int:
    """Write the rows that the filter lets through; returns the exit code."""
    found = len(answer.table.rows)
    answer.table = _narrowed(answer, rule, args.limit)
    if args.json:
        write(to_json(_printout(answer), identity))
    elif args.csv:
        write(to_csv(_printout(answer), terminal=terminal_width() is not None))
    elif args.markdown and answer.code == 0:
        _write_markdown(answer)
    elif answer.code == 0:
        _write_text(answer, found)
    for failure in answer.failures:
        _say(failure.message, failure.hint)
    return answer.code


def _no_screen(name: str, menu: Menu) -> UsageProblem:
    from difflib import get_close_matches

    names = [spec.name for spec in menu.specs]
    own = next((p for p in menu.problems if p.path.name.split(".")[0] == name), None)
    if own is not None:
        return UsageProblem(own.message, own.hint)
    if name in _target_names():
        said = f"{name} is a target, not a screen"
        return UsageProblem(said, f"the screen comes first, as in: pgdeck ls tables {name}")
    close = get_close_matches(name, names, n=1)
    known = f"there are {', '.join(names)}; a target follows the screen: pgdeck ls tables TARGET"
    hint = f"did you mean {close[0]}?" if close else known
    return UsageProblem(f"there is no screen {name}", hint)


def _target_names() -> list[str]:
    """Return the names that the configuration gives, as far as it can be read."""
    from pgdeck.targets.detect import own_settings, working_directory
    from pgdeck.targets.order import Search

    try:
        search = Search(os.environ, own_settings(forgiving=True), working_directory())
        return [each.name for each in search.named()]
    except Problem:
        return []


async def _ask(answer: Answer, target: Target, *, rates: bool) -> None:
    """Collect once; a target that does not answer becomes the answer's failure."""
    from pgdeck.watch.once import collect_once
    from pgdeck.wiring import checks_look, exact_collector_for, server_collector

    own = (
        checks_look(target)
        if answer.spec.view == "checks"
        else exact_collector_for(answer.spec, target)
    )
    collectors = [server_collector(), own]
    if answer.spec.view == "overview":
        collectors.append(checks_look(target))
    try:
        taken = await collect_once(target, collectors, rates=rates)
    except Unreachable as problem:
        answer.failures.append(problem.failure)
        answer.code = UNREACHABLE
        return
    server, snapshot = taken["server"], taken[collectors[1].name]
    answer.failures += [each.failure for each in (server, snapshot) if each.failure is not None]
    answer.server = server.data  # type: ignore[assignment]  # what that collector gathers
    if snapshot.failure is not None or snapshot.data is None:
        answer.code = FAILED
        return
    _fill(answer, snapshot)
    answer.table, failures = flat(answer.spec, snapshot.data, taken.get("checks"))
    answer.failures += failures


async def _read(answer: Answer) -> None:
    """Take what is on this machine: no server is asked, and so no target needed."""
    from pgdeck.jobs.collector import JobsCollector

    answer.table, answer.failures = flat(answer.spec, await asyncio.to_thread(JobsCollector().read))
    answer.taken_at, answer.age_s = datetime.now(UTC), 0.0


def _fill(answer: Answer, snapshot: Snapshot[object]) -> None:
    assert snapshot.last_good is not None
    answer.taken_at = snapshot.last_good.wall
    answer.age_s = max(0.0, (datetime.now(UTC) - snapshot.last_good.wall).total_seconds())


def _rule(text: str, columns: tuple[Column, ...]) -> Filter:
    from pgdeck.pattern import compile_pattern

    rule = parse(text, columns, compile_pattern)
    if rule.problem is not None:
        place = rule.problem.position + 1
        raise UsageProblem(f"--filter, character {place}: {rule.problem.message}")
    if text.strip() and not rule:
        # The dashboard waits for the rest; here nothing more is typed.
        raise UsageProblem("--filter has a beginning without its end", "as in 'dead>10%'")
    return rule


def _narrowed(answer: Answer, rule: Filter, limit: int | None) -> Table:
    """Return the rows that the filter lets through, in the screen's own order."""
    table, columns, sort = answer.table, answer.columns, answer.spec.sort
    extra = table.extra or ({},) * len(table.rows)
    pairs = dict(zip((row.key for row in table.rows), extra, strict=True))
    rows = list(table.rows)
    if rule:
        rows = [row for row in rows if rule.matches(row, _texts(row, columns))]
    if rule.expired:
        _say("the pattern takes too long; rows are missing", "write a simpler one")
    places = [at for at, column in enumerate(columns) if sort and column.name == sort.column]
    if sort and places:
        rows = sort_rows(rows, places[0], columns[places[0]], descending=sort.descending)
    rows = rows if limit is None else rows[:limit]
    return replace(table, rows=tuple(rows), extra=tuple(pairs[row.key] for row in rows))


def _texts(row: TableRow, columns: tuple[Column, ...]) -> list[str]:
    cells = [make_cell(value, at) for value, at in zip(row.values, columns, strict=True)]
    return [cell.text + cell.unit for cell in cells]


def _printout(answer: Answer) -> Printout:
    return Printout(
        answer.spec.name,
        answer.columns,
        answer.table.rows,
        answer.table.extra,
        answer.taken_at,
        answer.age_s,
        answer.table.truncated,
        tuple(answer.failures),
    )


def _write_markdown(answer: Answer) -> None:
    shown = tuple(column for column in answer.columns if not column.hidden)
    readable = humane(answer.spec, answer.table)
    write(to_markdown(replace(_printout(answer), rows=readable.rows).only(shown)))


def _write_text(answer: Answer, found: int) -> None:
    """Write the rows that are left of `found`."""
    spec, rows = answer.spec, humane(answer.spec, answer.table).rows
    if not rows:
        nothing = spec.empty_text or "There are no rows."
        _say(f"no row of {found} matches the filter" if found else nothing)
        return
    lines = grid_lines(answer.columns, rows, terminal_width(), ascii=not speaks_unicode())
    write("\n".join(lines) + "\n")
    if answer.table.truncated:
        _say(f"{answer.table.truncated} more rows exist")
    _explain(answer)


def _explain(answer: Answer) -> None:
    """Say why what is printed as `?` cannot be known: each reason once, and each remedy once."""
    labels = {column.name: column.label for column in answer.columns if not column.hidden}
    told: dict[str, dict[str, list[str]]] = {}
    for (column, why), count in reasons(_printout(answer)).items():
        if column in labels:
            said = told.setdefault(why.remedy, {})
            said.setdefault(why.reason, []).append(f"{labels[column]} ({count})")
    for remedy, said in told.items():
        *before, last = (f"? {why}: {', '.join(places)}" for why, places in said.items())
        for sentence in before:
            _say(sentence)
        _say(last, remedy)


def _list_screens(menu: Menu, args: argparse.Namespace) -> int:
    names = ("screen", "key", "title", "group", "aliases", "file")
    columns = [Column(name, name) for name in names]
    values = [
        (spec.name, spec.key, spec.title, spec.group, list(spec.aliases), str(spec.source[0]))
        for spec in menu.specs
    ]
    if args.json:
        write(as_json([dict(zip(names, row, strict=True)) for row in values]) + "\n")
    elif args.csv:
        write(as_csv(names, values))
    elif args.markdown:
        listed = tuple(TableRow((row[0],), row) for row in values)
        write(to_markdown(Printout("screens", tuple(columns), listed)))
    else:
        rows = [TableRow((row[0],), row) for row in values]
        write(
            "\n".join(grid_lines(columns, rows, terminal_width(), ascii=not speaks_unicode()))
            + "\n"
        )
    for trouble in menu.problems:
        _say(trouble.message, trouble.hint)
    return 0


def _say(sentence: str, hint: str = "") -> None:
    print(f"pgdeck: {safe(sentence)}", file=sys.stderr)
    if hint:
        print(f"pgdeck: {safe(hint)}", file=sys.stderr)
