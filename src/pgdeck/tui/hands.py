"""What changes a server, from the wish to the job: plan, confirmation, start; and who may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from pgdeck.core.berth import berth
from pgdeck.core.plan import Asking, Plan
from pgdeck.core.plantext import as_typed
from pgdeck.core.target import Target
from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.jobs.event import JobState
from pgdeck.jobs.journal import Follower, note_told
from pgdeck.tui.widgets.confirming import Confirming
from pgdeck.tui.widgets.plan import PlanDialog

if TYPE_CHECKING:
    from pgdeck.core.explaining import Seen
    from pgdeck.core.operation import Operator
    from pgdeck.tui.deck import Deck
    from pgdeck.tui.errands import Errands

WRITING = 600.0
"""Seconds for which a read-only target is open, once a person opened it."""

PATIENCE = 20.0
"""Seconds that a plan may take: it asks little, but the server may be far."""

NOBODY = "Nothing can be started from here"


class Hands:
    """Acts for one dashboard; read-only targets are opened here, each for itself."""

    def __init__(self, app: Errands, deck: Deck, operator: Operator | None) -> None:
        self._app = app
        self._deck = deck
        self._operator = operator
        self._open: dict[str, float] = {}
        self._clock: Timer | None = None
        self._planning = False
        deck.framing.writing = self.left

    # Whether

    def why_not(self, target: Target | None = None) -> str:
        """Say why nothing may be changed here now, empty where it may."""
        target = target or self._deck.framing.marked_target
        if self._operator is None or target is None:
            return NOBODY
        return "" if self.left(target) > 0 else self._operator.why_not(target)

    def left(self, target: Target | None) -> float:
        """Return the seconds of writing that are left on a target."""
        if target is None:
            return 0.0
        return max(0.0, self._open.get(berth(target), 0.0) - time.monotonic())

    def toggle_writing(self) -> None:
        """Open writing for ten minutes after a typed name, or close it at once."""
        target = self._deck.framing.marked_target
        if self.left(target) > 0:
            assert target is not None
            self._open.pop(berth(target))
            self._deck.draw_frame()
            self._app.tell(f"{target.name} is read-only again.")
            return
        reason = self.why_not()
        if target is None or self._operator is None or not reason:
            self._app.tell(f"{reason}." if reason else "Writing is allowed here already.")
            return
        self._app.push_screen(self._question(target, reason), lambda yes: self._opened(target, yes))

    def _question(self, target: Target, reason: str) -> Confirming:
        asked = f"{reason}. For ten minutes pgdeck may change it, each time after a plan."
        word = as_typed(target.conninfo.get("dbname") or target.name)
        return Confirming(
            f"Write on {target.name}", asked, word, "Open", ascii_only=self._deck.ascii_only
        )

    def _opened(self, target: Target, yes: bool | None) -> None:
        if yes:
            self._open[berth(target)] = time.monotonic() + WRITING
            if self._clock is None:
                self._clock = self._deck.set_interval(1.0, self._tick)
            self._deck.draw_frame()

    def _tick(self) -> None:
        """Count down in the frame, and say when it is over."""
        now = time.monotonic()
        for over in [key for key, until in self._open.items() if until <= now]:
            del self._open[over]
            self._app.tell("The ten minutes of writing are over: read-only again.")
        if not self._open and self._clock is not None:
            self._clock.stop()
            self._clock = None
        self._deck.draw_frame()

    # What

    def operate(self, op: str, wish: Mapping[str, str]) -> None:
        """Plan an operation on what is on screen now, and ask; one at a time."""
        if not self._planning:
            self._planning = True
            self._app.run_worker(self._operate(op, wish), group="operate", exit_on_error=False)

    async def _operate(self, op: str, wish: Mapping[str, str]) -> None:
        target = self._deck.framing.marked_target
        try:
            if self._operator is None or target is None:
                raise Problem(NOBODY, "wait until the target is known")
            async with asyncio.timeout(PATIENCE):
                plan = await self._operator.plan(target, op, wish)
        except TimeoutError:
            self._app.tell(f"No plan of {op} within {PATIENCE:g} s: try it again.", wrong=True)
        except Problem as problem:
            self._app.tell_problem(problem)
        else:
            await self._confirm(plan, target)
        finally:
            self._planning = False

    async def _confirm(self, plan: Plan, target: Target) -> None:
        if plan.asking is Asking.NOTHING:
            await self._start(plan, target)
            return

        def start(yes: bool | None) -> None:
            if yes:
                self._app.run_worker(self._start(plan, target), group="start", exit_on_error=False)

        dialog = PlanDialog(plan, lambda: self.why_not(target), ascii_only=self._deck.ascii_only)
        self._app.push_screen(dialog, start)

    async def _start(self, plan: Plan, target: Target) -> None:
        assert self._operator is not None
        allowed = self.left(target) > 0
        try:
            directory = await asyncio.to_thread(
                self._operator.start, plan, target, allow_write=allowed
            )
        except Problem as problem:
            self._app.tell_problem(problem)
            return
        state = await asyncio.to_thread(_fate, directory)
        if state.status.is_over:
            self._app.tell(f"{state.text}.", wrong=bool(state.exit))
            await self._app.run_action("refresh_now")
            return
        self._app.tell(
            f"{plan.title} is job {directory.name[-4:]}; it goes on if you leave. {self._jobs()}"
        )
        # The frame counts it, and the Jobs screen has it, before anybody looks there.
        await self._app.run_action("refresh_now")

    # What would be

    def explain(self, seen: Seen, *, agreed: bool = False) -> None:
        """Show the plan of a statement, once what it asks was agreed to; it runs nothing."""
        work = self._explain(seen, agreed=agreed)
        self._app.run_worker(work, group="explain", exclusive=True, exit_on_error=False)

    async def _explain(self, seen: Seen, *, agreed: bool) -> None:
        target = self._deck.framing.marked_target
        if self._operator is None or target is None:
            self._app.tell(f"{NOBODY}.", wrong=True)
            return
        try:
            explained = await asyncio.to_thread(self._operator.explain, target, seen, agreed=agreed)
        except Problem as problem:
            self._app.tell_problem(problem)
            return
        ascii_only = self._deck.ascii_only
        if not explained.asks:
            from pgdeck.tui.widgets.explain import ExplainScreen

            self._app.push_screen(ExplainScreen(explained, ascii_only=ascii_only))
            return

        def go_on(yes: bool | None) -> None:
            if yes:
                self.explain(seen, agreed=True)

        asked = f"{safe(explained.asks)}. Explain it?"
        dialog = Confirming("Explain as a superuser", asked, "", "Explain", ascii_only=ascii_only)
        self._app.push_screen(dialog, go_on)

    def _jobs(self) -> str:
        spec = self._deck.specs.get("jobs")
        return f"Follow it: {spec.key}" if spec and spec.key else "Follow it: pgdeck jobs follow"


def _fate(directory: Path) -> JobState:
    """Return where a job stands that was just started; what is over already is told here."""
    state = Follower(directory).poll()
    if state.status.is_over:
        note_told(directory)
    return state
