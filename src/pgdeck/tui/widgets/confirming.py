"""Confirming: nothing that is pasted, held down or typed on in haste confirms anything."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from pgdeck.core.plantext import Part
from pgdeck.core.text import safe, to_ascii
from pgdeck.tui.ink import drawn_in_ascii
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.inkwell import dip

SETTLING = 0.6
"""Seconds after opening in which no key confirms: it was meant for what stood there before."""

APART = 0.12
"""Seconds that a confirming key comes after any other one at least; repeats come faster."""

BY_HAND = 0.015
"""Seconds from one letter to the next that a hand needs at least; what is pasted needs none."""


class WordInput(Input):
    """A field for a word that is typed letter by letter."""

    def __init__(self) -> None:
        super().__init__(id="word", select_on_focus=False, max_length=100)
        self.began = self.last = 0.0

    def on_key(self, event: events.Key) -> None:
        """Note when letters came: by when they arrived, not by when there was time for them."""
        if event.is_printable:
            self.began = self.began if self.value else event.time
            self.last = event.time
        screen = self.screen
        if isinstance(screen, Confirming):
            screen.note(event)

    def _on_paste(self, event: events.Paste) -> None:
        """Refuse what was not typed."""
        event.stop()
        event.prevent_default()
        self._refuse()

    def action_paste(self) -> None:
        """Refuse what was not typed."""
        self._refuse()

    @property
    def by_hand(self) -> bool:
        """Whether the letters came as slowly as a hand is."""
        return self.last - self.began >= BY_HAND * (len(self.value) - 1)

    def _refuse(self) -> None:
        screen = self.screen
        if isinstance(screen, Confirming):
            screen.say("Type it: what is pasted does not count.")


class Confirming(ModalScreen[bool]):
    """Says what would happen and asks; gives True when it was confirmed.

    Without a `word` a capital Y confirms, or the button; else the word has to be typed.  Enter
    confirms nothing but the word or the button that was gone to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, priority=True, id="confirm.leave"),
        Binding("ctrl+s", "press", "Confirm", show=False, priority=True, id="confirm.go"),
        Binding("Y", "confirm", "Yes", show=False, id="confirm.yes"),
    ]

    def __init__(
        self, title: str, asked: str, word: str = "", deed: str = "Yes", *, ascii_only: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._asked = asked
        self._word = word
        self._deed = deed
        self._ascii = ascii_only
        self._opened = time.monotonic()
        self._before = self._now = 0.0

    def parts(self) -> list[Part]:
        """Return the lines that stand above the question."""
        return []

    def why_not(self) -> str:
        """Say what forbids to confirm, empty where nothing does."""
        return ""

    def compose(self) -> ComposeResult:
        """What would happen, the question, the field, and the ways out."""
        frame = Vertical()
        frame.border_title = self._write(safe(self._title))
        with frame:
            with VerticalScroll(id="about"):
                yield Static(markup=False, id="lines")
            yield Static(markup=False, id="asked")
            if self._word:
                yield WordInput()
            yield Static(markup=False, id="said")
            with Horizontal(classes="ways"):
                yield from self.buttons()

    def buttons(self) -> ComposeResult:
        """The ways on and out."""
        key = "^S" if self._word else "Y"
        yield Button(worded(self, f"{self._deed} {key}"), id="go", compact=True)
        yield Button(worded(self, "Back Esc"), id="back", compact=True)

    def on_mount(self) -> None:
        """The field takes the keyboard, else the text: never a button."""
        self._opened = time.monotonic()
        self._draw()
        fields = self.query(WordInput)
        (fields.first() if fields else self.query_one("#about")).focus()

    def on_screen_resume(self) -> None:
        """What was forbidden may be allowed now."""
        self._opened = time.monotonic()
        if self.query("#said"):
            self._draw()

    def on_key(self, event: events.Key) -> None:
        """Note when keys come that nobody takes."""
        self.note(event)

    def note(self, event: events.Key) -> None:
        """Remember when this key came, and the one before."""
        if event.time != self._now:
            self._before, self._now = self._now, event.time

    def say(self, text: str) -> None:
        """Say why it is not confirmed."""
        said = self.query_one("#said", Static)
        said.update(self._write(f"▲ {text}" if text else ""))
        said.display = bool(text)

    @on(Input.Changed)
    def forget(self) -> None:
        """What was wrong may be right now."""
        self.say("")

    @on(Button.Pressed, "#go")
    def action_press(self) -> None:
        """Confirm by a click, or by a key that is taken before anybody notes it."""
        now = time.monotonic()
        if now - self._now >= APART:
            self._before, self._now = self._now, now
        self.action_confirm()

    @on(Input.Submitted)
    def action_confirm(self) -> None:
        """Confirm, if it is meant."""
        why_not = self.why_not() or self._unmeant()
        if why_not:
            self.say(why_not)
        else:
            self.dismiss(True)

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(False)

    def _unmeant(self) -> str:
        if time.monotonic() - self._opened < SETTLING:
            return "Read it first: what is pressed while it opens does not count."
        if self._now - self._before < APART:
            return "Keys came too fast to be meant: press it once more."
        if not self._word:
            return ""
        field = self.query_one(WordInput)
        if field.value.strip() != self._word:
            return f"That is not {self._word}."
        return "" if field.by_hand else "It came as fast as a paste: type it letter by letter."

    def _draw(self) -> None:
        text = Text(no_wrap=False, overflow="fold")
        for line, role in self.parts():
            text.append(f"{self._write(line)}\n", dip(self, f"ink--{role}"))
        text.rstrip()
        self.query_one("#lines", Static).update(text)
        self.query_one("#about").display = bool(text.plain)
        typed = f"\nType {self._word} to go on." if self._word else ""
        self.query_one("#asked", Static).update(self._write(self._asked) + typed)
        self.say(self.why_not())

    def _write(self, text: str) -> str:
        return drawn_in_ascii(to_ascii(text)) if self._ascii else text
