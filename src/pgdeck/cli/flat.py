"""The bespoke screens as rows, so that the command line prints every screen alike."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.check import Check, Checks
from pgdeck.core.judged import CHECK_COLUMNS, check_table
from pgdeck.core.numbers import count, duration, percent, size
from pgdeck.core.rows import Table, TableRow, Value
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.spec import Column

if TYPE_CHECKING:
    from pgdeck.core.spec import ScreenSpec
    from pgdeck.watch.model import Overview

PANELS = ("connections", "throughput", "activity", "tables", "vacuum")

SHARES = frozenset({"rollback_share", "cache_hit", "oldest_xid_of_forced", "oldest_xid_of_stop"})

FIGURES = (
    Column("panel", "panel"),
    Column("figure", "figure"),
    Column("value", "value"),
    Column("level", "level"),
)


def columns_of(spec: ScreenSpec) -> tuple[Column, ...]:
    """Return the columns in which a screen is printed."""
    if spec.view == "activity":
        from pgdeck.watch.sessions import ACTIVITY_COLUMNS

        return ACTIVITY_COLUMNS
    if spec.view == "statements":
        from pgdeck.watch.statements import TOTAL_COLUMNS

        return TOTAL_COLUMNS
    if spec.view == "checks":
        return CHECK_COLUMNS
    if spec.view == "jobs":
        from pgdeck.jobs.rows import JOB_COLUMNS

        return JOB_COLUMNS
    if spec.view == "connections":
        from pgdeck.watch.groups import PRINTED_COLUMNS

        return PRINTED_COLUMNS
    return FIGURES if spec.view == "overview" else spec.columns


def flat(
    spec: ScreenSpec, data: object, checks: Snapshot[object] | None = None
) -> tuple[Table, list[Failure]]:
    """Return a screen's data as a table of `columns_of` it, and the parts that failed.

    `checks` are those that belong on the Overview.
    """
    if isinstance(data, Table):
        return data, []
    if spec.view == "activity":
        from pgdeck.watch.model import Activity
        from pgdeck.watch.sessions import to_table

        assert isinstance(data, Activity)
        return to_table(data, None), []
    if spec.view == "connections":
        from pgdeck.watch.crowd import Crowd
        from pgdeck.watch.groups import printed

        assert isinstance(data, Crowd)
        return printed(data), []
    if spec.view == "jobs":
        from pgdeck.jobs.rows import Jobs, job_table

        assert isinstance(data, Jobs)
        return job_table(data), []
    if spec.view == "statements":
        from pgdeck.watch import statements

        assert isinstance(data, statements.Statements)
        return statements.to_table(data, statements.StatementsView.TOTAL), []
    if isinstance(data, Checks):
        return check_table(data, datetime.now(UTC)), []
    table, failures = _overview(data, _alerts(checks))  # type: ignore[arg-type]  # what is left
    if checks is not None and checks.failure is not None:
        failures.append(checks.failure)
    return table, failures


def _alerts(checks: Snapshot[object] | None) -> tuple[Check, ...]:
    if checks is None or checks.failure is not None or not isinstance(checks.data, Checks):
        return ()
    return checks.data.alerts


def _overview(overview: Overview, alerts: tuple[Check, ...]) -> tuple[Table, list[Failure]]:
    """Return one row a figure, alerts first."""
    rows = [("alerts", alert.rule, alert.sentence, alert.state.word) for alert in alerts]
    failures: list[Failure] = []
    for panel in PANELS:
        part = getattr(overview, panel)
        if isinstance(part, Failure):
            failures.append(part)
            continue
        rows += [
            (panel, name, value, "")
            for name in part.__struct_fields__
            if not _is_nested(value := getattr(part, name))
        ]
    return Table(tuple(TableRow((row[0], at), _raw(row)) for at, row in enumerate(rows))), failures


def humane(spec: ScreenSpec, table: Table) -> Table:
    """Return a table as a person reads it: the Overview's figures with their units."""
    if spec.view != "overview":
        return table
    rows = [
        replace(row, values=(panel, figure, _with_unit(str(figure), value), level))
        for row in table.rows
        for panel, figure, value, level in [row.values]
    ]
    return replace(table, rows=tuple(rows))


def _with_unit(figure: str, value: Value) -> Value:
    """Return a number with the unit that its name states."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if figure.endswith("_per_s"):
        return "".join(size(value)) + "/s" if "bytes" in figure else "".join(count(value)) + " /s"
    if figure.endswith("_s"):
        return "".join(duration(value))
    if figure.endswith("bytes"):
        return "".join(size(value))
    if figure in SHARES:
        return "".join(percent(100 * value))
    return "".join(count(value))


def _is_nested(value: object) -> bool:
    return isinstance(value, (tuple, list, Struct))


def _raw(row: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(value.value if isinstance(value, Enum) else value for value in row)
