"""Sessions grouped by what they have in common: columns, and what fills them; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from pgdeck.core.cell import Level
from pgdeck.core.rows import Key, Status, Table, TableRow, Unknown, Value
from pgdeck.core.spec import Align, Column, Format
from pgdeck.watch.crowd import Budget, By, Connected, Crowd, Limit

WARN, BAD = 0.75, 0.90
"""Shares of a limit from which on it deserves a look."""
IDLE_WARN, IDLE_BAD = 300.0, 1800.0
LOCAL = "local socket"
ALL = "all"


def _count(name: str, label: str, priority: int, note: str = "") -> Column:
    width = max(5, len(label) + 2)
    return Column(name, label, Format.COUNT, Align.RIGHT, width, priority, note=note)


def _time(name: str, label: str, priority: int, note: str, *, judged: bool = False) -> Column:
    warn, bad = (IDLE_WARN, IDLE_BAD) if judged else (None, None)
    return Column(
        name, label, Format.DURATION, Align.RIGHT, 8, priority, warn=warn, bad=bad, note=note
    )


GROUP_COLUMNS: tuple[Column, ...] = (
    Column("group", "group", priority=0),
    _count("total", "total", 1, "client sessions; pgdeck's own is left out"),
    _count("active", "active", 2),
    _count("idle", "idle", 3),
    _count("idle_tx", "idle tx", 1, "idle in transaction: their locks and snapshots stay"),
    _time("idle_tx_s", "longest", 2, "the longest idle in transaction", judged=True),
    _count("waiting", "waits", 2, "for a lock"),
    _time("transaction_s", "in tx", 4, "since the oldest open transaction began"),
    _time("age_s", "oldest", 5, "since the oldest session connected"),
    Column("share", "of all", Format.BAR, width=10, priority=3, note="of the slots for everyone"),
    Column(
        "limit",
        "limit",
        width=9,
        priority=4,
        note="the tightest CONNECTION LIMIT of its logins and databases: used of allowed",
    ),
    Column("limited", "limit of", hidden=True),
    Column("logins", "logins", Format.COUNT, Align.RIGHT, hidden=True),
    Column("databases", "databases", Format.COUNT, Align.RIGHT, hidden=True),
    Column("clients", "clients", Format.COUNT, Align.RIGHT, hidden=True),
    Column("xmin_age", "xmin age", Format.COUNT, Align.RIGHT, hidden=True),
)
"""One row a group."""

PRINTED_COLUMNS: tuple[Column, ...] = (Column("by", "by", width=11, priority=0), *GROUP_COLUMNS)
"""What the command line prints: the groups of every grouping, and all as one."""

DIMENSIONS: dict[By, Callable[[Connected], str | None]] = {
    By.APPLICATION: lambda each: each.session.application or None,
    By.LOGIN: lambda each: each.session.login,
    By.DATABASE: lambda each: each.session.database,
    By.CLIENT: lambda each: each.session.client or (LOCAL if each.session.visible else None),
    By.STATE: lambda each: each.session.state,
}
HIDEABLE = frozenset({By.CLIENT, By.STATE})
"""What a login without pg_monitor does not see of others."""


class Group(Struct, frozen=True):
    """Sessions that have one value in common; None is no value, or one that is not visible."""

    by: By | None
    name: str | None
    members: tuple[Connected, ...]

    @property
    def key(self) -> Key:
        """What identifies the group from one refresh to the next."""
        return (str(self.by or ALL), self.name)

    @property
    def hidden(self) -> bool:
        """Whether details of one of its sessions are not visible."""
        return any(not each.session.visible for each in self.members)


def group(members: Sequence[Connected], by: By) -> list[Group]:
    """Return the groups, the largest first."""
    value = DIMENSIONS[by]
    found: dict[str | None, list[Connected]] = {}
    for each in members:
        found.setdefault(value(each), []).append(each)
    groups = [Group(by, name, tuple(each)) for name, each in found.items()]
    return sorted(groups, key=lambda each: (-len(each.members), each.name or ""))


def to_table(crowd: Crowd, by: By) -> Table:
    """Return the groups of one grouping as rows."""
    return Table(tuple(_row(each, crowd, GROUP_COLUMNS) for each in group(crowd.connected, by)))


def printed(crowd: Crowd) -> Table:
    """Return all sessions as one row, then the groups of every grouping."""
    groups = [Group(None, None, crowd.connected)]
    for by in By:
        groups += group(crowd.connected, by)
    return Table(tuple(_row(each, crowd, PRINTED_COLUMNS) for each in groups))


def _row(group: Group, crowd: Crowd, columns: Sequence[Column]) -> TableRow:
    values = _values(group, crowd)
    return TableRow(group.key, tuple(values[column.name] for column in columns))


def _values(group: Group, crowd: Crowd) -> dict[str, Value]:
    hidden = unseen(crowd)
    sessions = [each.session for each in group.members]
    limit = tightest(group, crowd.limits)

    def shown(value: Value) -> Value:
        return hidden if group.hidden else value

    def counted(*states: str) -> Value:
        return shown(sum(1 for session in sessions if session.state in states))

    return {
        "by": str(group.by or ALL),
        "group": _named(group, crowd.budget, hidden),
        "total": len(sessions),
        "active": counted("active", "fastpath function call"),
        "idle": counted("idle"),
        "idle_tx": shown(sum(1 for each in group.members if is_idle_in_transaction(each))),
        "waiting": sum(1 for session in sessions if session.wants is not None),
        "idle_tx_s": shown(
            _most(each.session.state_s for each in group.members if is_idle_in_transaction(each))
        ),
        "transaction_s": shown(_most(session.transaction_s for session in sessions)),
        "age_s": shown(_most(each.age_s for each in group.members)),
        "share": len(sessions) / max(1, crowd.budget.for_everyone),
        "limit": None if limit is None else said_limit(limit),
        "limited": None if limit is None else f"{limit.by} {limit.name}",
        "logins": len({session.login for session in sessions}),
        "databases": len({session.database for session in sessions}),
        "clients": shown(len({session.client for session in sessions})),
        "xmin_age": shown(_most(session.xmin_age for session in sessions)),
    }


def _named(group: Group, budget: Budget, hidden: Unknown) -> Value:
    if group.by is None:
        return f"{budget.used} of {budget.for_everyone} slots used"
    return hidden if group.name is None and group.hidden and group.by in HIDEABLE else group.name


def unseen(crowd: Crowd) -> Unknown:
    """Return what stands for a value that this login may not see."""
    grantee = crowd.hidden_from or "this login"
    return Unknown("not visible to this login", f"GRANT pg_monitor TO {grantee}")


def is_idle_in_transaction(each: Connected) -> bool:
    """Whether a session holds a transaction open without doing anything."""
    return (each.session.state or "").startswith("idle in transaction")


def tightest(group: Group, limits: Iterable[Limit]) -> Limit | None:
    """Return the limit that stops the group's sessions first, None where none is set."""
    logins = {each.session.login for each in group.members}
    databases = {each.session.database for each in group.members}
    names = {By.LOGIN: logins, By.DATABASE: databases}
    binding = [limit for limit in limits if limit.name in names[limit.by]]
    return max(binding, key=lambda limit: (limit.share, limit.by is By.LOGIN), default=None)


def said_limit(limit: Limit) -> Status:
    """Return a limit as used of allowed, judged by its share."""
    level = Level.NORMAL
    if limit.share >= WARN:
        level = Level.CRITICAL if limit.share >= BAD else Level.WARNING
    return Status(f"{limit.used}/{limit.allowed}", level)


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
