"""The one place that knows every wing: names become collectors here, imported when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgdeck.core.source import Collector, Watcher
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Environment, Target
from pgdeck.errors import UsageProblem

if TYPE_CHECKING:
    from pgdeck.checks.policy import Policy
    from pgdeck.core.check import Checks, Pardons
    from pgdeck.core.fleet import Glance
    from pgdeck.core.ladder import Ladder, Report
    from pgdeck.core.rows import Table
    from pgdeck.core.shell import Shell, ShellWanted
    from pgdeck.core.snapshot import Failure
    from pgdeck.jobs.rows import Jobs
    from pgdeck.targets.document import Document, Mistake
    from pgdeck.watch.crowd import Crowd
    from pgdeck.watch.model import Activity, Overview, Server
    from pgdeck.watch.statements import Statements


CHECKS = "checks"
JOBS = "jobs"


def load_specs() -> Mapping[str, ScreenSpec]:
    """Return every screen of the menu by name, in the menu's order."""
    from pgdeck.watch.menu import load_menu

    return {spec.name: spec for spec in load_menu().specs}


def server_collector() -> Collector[Server]:
    """Return the collector of who answers."""
    from pgdeck.watch.identity import ServerCollector

    return ServerCollector()


def standing_collector() -> Collector[object]:
    """Return the collector of how far a standby, or who follows a primary, is behind."""
    from pgdeck.watch.standing import StandingCollector

    return StandingCollector()


def fleet_collectors(target: Target) -> Sequence[Collector[Any]]:
    """Return what one look at a database of a fleet gathers; imports much, so in a thread.

    What is only passed by ends no acknowledgement.
    """
    from pgdeck.checks.bench import bench_for
    from pgdeck.checks.collector import ChecksCollector

    checks = ChecksCollector(bench_for(target, at_once=True), patient=False, forgives=False)
    return (server_collector(), standing_collector(), checks)


async def take_glance(target: Target) -> Glance:
    """Look once at a target over a connection of its own; what went wrong is in the glance."""
    import asyncio

    collectors = await asyncio.to_thread(fleet_collectors, target)
    from pgdeck.watch.standing import take_glance as look

    return await look(target, collectors)


def overview_collector(*, measure_at_once: bool = False) -> Collector[Overview]:
    """Return the collector of the Overview."""
    from pgdeck.watch.overview import OverviewCollector

    return OverviewCollector(measure_at_once=measure_at_once)


def activity_collector() -> Collector[Activity]:
    """Return the collector of the sessions."""
    from pgdeck.watch.activity import ActivityCollector

    return ActivityCollector()


def connections_collector() -> Collector[Crowd]:
    """Return the collector of the connections."""
    from pgdeck.watch.connections import ConnectionsCollector

    return ConnectionsCollector()


def statements_collector() -> Collector[Statements]:
    """Return the collector of what pg_stat_statements counts."""
    from pgdeck.watch.statement_collector import StatementsCollector

    return StatementsCollector()


def jobs_collector() -> Collector[Jobs]:
    """Return the collector of this account's jobs, which asks no server."""
    from pgdeck.jobs.collector import JobsCollector

    return JobsCollector()


def checks_collector(target: Target) -> Collector[Checks]:
    """Return the collector of the checks on a target, debounced over its samples."""
    from pgdeck.checks.bench import bench_for
    from pgdeck.checks.collector import ChecksCollector

    return ChecksCollector(bench_for(target))


def checks_look(target: Target, override: Policy | None = None) -> Collector[Checks]:
    """Return the collector for a single look: all at once, and the raw state counts.

    `override` is decided on top of the configuration; what is only tried ends no acknowledgement.
    Raises `UsageProblem` where it cannot be.
    """
    from pgdeck.checks.bench import bench_for
    from pgdeck.checks.collector import ChecksCollector

    trying = override is not None and bool(override.settings)
    bench = bench_for(target, override, at_once=True)
    if override is not None:
        bench.policy()  # a mistake is told before anything is asked
    return ChecksCollector(bench, patient=False, forgives=not trying)


def open_pardons(fingerprint: str) -> Pardons:
    """Return where the pardons of the database with a fingerprint are kept."""
    from pgdeck.checks.pardons import FilePardons

    return FilePardons(fingerprint)


