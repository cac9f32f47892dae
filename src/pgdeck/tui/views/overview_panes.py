"""What each pane of the Overview says, as pure functions from values to lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeVar

from pgdeck.core.snapshot import Failure
from pgdeck.core.spec import Format
from pgdeck.core.text import cut_middle, fit, safe
from pgdeck.tui.figures import (
    bar,
    chart,
    figure,
    fitting,
    known,
    named,
    plain,
    share_role,
    spark,
    text,
)
from pgdeck.tui.ink import Line, Span, between, clip, wrap
from pgdeck.tui.panes import Pane

if TYPE_CHECKING:
    from pgdeck.watch.model import (
        ActivitySummary,
        BigTable,
        Connections,
        MigrationsSummary,
        Overview,
        TablesSummary,
        Throughput,
        VacuumRun,
        VacuumSummary,
    )

T = TypeVar("T")

MONITOR = "GRANT pg_monitor"
SIGNS = {"warning": "▲", "critical": "■"}
CONNECTIONS_WARN, CONNECTIONS_BAD = 0.75, 0.90
DEAD_WARN = 0.2
CHART_ROWS = 10
USUAL = "alembic_version"
SAMPLE_LEAST = 34
_KEPT = lru_cache(maxsize=4)
"""What did not change since the last refresh is not drawn again."""

XID_FORCED, XID_STOP = 1.1, 0.5


def overview_panes(overview: Overview, keys: Mapping[str, str]) -> dict[str, Pane]:
    """Return the panes of figures by name; `keys` maps a screen's name to the key that opens it."""

    def opener(screen: str) -> Line:
        return (Span(f"{keys[screen]} ›", "key"),) if screen in keys else ()

    def pane(name: str, title: str, figures: Line, opens: str, body: _Body, wants: int) -> Pane:
        gap = (Span(" "),) if figures and opens in keys else ()
        return Pane(name, title, (*figures, *gap, *opener(opens)), body, opens, wants=wants)

    parts = overview
    return {
        "activity": pane(
            "activity", "Activity", (), "activity", _or_failure(parts.activity, _activity), 6
        ),
        "connections": pane(
            "connections",
            "Connections",
            _over(parts.connections, _used),
            "connections",
            _or_failure(parts.connections, _connections),
            5,
        ),
        "throughput": pane(
            "throughput",
            "Throughput",
            _over(parts.throughput, _tps),
            "",
            _or_failure(parts.throughput, _throughput),
            6,
        ),
        "tables": pane(
            "tables",
            "Tables",
            _over(parts.tables, _table_total),
            "tables",
            _or_failure(parts.tables, partial(_tables_at, parts.migrations)),
            10,
        ),
        "vacuum": pane("vacuum", "Vacuum", (), "tables", _or_failure(parts.vacuum, _vacuum), 7),
    }


_Body = Callable[[int, int], Sequence[Line]]


def _or_failure(part: T | Failure, draw: Callable[[T, int, int], Sequence[Line]]) -> _Body:
    if isinstance(part, Failure):
        return partial(failure_lines, part)
    return partial(draw, part)


def _over(part: T | Failure, draw: Callable[[T], Line]) -> Line:
    return (Span("?", "unknown"),) if isinstance(part, Failure) else draw(part)


def failure_lines(failure: Failure, width: int, height: int) -> list[Line]:
    """Say why a pane has nothing to show, and the way out."""
    lines: list[Line] = [
        (Span(said, "warning"),) for said in wrap("? " + safe(failure.message), width)
    ]
    lines += [(Span(line, "quiet"),) for line in wrap(safe(failure.hint), width) if line]
    return lines[:height]


def _used(part: Connections) -> Line:
    role = share_role(_share(part), CONNECTIONS_WARN, CONNECTIONS_BAD)
    mark = SIGNS.get(role, "")
    return (Span(f"{part.used}/{part.for_everyone}"), Span(mark and f" {mark}", role))


def _share(part: Connections) -> float:
    return part.used / part.for_everyone if part.for_everyone > 0 else 1.0


