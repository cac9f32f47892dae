"""Where a person was on a target: what they find again when they come back to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from pgdeck.tui.widgets.table.model import TableState


class Choices(Struct, frozen=True):
    """What was chosen in one view: which of its forms, and the state of each table."""

    form: str = ""
    tables: tuple[TableState, ...] = ()


class Place(Struct, frozen=True):
    """The screen, the way that led there, and what was chosen in every view that was visited."""

    screen: str
    visited: tuple[str, ...] = ()
    zen: frozenset[str] = frozenset()
    views: Mapping[str, Choices] = field(default_factory=dict)
