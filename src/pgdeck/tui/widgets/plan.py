"""The plan over the screen, before anything happens: read it, copy it, confirm it, or leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button

from pgdeck.core.plan import Plan
from pgdeck.core.plantext import Part, plan_lines, question, typed_word
from pgdeck.tui.clipboard import copy
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.confirming import Confirming


class PlanDialog(Confirming):
    """Shows a plan as the command line does; what is confirmed is exactly what stands there.

    `why_not` is asked each time: writing may be opened from here, and closed by the clock.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy instead of run", show=False, id="plan.copy"),
        Binding("ctrl+y", "copy", "Copy it", show=False, priority=True, id="plan.copy_typing"),
        Binding("W", "write", "Leave read-only", show=False, id="plan.write"),
        Binding(
            "ctrl+o", "write", "Leave read-only", show=False, priority=True, id="plan.write_typing"
        ),
    ]

    def __init__(self, plan: Plan, why_not: Callable[[], str], *, ascii_only: bool = False) -> None:
        super().__init__(
            plan.title, question(plan), typed_word(plan), "Start it", ascii_only=ascii_only
        )
        self.plan = plan
        self._why_not = why_not

    def parts(self) -> list[Part]:
        """The plan in lines."""
        return list(plan_lines(self.plan))

    def why_not(self) -> str:
        """Say that the target is read-only."""
        reason = self._why_not()
        key = worded(self, "^O" if self._word else "W")
        way = f"{key} opens ten minutes of writing, after a typed name."
        return f"{reason}.\n{way}" if reason else ""

    def buttons(self) -> ComposeResult:
        """Copying is always offered."""
        start, back = super().buttons()
        yield start
        key = "^Y" if self._word else "y"
        yield Button(worded(self, f"Copy instead {key}"), id="copy", compact=True)
        yield back

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy what would run, to run it by hand."""
        copy(self.app, f"{self.plan.script}\n", "the steps")

    def action_write(self) -> None:
        """Ask for ten minutes of writing, over this."""
        if self._why_not():
            self.app.call_later(self.app.run_action, "writing")
