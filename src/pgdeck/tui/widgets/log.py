"""A log as it comes: bounded by who keeps it, drawn line by line, searched from its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pgdeck.core.text import cell_width, to_ascii
from pgdeck.tui.widgets.inkwell import dip


class LogPane(ScrollView, can_focus=True):
    """Shows lines that are safe to print; while its end is in view it follows what comes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "match(-1)", "Match before", show=False, id="log.earlier"),
        Binding("N", "match(1)", "Next match", show=False, id="log.later"),
        Binding("j", "scroll_down", "Down", show=False, id="log.down"),
        Binding("k", "scroll_up", "Up", show=False, id="log.up"),
        Binding("g", "scroll_home", "To the beginning", show=False, id="log.home"),
        Binding("G", "follow", "To the end, and follow it", show=False, id="log.follow"),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.auto_links = False
        self.lines: Sequence[str] = ()
        self.search = ""
        self.following = True
        self._ascii = ascii_only
        self._at: int | None = None
        self._came = 0

    def show(self, lines: Sequence[str], came: int) -> None:
        """Show other lines; `came` counts those that ever came, so that matches stay theirs."""
        dropped = max(0, came - self._came - (len(lines) - len(self.lines)))
        if self._at is not None:
            self._at = self._at - dropped if self._at >= dropped else None
        self.lines, self._came = lines, came
        width = max((cell_width(line) for line in lines), default=0)
        self.virtual_size = Size(width, len(lines))
        if self.following:
            self._to_end()
        self.refresh()

    def clear(self) -> None:
        """Forget everything: another log comes."""
        self.lines, self._came, self._at, self.following = (), 0, None, True
        self.virtual_size = Size(0, 0)
        self.refresh()

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.following = True
        self._to_end()

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Who scrolls away from the end stops following; who comes back follows."""
        super().watch_scroll_y(old, new)
        if new != old:
            self.following = new >= self.max_scroll_y

    def apply_filter(self, text: str) -> str | None:
        """Search while a person types: the last match comes into view."""
        self.search = text.casefold()
        self._at = None
        if self.search:
            self.action_match(-1)
        self.refresh()
        return None

    def take_focus(self) -> None:
        """Take the keyboard back from the prompt."""
        self.focus()

    def action_match(self, by: int) -> None:
        """Go to the next match towards the end, or to the one before."""
        if not self.search:
            return
        found = [at for at, line in enumerate(self.lines) if self.search in line.casefold()]
        if not found:
            self.app.notify("Nothing of the log matches.", markup=False)
            return
        here = len(self.lines) if self._at is None else self._at
        beyond = [at for at in found if (at > here if by > 0 else at < here)]
        # Past the last one the search begins anew at the other end.
        self._at = (beyond or found)[0 if by > 0 else -1]
        self.following = False
        self.scroll_to(y=max(0, self._at - self.size.height // 2), animate=False, force=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line as Textual wants it."""
        x, top = self.scroll_offset
        at, width = top + y, self.size.width
        base = self.rich_style
        if at >= len(self.lines):
            return Strip.blank(width, base)
        line = self.lines[at]
        line = to_ascii(line) if self._ascii else line
        segments = [Segment(part, base + style) for part, style in self._parts(line, at)]
        return Strip(segments).crop_extend(x, x + width, base)

    def _parts(self, line: str, at: int) -> list[tuple[str, Style]]:
        """Return a line in parts: its time quietly, what is wrong loudly, matches marked."""
        stamp, rest = line[:9], line[9:]
        wrong = rest.startswith(("FAILED", "ERROR", "FATAL", "WARNING", "CANCELLED"))
        role = "warning" if wrong else "text"
        parts = [(stamp, dip(self, "ink--quiet"))]
        plain = dip(self, f"ink--{role}")
        begin = rest.casefold().find(self.search) if self.search else -1
        if begin < 0 or len(rest.casefold()) != len(rest):
            return [*parts, (rest, plain)]
        marked = dip(self, "ink--tab-current" if at == self._at else "ink--key")
        end = begin + len(self.search)
        return [*parts, (rest[:begin], plain), (rest[begin:end], marked), (rest[end:], plain)]

    def _to_end(self) -> None:
        self.call_after_refresh(self._scroll_to_end)

    def _scroll_to_end(self) -> None:
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            self.following = True
