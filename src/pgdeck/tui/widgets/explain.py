"""The plan of a statement over the screen, to be read and copied."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgdeck.core.explaining import Explained
from pgdeck.core.text import safe, to_ascii
from pgdeck.tui.clipboard import copy
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.dialog import Dialog
from pgdeck.tui.widgets.inkwell import dip


class ExplainScreen(Dialog):
    """Shows how the server would carry a statement out; nothing was run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,e,enter", "close", "Close", show=False, id="explain.close"),
        Binding("y", "copy", "Copy", show=False, id="explain.copy"),
    ]

    def __init__(self, explained: Explained, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._explained = explained
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        scroll = VerticalScroll()
        scroll.border_title = "Explain"
        scroll.border_subtitle = worded(self, "y copy  Esc back")
        with scroll:
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Draw it, and let the keys scroll it."""
        write = to_ascii if self._ascii else str
        text = Text(no_wrap=False, overflow="fold")
        for line in self._explained.said:
            text.append(f"{write(safe(line))}\n", dip(self, "ink--quiet"))
        text.append("\n")
        for line in self._explained.lines:
            indent = len(line) - len(line.lstrip(" "))
            text.append(f"{' ' * indent}{write(safe(line.lstrip(' ')))}\n")
        text.rstrip()
        self.query_one(Static).update(text)
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Copy the plan as the server wrote it."""
        copy(self.app, "\n".join((*self._explained.lines, "")), "the plan")
