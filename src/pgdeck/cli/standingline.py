"""A last line on a terminal that is painted over: how far a job is."""

from __future__ import annotations

import os
import shutil
import sys

from pgdeck.cli.output import in_ascii, speaks_unicode
from pgdeck.core.numbers import duration, percent
from pgdeck.core.text import fit
from pgdeck.jobs.event import JobState

BACK = "\r\x1b[K"


class StandingLine:
    """Shows one line on standard error where that is a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        capable = os.environ.get("TERM", "dumb") != "dumb"
        self._open = sys.stderr is not None and sys.stderr.isatty() and capable
        self._text = ""

    def show(self, text: str) -> None:
        """Paint a text over the one before; an empty one leaves nothing."""
        if not self._open or text == self._text:
            return
        width = shutil.get_terminal_size().columns - 1
        shown = fit(text, width) if speaks_unicode() else in_ascii(fit(text, width, "..."))
        sys.stderr.write(BACK + shown.rstrip())
        sys.stderr.flush()
        self._text = text


def progress_of(state: JobState) -> str:
    """Return how far a job is in one line, empty while it has nothing to say."""
    if state.status.is_over or not state.step:
        return ""
    parts = [f"step {state.step} of {len(state.steps)}"] if len(state.steps) > 1 else []
    if state.share is not None:
        parts.append("".join(percent(100 * state.share)))
    parts.append(state.text)
    left = state.remaining()
    if state.share is not None and left is not None and left >= 1:
        parts.append(f"{''.join(duration(left))} left of this")
    return ", ".join(part for part in parts if part)
