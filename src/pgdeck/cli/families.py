"""What is known of a target as families of metrics; every name here is promised to stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from pgdeck.core.check import Check, Checks
from pgdeck.core.openmetrics import Family, Kind, Sample
from pgdeck.core.snapshot import Failure
from pgdeck.core.spec import Format
from pgdeck.core.text import safe

if TYPE_CHECKING:
    from pgdeck.watch.model import Overview, Server
    from pgdeck.watch.totals import Totals

UNITS = {
    Format.BYTES: "bytes",
    Format.DURATION: "seconds",
    Format.AGE: "seconds",
    Format.RATIO: "ratio",
    Format.BAR: "ratio",
    Format.PERCENT: "ratio",
}

STATES = ("active", "idle", "idle_in_transaction")


class Known(Struct, frozen=True):
    """What one scrape came to; None is what failed."""

    target: str
    seconds: float
    server: Server | None = None
    overview: Overview | None = None
    totals: Totals | None = None
    checks: Checks | None = None


def families(known: Known) -> Iterator[Family]:
    """Return every family, each sample with the target's label."""
    common = {"target": safe(known.target)}
    up = float(known.server is not None)
    yield _gauge("up", "Whether the server answered.", [(up, {})], common)
    yield _gauge(
        "scrape_duration_seconds",
        "Seconds that asking took, the pause between two samples included.",
        [(known.seconds, {})],
        common,
        "seconds",
    )
    if known.server is not None:
        yield from _server(known.server, common)
    if known.overview is not None:
        yield from _overview(known.overview, common)
    if known.totals is not None:
        yield from _totals(known.totals, common)
    if known.checks is not None:
        yield from _checks(known.checks, common)


Values = list[tuple[float | None, Mapping[str, str]]]


def _gauge(
    name: str, told: str, values: Values, common: Mapping[str, str], unit: str = ""
) -> Family:
    return _family(Kind.GAUGE, name, told, values, common, unit)


def _family(
    kind: Kind, name: str, told: str, values: Values, common: Mapping[str, str], unit: str = ""
) -> Family:
    samples = tuple(
        Sample(value, {**common, **labels}) for value, labels in values if value is not None
    )
    return Family(f"pgdeck_{name}", kind, told, samples, unit)


def _server(server: Server, common: Mapping[str, str]) -> Iterator[Family]:
    facts = {
        "version": safe(server.version_text),
        "role": "standby" if server.standby else "primary",
        "database": safe(server.database),
        "fingerprint": server.fingerprint,
    }
    yield _family(Kind.INFO, "server", "Who answered.", [(1.0, facts)], common)
    yield _gauge(
        "server_start_time_seconds",
        "When the server started, in seconds since 1970.",
        [(server.started_at.timestamp(), {})],
        common,
        "seconds",
    )


def _overview(overview: Overview, common: Mapping[str, str]) -> Iterator[Family]:
    part = overview.connections
    if not isinstance(part, Failure):
        states: Values = [(_number(getattr(part, state)), {"state": state}) for state in STATES]
        yield _gauge("connections", "Client sessions by state.", states, common)
        told = "Sessions that wait for a lock."
        yield _gauge("sessions_waiting", told, [(_number(part.waiting), {})], common)
        yield _gauge("connections_used", "Slots in use.", [(part.used, {})], common)
        yield _gauge(
            "connections_limit", "Slots for ordinary roles.", [(part.for_everyone, {})], common
        )
    if not isinstance(overview.tables, Failure):
        yield _gauge(
            "database_size_bytes",
            "Size of the watched database.",
            [(_number(overview.tables.database_bytes), {})],
            common,
            "bytes",
        )
    vacuum = overview.vacuum
    if not isinstance(vacuum, Failure):
        told = "Age of the oldest rows of the server, in transactions."
        yield _gauge("xid_age", told, [(vacuum.oldest_xid, {})], common)
        told = "Tables to which autovacuum should come."
        yield _gauge("vacuum_due_tables", told, [(_number(vacuum.due), {})], common)


def _totals(totals: Totals, common: Mapping[str, str]) -> Iterator[Family]:
    def counter(name: str, told: str, values: Values, unit: str = "") -> Family:
        return _family(Kind.COUNTER, name, told, values, common, unit)

    hit, fetched = totals.blocks_hit, totals.blocks_fetched
    read = fetched - hit if fetched is not None and hit is not None else None
    yield counter(
        "transactions",
        "Transactions of the watched database.",
        [
            (_number(totals.commits), {"outcome": "commit"}),
            (_number(totals.rollbacks), {"outcome": "rollback"}),
        ],
    )
    yield counter(
        "blocks",
        "Blocks asked for, by where they were.",
        [(_number(hit), {"source": "cache"}), (_number(read), {"source": "disk"})],
    )
    told = "Deadlocks of the watched database."
    yield counter("deadlocks", told, [(_number(totals.deadlocks), {})])
    told = "Bytes written to temporary files by the watched database."
    yield counter("temp_bytes", told, [(_number(totals.temp_bytes), {})], "bytes")
    told = "Position in the write-ahead log, in bytes."
    yield counter("wal_bytes", told, [(_number(totals.wal_bytes), {})], "bytes")


def _checks(checks: Checks, common: Mapping[str, str]) -> Iterator[Family]:
    """Return what is known by rule: subjects come and go with every session and table."""
    by_rule: dict[str, list[Check]] = {}
    for check in checks.checks:
        by_rule.setdefault(check.rule, []).append(check)

    def each(number: Callable[[Checks], int]) -> Values:
        return [
            (float(number(Checks(tuple(found)))), {"rule": rule}) for rule, found in by_rule.items()
        ]

    told = "State of each rule, pardoned alerts left out: 0 ok, 1 warning, 2 critical, 3 unknown."
    yield _gauge("check_state", told, each(lambda found: int(found.worst)), common)
    told = "Warnings and worse of each rule that nobody pardoned."
    yield _gauge("check_alerts", told, each(lambda found: len(found.alerts)), common)
    told = "Alerts of each rule that somebody silenced or acknowledged."
    yield _gauge("check_pardoned", told, each(_pardoned), common)
    for rule, found in by_rule.items():
        yield _value(rule, found[0], common)


def _pardoned(checks: Checks) -> int:
    return sum(1 for check in checks.checks if check.pardon is not None)


def _value(rule: str, worst: Check, common: Mapping[str, str]) -> Family:
    """Return the value of a rule's most serious check."""
    unit = UNITS.get(worst.format, "")
    scale = 0.01 if worst.format is Format.PERCENT else 1.0
    value = None if worst.value is None else worst.value * scale
    name = f"check_{rule}" + (f"_{unit}" if unit and not rule.endswith(f"_{unit}") else "")
    # The bounds may differ from target to target; what the rule is must not.
    return _gauge(name, f"{worst.title}: the value that is judged.", [(value, {})], common, unit)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
