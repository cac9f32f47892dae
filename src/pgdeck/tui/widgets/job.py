"""One job in full: how far it is or how it ended, the way out, and its log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from rich.text import Text
from textual.widgets import Static

from pgdeck.core.cells import bar, make_cell
from pgdeck.core.numbers import count, duration
from pgdeck.core.spec import Column
from pgdeck.core.text import safe, to_ascii
from pgdeck.jobs.event import JobState, Status
from pgdeck.jobs.rows import sign_of
from pgdeck.tui.ink import drawn_in_ascii
from pgdeck.tui.widgets.detail import DetailPane, hanging
from pgdeck.tui.widgets.inkwell import dip
from pgdeck.tui.widgets.log import LogPane

BAR_CELLS = 20
LABEL = 8
WARNINGS_SHOWN = 3

ROLES = {
    Status.FINISHED: "good",
    Status.FAILED: "critical",
    Status.LOST: "warning",
    Status.RUNNING: "notice",
}

Part = tuple[str, str]


class JobPane(DetailPane):
    """The head above, the log below it with the keyboard."""

    can_focus = False

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self.head = Static("", markup=False)
        self.log_pane = LogPane(ascii_only=ascii_only)
        self._ascii = ascii_only
        self._of = ""
        self._said: list[Part] = []

    def compose(self):  # type: ignore[no-untyped-def]  # Textual's ComposeResult
        """What it came to, then what was said on the way."""
        yield self.head
        yield self.log_pane

    def take(self, state: JobState, lines: list[str] | None, came: int) -> None:
        """Show a job and its log; lines are None where none are new."""
        if state.id != self._of:
            self._of = state.id
            self.log_pane.clear()
        said = list(job_parts(state, time.time(), ascii=self._ascii))
        if said != self._said:
            self._said = said
            self.draw_head()
        if lines is not None:
            self.log_pane.show(lines, came)

    def draw_head(self) -> None:
        """Break the lines for the width that there is."""
        text = Text(no_wrap=False, overflow="fold")
        for part, role in self._said:
            text.append(part, dip(self, f"ink--{role}"))
        text.rstrip()
        self.head.update(hanging(text, self.scrollable_content_region.width, self.app.console))

    def on_resize(self) -> None:  # type: ignore[override]
        """Break the lines anew."""
        self.draw_head()


def job_parts(state: JobState, now: float, *, ascii: bool = False) -> Iterator[Part]:
    """Yield what is known of a job, in parts with their roles."""
    for part, role in _parts(state, now, ascii=ascii):
        yield drawn_in_ascii(to_ascii(part)) if ascii else part, role


def _parts(state: JobState, now: float, *, ascii: bool) -> Iterator[Part]:
    sign = make_cell(sign_of(state.status), Column("", "")).text
    seconds = state.seconds(now)
    took = f" {''.join(duration(seconds))}" if seconds is not None else ""
    yield sign, ROLES.get(state.status, "quiet")
    yield f"{took}\n", "text"
    yield f"{safe(state.title)}\n", "title"
    yield from _labelled("on", safe(state.target))
    began = datetime.fromtimestamp(state.queued).astimezone()
    yield from _labelled("by", f"{safe(state.by.sentence)}, {began:%Y-%m-%d %H:%M:%S %z}")
    if not state.status.is_over:
        yield from _progress(state, ascii=ascii)
    yield from (
        part
        for each in state.warnings[-WARNINGS_SHOWN:]
        for part in (("▲ ", "warning"), (f"{safe(each)}\n", "text"))
    )
    if state.status.is_over:
        yield f"{safe(state.text) or state.status}\n", "text"
        if state.hint:
            yield f"{safe(state.hint)}\n", "key"
        if state.undo:
            yield from _labelled("undo", safe(state.undo))
    else:
        yield "It goes on if you leave.\n", "quiet"
    yield from _labelled("job", state.id)
    yield "\n", "text"


def _progress(state: JobState, *, ascii: bool) -> Iterator[Part]:
    if state.step:
        yield from _labelled(
            "step", f"{state.step} of {len(state.steps)}: {safe(state.step_title)}"
        )
    if (share := state.share) is not None:
        yield bar(share, BAR_CELLS, ascii=ascii), "bar"
        rate, left = state.rate, state.remaining()
        told = f" {100 * share:.0f} %"
        told += f" · {''.join(count(rate))}/s" if rate else ""
        told += f" · {''.join(duration(left))} left" if left is not None else ""
        yield f"{told}\n", "text"
    if state.text:
        yield f"{safe(state.text)}\n", "text"


def _labelled(label: str, value: str) -> Iterator[Part]:
    yield f"{label:<{LABEL - 2}}  ", "quiet"
    yield f"{value}\n", "text"
