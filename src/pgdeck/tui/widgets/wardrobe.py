"""Choosing a theme: the screen wears what the cursor is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from pgdeck.core.text import fit, safe
from pgdeck.core.theme import Theme
from pgdeck.themes import SHIPPED, find_theme, own_directory, own_themes
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.canvas import Canvas

LINGER = 0.12
"""Seconds on a theme before the screen wears it: all its styles are read anew for that."""

TITLE_WIDTH = 24

SAMPLE: tuple[Line, ...] = (
    (
        *(Span("● good  ", "good"), Span("◐ notice  ", "notice"), Span("▲ warning  ", "warning")),
        *(Span("■ critical  ", "critical"), Span("? unknown", "unknown")),
    ),
    (
        *(Span("text  ", "text"), Span("quiet  ", "quiet"), Span("title  ", "title")),
        *(Span("key  ", "key"), Span(" tab ", "tab-current"), Span("  "), Span("▂▃▅▆▇▅▃", "spark")),
        *(Span("  dev ", "dev"), Span("staging ", "staging"), Span("prod", "prod")),
    ),
)


class ThemeChooser(ModalScreen[Theme | None]):
    """Lists the themes that the terminal can show; its answer is the one to keep.

    `wear` is called with each that a person looks at, and by whoever opened it with the answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Take it back", show=False, id="themes.leave"),
        Binding("j", "move(1)", "Next", show=False, id="themes.next"),
        Binding("k", "move(-1)", "Previous", show=False, id="themes.previous"),
    ]

    def __init__(
        self, worn: Theme, can_wear: Callable[[Theme], bool], wear: Callable[[Theme], None]
    ) -> None:
        super().__init__()
        self._worn = worn
        self._wear = wear
        own, self._problems = own_themes()
        every = [*(find_theme(name) for name in SHIPPED), *own]
        self._themes = [theme for theme in every if can_wear(theme)]
        self._lingering: Timer | None = None

    def compose(self) -> ComposeResult:
        """A sample of the colours, the themes, and what is wrong with others."""
        box = Vertical()
        box.border_title = "Theme"
        box.border_subtitle = worded(self, "Enter keeps · Esc takes back")
        with box:
            yield Canvas(id="sample", ascii_only=getattr(self.app, "ascii_only", False))
            yield OptionList(
                *(Option(_line(theme)) for theme in self._themes),
                *(
                    Option(Text(f"✗ {safe(each.message)}", "italic"), disabled=True)
                    for each in self._problems
                ),
                compact=True,
            )

    def on_mount(self) -> None:
        """Begin at what is worn."""
        names = [theme.name for theme in self._themes]
        options = self.query_one(OptionList)
        options.highlighted = names.index(self._worn.name) if self._worn.name in names else 0
        options.focus()
        self.call_after_refresh(self._show_sample)

    def on_resize(self) -> None:
        """Draw the sample in the new width."""
        self.call_after_refresh(self._show_sample)

    def _show_sample(self) -> None:
        self.query_one(Canvas).paint(SAMPLE)

    @on(OptionList.OptionHighlighted)
    def look_at(self, event: OptionList.OptionHighlighted) -> None:
        """Wear a theme once the cursor rests on it."""
        event.stop()
        if self._lingering is not None:
            self._lingering.stop()
        theme = self._themes[event.option_index]
        self._lingering = self.set_timer(LINGER, lambda: self._wear(theme))

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Keep the theme."""
        event.stop()
        self._close(self._themes[event.option_index])

    def action_move(self, by: int) -> None:
        """Go to another theme."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_leave(self) -> None:
        """Wear what was worn before."""
        self._close(None)

    def _close(self, answer: Theme | None) -> None:
        if self._lingering is not None:
            self._lingering.stop()
        self.dismiss(answer)


def _line(theme: Theme) -> Text:
    shipped = theme.name in SHIPPED
    line = Text(fit(safe(theme.title), TITLE_WIDTH - 1) + " ", no_wrap=True, overflow="ellipsis")
    about = theme.about or ("" if shipped else str(own_directory() / f"{theme.name}.toml"))
    return line.append(safe(about))
