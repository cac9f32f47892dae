"""The line in which an address is typed: a password in it is never drawn."""

from __future__ import annotations

from rich.highlighter import Highlighter
from rich.text import Text
from textual.widgets import Input

from pgdeck.core.veil import veiled


class Veil(Highlighter):
    """Draws a star for each character of a password."""

    def highlight(self, text: Text) -> None:
        """Put the stars in place."""
        text.plain = veiled(text.plain)


class AddressLine(Input):
    """Takes an address."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, select_on_focus=False, highlighter=Veil())
