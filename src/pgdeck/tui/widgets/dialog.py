"""What every dialog has: a frame over the screen, a title, its keys, and a way out."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, ScreenResultType


class Passing(ModalScreen[ScreenResultType]):
    """A dialog in which nothing is written: a click beside it closes it."""

    def on_click(self, event: events.Click) -> None:
        """Leave, as Escape does."""
        if self.is_current and self.get_widget_at(*event.screen_offset)[0] is self:
            event.stop()
            self.dismiss(None)


class Dialog(ModalScreen[None]):
    """Stands over the deck until it is closed; its only child is the frame."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False, priority=True, id="dialog.close"),
    ]

    def action_close(self) -> None:
        """Leave."""
        self.dismiss()
