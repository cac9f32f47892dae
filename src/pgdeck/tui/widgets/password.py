"""The masked prompt for a password: kept in memory, shown nowhere."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from pgdeck.core.text import safe

LONGEST = 1000


class PasswordDialog(ModalScreen[str | None]):
    """Asks for one password; gives it, or None when it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, priority=True, id="password.leave"),
    ]

    def __init__(self, who: str, why: str) -> None:
        super().__init__()
        self._who = who
        self._why = why

    def compose(self) -> ComposeResult:
        """Whose password, what the server said, and the masked field."""
        with Vertical() as frame:
            frame.border_title = "Log in"
            yield Static(safe(self._who), markup=False, classes="about")
            yield Static(safe(self._why), markup=False, classes="quiet")
            with Horizontal(classes="field"):
                yield Label("Password ", markup=False)
                yield Input(password=True, max_length=LONGEST, select_on_focus=False)
            yield Static(
                "Kept in memory until pgdeck ends. ~/.pgpass keeps it for longer.",
                markup=False,
                classes="quiet",
            )
            with Horizontal(classes="ways"):
                yield Button("Log in Enter", id="go", compact=True)
                yield Button("Back Esc", id="back", compact=True)

    def on_mount(self) -> None:
        """The field takes the keyboard."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def go(self) -> None:
        """Give what was typed; nothing is no password."""
        typed = self.query_one(Input).value
        if typed:
            self.dismiss(typed)

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)
