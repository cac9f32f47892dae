"""The palette: a few letters name a screen or a command, Enter goes there at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from pgdeck.core.text import fit, safe
from pgdeck.tui.commands import Offer, find_offers
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.dialog import Passing
from pgdeck.tui.widgets.inkwell import quiet_ink

TITLE_WIDTH = 32
KEY_WIDTH = 8


def _key(keys: str, action: str, text: str, name: str) -> Binding:
    return Binding(keys, action, text, show=False, id=f"palette.{name}")


class Palette(Passing[Offer | None]):
    """Narrows the offers while a person types; the best match stands first, and is chosen.

    `recent` are the names of what was taken before, the newest first.
    Its answer is the offer that was taken, None when it was closed.
    """

    AUTO_FOCUS = ""
    TYPES_TEXT = True
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
        self._typed = ""

    def compose(self) -> ComposeResult:
        """What is typed, and the offers under it."""
        with Vertical():
            yield Static(id="palette-typed", markup=False)
            yield OptionList()

    def on_mount(self) -> None:
        """Offer everything.

        Nothing takes the focus: all keys come here in their order, however fast they are typed.
        """
        box = self.query_one(Vertical)
        box.border_title = "Go to"
        box.border_subtitle = worded(self, "Enter goes · Esc closes")
        self.query_one(OptionList).can_focus = False
        self._offer()

    def on_resize(self) -> None:
        """Cut the lines to the new width."""
        self.call_after_refresh(self._offer)

    def on_key(self, event: events.Key) -> None:
        """Take a letter."""
        if event.is_printable and event.character and not event.key.startswith("alt+"):
            event.stop()
            self._type(self._typed + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted line."""
        event.stop()
        self._type(self._typed + event.text.partition("\n")[0])

    def action_shorten(self) -> None:
        """Take the last letter back; with none left, close."""
        if self._typed:
            self._type(self._typed[:-1])
        else:
            self.dismiss(None)

    def action_clear(self) -> None:
        """Forget what was typed."""
        self._type("")

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
            last = len(self._found) - 1
            at = (options.highlighted or 0) + by
            options.highlighted = at % (last + 1) if abs(by) == 1 else max(0, min(at, last))

    def action_dismiss_palette(self) -> None:
        """Close, and change nothing."""
        self.dismiss(None)

    def _type(self, text: str) -> None:
        self._typed = text
        self._offer()

    def _take(self, at: int | None) -> None:
        if at is not None and at < len(self._found):
            self.dismiss(self._found[at])

    def _offer(self) -> None:
        typed = safe(self._typed)
        line = Text.assemble((": ", "bold"), typed, ("▏", quiet_ink(self)))
        if not typed:
            line.append("a screen, its key or a command", quiet_ink(self))
        self.query_one("#palette-typed", Static).update(line)
        options = self.query_one(OptionList)
        self._found = find_offers(self._offers, self._typed, self._recent)
        options.clear_options()
        if self._found:
            options.add_options([Option(self._line(offer)) for offer in self._found])
            options.highlighted = 0
        else:
            said = f"No screen and no command is called {typed.strip()}."
            options.add_option(Option(Text(said, "italic"), disabled=True))

    def _line(self, offer: Offer) -> Text:
        """Return the title, the key and, quietly, what it is and what else finds it."""
        room = self.query_one(Vertical).size.width - TITLE_WIDTH - KEY_WIDTH - 4
        line = Text(fit(safe(offer.title), TITLE_WIDTH - 1) + " ", no_wrap=True)
        line.append(fit(safe(offer.key), KEY_WIDTH), "bold")
        again = "recent" if offer.id in self._recent and not self._typed else ""
        # What it is first: who knows its other names needs no list of them.
        told = (again, offer.help, ", ".join(offer.words) if offer.help else "")
        quiet = " · ".join(filter(None, told))
        line.append(fit(safe(quiet), max(0, room)).rstrip(), quiet_ink(self))
        return line
