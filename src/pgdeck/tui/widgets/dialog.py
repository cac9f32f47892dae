"""What every dialog has: a frame over the screen, a title, its keys, and a way out."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen


class Dialog(ModalScreen[None]):
    """Stands over the deck until it is closed; its only child is the frame."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False, priority=True),
    ]

    def action_close(self) -> None:
        """Leave."""
        self.dismiss()
