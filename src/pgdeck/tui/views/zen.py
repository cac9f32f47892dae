"""A view whose table may fill the terminal: its title goes when it has nothing to say."""

from __future__ import annotations

from textual.containers import Vertical


class ZenView(Vertical):
    """Holds a title line that is left out while the view is maximised and the title says little."""

    def set_zen(self, on: bool) -> None:
        """Fill the terminal, or show everything again."""
        self.set_class(on, "zen")
        self.draw_title()
        self.call_after_refresh(self.draw_title)

    def title_shown(self, said: bool) -> bool:
        """Whether the title has its line; `said` when it must be read even beside a full table."""
        return said or not self.has_class("zen")

    def draw_title(self) -> None:
        """Paint the title, or leave it out."""
