"""The closed list of bespoke views; a screen file names one, or is shown as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from textual.widget import Widget

from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.views.overview import OverviewView

Keys = Mapping[str, str]


def _overview(spec: ScreenSpec, keys: Keys, ascii_only: bool) -> Widget:
    return OverviewView(spec, keys, ascii_only=ascii_only)


def _activity(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.activity import ActivityView

    return ActivityView(spec, ascii_only=ascii_only)


def _checks(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.checks import ChecksView

    return ChecksView(spec, ascii_only=ascii_only)


def _connections(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.connections import ConnectionsView

    return ConnectionsView(spec, ascii_only=ascii_only)


def _statements(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.statements import StatementView

    return StatementView(spec, ascii_only=ascii_only)


def _databases(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.databases import DatabasesView

    return DatabasesView(spec, ascii_only=ascii_only)


def _jobs(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.jobs import JobsView

    return JobsView(spec, ascii_only=ascii_only)


def _tables(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.upkeep import TablesView

    return TablesView(spec, ascii_only=ascii_only)


def _indexes(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.upkeep import IndexesView

    return IndexesView(spec, ascii_only=ascii_only)


def _table(spec: ScreenSpec, _keys: Keys, ascii_only: bool) -> Widget:
    from pgdeck.tui.views.table import TableView

    return TableView(spec, ascii_only=ascii_only)


VIEWS: Mapping[str, Callable[[ScreenSpec, Keys, bool], Widget]] = {
    "overview": _overview,
    "activity": _activity,
    "checks": _checks,
    "connections": _connections,
    "jobs": _jobs,
    "statements": _statements,
}


KEYED: Mapping[str, Callable[[ScreenSpec, Keys, bool], Widget]] = {
    "databases": _databases,
    "tables": _tables,
    "indexes": _indexes,
}
"""Shipped table screens whose rows can be acted on."""


def warm_up() -> None:
    """Import every view, so that a first visit need not."""
    views = ("activity", "checks", "connections", "databases", "jobs", "statements", "table")
    for view in (*views, "upkeep"):
        import_module(f"pgdeck.tui.views.{view}")
    import_module("pgdeck.pattern")
    import_module("pgdeck.tui.widgets.switcher")
    import_module("pgdeck.tui.lookout")


def make_view(spec: ScreenSpec, keys: Keys, *, ascii_only: bool) -> Widget:
    """Return the widget of a screen; modules of views not yet visited are not imported."""
    # Table screens like others, with some keys more.
    own = KEYED.get(spec.name) if spec.view is None and spec.trusted else None
    make = own or VIEWS.get(spec.view or "", _table)
    return make(spec, keys, ascii_only)
