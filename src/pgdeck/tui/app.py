"""The dashboard as a Textual application: it opens, it listens, it leaves a clean terminal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer, TimerCallback
from textual.widgets import Input

from pgdeck.core.abilities import Abilities
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Target
from pgdeck.core.theme import Theme
from pgdeck.themes import find_theme
from pgdeck.tui.bridge import Bridge, OpenWatcher
from pgdeck.tui.deck import Deck
from pgdeck.tui.keyboard import AT_ONCE, Keyboard, Typed
from pgdeck.tui.keymap import Keymap
from pgdeck.tui.pace import STEPS
from pgdeck.tui.recent import Recent
from pgdeck.tui.switching import Switching
from pgdeck.tui.terminal import Terminal
from pgdeck.tui.theme import style_sheets
from pgdeck.tui.wardrobe import MODERN, Wardrobe, without

if TYPE_CHECKING:
    from pgdeck.core.check import Pardons
    from pgdeck.core.fleet import Fleet
    from pgdeck.core.ladder import Examine
    from pgdeck.core.operation import Operator
    from pgdeck.core.shell import OpenShell

OpenPardons = Callable[[str], "Pardons"]
"""Returns where the pardons of the database with a fingerprint are kept."""

INTERRUPTED = 130
HUNG_UP = 129
TERMINATED = 143


class DeckApp(Switching, Wardrobe):
    """Shows one target at a time: `open_watcher` is called after the first paint for the first one.

    `fleet` knows the others, `open_shell` opens psql.
    """

    TITLE = "pgdeck"
    CSS_PATH = style_sheets()
    # Ours, below: Textual's takes Enter for nothing until it has searched.
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause or go on", id="live.pause"),
        Binding("plus,equals_sign", "interval(1)", "Refresh less often", id="live.slower"),
        Binding("minus", "interval(-1)", "Refresh more often", id="live.faster"),
        Binding("R", "refresh_now", "Refresh now", id="live.refresh"),
        # Before all others, or what is typed on in haste would still go to the screen below.
        Binding("colon,ctrl+p", "palette", "Commands", id="app.palette", priority=True),
        Binding("question_mark", "help", "Help of this screen", id="app.help"),
        Binding("ctrl+z", "suspend_process", "Suspend", id="app.suspend", show=False),
        Binding("ctrl+c", "interrupt", "Leave", id="app.interrupt", priority=True, show=False),
        Binding("ctrl+q", "quit", "Quit", id="app.leave", priority=True, show=False),
    ]

    def __init__(
        self,
        open_watcher: OpenWatcher,
        specs: Mapping[str, ScreenSpec],
        target: Target | None,
        *,
        start: str = "overview",
        interval: float | None = None,
        theme: Theme | None = None,
        abilities: Abilities = MODERN,
        complaint: str = "",
        open_shell: OpenShell | None = None,
        open_pardons: OpenPardons | None = None,
        examine: Examine | None = None,
        author: str = "",
        fleet: Fleet | None = None,
        keymap: Keymap | None = None,
        low_bandwidth: bool = False,
        operator: Operator | None = None,
    ) -> None:
        # Textual takes it for a wish for greys, even when it is empty.
        with without("NO_COLOR"):
            super().__init__(driver_class=Terminal)
        self._fleet = fleet
        self._open_shell = open_shell
        self._open_pardons = open_pardons
        self._examine = examine
        self._operator = operator
        self.author = author
        self.keymap = keymap or Keymap()
        self.specs = self.keymap.screens(specs)
        self.interval = interval
        self.abilities = abilities
        self.ascii_only = not abilities.unicode
        self.low_bandwidth = low_bandwidth
        self._complaint = complaint
        self.crash: Exception | None = None
        self._recent = Recent()
        self._bridge = Bridge(open_watcher)
        self._keyboard = Keyboard(self, self._hand)
        self._deck = Deck(
            self.specs, start, target, ascii_only=self.ascii_only, low_bandwidth=low_bandwidth
        )
        self.begin_in(theme or find_theme("dark"))
        self._bind_screens(specs)

    def _bind_screens(self, specs: Mapping[str, ScreenSpec]) -> None:
        for name, spec in specs.items():
            for key in self.keymap.keys_of(name, spec):
                self.bind(key, f"screen('{name}')", description=spec.title, show=False)
        self.set_keymap(self.keymap.for_textual())

    def get_default_screen(self) -> Screen[None]:
        """The deck is the only screen; dialogs stand over it."""
        return self._deck

    @property
    def pardons(self) -> Pardons | None:
        """Where alerts of the database on screen are acknowledged; None until it is known."""
        fingerprint = self._deck.framing.identity.get("fingerprint")
        if self._open_pardons is None or not isinstance(fingerprint, str):
            return None
        return self._open_pardons(fingerprint)

    def on_mount(self) -> None:
        """Listen to the signals that end a session, then connect once the first frame stands."""
        loop = asyncio.get_running_loop()
        for number, code in ((signal.SIGHUP, HUNG_UP), (signal.SIGTERM, TERMINATED)):
            with suppress(ValueError, RuntimeError):  # not in the main thread: under a test
                loop.add_signal_handler(number, self.leave, code)
        if self._complaint:
            self.tell(self._complaint, wrong=True)
        self.call_after_refresh(self._connect)

    async def on_event(self, event: events.Event) -> None:
        """Let keys come one after another, however they arrive."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._keyboard.take(event)
        else:
            await super().on_event(event)

    async def _hand(self, typed: Typed) -> None:
        """Give a key to whoever has the keyboard; while psql is on its way, to nobody."""
        if not self._going_out or (isinstance(typed, events.Key) and typed.key in AT_ONCE):
            await super().on_event(typed)

    async def on_unmount(self) -> None:
        """Let go of the server without waiting for it."""
        self._keyboard.stop()
        if self._lookout is not None:
            await self._lookout.stop()
        if self._operator is not None:
            self._operator.leave()
        await self._bridge.close()

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call back once after a delay in seconds, however late."""
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        # Textual skips what a busy machine makes late, single shots included: the 8 ms of its own
        # timer for a resize are soon past, and then no resize would ever be seen again.
        timer._skip = False
        return timer

    def leave(self, code: int) -> None:
        """End the dashboard with an exit code."""
        self.exit(code, return_code=code)

    def hang_up(self) -> None:
        """End the dashboard: its terminal is gone."""
        self.leave(HUNG_UP)

    def action_interrupt(self) -> None:
        """Leave as an interrupted program does."""
        self.leave(INTERRUPTED)

    async def action_screen(self, name: str) -> None:
        """Open a screen by name."""
        await self._deck.open(name)

    def action_pause(self) -> None:
        """Stop polling, or go on."""
        watcher = self.watcher
        if watcher is None:
            return
        if watcher.paused:
            watcher.resume()
        else:
            watcher.pause()
        self._deck.tell_age()

    def action_interval(self, by: int) -> None:
        """Take the next longer or shorter interval."""
        watcher = self.watcher
        if watcher is None:
            return
        now = self._deck.framing.every(self._deck.view)
        fitting = [step for step in STEPS if (step > now if by > 0 else step < now)]
        if fitting:
            watcher.set_interval(min(fitting) if by > 0 else max(fitting))
        self._deck.draw_frame()

    def action_refresh_now(self) -> None:
        """Collect what is on screen now; without a connection, try to connect now."""
        if self.watcher is not None:
            self.watcher.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave colon and backtick to whoever is being typed in, or stands over the deck."""
        if action in ("palette", "targets"):
            return self.screen is self._deck and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_palette(self) -> None:
        """Open the palette of screens and commands."""
        from pgdeck.tui.commands import Offer, offers_of
        from pgdeck.tui.widgets.palette import Palette

        async def take(offer: Offer | None) -> None:
            if offer is not None:
                self._recent.add(offer.id)
                await offer.run()

        bindings = self._deck.active_bindings.values()
        offers = offers_of(self.specs.values(), bindings, self.run_action)
        self.push_screen(Palette(offers, self._recent.names), take)

    def _handle_exception(self, error: Exception) -> None:
        """Leave with the error for the command line to tell: local variables may hold secrets."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.crash = self.crash or error
        self._return_code = 1
        self._close_messages_no_wait()

    def action_help(self) -> None:
        """Explain the current screen and its keys."""
        from pgdeck.tui.widgets.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self._deck.view.spec, self._deck.active_bindings))