@_KEPT
def _connections(part: Connections, width: int, height: int) -> list[Line]:
    share = _share(part)
    counts = [
        (*known(part.active, Format.COUNT), Span(" active", "quiet")),
        (*known(part.idle, Format.COUNT), Span(" idle", "quiet")),
        (*known(part.idle_in_transaction, Format.COUNT), Span(" idle in tx", "quiet")),
    ]
    head = [
        bar(share, width, share_role(share, CONNECTIONS_WARN, CONNECTIONS_BAD)),
        fitting(counts, width, " · "),
    ]
    tail: list[Line] = []
    if part.active is None:
        tail.append((Span(f"? counts by state: {MONITOR}", "unknown"),))
    elif part.oldest_idle_in_transaction_s is not None:
        age = figure(part.oldest_idle_in_transaction_s, Format.AGE)
        tail.append(named("longest idle in tx", age))
    tail.append((Span(f"{part.maximum} slots, {part.reserved} reserved", "quiet"),))
    tall = min(CHART_ROWS, max(1, height - len(head) - len(tail)))
    drawn = chart(part.series, width, tall, float(part.for_everyone))
    return [*head, *drawn, *tail][:height]


def _tps(part: Throughput) -> Line:
    if part.transactions_per_s is None:
        return (Span("measuring", "quiet"),)
    return (*figure(part.transactions_per_s, Format.RATE),)


@_KEPT
def _throughput(part: Throughput, width: int, height: int) -> list[Line]:
    top = part.transactions_max
    label = f" max {plain(top, Format.COUNT)}" if top else " max –"
    deadlocks = (*figure(part.deadlocks_per_h, Format.COUNT), Span("/h", "quiet"))
    rest = [
        _beside("hit", figure(part.cache_hit, Format.RATIO), part.hits, width, 1.0),
        _beside("WAL", _per_second(part.wal_bytes_per_s), part.wal, width),
        fitting(
            [
                named("temp", _per_second(part.temp_bytes_per_s)),
                named("rollback", figure(part.rollback_share, Format.RATIO)),
                named("deadlocks", deadlocks),
            ],
            width,
        ),
    ]
    tall = min(CHART_ROWS, max(1, height - len(rest)))
    drawn = chart(part.transactions, width - len(label), tall, top)
    lines = [(*drawn[0], Span(label, "quiet")), *drawn[1:], *rest]
    return lines[:height]


def _per_second(value: float | None) -> Line:
    if value is None:
        return (Span("–", "quiet"),)
    return (*figure(value, Format.BYTES), Span("/s", "quiet"))


def _beside(
    label: str,
    value: Line,
    series: Sequence[float | None],
    width: int,
    top: float | None = None,
) -> Line:
    """Put a figure at the left, in a fixed width, and its samples at the right."""
    left = clip(named(label, value), min(18, width))
    return (*left, *spark(series, max(0, width - 18), top))


@_KEPT
def _activity(part: ActivitySummary, width: int, height: int) -> list[Line]:
    lines: list[Line] = [
        fitting(
            [
                named("longest", figure(part.longest_query_s, Format.DURATION)),
                named("tx", figure(part.longest_transaction_s, Format.DURATION)),
                named("waiting", known(part.waiting, Format.COUNT)),
            ],
            width,
        )
    ]
    if part.root_blocker:
        waited = figure(part.blocked_longest_s, Format.DURATION)
        lines.append((Span("▲ ", "warning"), *text(part.root_blocker), Span(" for "), *waited))
    for pid, application, seconds, query in part.sample:
        age = plain(seconds, Format.DURATION)
        who = f"{fit(safe(application), 10)} " if width >= SAMPLE_LEAST else ""
        head = f"{pid:>7} {who}{age:>7} "
        lines.append((Span(head, "quiet"), Span(safe(" ".join(query.split())))))
    if part.hidden:
        lines.insert(1, (Span(f"? {part.hidden} hidden: {MONITOR}", "unknown"),))
    elif len(lines) == 1:
        lines.append((Span("No statement is running.", "quiet"),))
    return [clip(line, width) for line in lines[:height]]


def _table_total(part: TablesSummary) -> Line:
    return (
        Span(f"{part.count} · ", "quiet"),
        *figure(part.database_bytes if part.database_bytes else part.bytes, Format.BYTES),
    )


def _tables_at(
    migrations: MigrationsSummary | Failure, part: TablesSummary, width: int, height: int
) -> Sequence[Line]:
    """Draw the tables, and below them where the migrations stand if there is room for both."""
    found = isinstance(migrations, Failure) or migrations.tables
    if height < 3 or not found:
        return _tables(part, width, height)
    drawn = _tables(part, width, height - 1)
    return [*drawn, *[()] * (height - 1 - len(drawn)), clip(_revision(migrations), width)]


