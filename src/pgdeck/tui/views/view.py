"""What every view promises the deck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.message import Message

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import Answer
from pgdeck.core.spec import Column, ScreenSpec
from pgdeck.tui.memory import Memory
from pgdeck.tui.widgets.prompt import Filtered

if TYPE_CHECKING:
    from pgdeck.core.explaining import Seen
    from pgdeck.core.printout import Printout
    from pgdeck.tui.place import Choices

Keys = tuple[tuple[str, str], ...]
"""(key, label) pairs for the footer, most useful first."""


@runtime_checkable
class View(Protocol):
    """One screen's widget; it is mounted at its first visit and kept."""

    @property
    def spec(self) -> ScreenSpec:
        """The screen that it shows."""

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show a snapshot of the view's own source."""

    def set_age(self, seconds: float | None) -> None:
        """Dim the data and say its age; None when it is fresh."""

    def take_focus(self) -> None:
        """Give the keyboard to the part that wants it."""

    def recall(self, memory: Memory, target: str) -> None:
        """Put back what a person chose here, and keep what they choose from now on."""

    def choices(self) -> Choices:
        """Return what a person chose here, for when they come back to this target."""

    def choose_again(self, choices: Choices) -> None:
        """Put that back; data may come later."""

    def set_zen(self, on: bool) -> None:
        """Fill the terminal with what matters most, or show everything again."""

    @property
    def has_open(self) -> bool:
        """Whether there is something to close before the way leads out."""

    def go_back(self) -> bool:
        """Close what is open, then drop a filter, then marks; False when there was nothing."""


@runtime_checkable
class ShowsAlerts(Protocol):
    """A view that shows alerts beside the data of its own source."""

    def show_checks(self, snapshot: Snapshot[object]) -> None:
        """Show what the rules say now."""


class OpenScreen(Message):
    """A view asks for another screen."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class FooterChanged(Message):
    """The keys that matter in a view have changed."""


class AskFilter(Message):
    """A view's table wants to be filtered: `text` is the filter that holds now."""

    def __init__(self, view: Filtered, text: str) -> None:
        super().__init__()
        self.view = view
        self.text = text


class ExportWanted(Message):
    """A view's rows are to go to a file; `shown` are the columns on screen."""

    def __init__(self, title: str, printout: Printout, shown: tuple[Column, ...]) -> None:
        super().__init__()
        self.title = title
        self.printout = printout
        self.shown = shown


class WatchDatabase(Message):
    """Another database of the same server is to be watched."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Operate(Message):
    """A view asks for an operation: it is planned, shown, confirmed, and given to a job.

    `wish` says to what and how, in the operation's own words.
    """

    def __init__(self, op: str, wish: Mapping[str, str]) -> None:
        super().__init__()
        self.op = op
        self.wish = wish


class ExplainWanted(Message):
    """The plan of a statement that was seen is to be shown."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen


class LookupWanted(Message):
    """A table wants exact values for the rows in view."""

    def __init__(self, view: LookupReceiver, name: str, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.view = view
        self.name = name
        self.keys = keys


class LookupReceiver(Protocol):
    """Who takes the answer of a lookup."""

    def take_lookup(self, keys: tuple[str, ...], answer: Answer) -> None:
        """Merge the answer for `keys` into what is shown."""
