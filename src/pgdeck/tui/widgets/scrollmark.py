"""The scrollbar: a mark beside what is in view, as tables have it, seen without colours too."""

from __future__ import annotations

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBarRender

MARK = "▐"


class ScrollMark(ScrollBarRender):
    """Draws a glyph where Textual draws a ground: without colours that cannot be told from none."""

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color | None = None,
        bar_color: Color | None = None,
    ) -> Segments:
        """Return a bar of `size` cells, all of which can be clicked."""
        from pgdeck.tui.widgets.table.lines import thumb

        scale = size / window_size if window_size else 0
        seen = thumb(round(position * scale), size, round(virtual_size * scale))
        ground = Style(bgcolor=back_color)
        mark = ground + Style(color=bar_color, meta={"@mouse.down": "grab"})
        above = ground + Style(meta={"@mouse.down": "scroll_up"})
        below = ground + Style(meta={"@mouse.down": "scroll_down"})
        width = thickness if vertical else 1
        cells = [Segment(" " * width, above)] * seen.start
        cells += [Segment(MARK * width, mark)] * len(seen)
        cells += [Segment(" " * width, below)] * (size - len(cells))
        if vertical:
            return Segments(cells, new_lines=True)
        return Segments([*cells, Segment.line()] * thickness)
