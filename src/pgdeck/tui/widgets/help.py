"""Help of one screen, generated from its file and from the bindings that hold there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.console import Group
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.keymap import worded
from pgdeck.tui.keynames import shown
from pgdeck.tui.widgets.dialog import Passing
from pgdeck.tui.widgets.inkwell import quiet_ink

FILTERS = (
    ("word", "rows that contain it; of several words, all"),
    ("!word", "rows that do not contain it"),
    ('"two words"', "one text with its blanks"),
    ("size:word", "only in the column of that name; a beginning of it will do"),
    ("size>10MB", "compare: > >= < <= =, with units such as kB, min, %, k"),
    ("/pattern/", "a regular expression; size:/pattern/ in one column"),
    ("c", "clear the filter; n and N go on stepping through what it found"),
)
FILTER = "table.filter"
SCOPES = {
    "overview": "Panes",
    "table": "Screen",
    "activity": "Views",
    "checks": "Alerts",
    "connections": "Views",
    "jobs": "Views",
    "databases": "Screen",
    "tables": "Upkeep",
    "upkeep": "Upkeep",
    "statements": "Views",
    "keyed-table": "Rows",
    "go": "Go",
    "live": "Live",
    "app": "Program",
}


class HelpScreen(Passing[None]):
    """Explains a screen; any of Esc, q and ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark,enter", "dismiss_help", "Close", show=False, id="help.close"
        ),
    ]

    def __init__(self, spec: ScreenSpec, bindings: Mapping[str, ActiveBinding]) -> None:
        super().__init__()
        self._spec = spec
        self._keys = dict(bindings)

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        scroll = VerticalScroll()
        scroll.border_title = f"{self._spec.title} · help"
        scroll.border_subtitle = worded(self, "PgDn more · Esc closes")
        with scroll:
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Give the keyboard to the text."""
        self.query_one(Static).update(help_text(self._spec, self._keys, quiet_ink(self)))
        self.query_one(VerticalScroll).focus()

    def action_dismiss_help(self) -> None:
        """Close."""
        self.dismiss()


def help_text(spec: ScreenSpec, bindings: Mapping[str, ActiveBinding], quiet: Style) -> Group:
    """Return what a screen shows, what its columns mean, and the keys that work in it."""
    parts: list[Text | Table] = []
    if spec.help:
        parts += [Text(f"{spec.help.strip()}\n")]
    for scope, lines in _scopes(bindings).items():
        parts += [Text(scope, "bold"), _pairs(lines)]
    if any(active.binding.id == FILTER for active in bindings.values()):
        parts += [Text("Filters", "bold"), _pairs(FILTERS)]
    notes = [(column.label or column.name, column.note) for column in spec.columns if column.note]
    if notes:
        parts += [Text("Columns", "bold"), _pairs(notes)]
    source = f"{spec.source[0].name}"
    parts += [Text(f"This screen is the file screens/{source}; every {spec.interval:g} s.", quiet)]
    return Group(*parts)


def _pairs(lines: Iterable[tuple[str, str]]) -> Table:
    """Return names and what they mean side by side, followed by a blank line."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for name, meaning in lines:
        table.add_row(Text(f"  {name}"), Text(meaning))
    table.add_row("")
    return table


def _scopes(bindings: Mapping[str, ActiveBinding]) -> dict[str, list[tuple[str, str]]]:
    """Group the keys of each action under the heading of its binding's scope."""
    found: dict[str, dict[str, list[str]]] = {heading: {} for heading in SCOPES.values()}
    for active in bindings.values():
        binding = active.binding
        scope = (binding.id or "").split(".")[0]
        if binding.action.startswith("screen("):
            scope = "go"
        if scope in SCOPES and binding.description:
            keys = found[SCOPES[scope]].setdefault(binding.description, [])
            keys.append(shown(binding.key))
    return {
        heading: [(" ".join(keys), label) for label, keys in actions.items()]
        for heading, actions in found.items()
        if actions
    }
