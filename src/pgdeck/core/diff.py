"""What changed between two states of a table, by key."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pgdeck.core.rows import Key, TableRow


class TableDiff(Struct, frozen=True):
    """Keys that came and went, cells that differ as (key, column index), and the order.

    `order_changed` says whether the rows that stayed stand in another order.
    """

    added: tuple[Key, ...] = ()
    removed: tuple[Key, ...] = ()
    changed: tuple[tuple[Key, int], ...] = ()
    order_changed: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.order_changed)


def diff_rows(old: Sequence[TableRow], new: Sequence[TableRow]) -> TableDiff:
    """Return what turns `old` into `new`; keys are unique within each."""
    before = {row.key: row.values for row in old}
    added: list[Key] = []
    changed: list[tuple[Key, int]] = []
    stayed: list[Key] = []
    for row in new:
        values = before.get(row.key)
        if values is None:
            added.append(row.key)
            continue
        stayed.append(row.key)
        if values != row.values:
            changed += [(row.key, at) for at in _differing(values, row.values)]
    if len(stayed) == len(before):
        return TableDiff(tuple(added), (), tuple(changed), stayed != list(before))
    kept = set(stayed)
    removed = tuple(key for key in before if key not in kept)
    order = [key for key in before if key in kept]
    return TableDiff(tuple(added), removed, tuple(changed), stayed != order)


def _differing(old: tuple[object, ...], new: tuple[object, ...]) -> list[int]:
    if len(old) != len(new):
        return list(range(len(new)))
    return [at for at, (was, now) in enumerate(zip(old, new, strict=True)) if _differ(was, now)]


def _differ(was: object, now: object) -> bool:
    # NaN differs from itself, and would be drawn again for ever.
    return was is not now and was != now and (was == was or now == now)
