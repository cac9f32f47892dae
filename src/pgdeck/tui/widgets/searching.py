"""What narrows a list while a person types has in common: the text, and the steps in the list."""

from __future__ import annotations

from textual import events
from textual.screen import ModalScreen, ScreenResultType


class Searching(ModalScreen[ScreenResultType]):
    """Takes what is typed, letter by letter; `searched` is called with each other text.

    Nothing takes the focus: all keys come here in their order, however fast they are typed.
    """

    AUTO_FOCUS = ""
    TYPES_TEXT = True

    typed = ""
    """What was typed so far."""

    def searched(self) -> None:
        """Show what is found by what was typed."""
        raise NotImplementedError

    def search(self, text: str) -> None:
        """Search for another text."""
        self.typed = text
        self.searched()

    def on_key(self, event: events.Key) -> None:
        """Take a letter."""
        if event.is_printable and event.character and not event.key.startswith("alt+"):
            event.stop()
            self.search(self.typed + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted line."""
        event.stop()
        self.search(self.typed + event.text.partition("\n")[0])

    def action_shorten(self) -> None:
        """Take the last letter back; with none left, close."""
        if self.typed:
            self.search(self.typed[:-1])
        else:
            self.dismiss(None)

    def action_clear(self) -> None:
        """Forget what was typed."""
        self.search("")


def step(at: int, by: int, count: int) -> int:
    """Return the place in a list after some steps: single ones go round, more end at an end."""
    to = at + by
    return to % count if abs(by) == 1 else max(0, min(to, count - 1))
