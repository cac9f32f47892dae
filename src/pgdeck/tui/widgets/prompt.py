"""The one-line prompt above the footer, where a filter is typed."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from pgdeck.core.text import safe


class Filtered(Protocol):
    """Who is filtered while the text is typed."""

    def apply_filter(self, text: str) -> str | None:
        """Apply a filter; returns what is wrong with it."""

    def take_focus(self) -> None:
        """Take the keyboard back."""


class Prompt(Horizontal):
    """Asks for a filter; every key applies it, Enter keeps it, Escape takes it back.

    A filter with a mistake cannot be kept: the prompt stays open and says what is wrong.
    """

    KEYS = (("Enter", "keep"), ("Esc", "take back"))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "cancel",
            "Take the filter back",
            priority=True,
            show=False,
            id="prompt.cancel",
        ),
    ]

    class Toggled(Message):
        """The prompt was opened or closed."""

    def __init__(self, *, id: str, ascii_only: bool = False) -> None:
        super().__init__(id=id)
        self._sign = "!" if ascii_only else "▲"
        self._wrong = False
        self._asker: Filtered | None = None
        self._before = ""

    def compose(self) -> ComposeResult:
        """A sign, the input, and what is wrong."""
        yield Static(" / ", id="prompt-sign", markup=False)
        yield Input(id="prompt-input", select_on_focus=False)
        yield Static("", id="prompt-problem", markup=False)

    def ask(self, text: str, asker: Filtered) -> None:
        """Open with `text` and filter `asker` while the person types."""
        self._asker, self._before = asker, text
        self.add_class("open")
        box = self.query_one(Input)
        box.value = text
        box.cursor_position = len(text)
        box.focus()
        self.post_message(self.Toggled())

    @property
    def is_open(self) -> bool:
        """Whether a filter is being typed."""
        return self.has_class("open")

    @on(Input.Changed)
    def apply(self, event: Input.Changed) -> None:
        """Filter with what has been typed so far."""
        event.stop()
        if self._asker is not None and self.is_open:
            self._say(self._asker.apply_filter(event.value))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Keep the filter, unless there is a mistake in it."""
        event.stop()
        if not self._wrong:
            self.close()

    @on(Input.Blurred)
    def leave(self, event: Input.Blurred) -> None:
        """Close when the keyboard goes elsewhere, but not when the terminal loses it."""
        event.stop()
        if self.app.app_focus and self.screen.focused is not None:
            self.close(hand_back=False)

    def action_cancel(self) -> None:
        """Put the filter back that held before."""
        if self._asker is not None:
            self._asker.apply_filter(self._before)
        self.close()

    def close(self, *, hand_back: bool = True) -> None:
        """Stop asking; what holds goes on to hold, and the asker gets the keyboard back."""
        asker, self._asker = self._asker, None
        self.remove_class("open")
        self._say(None)
        if asker is not None and hand_back:
            asker.take_focus()
        self.post_message(self.Toggled())

    def _say(self, problem: str | None) -> None:
        self._wrong = problem is not None
        said = f" {self._sign} {safe(problem)} " if problem else ""
        self.query_one("#prompt-problem", Static).update(said)