def _revision(migrations: MigrationsSummary | Failure) -> Line:
    if isinstance(migrations, Failure):
        return (Span("revision ", "quiet"), Span(f"? {safe(migrations.message)}", "unknown"))
    table, more = migrations.tables[0], len(migrations.tables) - 1
    # Its usual name says nothing; the schema does.
    named = safe(table.schema) + ("" if table.name == USUAL else f".{safe(table.name)}")
    place = f" in {named}{f' +{more}' if more else ''}"
    if table.revisions is None:
        why = "a migration holds it" if table.locked else "GRANT SELECT on it"
        return (Span("revision ", "quiet"), Span(f"?{place}: {why}", "unknown"))
    at = ", ".join(map(safe, table.revisions)) or "nothing applied"
    return (Span("revision ", "quiet"), Span(at), Span(place, "quiet"))


@_KEPT
def _tables(part: TablesSummary, width: int, height: int) -> list[Line]:
    if not part.biggest:
        return [(Span("No tables here yet.", "quiet"),)]
    lines = [_big_table(table, width) for table in part.biggest]
    grown = [sample for sample in part.size if sample is not None]
    if height > 3:
        lines.insert(0, between(_TABLE_HEAD, _TABLE_FACTS, width))
    if height > 5 and len(grown) > 1:
        size = figure(part.database_bytes, Format.BYTES)
        line = _beside("size", size, part.size, width, max(grown))
        return [*lines[: height - 1], line]
    return lines[:height]


_TABLE_HEAD: Line = (Span("biggest", "quiet"),)
_TABLE_FACTS: Line = (Span("    size   dead  vacuumed", "quiet"),)


@lru_cache(maxsize=64)
def _big_table(table: BigTable, width: int) -> Line:
    parts = f" ({table.partitions})" if table.partitions else ""
    size = clip_right(known(table.bytes, Format.BYTES), 8)
    if table.locked:
        state: Line = (Span("   ▲ locked      ", "warning"),)
    else:
        role = "warning" if (table.dead_share or 0) >= DEAD_WARN else "quiet"
        dead = plain(table.dead_share, Format.RATIO)
        state = (
            Span(f"{dead:>7}{SIGNS.get(role, ' ')}", role),
            Span(f"{plain(table.vacuumed_s, Format.AGE):>9}", "quiet"),
        )
    name = (Span(fit_name(safe(table.name), width - 25 - len(parts))), Span(parts, "quiet"))
    return between(name, (*size, *state), width)


def fit_name(name: str, width: int) -> str:
    """Cut a name in its middle to at most `width` cells: names often differ at their ends alone."""
    return cut_middle(name, width) if width > 0 else name


def clip_right(line: Line, width: int) -> Line:
    """Push a figure to the right edge of `width` cells."""
    taken = sum(span.width for span in line)
    return (Span(" " * max(0, width - taken)), *line)


@_KEPT
def _vacuum(part: VacuumSummary, width: int, height: int) -> list[Line]:
    forced = part.oldest_xid_of_forced
    role = "warning" if forced >= XID_FORCED else "bar"
    role = "critical" if part.oldest_xid_of_stop >= XID_STOP else role
    share = plain(forced, Format.RATIO)
    label = f"oldest xid {share:>6}{SIGNS.get(role, '')} of forced "
    lines: list[Line] = [
        (Span(label, "quiet"), *bar(min(1.0, forced), max(0, width - len(label)), role)),
        named("due", known(part.due, Format.COUNT)),
    ]
    lines += [_run(run) for run in part.running]
    if not part.running:
        lines[1] = (*lines[1], Span("   none running", "quiet"))
    if part.horizon_holder:
        age = plain(part.horizon_age, Format.COUNT)
        lines.append(named("horizon held by", text(f"{part.horizon_holder} ({age} xids)")))
    return [clip(line, width) for line in lines[:height]]


def _run(run: VacuumRun) -> Line:
    share = figure(run.share, Format.RATIO)
    return (
        Span("⟳ ", "notice"),
        *text(f"{run.command} {run.relation}: {run.phase}"),
        Span(" "),
        *share,
    )