async def login_failure(target: Target) -> Failure | None:
    """Return why no session on a target can be opened, None when one can; it is closed at once."""
    from pgdeck.errors import Unreachable
    from pgdeck.pg.connect import open_session

    try:
        session = await open_session(target.conninfo)
    except Unreachable as unreachable:
        return unreachable.failure
    session.close()
    return None


def audit_thresholds(document: Document, mistakes: list[Mistake]) -> None:
    """Add what a configuration file says wrong about the rules of the checks."""
    from pgdeck.checks.books import books
    from pgdeck.checks.configuration import audit_thresholds
    from pgdeck.checks.samples import FileSamples

    rules = tuple(rule for book in books(FileSamples()) for rule in book.rules)
    audit_thresholds(document, rules, mistakes)


def collector_for(spec: ScreenSpec, target: Target) -> Collector[object]:
    """Return what gathers a screen's data; raises `UsageProblem` for a view nobody knows.

    A person's own screens are refused where the target's environment is production.
    """
    _require_view(spec)
    if spec.view is None:
        return _table_collector(spec, target.environment)
    if spec.view == CHECKS:
        return checks_collector(target)
    return BESPOKE[spec.view]()


BESPOKE: Mapping[str, Callable[[], Collector[object]]] = {
    "overview": overview_collector,
    "activity": activity_collector,
    "connections": connections_collector,
    "statements": statements_collector,
    JOBS: jobs_collector,
}


def _require_view(spec: ScreenSpec) -> None:
    if spec.view not in (None, CHECKS, *BESPOKE):
        raise UsageProblem(f"{spec.source[0]}: no view is called {spec.view}")


def exact_collector_for(spec: ScreenSpec, target: Target) -> Collector[object]:
    """Return what gathers a screen's data for a single look: exact values come with it."""
    if spec.lookup is None or not spec.trusted:
        return collector_for(spec, target)
    from pgdeck.watch.exact import ExactCollector

    return ExactCollector(_table_collector(spec, target.environment), spec)


def _table_collector(spec: ScreenSpec, environment: Environment) -> Collector[Table]:
    from pgdeck.watch.query import QueryCollector

    collector = QueryCollector(spec, environment=environment)
    if not (spec.trusted and spec.name == "tables"):
        return collector
    from pgdeck.watch.tables import ForecastCollector

    return ForecastCollector(collector, spec)


def open_watcher(
    target: Target, specs: Mapping[str, ScreenSpec] | None = None, first: str = "overview"
) -> Watcher:
    """Return a watcher over the screens, by default the menu's; it connects when it is started.

    The collectors of other screens than the `first` one are imported when they are looked at.
    """
    from pgdeck.watch.late import LateCollector
    from pgdeck.watch.watcher import DeckWatcher

    specs = load_specs() if specs is None else specs
    for spec in specs.values():
        _require_view(spec)
    screens = [
        collector_for(spec, target)
        if spec.name == first
        else LateCollector(spec, partial(collector_for, spec, target))
        for spec in specs.values()
    ]
    # What is looked up is not scrutinised first, as a person's own statements must be.
    lookups = {name: spec.lookup for name, spec in specs.items() if spec.lookup and spec.trusted}
    collectors = [server_collector(), standing_collector(), *screens]
    # What needs attention is known whatever screen is looked at.
    return DeckWatcher(target, collectors, lookups=lookups, background=[CHECKS, JOBS])


def open_shell(wanted: ShellWanted) -> AbstractContextManager[Shell]:
    """Return psql on a target, prepared when the block is entered; raises `Problem` then."""
    from pgdeck.pg.psql import psql_on

    return psql_on(wanted)


async def examine(target: Target, report: Report) -> Ladder:
    """Try every rung from the configuration to the rights; never raises for what it finds."""
    import asyncio

    # The import takes a moment in which a screen would stand still.
    climb = await asyncio.to_thread(import_module, "pgdeck.doctor.climb")
    ladder: Ladder = await climb.examine(target, os.environ, report)
    return ladder


def sweep() -> None:
    """Remove what a crash may have left behind."""
    from pgdeck.pg.psql import sweep as sweep_passwords

    sweep_passwords()
