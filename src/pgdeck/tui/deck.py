"""The one screen of the dashboard: frame, body, and the way between the views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from pgdeck.core.source import Watcher
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Target
from pgdeck.tui.clicks import ClickScreen
from pgdeck.tui.frame import fits
from pgdeck.tui.framing import CHECKS, JOBS, SERVER, Framing
from pgdeck.tui.memory import Memory
from pgdeck.tui.messages import LinkChanged, SnapshotArrived
from pgdeck.tui.stage import Stage
from pgdeck.tui.views.view import (
    AskFilter,
    ExportWanted,
    FooterChanged,
    LookupWanted,
    OpenScreen,
    View,
)
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from pgdeck.tui.place import Choices, Place

AGE_EVERY, AGE_SELDOM = 0.5, 5.0
REMEMBERED = 20


class Deck(ClickScreen):
    """Holds the views, shows the current one, and keeps the frame true."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "previous", "Previous screen", id="go.previous"),
        Binding("escape", "back", "Close what is open", id="go.back", show=False),
        Binding("M", "zen", "Maximise, and back", id="go.zen"),
        Binding("q", "back_or_quit", "Back, then quit", id="app.quit"),
    ]

    def __init__(
        self,
        specs: Mapping[str, ScreenSpec],
        start: str,
        target: Target | None,
        *,
        ascii_only: bool = False,
        low_bandwidth: bool = False,
    ) -> None:
        super().__init__()
        self.low_bandwidth = low_bandwidth
        self.specs = specs
        self.ascii_only = ascii_only
        self.current = start
        self.framing = Framing(self, list(specs.values()), target)
        self._visited: list[str] = []
        self._left: Mapping[str, Choices] = {}
        self._stage = Stage(specs, ascii_only=ascii_only)
        self._zen: set[str] = set()
        self._memory = Memory.open()
        self._ageing: Timer | None = None
        self._frame_due = False

    def compose(self) -> ComposeResult:
        """Lay the frame out; the first view comes with it."""
        for name in ("identity", "tabs", "banner"):
            yield Canvas(id=name, ascii_only=self.ascii_only, refill=self._draw_frame_now)
        with Container(id="body"):
            yield self._stage.make(self.current)
        yield Prompt(id="prompt", ascii_only=self.ascii_only)
        yield Canvas(id="footer", ascii_only=self.ascii_only, refill=self._draw_frame_now)

    def on_mount(self) -> None:
        """Paint the frame before there is any data."""
        self._ageing = self.set_interval(
            AGE_SELDOM if self.low_bandwidth else AGE_EVERY, self.tell_age, pause=True
        )
        self._recall()
        self.view.take_focus()

    def on_resize(self, _event: events.Resize) -> None:
        """Say so when a window is too small; what has room draws itself in the new size."""
        if not fits(self.size) or self.has_class("cramped"):
            from pgdeck.tui.widgets.cramped import fit_window

            fit_window(self)

    @property
    def view(self) -> View:
        """The view on screen."""
        return self._stage.view(self.current)

    @property
    def shown(self) -> Widget:
        """The same as a widget."""
        return self._stage.widget(self.current)

    def attach(self, watcher: Watcher) -> None:
        """Take the watcher and look at what is on screen."""
        self.framing.watcher = watcher
        self.framing.target = watcher.target
        watcher.look(SERVER, self.current)
        self.draw_frame()

    @property
    def place(self) -> Place:
        """Where a person is now, to come back to."""
        from pgdeck.tui.place import Place

        views = {**self._left, **self._stage.choices()}
        return Place(self.current, tuple(self._visited), frozenset(self._zen), views)

    async def move(self, target: Target, place: Place) -> None:
        """Clear away all that is of one target, and stand where another one was left."""
        self.workers.cancel_group(self, "lookup")
        if self.query_one(Prompt).is_open:
            self.query_one(Prompt).close()
        old = self._stage.clear()
        self.framing.change(target)
        self.current = place.screen if place.screen in self.specs else self.current
        self._visited, self._left = list(place.visited), place.views
        self._zen = set(place.zen)
        new = self._stage.make(self.current)
        for widget in old:
            widget.display = False
            await widget.remove()
        await self.query_one("#body").mount(new)
        self._recall()
        self.view.set_zen(self.current in self._zen)
        self.framing.shrink(self.current in self._zen)
        self.view.take_focus()
        self.tell_age()
        self.call_after_refresh(self.draw_frame)

    @on(SnapshotArrived)
    def take_snapshot(self, message: SnapshotArrived) -> None:
        """Hand a snapshot to the view that shows it."""
        snapshot = message.snapshot
        if message.watcher is not self.framing.watcher:
            return  # it was on its way when another target was chosen
        if snapshot.source == self.current:
            self.view.show(snapshot)
            self.framing.note_refresh()
            self.tell_age()
        elif snapshot.source in (SERVER, CHECKS, JOBS):
            self.draw_frame()
        if snapshot.source == CHECKS:
            self.framing.show_alerts(self.view)

    @on(LinkChanged)
    def take_link(self) -> None:
        """Say what is wrong with the connection, or stop saying it."""
        self.tell_age()
        self.call_after_refresh(self.draw_frame)

    def tell_age(self) -> None:
        """While data is not renewed, keep its age and the time of the next try true."""
        stale = self.framing.stale(self.view)
        if self._ageing is not None:
            if stale or self.framing.paused:
                self._ageing.resume()
            else:
                self._ageing.pause()
        self.view.set_age(self.framing.age(self.view) if stale else None)
        self.draw_frame()

    def draw_frame(self) -> None:
        """Paint the frame where it changed, once for all that arrives in one go."""
        if not self._frame_due:
            self._frame_due = True
            self.call_later(self._draw_frame_now)

    def _draw_frame_now(self) -> None:
        self._frame_due = False
        if self.is_mounted:
            self.framing.draw(self.view)

    @on(FooterChanged)
    @on(Prompt.Toggled)
    def draw_footer(self) -> None:
        """Name the keys that matter now."""
        self.framing.draw_footer(self.view)

    @on(AskFilter)
    def ask_filter(self, message: AskFilter) -> None:
        """Open the prompt for a filter."""
        message.stop()
        self.app.clear_notifications()  # they would lie over what is typed
        self.query_one(Prompt).ask(message.text, message.view)

    @on(ExportWanted)
    def export(self, message: ExportWanted) -> None:
        """Ask where a view's rows go; nothing else knows whose they are."""
        from pgdeck.tui.widgets.export import ExportDialog

        message.stop()
        self.app.push_screen(
            ExportDialog(
                message.title,
                message.printout,
                message.shown,
                self.framing.identity,
                ascii_only=self.ascii_only,
            )
        )

    @on(LookupWanted)
    def look_up(self, message: LookupWanted) -> None:
        """Fetch exact values for the rows in view."""
        watcher = self.framing.watcher
        if watcher is None or not watcher.link.connected or watcher.paused:
            return

        async def fetch() -> None:
            answer = await watcher.lookup(message.name, message.keys)
            message.view.take_lookup(message.keys, answer)

        self.run_worker(fetch(), group="lookup", exclusive=True, exit_on_error=False)

    @on(OpenScreen)
    async def open_message(self, message: OpenScreen) -> None:
        """Open the screen that a view asks for."""
        await self.open(message.name)

    async def open(self, name: str, *, remember: bool = True) -> None:
        """Show a screen, mounting it at its first visit."""
        if name == self.current or name not in self.specs:
            return
        if remember:
            self._visited = [*self._visited, self.current][-REMEMBERED:]
        if self.query_one(Prompt).is_open:
            self.query_one(Prompt).close()
        self._stage.widget(self.current).display = False
        self.current = name
        if name not in self._stage:
            await self.query_one("#body").mount(self._stage.make(name))
            self._recall()
        self._stage.widget(name).display = True
        self.view.take_focus()
        snapshot = self.framing.latest(name)
        if snapshot is not None:
            self.view.show(snapshot)
        self.framing.show_alerts(self.view)
        if self.framing.watcher is not None:
            self.framing.watcher.look(SERVER, name)
        self.framing.shrink(name in self._zen)
        self.tell_age()
        self.call_after_refresh(self.draw_frame)

    async def action_previous(self) -> None:
        """Go back to the screen before."""
        if self._visited:
            await self.open(self._visited.pop(), remember=False)

    def action_zen(self) -> None:
        """Give the whole terminal to what is looked at, or take it back; each screen for itself."""
        self._zen ^= {self.current}
        self.view.set_zen(self.current in self._zen)
        self.framing.shrink(self.current in self._zen)
        self.draw_frame()

    def action_back(self) -> None:
        """Close what is open in the view, then what fills the terminal."""
        if not self.view.go_back() and self.current in self._zen:
            self.action_zen()

    def action_back_or_quit(self) -> None:
        """Close what is open; with nothing open, leave."""
        if self.view.has_open or self.current in self._zen:
            self.action_back()
        else:
            self.app.exit()

    def _recall(self) -> None:
        target = self.framing.target
        self.view.recall(self._memory, target.name if target else "")
        if self.current in self._left:
            self.view.choose_again(self._left[self.current])
