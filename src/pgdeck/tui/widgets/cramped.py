"""What a window too small for any screen shows instead: what it lacks, and the way out."""

from __future__ import annotations

from textual.geometry import Size
from textual.screen import Screen

from pgdeck.tui.frame import LEAST, fits
from pgdeck.tui.ink import Line, Span, wrap
from pgdeck.tui.widgets.canvas import Canvas


class Cramped(Canvas):
    """Fills the window with one sentence."""

    def on_resize(self) -> None:
        """Say it in the new size."""
        self.call_after_refresh(lambda: self.paint(sentence(self.size)))


def sentence(size: Size) -> list[Line]:
    """Return the lines that say how large the window must be; the most important words first."""
    said = f"{LEAST[0]}x{LEAST[1]} at least; this window is {size.width}x{size.height}."
    lines = [(Span(line, "title"),) for line in wrap(said, max(1, size.width))]
    return [*lines, *[(Span(line, "quiet"),) for line in wrap("q quits", max(1, size.width))]]


def fit_window(deck: Screen[None]) -> None:
    """Let a screen give way to the sentence while its window is too small."""
    small = not fits(deck.size)
    if small and not deck.query(Cramped):
        deck.mount(Cramped(ascii_only=getattr(deck, "ascii_only", False)))
    deck.set_class(small, "cramped")
