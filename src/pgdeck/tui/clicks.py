"""What a click on the frame does: a tab opens its screen, a key that is named is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, on

from pgdeck.tui.spans import ExactScreen
from pgdeck.tui.views.view import OpenScreen
from pgdeck.tui.widgets.inkwell import Inkwell

if TYPE_CHECKING:
    from pgdeck.tui.framing import Framing


class ClickScreen(Inkwell, ExactScreen):
    """A screen with the frame around it; nothing here is without a key of its own."""

    framing: Framing

    @on(events.Click, "#tabs")
    def click_tab(self, event: events.Click) -> None:
        """Open the screen of a tab."""
        spec = self.framing.tab_at(event.x)
        if spec is not None:
            self.post_message(OpenScreen(spec.name))

    @on(events.Click, "#footer, #identity, .title")
    def click_key(self, event: events.Click) -> None:
        """Press the key that is named where the click was."""
        self.framing.click(event)
