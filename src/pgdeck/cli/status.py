"""``pgdeck status``: the Overview once, for a person or as JSON."""

from __future__ import annotations

import argparse
import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pgdeck.cli.checktext import check_shape
from pgdeck.cli.output import in_ascii, speaks_unicode, write
from pgdeck.core.cell import Level
from pgdeck.core.cells import SIGNS
from pgdeck.core.check import Check, Checks, State
from pgdeck.core.judged import LEVELS
from pgdeck.core.machine import as_json, failure_shape, plain, target_shape
from pgdeck.core.numbers import Figure, age, count, duration, percent, size
from pgdeck.core.snapshot import Failure, Snapshot
from pgdeck.core.target import Target, environment_of
from pgdeck.core.text import safe
from pgdeck.errors import QueryFailed

if TYPE_CHECKING:
    from pgdeck.watch.model import (
        Connections,
        MigrationsSummary,
        Overview,
        Server,
        TablesSummary,
        VacuumSummary,
        VersionTable,
    )

PANELS = ("connections", "throughput", "activity", "tables", "vacuum", "migrations")
LABEL = 14

Line = tuple[str, str]


def run(args: argparse.Namespace) -> int:
    """Print the state of the target; raises `Unreachable` and `QueryFailed`."""
    target = args.find_target()
    server, overview, checks = asyncio.run(_look(target, rates=args.rates))
    if args.json:
        text = as_json(report(target, server, overview, checks))
    else:
        text = "\n".join(page(target, server, overview, checks))
        text = text if speaks_unicode() else in_ascii(text)
    write(text + "\n")
    return 0


async def _look(target: Target, *, rates: bool) -> tuple[Server, Overview, Checks | Failure]:
    """Return what answered; checks that cannot be made cost their own lines."""
    from pgdeck.watch.once import collect_once
    from pgdeck.wiring import checks_look, overview_collector, server_collector

    overview = overview_collector(measure_at_once=True)
    collectors: list[Any] = [server_collector(), overview, checks_look(target)]
    taken = await collect_once(target, collectors, rates=rates)
    checks: Any = taken["checks"].failure or taken["checks"].data
    return _data(taken["server"]), _data(taken["overview"]), checks


def _data(snapshot: Snapshot[object]) -> Any:
    if snapshot.failure is not None:
        raise QueryFailed(snapshot.failure)
    return snapshot.data


def report(
    target: Target, server: Server, overview: Overview, checks: Checks | Failure
) -> dict[str, object]:
    """Return what ``--json`` prints: raw values, in bytes, seconds and shares of one."""
    return {
        "target": target_shape(target, server),
        "server": {
            "version": server.version_text,
            "role": "standby" if server.standby else "primary",
            "started_at": server.started_at.isoformat(),
        },
        "panels": {name: raw(getattr(overview, name)) for name in PANELS},
        "alerts": [alert_shape(each) for each in _alerts(checks)],
        "failures": [failure_shape(checks)] if isinstance(checks, Failure) else [],
    }


def _alerts(checks: Checks | Failure) -> tuple[Check, ...]:
    return () if isinstance(checks, Failure) else checks.alerts


def alert_shape(check: Check) -> dict[str, object]:
    """Return an alert as JSON knows it: the check, and its state under the name of old."""
    return {**check_shape(check), "level": check.state.word}


