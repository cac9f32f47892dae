"""The Overview: panes with shared borders on one canvas, painted where they changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.tui.figures import plain
from pgdeck.tui.frame import ALERTS_HOLD
from pgdeck.tui.ink import Line, Span, faded
from pgdeck.tui.memory import Memory
from pgdeck.tui.panes import Pane, PlacedPane, grid
from pgdeck.tui.views.overview_panes import failure_lines, overview_panes
from pgdeck.tui.views.view import FooterChanged, Keys, OpenScreen
from pgdeck.tui.widgets.canvas import Canvas

if TYPE_CHECKING:
    from pgdeck.core.check import Checks
    from pgdeck.tui.place import Choices
    from pgdeck.watch.model import Overview

TWO_COLUMNS = (("alerts", "activity"), ("connections", "throughput"), ("tables", "vacuum"))
THREE_COLUMNS = (("alerts", "activity", "connections"), ("tables", "vacuum", "throughput"))
ONE_COLUMN = (("alerts",), ("connections",), ("activity",), ("tables",))
WIDE, NARROW = 150, 60
SHORT = 14


def arrange(width: int, height: int) -> Sequence[Sequence[str]]:
    """Choose which panes stand where; a small terminal keeps those that matter most."""
    if width < NARROW:
        return ONE_COLUMN[: max(1, height // 5)]
    rows = THREE_COLUMNS if width >= WIDE else TWO_COLUMNS
    return rows if height >= SHORT else rows[: max(1, height // 5)]


class OverviewView(Canvas, can_focus=True):
    """The first screen: what is wrong, and where to look."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right,l", "step(1)", "Next pane", id="overview.next"),
        Binding("shift+tab,left,h", "step(-1)", "Previous pane", id="overview.previous"),
        Binding("down,j", "step_row(1)", "Pane below", id="overview.down"),
        Binding("up,k", "step_row(-1)", "Pane above", id="overview.up"),
        Binding("enter", "open", "Open the pane's screen", id="overview.open"),
    ]

    def __init__(self, spec: ScreenSpec, keys: Mapping[str, str], *, ascii_only: bool) -> None:
        super().__init__(ascii_only=ascii_only, id=f"view-{spec.name}", refill=self._draw)
        self._spec = spec
        self._keys = dict(keys)
        self._snapshot: Snapshot[Overview] | None = None
        self._checks: Snapshot[Checks] | None = None
        self._age: float | None = None
        self._chosen = ""
        self._zen = False
        self._names: list[str] = []
        self._placed: list[PlacedPane] = []

    @property
    def spec(self) -> ScreenSpec:
        """The screen that it shows."""
        return self._spec

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        panes = (("Tab", "panes"), ("M", "maximise"))
        return (*panes, ("Enter", "open")) if self._opens() else panes

    def show(self, snapshot: Snapshot[object]) -> None:
        """Paint a new overview where it differs from the one before."""
        self._snapshot = snapshot  # type: ignore[assignment]  # the source's name fixes its type
        self._draw()

    def show_checks(self, snapshot: Snapshot[object]) -> None:
        """Paint the alerts anew; the panes of figures stay as they are."""
        self._checks = snapshot  # type: ignore[assignment]  # the source's name fixes its type
        self._draw()

    def set_age(self, seconds: float | None) -> None:
        """Dim the data and say its age; None when it is fresh."""
        if seconds != self._age:
            self._age = seconds
            self._draw()

    def take_focus(self) -> None:
        """The panes take the keyboard as one."""
        self.focus()

    def recall(self, memory: Memory, target: str) -> None:
        """The panes have nothing to remember."""

    def choices(self) -> Choices:
        """Return the chosen pane."""
        from pgdeck.tui.place import Choices

        return Choices(self._chosen)

    def choose_again(self, choices: Choices) -> None:
        """Choose the pane again."""
        self._choose(choices.form)

    @property
    def has_open(self) -> bool:
        """Whether a pane is chosen."""
        return bool(self._chosen)

    def set_zen(self, on: bool) -> None:
        """Show one pane alone, the chosen one or the first, or all of them again."""
        self._zen = on
        self._draw()

    def go_back(self) -> bool:
        """Let go of the chosen pane, unless it fills the screen."""
        if self._zen:
            return False
        had = self.has_open
        if had:
            self._choose("")
        return had

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._draw()
        self.post_message(FooterChanged())

    def on_resize(self, _event: events.Resize) -> None:
        """Lay the panes out anew."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Choose the pane under the mouse; a second click opens it."""
        for placed in self._placed:
            if placed.holds(event.x, event.y):
                again = placed.pane.name == self._chosen
                self._choose(placed.pane.name)
                if again:
                    self.action_open()
                return

    def action_step(self, by: int) -> None:
        """Choose the next or previous pane."""
        names = self._names
        if names:
            at = names.index(self._chosen) if self._chosen in names else (-1 if by > 0 else 0)
            self._choose(names[(at + by) % len(names)])

    def action_step_row(self, by: int) -> None:
        """Choose the pane below or above."""
        current = next((p for p in self._placed if p.pane.name == self._chosen), None)
        if current is None or self._zen:
            self.action_step(by)
            return
        column = [p for p in self._placed if p.x == current.x]
        self._choose(column[(column.index(current) + by) % len(column)].pane.name)

    def action_open(self) -> None:
        """Open the screen behind the chosen pane."""
        screen = self._opens()
        if screen:
            self.post_message(OpenScreen(screen))

    def _opens(self) -> str:
        """Return the screen that the chosen pane opens, empty for none."""
        chosen = (placed.pane for placed in self._placed if placed.pane.name == self._chosen)
        return next((pane.opens for pane in chosen), "")

    def _draw(self) -> None:
        width, height = self.size
        if width < 3 or height < 3:
            return
        overview = self._snapshot.data if self._snapshot else None
        if overview is None:
            self._placed, self._names = [], []
            self.paint(self._waiting(width, height))
            return
        panes = overview_panes(overview, self._keys)
        if self._age is not None:
            panes = {name: _stale(pane, self._age) for name, pane in panes.items()}
        panes["alerts"] = self._alerts()
        arranged = arrange(width, height)
        shown = [name for row in arranged for name in row]
        # Alone on the screen there is room for those, too, that did not fit beside the others.
        self._names = list(dict.fromkeys([*shown, *panes])) if self._zen else shown
        if self._zen:
            self._chosen = self._chosen if self._chosen in panes else self._names[0]
            arranged = [[self._chosen]]
        rows = [[panes[name] for name in row] for row in arranged]
        lines, self._placed = grid(rows, width, height, self._chosen)
        self.paint(lines)

    def _alerts(self) -> Pane:
        """Return the pane of alerts, which has a source and so an age of its own."""
        from pgdeck.tui.views.overview_alerts import alerts_pane  # after the first paint

        snapshot = self._checks
        age = snapshot.age(time.monotonic()) if snapshot else None
        failed = snapshot is not None and snapshot.failure is not None
        old = failed or self._age is not None or (age is not None and age > ALERTS_HOLD)
        return alerts_pane(snapshot, self._keys, age if old else None)

    def _waiting(self, width: int, height: int) -> list[Line]:
        failure = self._snapshot.failure if self._snapshot else None
        said = (
            failure_lines(failure, width - 4, height)
            if failure
            else [(Span("Reading the server's first figures.", "quiet"),)]
        )
        return [(), *((Span("  "), *line) for line in said)]


def _stale(pane: Pane, age: float) -> Pane:
    """Return the pane dimmed, with the age of its data in place of its figure."""

    def body(width: int, height: int) -> list[Line]:
        return faded(pane.body(width, height))

    old = (Span(f"{plain(age, Format.AGE)} old", "stale"),)
    return Pane(pane.name, pane.title, old, body, pane.opens, pane.least, pane.wants)
