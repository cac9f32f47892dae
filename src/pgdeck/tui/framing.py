"""The frame on screen: it knows which canvas shows what, and when there is nothing to repaint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import events
from textual.screen import Screen

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import LinkState, Watcher
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Target, environment_of
from pgdeck.tui.frame import (
    FrameState,
    alert_count,
    banner_line,
    footer_line,
    identity_line,
    key_at,
    tab_at,
    tab_line,
)
from pgdeck.tui.ink import Line
from pgdeck.tui.keymap import worded
from pgdeck.tui.keynames import UnfitKeyError, read_key
from pgdeck.tui.pace import LOW_BANDWIDTH, SPARED, Pace
from pgdeck.tui.views.view import Keys, ShowsAlerts, View
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from pgdeck.core.check import Checks
    from pgdeck.jobs.event import JobState
    from pgdeck.jobs.rows import Jobs
    from pgdeck.watch.model import Server

SERVER = "server"
ROOMY = 100
CHECKS = "checks"
JOBS = "jobs"
FIRST_KEYS: Keys = (("?", "help"), (":", "commands"))
LIVE_KEYS: Keys = (("`", "targets"), ("p", "pause"), ("+ -", "interval"), ("R", "refresh"))


def known_jobs(watcher: Watcher | None) -> Jobs | None:
    """Return this account's jobs, as a watcher last read them."""
    snapshot = watcher.latest(JOBS) if watcher else None
    return cast("Jobs | None", snapshot.data if snapshot else None)


def running(watcher: Watcher | None) -> Sequence[JobState]:
    """Return those of them that are not over."""
    jobs = known_jobs(watcher)
    return jobs.running if jobs else ()


