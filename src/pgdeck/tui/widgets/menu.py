"""The menu of what can be done with a row: each act with its key, or why it cannot be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from pgdeck.core.text import safe
from pgdeck.tui.keynames import shown
from pgdeck.tui.widgets.dialog import Passing


class Act(Struct, frozen=True):
    """One line of the menu: `action` is run by the view; `why_not` says what hinders it."""

    key: str
    label: str
    action: str
    why_not: str = ""


class RowMenu(Passing[str]):
    """Offers acts on the row that it names; gives the chosen action, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "leave", "Back", show=False, id="menu.close"),
        Binding("j", "down", "Next", show=False, id="menu.down"),
        Binding("k", "up", "Previous", show=False, id="menu.up"),
    ]

    def __init__(self, about: str, acts: Sequence[Act]) -> None:
        super().__init__()
        self._about = about
        self._acts = acts

    def compose(self) -> ComposeResult:
        """The row's name, and what can be done with it."""
        options = [
            Option(_line(act), id=act.action, disabled=bool(act.why_not)) for act in self._acts
        ]
        with Vertical():
            yield Static(safe(self._about), markup=False, classes="about")
            yield OptionList(*options, compact=True)

    def on_mount(self) -> None:
        """The list takes the keyboard."""
        self.query_one(OptionList).focus()

    def action_down(self) -> None:
        """Go to the next act."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """Go to the act before."""
        self.query_one(OptionList).action_cursor_up()

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Do what was chosen."""
        event.stop()
        self.dismiss(event.option.id)

    def on_key(self, event: events.Key) -> None:
        """An act's own key works here too."""
        chosen = (
            act
            for act in self._acts
            if act.key in (event.character, shown(event.key)) and not act.why_not
        )
        act = next(chosen, None)
        if act is not None:
            event.stop()
            self.dismiss(act.action)


def _line(act: Act) -> Text:
    line = Text(f"{act.key:<3}{act.label}", no_wrap=True, overflow="ellipsis")
    return line.append(f" ({safe(act.why_not)})") if act.why_not else line
