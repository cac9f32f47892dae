"""The target switcher: a fleet at a glance, and the databases of the server on screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeVar

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from pgdeck.core.fleet import match
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.tui.fleetlines import Seen, about_lines, fleet_line, head_line
from pgdeck.tui.fleetside import Fleetside
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import worded
from pgdeck.tui.sisters import about_sister, sister_line, sisters_head
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.searching import Searching, step

TELL_EVERY = 1.0
ABOVE_AND_BELOW = 4
"""Lines inside the frame that are no rows."""

AROUND, LOW, TIGHT = 9, 16, 7
"""Lines that are no rows, of the frame and around it; fewer in a low terminal."""


class Row(Struct, frozen=True):
    """One line: what is watched if it is chosen, how it is drawn, what is said of it below."""

    key: str
    target: Target | None
    line: Callable[..., Line]
    about: Callable[[int], Sequence[Line]]


class Switcher(Searching[Target | None]):
    """Narrows what it lists while a person types; gives the chosen target, None when closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False, id="switcher.close"),
        Binding("enter", "go", "Watch it", show=False, id="switcher.go"),
        Binding(
            "down,grave_accent,ctrl+t,ctrl+n", "move(1)", "Next", show=False, id="switcher.next"
        ),
        Binding("up,shift+tab,ctrl+p", "move(-1)", "Previous", show=False, id="switcher.previous"),
        Binding("pagedown", "move(8)", "Further down", show=False, id="switcher.further_down"),
        Binding("pageup", "move(-8)", "Further up", show=False, id="switcher.further_up"),
        Binding("home", "move(-10000)", "First", show=False, id="switcher.first"),
        Binding("end", "move(10000)", "Last", show=False, id="switcher.last"),
        Binding("tab", "turn", "Targets, or databases", show=False, id="switcher.turn"),
        Binding("ctrl+r", "look_again", "Look again", show=False, id="switcher.look_again"),
        Binding("backspace", "shorten", "Take a letter back", show=False, id="switcher.shorten"),
        Binding("ctrl+u,ctrl+w", "clear", "Begin anew", show=False, id="switcher.clear"),
    ]

    def __init__(
        self, side: Fleetside, *, databases: bool = False, ascii_only: bool = False
    ) -> None:
        super().__init__()
        self._side = side
        self._databases = databases
        self._key: str | None = None
        self._top = 0
        self._lines = Canvas(id="switcher-lines", ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        """One canvas in a frame."""
        with Vertical():
            yield self._lines

    def on_mount(self) -> None:
        """Begin with the one that was watched before: Enter goes back and forth."""
        self.set_interval(TELL_EVERY, self.draw)
        self._side.collect(databases=self._databases)
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Use the new room."""
        self._top = 0
        self.call_after_refresh(self.draw)

    def on_click(self, event: events.Click) -> None:
        """Watch what was clicked; on the lower edge turn to the other list, beside it close."""
        box = self.query_one(Vertical).region
        if not box.contains(event.screen_x, event.screen_y):
            self.dismiss(None)
            return
        y = event.screen_y - self._lines.region.y
        rows, at = self._rows(), self._top + y - 2
        if event.screen_y == box.bottom - 1:
            self.action_turn()
        elif y >= 2 and at < min(len(rows), self._top + self._page()):
            self._key = rows[at].key
            self.action_go()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(-1)

    def searched(self) -> None:
        """Begin at the first that is found."""
        self._key, self._top = None, 0
        self.draw()

    def action_leave(self) -> None:
        """Drop what was typed, else change nothing."""
        if self.typed:
            self.search("")
        else:
            self.dismiss(None)

    def action_turn(self) -> None:
        """Show the databases of this server instead of the targets, or these again."""
        self._databases = not self._databases
        self._side.collect(databases=self._databases)
        self.search("")

    def action_look_again(self) -> None:
        """Look at everything now, whatever was found before."""
        self._side.look_again()
        self.draw()

    def action_move(self, by: int) -> None:
        """Choose another one; single steps go round."""
        rows = self._rows()
        if rows:
            self._key = rows[step(self._at(rows), by, len(rows))].key
            self.draw()

    def action_go(self) -> None:
        """Watch the chosen one; where that cannot be, stay: it is said."""
        rows = self._rows()
        target = rows[self._at(rows)].target if rows else None
        if target is not None:
            self.dismiss(target)

    def draw(self) -> None:
        """Paint what is known now."""
        if not self.is_mounted:
            return
        rows = self._rows()
        around = AROUND if self.app.size.height >= LOW else TIGHT
        height = max(1, min(len(rows), self.app.size.height - around))
        self._lines.styles.height = height + ABOVE_AND_BELOW
        self._frame()
        width = self._lines.size.width
        if not width:
            return
        at = self._at(rows) if rows else 0
        page = self._page()
        self._top = max(min(self._top, at, max(0, len(rows) - page)), at - page + 1, 0)
        lines = [self._title(), sisters_head(width) if self._databases else head_line(width)]
        shown = rows[self._top : self._top + page]
        lines += [row.line(width, chosen=self._top + n == at) for n, row in enumerate(shown)]
        if not rows:
            lines.append((Span(f"   {self._nothing()}", "quiet"),))
        lines += [()] * (2 + page - len(lines))
        about = rows[at].about(width) if rows else []
        self._lines.paint([*lines, *about])

    def _frame(self) -> None:
        box = self.query_one(Vertical)
        box.border_title = "Databases of this server" if self._databases else "Targets"
        other = "targets" if self._databases else "databases"
        again = "" if self._databases else " · ^R look again"
        keys = f"Enter watches · Tab {other}{again} · Esc closes"
        box.border_subtitle = worded(self, keys)

    def _title(self) -> Line:
        typed = Span(f" {safe(self.typed)}", "title")
        if self.typed:
            return (typed, Span("▏", "quiet"))
        said = "type to search" if self._databases else f"type to search · {self._side.count()}"
        return (typed, Span("▏", "quiet"), Span(said, "quiet"))

    def _nothing(self) -> str:
        if self.typed:
            return f"Nothing here is called {safe(self.typed.strip())}."
        return self._side.sisters_missing() if self._databases else "Reading the configuration."

    def _page(self) -> int:
        return max(1, self._lines.size.height - ABOVE_AND_BELOW)

    def _at(self, rows: Sequence[Row]) -> int:
        """Return the place of the chosen one; at first of the second, the one before this."""
        found = next((n for n, row in enumerate(rows) if row.key == self._key), None)
        if found is not None:
            return found
        return 1 if len(rows) > 1 and not self.typed else 0

    def _rows(self) -> list[Row]:
        return self._sisters() if self._databases else self._targets()

    def _targets(self) -> list[Row]:
        now = time.monotonic()
        return [
            Row(
                seen.member.key,
                seen.member.target,
                partial(fleet_line, seen, now),
                partial(about_lines, seen),
            )
            for seen in _found(
                self._side.seen(), lambda seen: match(self.typed, seen.member.name, _texts(seen))
            )
        ]

    def _sisters(self) -> list[Row]:
        return [
            Row(
                each.name,
                None if each.why_not else self._side.sister(each.name),
                partial(sister_line, each),
                partial(about_sister, each),
            )
            for each in _found(self._side.sisters(), lambda each: match(self.typed, each.name))
        ]


Found = TypeVar("Found")


def _found(every: Sequence[Found], rank: Callable[[Found], int | None]) -> list[Found]:
    """Return what was found, the best first; what is alike keeps its order."""
    ranked = [(found, each) for each in every if (found := rank(each)) is not None]
    return [each for _, each in sorted(ranked, key=lambda pair: pair[0])]


def _texts(seen: Seen) -> Sequence[str]:
    target = seen.member.target
    if target is None:
        return ()
    where = (target.conninfo.get(word, "") for word in ("host", "dbname", "user"))
    role = "" if not seen.glance or seen.glance.failure else _role(seen.glance.standby)
    return (*where, target.environment.value, role, target.source)


def _role(standby: bool | None) -> str:
    return "standby" if standby else "primary"
