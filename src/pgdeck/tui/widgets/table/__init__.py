"""The table widget: keyed rows on screen, painted cell by cell."""

from pgdeck.tui.widgets.table.model import TableState
from pgdeck.tui.widgets.table.widget import KeyedTable

__all__ = ["KeyedTable", "TableState"]