def raw(value: object) -> object:
    """Return a value as JSON knows it; a part that failed becomes its ``failure``."""
    if isinstance(value, Failure):
        return {"failure": failure_shape(value)}
    if isinstance(value, Level):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        return {name: raw(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, (tuple, list)):
        return [raw(each) for each in value]
    return plain(value)


def page(target: Target, server: Server, overview: Overview, checks: Checks | Failure) -> list[str]:
    """Return the lines for a person: alerts first, then one line a pane."""
    state = "standby" if server.standby else "primary"
    up = said(age(server.uptime_s))
    head = f"{target.name} · {environment_of(target.environment, server.environment)}"
    lines = [
        f"{safe(head)} · {server.fingerprint}",
        f"PostgreSQL {safe(server.version_text)} {state} · up {up} · "
        f"login {safe(server.login)} on {safe(server.database)}",
        "",
    ]
    lines += _attention(checks)
    lines.append("")
    lines += [f"{label:<{LABEL}}{text}" for label, text in _panes(overview)]
    if not server.monitor:
        lines += ["", f"? = not visible to {safe(server.login)}: GRANT pg_monitor TO it shows it"]
    return lines


def _attention(checks: Checks | Failure) -> list[str]:
    """Return what needs attention, each with its fix."""
    if isinstance(checks, Failure):
        return [f"? {safe(checks.message)}", *([f"  {safe(checks.hint)}"] if checks.hint else [])]
    lines: list[str] = []
    for alert in checks.alerts:
        lines.append(f"{SIGNS[LEVELS[alert.state]][0]} {safe(alert.sentence)}")
        if alert.fix:
            lines.append(f"  {safe(alert.fix)}")
    if not lines:
        unknown = sum(1 for check in checks.checks if check.state is State.UNKNOWN)
        rest = f"; {unknown} unknown, pgdeck check says why" if unknown else ""
        lines.append(f"● Nothing needs attention{rest}.")
    return lines


def _panes(overview: Overview) -> list[Line]:
    panes: list[Line] = []
    for name in PANELS:
        part = getattr(overview, name)
        if isinstance(part, Failure):
            panes.append((name, f"? {safe(part.message)}"))
        else:
            panes.append((name, " · ".join(WORDS[name](part))))
    return panes


def said(figure: Figure) -> str:
    """Return a figure with its unit as one text."""
    return "".join(figure)


def known(value: float | None) -> str:
    """Return a count, a question mark for one that cannot be known."""
    return "?" if value is None else said(count(value))


def _connections(part: Connections) -> list[str]:
    return [
        f"{part.used} of {part.for_everyone}",
        f"active {known(part.active)}",
        f"idle {known(part.idle)}",
        f"idle in transaction {known(part.idle_in_transaction)}",
        f"waiting {known(part.waiting)}",
    ]


def _throughput(part: Any) -> list[str]:
    if part.transactions_per_s is None:
        return ["needs two samples: --rates"]
    words = [f"{said(count(part.transactions_per_s))} transactions/s"]
    if part.cache_hit is not None:
        words.append(f"cache hit {said(percent(100 * part.cache_hit))}")
    if part.wal_bytes_per_s is not None:
        words.append(f"WAL {said(size(part.wal_bytes_per_s))}/s")
    return words


def _activity(part: Any) -> list[str]:
    words = [
        f"{label} {said(duration(value))}"
        for label, value in (
            ("longest statement", part.longest_query_s),
            ("longest transaction", part.longest_transaction_s),
        )
        if value is not None
    ]
    if part.root_blocker:
        words.append(safe(part.root_blocker))
    if part.hidden:
        words.append(f"{part.hidden} sessions hidden")
    return words or ["no statement is running"]


def _tables(part: TablesSummary) -> list[str]:
    tables = "1 table" if part.count == 1 else f"{known(part.count)} tables"
    words = [f"{tables}, {said(size(part.bytes))}"]
    if part.database_bytes is not None:
        words.append(f"database {said(size(part.database_bytes))}")
    biggest = part.biggest[0] if part.biggest else None
    if biggest is not None and biggest.bytes is not None:
        words.append(f"largest {safe(biggest.name)} {said(size(biggest.bytes))}")
    return words


def _vacuum(part: VacuumSummary) -> list[str]:
    words = [
        f"due {known(part.due)}",
        f"running {len(part.running)}",
        f"oldest xid {said(percent(100 * part.oldest_xid_of_forced))} of forced",
    ]
    if part.horizon_holder:
        words.append(f"horizon held by {safe(part.horizon_holder)}")
    return words


def _migrations(part: MigrationsSummary) -> list[str]:
    return [stand(table) for table in part.tables] or ["no table of Alembic's is in this database"]


def stand(table: VersionTable) -> str:
    """Return where one history stands, and in which table that was read."""
    place = f"{safe(table.schema)}.{safe(table.name)}"
    if table.revisions:
        return f"{', '.join(map(safe, table.revisions))} in {place}"
    if table.revisions is not None:
        return f"nothing applied in {place}"
    if table.locked:
        return f"? in {place}: a migration holds it"
    return f"? in {place}: GRANT SELECT on it shows it"


WORDS: dict[str, Any] = {
    "connections": _connections,
    "throughput": _throughput,
    "activity": _activity,
    "tables": _tables,
    "vacuum": _vacuum,
    "migrations": _migrations,
}