class Framing:
    """Paints identity, tabs, banner and footer of one deck."""

    CANVASES = ("identity", "tabs", "banner", "footer")

    def __init__(self, deck: Screen[None], tabs: Sequence[ScreenSpec], target: Target | None):
        self._deck = deck
        self._tabs = [spec for spec in tabs if spec.key]
        self.target = target
        self.watcher: Watcher | None = None
        self.interval: float | None = None
        self.zen = False
        self.writing: Callable[[Target | None], float] | None = None
        """Tells the seconds for which a read-only target is open, once that was ever asked."""
        self._least = LOW_BANDWIDTH if getattr(deck, "low_bandwidth", False) else 0.0
        self.pace = Pace(least=self._least)
        self._paced: Watcher | None = None
        self._waited = 0.0
        self._tabs_of: tuple[str, Line, int] | None = None
        self._footer: tuple[int, Keys, tuple[str, str] | None] | None = None

    def change(self, target: Target) -> None:
        """Speak of another target, which nobody watches yet."""
        self.target, self.watcher = target, None
        self._tabs_of = self._footer = None

    @property
    def link(self) -> LinkState | None:
        """The state of the connection, None before there is a watcher."""
        return self.watcher.link if self.watcher else None

    @property
    def version(self) -> int | None:
        """The server's server_version_num, None while it is not known."""
        snapshot = self._server()
        return snapshot.data.version if snapshot and snapshot.data else None

    @property
    def paused(self) -> bool:
        """Whether a person stopped the polling."""
        return self.watcher is not None and self.watcher.paused

    @property
    def lost(self) -> bool:
        """Whether a connection was tried and is not there."""
        link = self.link
        return link is not None and not link.connected and link.failure is not None

    @property
    def identity(self) -> dict[str, object]:
        """Which database is watched, as programs are told."""
        from pgdeck.core.machine import target_shape

        snapshot = self._server()
        server = snapshot.data if snapshot else None
        return target_shape(self.target, server) if self.target else {}

    def stale(self, view: View) -> bool:
        """Whether what a view shows cannot be renewed now."""
        snapshot = self.latest(view.spec.name)
        lost = self.lost and not view.spec.is_local
        return lost or (snapshot is not None and snapshot.failure is not None)

    def latest(self, name: str) -> Snapshot[object] | None:
        """Return the newest snapshot of a source."""
        return self.watcher.latest(name) if self.watcher else None

    def age(self, view: View) -> float | None:
        """Return the age in seconds of what a view shows."""
        snapshot = self.latest(view.spec.name)
        return snapshot.age(time.monotonic()) if snapshot else None

    def draw(self, view: View) -> None:
        """Paint the frame around a view where it changed."""
        width = self._deck.size.width
        if not width or not self._deck.is_mounted:
            return
        now = time.monotonic()
        count = alert_count(self._checks(), now, lost=self.lost)
        state = FrameState(
            target=self.marked_target,
            server=self._server(),
            link=self.link,
            interval=self.every(view),
            paused=self.paused,
            now=now,
            data_age=self.age(view),
            zen=self.zen,
            failed=self.stale(view),
            alerts=count if self.zen else (),
            back=self._key("M"),
            trip=self.pace.trip,
            slowed=self._slowed(view, width),
            writing=self.writing(self.target) if self.writing else 0.0,
            jobs=len(running(self.watcher)),
        )
        self._canvas("identity").paint([identity_line(state, width)])
        tabs, said = self._canvas("tabs"), (view.spec.name, count, width)
        if tabs.size.width != width or self._tabs_of != said:
            self._tabs_of = said if tabs.size.width == width else None
            tabs.paint([tab_line(self._tabs, *said)])
        banner = self._canvas("banner")
        banner.set_class(self.lost, "shown")
        if state.link is not None and self.lost:
            banner.paint([banner_line(state.link, now, width, self._key("R !"))])
        self.draw_footer(view)

    @property
    def by_hand(self) -> bool:
        """Whether a person chose the interval: then nothing changes it."""
        return self.watcher is not None and self.watcher.interval is not None

    def _slowed(self, view: View, width: int) -> str:
        """Say why a view is refreshed less often than it would be, if nobody chose that."""
        cause = "" if self.by_hand else self.pace.slowed(view.spec.interval)
        # Who asked for it need not be told at the cost of what else the line says.
        return cause if width >= ROOMY or cause != SPARED else ""

    def note_refresh(self) -> None:
        """Judge line and terminal by a refresh that came, and spare them if they are slow."""
        watcher = self.watcher
        if watcher is None:
            return
        waited: float = getattr(self._deck.app._driver, "waited", 0.0)
        if watcher is not self._paced:
            self._paced, self.pace = watcher, Pace(least=self._least)
        else:
            self.pace.note(watcher.round_trip, waited - self._waited)
        self._waited = waited
        watcher.spare(self.pace.floor)

    def shrink(self, on: bool) -> None:
        """Leave the identity alone of the frame, or show all of it."""
        self.zen = on
        self._deck.set_class(on, "zen")

    def show_alerts(self, view: View) -> None:
        """Hand what the rules say to a view that shows it beside its own data."""
        snapshot = self.latest(CHECKS)
        if snapshot is not None and isinstance(view, ShowsAlerts):
            view.show_checks(snapshot)

    def tab_at(self, x: int) -> ScreenSpec | None:
        """Return the screen whose tab stands at a column."""
        return tab_at(self._tabs, self._deck.size.width, x)

    def click(self, event: events.Click) -> None:
        """Press the key that a canvas names where it was clicked, or before that place."""
        canvas = event.widget
        if not isinstance(canvas, Canvas):
            return
        word = key_at(canvas.line(event.y), event.x, several=canvas.id == "footer")
        with suppress(UnfitKeyError):
            # Of no sender, as those of the terminal are: else it would rise to the sender alone.
            press = partial(self._deck.app.simulate_key, read_key(word))
            asyncio.get_running_loop().call_soon(press, context=Context())

    def draw_footer(self, view: View) -> None:
        """Name the keys that matter in a view, or in the prompt that is open over it."""
        width = self._deck.size.width
        leave: tuple[str, str] | None = ("q", "back" if view.has_open else "quit")
        keys = (*FIRST_KEYS, *view.footer_keys, *LIVE_KEYS)
        if self._deck.query_one(Prompt).is_open:
            keys, leave = Prompt.KEYS, None
        keys = tuple((self._key(key), label) for key, label in keys)
        leave = leave and (self._key(leave[0]), leave[1])
        footer = self._canvas("footer")
        if footer.size.width == width and self._footer == (width, keys, leave):
            return
        self._footer = (width, keys, leave) if footer.size.width == width else None
        footer.paint([footer_line(keys, width, leave)])

    def _key(self, shipped: str) -> str:
        """Return a key of the screen at hand as a person chose it."""
        return worded(self._deck.focused or self._deck, shipped)

    def _canvas(self, name: str) -> Canvas:
        return self._deck.query_one(f"#{name}", Canvas)

    def every(self, view: View) -> float:
        """Return the seconds between refreshes of a view."""
        chosen = self.watcher.interval if self.watcher else self.interval
        own = view.spec.interval
        if chosen is None and view.spec.name != CHECKS:
            return max(own, self.pace.floor)
        # Whatever a person chose, alerts are looked for at least at their own interval.
        return min(chosen or own, own) if view.spec.name == CHECKS else chosen or own

    def _checks(self) -> Snapshot[Checks] | None:
        return cast("Snapshot[Checks] | None", self.latest(CHECKS))

    @property
    def marked_target(self) -> Target | None:
        """The target with the environment, the database's own word included."""
        snapshot = self._server()
        said = snapshot.data.environment if snapshot and snapshot.data else None
        if self.target is None:
            return None
        return self.target.in_environment(environment_of(self.target.environment, said))

    def _server(self) -> Snapshot[Server] | None:
        return cast("Snapshot[Server] | None", self.latest(SERVER))
