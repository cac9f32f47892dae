"""The palette: a few letters name a screen or a command, Enter goes there at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from pgdeck.core.text import cell_width, fit, safe
from pgdeck.tui.commands import Offer, find_offers
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.dialog import Passing
from pgdeck.tui.widgets.inkwell import quiet_ink
from pgdeck.tui.widgets.searching import Searching, step

TITLE_WIDTH = 31
KEY_WIDTH = 8
SCROLLBAR = 1


def _key(keys: str, action: str, text: str, name: str) -> Binding:
    return Binding(keys, action, text, show=False, id=f"palette.{name}")


class Palette(Searching[Offer | None], Passing[Offer | None]):
    """Narrows the offers while a person types; the best match stands first, and is chosen.

    `recent` are the names of what was taken before, the newest first.
    Its answer is the offer that was taken, None when it was closed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("escape", "dismiss_palette", "Close", "close"),
        _key("enter", "go", "Go there", "go"),
        _key("down,tab", "move(1)", "Next", "next"),
        _key("up,shift+tab,ctrl+p", "move(-1)", "Previous", "previous"),
        _key("pagedown", "move(8)", "Further down", "further_down"),
        _key("pageup", "move(-8)", "Further up", "further_up"),
        _key("backspace", "shorten", "Take a letter back", "shorten"),
        _key("ctrl+u,ctrl+w", "clear", "Begin anew", "clear"),
    ]

    def __init__(self, offers: Sequence[Offer], recent: Sequence[str] = ()) -> None:
        super().__init__()
        self._offers = offers
        self._recent = recent
        self._found: list[Offer] = []

    def compose(self) -> ComposeResult:
        """What is typed, and the offers under it."""
        with Vertical():
            yield Static(id="palette-typed", markup=False)
            yield OptionList()

    def on_mount(self) -> None:
        """Offer everything."""
        box = self.query_one(Vertical)
        box.border_title = "Go to"
        box.border_subtitle = worded(self, "Enter goes · Esc closes")
        self.query_one(OptionList).can_focus = False
        self.searched()

    def on_resize(self) -> None:
        """Cut the lines to the new width."""
        self.call_after_refresh(self._cut_anew)

    def searched(self) -> None:
        """Offer what the typed text may mean."""
        typed = safe(self.typed)
        line = Text.assemble((": ", "bold"), typed, ("▏", quiet_ink(self)))
        if not typed:
            line.append("a screen, its key or a command", quiet_ink(self))
        self.query_one("#palette-typed", Static).update(line)
        options = self.query_one(OptionList)
        self._found = find_offers(self._offers, self.typed, self._recent)
        options.clear_options()
        if self._found:
            options.add_options([Option(self._line(offer)) for offer in self._found])
            options.highlighted = 0
        else:
            said = f"No screen and no command is called {typed.strip()}."
            options.add_option(Option(Text(said, "italic"), disabled=True))

    def action_go(self) -> None:
        """Take the chosen offer; with none left, stay: it was said."""
        self._take(self.query_one(OptionList).highlighted)

    @on(OptionList.OptionSelected)
    def click(self, event: OptionList.OptionSelected) -> None:
        """Take the offer that was clicked."""
        event.stop()
        self._take(event.option_index)

    def action_move(self, by: int) -> None:
        """Choose another offer."""
        options = self.query_one(OptionList)
        if self._found:
            options.highlighted = step(options.highlighted or 0, by, len(self._found))

    def action_dismiss_palette(self) -> None:
        """Close, and change nothing."""
        self.dismiss(None)

    def _take(self, at: int | None) -> None:
        if at is not None and at < len(self._found):
            self.dismiss(self._found[at])

    def _cut_anew(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted
        self.searched()
        options.highlighted = at

    def _line(self, offer: Offer) -> Text:
        """Return the title, the key and, quietly, what it is and what else finds it."""
        room = self.query_one(Vertical).size.width - TITLE_WIDTH - KEY_WIDTH - SCROLLBAR
        line = Text(fit(safe(offer.title), TITLE_WIDTH - 1) + " ", no_wrap=True)
        line.append(fit(safe(offer.key), KEY_WIDTH), "bold")
        again = "recent" if offer.id in self._recent and not self.typed else ""
        quiet = " · ".join(filter(None, (again, offer.help)))
        # What it is first: who knows its other names needs no list of them, still less half of one.
        names = f" · {', '.join(offer.words)}" if offer.help and offer.words else ""
        if cell_width(quiet + names) <= room:
            quiet += names
        line.append(fit(safe(quiet), max(0, room)).rstrip(), quiet_ink(self))
        return line
