"""What the dashboard wears: one theme at a time, chosen with a look at it and remembered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from textual.app import App
from textual.notifications import SeverityLevel
from textual.scrollbar import ScrollBar

from pgdeck.core.abilities import NONE, SIXTEEN, Abilities
from pgdeck.core.theme import Theme
from pgdeck.tui.memory import keep_theme
from pgdeck.tui.theme import textual_theme
from pgdeck.tui.widgets.scrollmark import ScrollMark

MODERN = Abilities()
COLORLESS = "mono"


class Wardrobe(App[int]):
    """The part of the application that knows themes; only the one that is worn was read."""

    abilities: Abilities = MODERN
    worn: Theme

    def begin_in(self, theme: Theme) -> None:
        """Have a theme from the start: a change of it has all styles parsed and applied anew."""
        ScrollBar.renderer = ScrollMark
        self._mark(theme, theme.name)
        self.set_reactive(App.theme, theme.name)
        self.set_class(theme.dark, "-dark-mode", update=False)
        self.set_class(not theme.dark, "-light-mode", update=False)
        self.add_class(f"-theme-{theme.name}", update=False)
        if theme.native:
            self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def wear(self, theme: Theme) -> None:
        """Change into another theme, or into what became of the same."""
        if theme == self.worn:
            return
        # What is drawn goes by the name: a file that was changed meanwhile needs another.
        name = theme.name if theme.name != self.theme else f"{theme.name}-anew"
        self._mark(theme, name)
        self.theme = name

    def can_wear(self, theme: Theme) -> bool:
        """Tell whether the terminal has the colours of a theme."""
        if self.abilities.colors == NONE:
            return theme.name == COLORLESS
        return theme.native or self.abilities.colors > SIXTEEN

    def action_themes(self) -> None:
        """Choose a theme by looking at it."""
        from pgdeck.tui.widgets.wardrobe import ThemeChooser

        before = self.worn

        def take(chosen: Theme | None) -> None:
            self.wear(chosen or before)
            if chosen is not None:
                keep_theme(chosen.name, few=self.abilities.colors <= SIXTEEN)

        self.push_screen(ThemeChooser(before, self.can_wear, self.wear), take)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say something in passing; what is wrong has a sign beside its colour."""
        said = message if severity == "information" else f"▲ {message}"
        super().notify(said, title=title, severity=severity, timeout=timeout, markup=markup)

    def _mark(self, theme: Theme, name: str) -> None:
        self.worn = theme
        self.register_theme(replace(textual_theme(theme), name=name))
        self.set_class(theme.native, "-native", update=False)
        self.console.no_color = theme.name == COLORLESS


@contextmanager
def without(variable: str) -> Iterator[None]:
    """Hide an environment variable."""
    value = os.environ.pop(variable, None)
    try:
        yield
    finally:
        if value is not None:
            os.environ[variable] = value
