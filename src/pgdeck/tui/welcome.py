"""The Welcome screen: what a person is offered where no database was named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from pgdeck.core.abilities import Abilities
from pgdeck.core.surroundings import Surroundings
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.core.theme import Theme
from pgdeck.errors import Problem
from pgdeck.themes import find_theme
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import Keymap, worded
from pgdeck.tui.spans import ExactScreen
from pgdeck.tui.terminal import Terminal
from pgdeck.tui.theme import style_sheets
from pgdeck.tui.wardrobe import MODERN, Wardrobe, without
from pgdeck.tui.welcomelines import Way, notes, reason, visible, way_line, ways
from pgdeck.tui.widgets.addressline import AddressLine
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.inkwell import Inkwell

DEMO, INIT = "demo", "init"
Choice = Target | str
"""What was chosen: a target, the demo or the writing of a configuration."""

INTERRUPTED = 130


class WelcomeScreen(Inkwell, ExactScreen):
    """Lists what is in sight; one key takes each."""

    AUTO_FOCUS = ""  # keys are for the list until an address is typed
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,tab", "move(1)", "Next", show=False, id="welcome.next"),
        Binding("up,k,shift+tab", "move(-1)", "Previous", show=False, id="welcome.previous"),
        Binding("enter", "go", "Take it", show=False, id="welcome.go"),
        Binding("R", "look", "Look again", show=False, id="welcome.look"),
        Binding("escape", "back", "Back", show=False, priority=True, id="welcome.back"),
        Binding("q", "leave", "Leave", show=False, id="welcome.leave"),
    ]

    def __init__(
        self,
        look: Callable[[], Surroundings],
        read: Callable[[str], Target],
        directory: Path,
        *,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self._look = look
        self._read = read
        self._directory = directory
        self._around: Surroundings | None = None
        self._at = 0
        self._top = 0
        self._said = ""
        self._canvas = Canvas(id="welcome", ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        """The list, and a line for an address."""
        yield self._canvas
        yield AddressLine(id="welcome-address")

    def on_mount(self) -> None:
        """Show what is always there, then look around."""
        self.query_one(Input).display = False
        self.call_after_refresh(self.action_look)

    def on_resize(self) -> None:
        """Use the new room."""
        self.call_after_refresh(self._draw)

    def on_key(self, event: events.Key) -> None:
        """Take the way that a key stands for."""
        if self._typing:
            return
        taken = [way for way in self._ways if way.key and way.key == event.character]
        if taken:
            event.stop()
            self._take(taken[0])

    def on_click(self, event: events.Click) -> None:
        """Take the way that was clicked."""
        every = self._ways
        y = event.screen_y - self._canvas.region.y
        at = self._top + y - 3
        if y >= 3 and at < min(len(every), self._top + self._page()):
            self._at = at
            self._take(every[at])

    def action_move(self, by: int) -> None:
        """Choose another way; round at the ends."""
        self._at = (self._at + by) % len(self._ways)
        self._said = ""
        self._draw()

    def action_go(self) -> None:
        """Take the chosen way."""
        self._take(self._ways[self._at])

    def action_look(self) -> None:
        """Look around anew; it takes a while, and keys work meanwhile."""
        self._around = None
        self._draw()
        self.run_worker(self._look_around(), group="look", exclusive=True)

    async def _look_around(self) -> None:
        chosen = self._ways[self._at]
        self._around = await asyncio.to_thread(self._look)
        every = self._ways
        # Nobody moved yet: what was found comes first.
        moved = chosen.action and self._at > 0
        self._at = next((n for n, way in enumerate(every) if way == chosen), 0) if moved else 0
        self._draw()

    def action_back(self) -> None:
        """Close the line for an address, else leave."""
        if self._typing:
            self._type(False)
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Choose nothing."""
        self._choose(None)

    @on(Input.Submitted)
    def submit(self, event: Input.Submitted) -> None:
        """Watch the address that was typed, or say what is wrong with it."""
        event.stop()
        if not event.value.strip():
            self._type(False)
            return
        try:
            target = self._read(event.value.strip())
        except Problem as problem:
            self._say(f"{problem.message}: {problem.hint}" if problem.hint else problem.message)
        else:
            self._choose(target)

    @property
    def _ways(self) -> list[Way]:
        """All that can be taken; a key that a person gave to something else takes none."""
        assert isinstance(self.app, WelcomeApp)
        own = [key for keys in self.app.keymap.chosen.values() for key in keys]
        return ways(self._around, frozenset(own))

    @property
    def _typing(self) -> bool:
        return bool(self.query_one(Input).display)

    def _choose(self, choice: Choice | None) -> None:
        assert isinstance(self.app, WelcomeApp)
        self.app.choose(choice)

    def _take(self, way: Way) -> None:
        if way.action == "address":
            self._type(True)
        elif way.action:
            self._choose(DEMO if way.action == DEMO else INIT)
        elif way.sighting is not None and way.sighting.target is not None:
            self._choose(way.sighting.target)
        else:
            self._say(f"{way.title}: {reason(way)}")

    def _type(self, on: bool) -> None:
        box = self.query_one(Input)
        box.display = on
        self._said = ""
        if on:
            box.placeholder = "postgresql://user@host:5432/database"
            box.focus()
        else:
            self.set_focus(None)
        self.call_after_refresh(self._draw)

    def _say(self, said: str) -> None:
        self._said = said
        self._draw()

    def _page(self) -> int:
        return max(1, self._canvas.size.height - 5 - len(self._notes()))

    def _notes(self) -> list[Line]:
        room = max(1, self._canvas.size.height - 10)
        return notes(self._around, self._canvas.size.width)[:room]

    def _draw(self) -> None:
        width, height = self._canvas.size
        if not width or not self.is_mounted:
            return
        every = self._ways
        self._at = min(self._at, len(every) - 1)
        page = self._page()
        self._top = visible(len(every), self._at, page, self._top)
        where = safe(str(self._directory))
        lines: list[Line] = [
            (Span(" pgdeck", "title"), Span("  no database is named here", "text")),
            (Span(f" Neither the environment nor {where} names one", "quiet"),),
            (),
        ]
        for n, way in enumerate(every[self._top : self._top + page], self._top):
            lines.append(way_line(way, width, chosen=n == self._at))
        lines += [(), *self._notes()]
        lines += [()] * (height - 1 - len(lines))
        said: Line = (
            (Span(f" ▲ {safe(self._said)}", "warning"),)
            if self._said
            else (
                Span(f" {worded(self, 'Enter')}", "key"),
                Span(" takes it  ", "quiet"),
                Span(worded(self, "R"), "key"),
                Span(" look again  ", "quiet"),
                Span(worded(self, "q"), "key"),
                Span(" leave", "quiet"),
            )
        )
        self._canvas.paint([*lines[: height - 1], said])


class WelcomeApp(Wardrobe):
    """Shows the Welcome screen; `choice` is what was chosen, None when the person left."""

    TITLE = "pgdeck"
    CSS_PATH = style_sheets()
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "Leave", id="app.interrupt", priority=True, show=False),
    ]

    def __init__(
        self,
        screen: WelcomeScreen,
        *,
        theme: Theme | None = None,
        abilities: Abilities = MODERN,
        keymap: Keymap | None = None,
    ) -> None:
        # Textual takes it for a wish for greys, even when it is empty.
        with without("NO_COLOR"):
            super().__init__(driver_class=Terminal)
        self.abilities = abilities
        self.choice: Choice | None = None
        self.keymap = keymap or Keymap()
        self._welcome = screen
        self.begin_in(theme or find_theme("dark"))
        self.set_keymap(self.keymap.for_textual())

    def choose(self, choice: Choice | None) -> None:
        """End with a choice."""
        self.choice = choice
        self.exit()

    def get_default_screen(self) -> Screen[None]:
        """There is one screen."""
        return self._welcome

    def action_interrupt(self) -> None:
        """Leave as an interrupted program does."""
        self.exit(INTERRUPTED, return_code=INTERRUPTED)
