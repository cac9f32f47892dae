"""Widgets that are nothing but their lines."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Plain(Widget):
    """Draws lines that fill it to its edges: no border, padding, tint or opacity around them.

    Textual's way to a line goes over all of these, and takes longer than drawing it.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines that a region of the widget needs."""
        strips = [self.render_line(y) for y in crop.line_range]
        if filters := self.get_line_filters():
            ground = self.background_colors[1]
            for each in filters:
                strips = [strip.apply_filter(each, ground) for strip in strips]
        left, right = crop.column_span
        if (left, right) != (0, self.size.width):
            strips = [strip.crop(left, right) for strip in strips]
        return strips
