"""What a person chose in each table, kept from one session to the next."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

from pgdeck import paths
from pgdeck.errors import Problem

FILE = "tables.json"
THEMES = ("theme", "theme-16")
MOST = 200


class Order(Struct, frozen=True):
    """The order, columns and filter of one table: the part of its state that outlives a session."""

    sort_column: str | None = None
    descending: bool = False
    hidden: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    filter_text: str = ""


class Memory(Struct):
    """Orders by target and table; without a file it remembers for this session only."""

    file: Path | None
    orders: dict[str, Order] = field(default_factory=dict)

    @classmethod
    def open(cls) -> Memory:
        """Read what was kept; a missing, broken or forbidden file is an empty memory."""
        try:
            file = paths.state_dir() / FILE
        except Problem:
            return cls(None)
        return cls(file, _read(file))

    def recall(self, target: str, table: str) -> Order | None:
        """Return what was chosen for a table of a target."""
        return self.orders.get(f"{target}/{table}")

    def keep(self, target: str, table: str, order: Order) -> None:
        """Remember a choice; a disk that refuses costs only the memory."""
        name = f"{target}/{table}"
        if self.orders.get(name) == order:
            return
        if self.file is not None:
            # Another dashboard may have kept something since.
            self.orders.update(_read(self.file))
        self.orders.pop(name, None)
        self.orders[name] = order
        while len(self.orders) > MOST:
            del self.orders[next(iter(self.orders))]
        self._write()

    def _write(self) -> None:
        if self.file is None:
            return
        values = {
            name: [
                order.sort_column,
                order.descending,
                order.hidden,
                order.order,
                order.shown,
                order.filter_text,
            ]
            for name, order in self.orders.items()
        }
        with suppress(OSError):
            _publish(self.file, json.dumps(values))


def kept_theme(*, few: bool) -> str:
    """Return the name of the theme that a person last chose on a terminal of `few` or many colours.

    It is empty when there is none.
    """
    with suppress(Problem, OSError, ValueError):
        return (paths.state_dir() / THEMES[few]).read_text(encoding="utf-8")[:100].strip()
    return ""


def keep_theme(name: str, *, few: bool) -> None:
    """Remember a theme; a disk that refuses costs only the memory."""
    with suppress(Problem, OSError):
        _publish(paths.state_dir() / THEMES[few], name)


def _publish(file: Path, text: str) -> None:
    from pgdeck.disk import replace_file  # not needed for the first paint

    replace_file(file, text, durable=False)


def _read(file: Path) -> dict[str, Order]:
    with suppress(OSError, ValueError, TypeError, AttributeError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {name: _order(value) for name, value in kept.items()}
    return {}


def _order(value: list[object]) -> Order:
    # An older pgdeck kept neither shown columns nor a filter.
    sort_column, descending, hidden, order, shown, filter_text = [*value, [], ""][:6]
    return Order(
        None if sort_column is None else str(sort_column),
        bool(descending),
        _names(hidden),
        _names(order),
        _names(shown),
        str(filter_text),
    )


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("no list of names")
    return tuple(map(str, value))
