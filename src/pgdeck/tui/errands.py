"""What the dashboard does beside showing: psql and back, a picture of it, its own rhythm."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, SuspendNotSupported
from textual.binding import Binding, BindingType

from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.tui.deck import Deck
from pgdeck.tui.framing import JOBS, known_jobs, running
from pgdeck.tui.outing import go_out
from pgdeck.tui.picture import save_picture
from pgdeck.tui.views.view import ExplainWanted, Operate

if TYPE_CHECKING:
    from pgdeck.core.ladder import Examine
    from pgdeck.core.operation import Operator
    from pgdeck.core.shell import OpenShell
    from pgdeck.core.snapshot import Snapshot
    from pgdeck.tui.hands import Hands
    from pgdeck.tui.jobnews import JobNews

TOLD = 6.0
"""Seconds that a notice stays."""


class Errands(App[int]):
    """The part of the application that leaves the screen, or keeps it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tilde", "psql", "psql here, and back", id="app.psql"),
        Binding("exclamation_mark", "doctor", "Why it does not connect", id="app.doctor"),
        Binding("at", "executed", "Everything that was executed", id="app.executed"),
        Binding("W", "writing", "Leave read-only for ten minutes, or close it", id="app.writing"),
    ]

    _deck: Deck
    _open_shell: OpenShell | None = None
    _examine: Examine | None = None
    _going_out = False
    """Whether psql is on its way: what is typed now was never meant for the dashboard."""
    _operator: Operator | None = None
    _hands: Hands | None = None
    _news: JobNews | None = None
    _nothing_done = False
    """Whether there were no jobs when first looked: each one is news."""

    @property
    def hands(self) -> Hands:
        """Who plans and starts what changes a server; made when it is first wanted."""
        if self._hands is None:
            from pgdeck.tui.hands import Hands

            self._hands = Hands(self, self._deck, self._operator)
        return self._hands

    def heed_jobs(self, snapshot: Snapshot[object]) -> None:
        """Say once how a job ended, to whoever does not see it."""
        jobs = known_jobs(self._deck.framing.watcher)
        if snapshot.source != JOBS or jobs is None:
            return
        if self._news is None:
            if not jobs.states:
                self._nothing_done = True
                return  # and nothing more is imported
            from pgdeck.tui.jobnews import JobNews

            self._news = JobNews(self, all_new=self._nothing_done)
        self._news.heed(jobs, elsewhere=self._deck.current != JOBS)

    @property
    def parting(self) -> str:
        """What is to be said once the screen is gone: that jobs go on."""
        states = running(self._deck.framing.watcher)
        if not states:
            return ""
        from pgdeck.tui.jobnews import going_on

        return going_on(states)

    @on(Operate)
    def operate(self, message: Operate) -> None:
        """Plan what a view asks for, have it confirmed, and give it to a job."""
        message.stop()
        self.hands.operate(message.op, message.wish)

    @on(ExplainWanted)
    def explain(self, message: ExplainWanted) -> None:
        """Show how a statement would be carried out."""
        message.stop()
        self.hands.explain(message.seen)

    def action_operate(self, op: str) -> None:
        """Plan what needs no row, have it confirmed, and give it to a job."""
        self.hands.operate(op, {})

    async def action_executed(self) -> None:
        """Show everything that pgdeck ever executed."""
        await self._deck.open(JOBS)
        if self._deck.current == JOBS:
            await self.run_action("form('executed')", self._deck.shown)

    def action_writing(self) -> None:
        """Open ten minutes of writing on a read-only target, or close them."""
        self.hands.toggle_writing()

    def tell(self, said: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        severity = "warning" if wrong else "information"
        self.notify(safe(said), severity=severity, timeout=TOLD, markup=False)  # type: ignore[arg-type]

    def tell_problem(self, problem: Problem) -> None:
        """Say what went wrong and the way out."""
        self.tell(f"{problem.message}. {problem.hint}".strip(". ") + ".", wrong=True)

    def action_elsewhere(self, title: str, key: str) -> None:
        """Say where something can be done that cannot be done here."""
        specs = self._deck.specs.values()
        places = [f"{spec.title} ({spec.key})" for spec in specs if spec.key and spec.columns]
        some = f", such as {' or '.join(places[:2])}" if places else ""
        self.tell(f"{title} is {key} on a screen with rows{some}.")

    def action_psql(self) -> None:
        """Work on the same target in psql, and come back."""
        self._going_out = True
        self.run_worker(self._psql(), group="psql", exclusive=True)

    async def _psql(self) -> None:
        try:
            await self._to_psql()
        finally:
            self._going_out = False

    async def _to_psql(self) -> None:
        from pgdeck.core.shell import ShellWanted

        target = self._deck.framing.marked_target
        if self._open_shell is None or target is None:
            self.tell("No target is open yet, so there is nothing to open psql on.", wrong=True)
            return
        link = self._deck.framing.link
        wanted = ShellWanted(target, self._deck.framing.version, bool(link and link.pooled))
        with ExitStack() as stack:
            try:
                # It asks programs for their versions, which takes a moment.
                opening = self._open_shell(wanted)
                shell = await asyncio.to_thread(stack.enter_context, opening)
                stack.enter_context(self._unwatched())
                await go_out(self, shell)
            except Problem as problem:
                self.tell_problem(problem)
            except SuspendNotSupported:
                self.tell("This terminal cannot be given to another program.", wrong=True)
            except OSError as error:
                self.tell(f"psql cannot be started: {error.strerror or error}.", wrong=True)

    @contextmanager
    def _unwatched(self) -> Iterator[None]:
        """Stop polling while nobody looks, and go on at once afterwards."""
        watcher = self._deck.framing.watcher
        if watcher is None or watcher.paused:
            yield
            return
        watcher.pause()
        try:
            yield
        finally:
            watcher.resume()

    @on(events.Click, "#banner")
    def action_doctor(self) -> None:
        """Try every rung between here and the database, and say which one breaks."""
        from pgdeck.tui.widgets.doctor import DoctorScreen

        target = self._deck.framing.target
        if self._examine is None or target is None:
            self.tell("No target is open yet, so there is nothing to examine.", wrong=True)
        elif not isinstance(self.screen, DoctorScreen):
            ascii_only = self._deck.ascii_only
            self.push_screen(DoctorScreen(target, self._examine, ascii_only=ascii_only))

    def action_own_interval(self) -> None:
        """Let each screen have its own interval again, and a slow line a longer one."""
        watcher = self._deck.framing.watcher
        if watcher is not None:
            watcher.set_interval(None)
        self._deck.draw_frame()

    def action_picture(self) -> None:
        """Keep the screen as a picture, once what covers it is gone."""
        self.call_after_refresh(self._take_picture)

    def _take_picture(self) -> None:
        name = self._deck.current
        try:
            svg = self.export_screenshot(title=f"pgdeck {name}")
            file = save_picture(svg, name, datetime.now(UTC))
        except Problem as problem:
            self.tell_problem(problem)
        else:
            self.tell(f"The screen is in {file}")
