"""From one target to another: the old one is let go of before the new one is opened."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from pgdeck.core.address import place as place_of
from pgdeck.core.berth import Passwords, berth, sister
from pgdeck.core.source import LinkState, Watcher
from pgdeck.core.target import Target
from pgdeck.errors import Problem
from pgdeck.tui.bridge import Bridge
from pgdeck.tui.errands import Errands
from pgdeck.tui.framing import SERVER
from pgdeck.tui.views.registry import warm_up
from pgdeck.tui.views.view import WatchDatabase

if TYPE_CHECKING:
    from pgdeck.core.fleet import Fleet
    from pgdeck.tui.lookout import Lookout
    from pgdeck.tui.place import Place
    from pgdeck.tui.widgets.switcher import Switcher

IDLE_AFTER = 1.5
PASSWORD_WANTED = "28P01"


class Switching(Errands):
    """The part of the application that holds the watcher, and changes it for another."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before all others, as the palette is: what is typed on in haste is meant for the list.
        Binding("grave_accent,ctrl+t", "targets", "Targets", id="go.targets", priority=True),
        Binding("b", "databases", "Databases of this server", id="go.databases"),
    ]

    interval: float | None = None
    problem: Problem | None = None
    _bridge: Bridge
    _fleet: Fleet | None = None

    def __init__(self, **details: object) -> None:
        super().__init__(**details)  # type: ignore[arg-type]
        self._passwords = Passwords()
        self._places: dict[str, Place] = {}
        self._watched: dict[str, Target] = {}
        self._lookout: Lookout | None = None
        self._wanted: Target | None = None
        self._changing = False
        self._asked: Watcher | None = None
        self._met: Watcher | None = None

    @property
    def watcher(self) -> Watcher | None:
        """What is being watched, None until the driver is loaded."""
        return self._bridge.watcher

    # From one to the other

    def _connect(self) -> None:
        self.run_worker(self._open(), group="open")

    async def _open(self) -> None:
        """Watch the first target, then whatever was chosen meanwhile."""
        self._changing = True
        try:
            await self._watch()
        except Problem as problem:
            self.problem = problem
            self.exit(problem.exit_code)
            return
        finally:
            self._changing = False
        self.set_timer(IDLE_AFTER, self._import_the_rest)
        await self._change_over()

    def _import_the_rest(self) -> None:
        """Load what the other screens need while nobody waits for it."""
        self.run_worker(warm_up, group="warm", thread=True, exit_on_error=False)

    def _note_visit(self, watcher: Watcher) -> None:
        """Keep that a target was watched, unless it was only passed by."""
        if self._fleet is not None and watcher is self.watcher:
            visit = partial(self._fleet.visited, watcher.target)
            self.run_worker(visit, group="visit", thread=True, exit_on_error=False)

    def _make_ready(self, watcher: Watcher, link: LinkState) -> None:
        """Get ready to act, unless the connection was a passing one."""
        target = self._deck.framing.marked_target
        if self._operator is None or target is None or link.pooled:
            return
        if watcher is self.watcher and watcher.link is link:
            self._operator.attend(target, link.pid)

    def go_to(self, target: Target) -> None:
        """Watch another target; of several that are asked for in a row only the last counts."""
        self._wanted = target
        self.run_worker(self._change_over(), group="open")

    async def _change_over(self) -> None:
        if self._changing:
            return
        self._changing = True
        try:
            while (target := self._wanted) is not None:
                self._wanted = None
                await self._change(self._passwords.unlock(target))
        finally:
            self._changing = False

    async def _change(self, target: Target) -> None:
        """Close everything of the old target, then stand where the new one was left."""
        assert self._fleet is not None
        from pgdeck.tui.place import Place

        deck, old = self._deck, self.watcher
        place = self._places.get(berth(target), Place(deck.current))
        if target.password_command:
            self.tell(f"{target.name}: the password command runs.")
        try:
            # It has no connection yet; what cannot be watched costs nothing.
            watcher = await asyncio.to_thread(self._fleet.watcher, target, place.screen)
        except Problem as problem:
            self.tell_problem(problem)
            return
        if target.password_command and (printed := watcher.target.conninfo.get("password")):
            self._passwords.keep(target, printed)
        if old is not None:
            self._leave(old)
        if self._operator is not None:
            self._operator.leave()
        await self._bridge.close()
        self._bridge = Bridge(lambda: watcher)
        await deck.move(watcher.target, self._places.get(berth(target), place))
        await self._watch()

    def _leave(self, watcher: Watcher) -> None:
        """Keep what is to be found again, and what was last seen."""
        key = berth(watcher.target)
        self._places[key] = self._deck.place
        self._watched.setdefault(place_of(watcher.target.conninfo), watcher.target)
        if self._lookout is not None:
            from pgdeck.tui.fleetside import glance_of

            if (glance := glance_of(watcher)) is not None:
                self._lookout.glances[key] = glance
        if watcher.interval is not None:
            self.interval = watcher.interval

    async def _watch(self) -> None:
        watcher = await self._bridge.open(self._deck)
        if self.interval is not None:
            watcher.set_interval(self.interval)
        watcher.subscribe(self.heed_jobs)
        watcher.subscribe_link(lambda link: self._heed(watcher, link))
        self._deck.attach(watcher)

    # The switcher

    def action_targets(self, databases: bool = False) -> None:
        """Open the switcher: every target at a glance, or the databases of this server."""
        if self._fleet is None:
            self.tell("There is one target only.", wrong=True)
            return
        from pgdeck.tui.fleetside import Fleetside
        from pgdeck.tui.lookout import Lookout
        from pgdeck.tui.widgets.switcher import Switcher

        if self._lookout is None:
            self._lookout = Lookout(self._fleet, self._passwords)
        side = Fleetside(self._deck, self._lookout, self._watched)
        switcher = Switcher(side, databases=databases, ascii_only=self._deck.ascii_only)
        self.push_screen(switcher, self._chosen)
        self.run_worker(self._look_out(self._lookout, switcher), group="lookout")

    def action_databases(self) -> None:
        """List the databases of this server, to watch another one."""
        self.action_targets(databases=True)

    @on(WatchDatabase)
    def watch_database(self, message: WatchDatabase) -> None:
        """Watch another database of the same server."""
        here = self._deck.framing.target
        if here is not None and self._fleet is not None:
            target = sister(here, message.name)
            self._chosen(self._watched.get(place_of(target.conninfo), target))

    async def _look_out(self, lookout: Lookout, switcher: Switcher) -> None:
        target = self._deck.framing.target
        try:
            await lookout.load(target)
        except Problem as problem:
            self.tell_problem(problem)
        if self.screen is switcher:
            lookout.begin("" if target is None else berth(target), switcher.draw)
            switcher.draw()

    def _chosen(self, target: Target | None) -> None:
        """Do what was chosen; looking at the others ends with it."""
        if self._lookout is not None:
            self.run_worker(self._lookout.stop(), group="lookout", exit_on_error=False)
        if self.watcher is not None:
            self.watcher.look(SERVER, self._deck.current)
        here = self._deck.framing.target
        if target is not None and (here is None or berth(target) != berth(here)):
            self.go_to(target)

    # Passwords

    def _heed(self, watcher: Watcher, link: LinkState) -> None:
        """Ask for a password where one is missing or was refused, once for each try."""
        if link.connected and self._met is not watcher:
            self._met = watcher
            self.set_timer(IDLE_AFTER, partial(self._note_visit, watcher))
        if link.connected:
            self.set_timer(IDLE_AFTER, partial(self._make_ready, watcher, link))
        failure = link.failure
        if failure is None or failure.sqlstate != PASSWORD_WANTED or self._fleet is None:
            return
        if watcher is self.watcher and self._asked is not watcher and self.screen is self._deck:
            self._asked = watcher
            self._ask_password(failure.message)

    def action_password(self) -> None:
        """Ask for the password of the login on screen."""
        if self._fleet is not None and self.screen is self._deck:
            self._ask_password("It is used from the next connection on.")

    def _ask_password(self, why: str) -> None:
        from pgdeck.tui.widgets.password import PasswordDialog

        target = self._deck.framing.target
        if target is None:
            return

        def take(typed: str | None) -> None:
            if typed is not None:
                self._passwords.keep(target, typed)
                self.go_to(target)

        self.push_screen(PasswordDialog(place_of(target.conninfo), why), take)
