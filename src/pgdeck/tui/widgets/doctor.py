"""The doctor over the screen: rung after rung, while the dashboard below goes on trying."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from pgdeck.core.address import place
from pgdeck.core.ladder import (
    QUESTIONS,
    RUNGS,
    Examine,
    Ladder,
    Rung,
    Verdict,
    conclusion,
    unreached,
)
from pgdeck.core.ladder_text import Part, rung_lines
from pgdeck.core.target import Target
from pgdeck.core.text import safe, to_ascii
from pgdeck.tui.clipboard import copy
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.dialog import Dialog
from pgdeck.tui.widgets.inkwell import dip

COPIED_WIDTH = 100


class DoctorScreen(Dialog):
    """Tries every rung of one target when it opens, and again on a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,exclamation_mark,enter", "close", "Close", show=False, id="doctor.close"),
        Binding("R", "again", "Try again", show=False, id="doctor.again"),
        Binding("y", "copy", "Copy", show=False, id="doctor.copy"),
    ]

    def __init__(self, target: Target, examine: Examine, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._target = target
        self._examine = examine
        self._ascii = ascii_only
        self._rungs: list[Rung] = []
        self._ladder: Ladder | None = None
        self._failed = False

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        scroll = VerticalScroll()
        where = safe(place(self._target.conninfo))
        scroll.border_title = f"Doctor · {to_ascii(where) if self._ascii else where}"
        scroll.border_subtitle = worded(self, "R again  y copy  Esc closes")
        with scroll:
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Give the keyboard to the text, and begin."""
        self.query_one(VerticalScroll).focus()
        self.action_again()

    def on_resize(self, _event: events.Resize) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._draw)

    @property
    def ladder(self) -> Ladder | None:
        """All rungs, None while they are being tried."""
        return self._ladder

    def action_again(self) -> None:
        """Try every rung anew."""
        self._failed = False
        self.run_worker(self._try(), group="doctor", exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say so when it is the doctor who broke, and stay."""
        if event.state is WorkerState.ERROR:
            self._failed = True
            self._draw()

    def action_copy(self) -> None:
        """Copy what is shown, for an issue or a colleague."""
        lines = [line for rung in self._rungs for line in rung_lines(rung, COPIED_WIDTH)]
        text = "\n".join("".join(part for part, _ in line).rstrip() for line in lines)
        copy(self.app, text + "\n", "what the doctor found")

    async def _try(self) -> None:
        self._rungs, self._ladder = [], None
        self._draw()

        def take(rung: Rung) -> None:
            self._rungs.append(rung)
            self._draw()

        self._ladder = await self._examine(self._target, take)
        self._rungs = list(self._ladder.rungs)
        self._draw()
        if self._ladder.broken is None:
            # The way is free: those who wait for the next try need not.
            await self.app.run_action("refresh_now")

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        static = self.query_one(Static)
        width = static.size.width
        if width:
            static.update(self._text(width))

    def _text(self, width: int) -> Text:
        text = Text(no_wrap=True)
        for line in self._lines(width):
            for part, role in line:
                text.append(part, dip(self, f"ink--{role}"))
            text.append("\n")
        return text

    def _lines(self, width: int) -> list[list[Part]]:
        """Return what came of it first: the last rung may be below the edge."""
        rungs = [
            line for rung in self._rungs for line in rung_lines(rung, width, ascii=self._ascii)
        ]
        if self._ladder is not None:
            role = "critical" if self._ladder.broken else "good"
            if self._ladder.verdict is Verdict.WARNING:
                role = "warning"
            return [[(conclusion(self._ladder), role)], [], *rungs]
        if self._failed:
            said = "An error of pgdeck's own ended the examination. In a shell: pgdeck doctor"
            return [[(said, "critical")], [], *rungs]
        tried = {rung.name for rung in self._rungs}
        name = next((each for each in RUNGS if each not in tried), None)
        if name is not None:
            rungs += self._asking(name, width)
        return [[("Trying every rung, one after another.", "notice")], [], *rungs]

    def _asking(self, name: str, width: int) -> list[list[Part]]:
        """Return the lines of the rung that is being tried."""
        asked = replace(unreached(name), verdict=Verdict.SKIPPED, said=QUESTIONS[name])
        first, *more = rung_lines(asked, width, ascii=self._ascii)
        return [[("~ " if self._ascii else "◐ ", "notice"), *first[1:]], *more]
