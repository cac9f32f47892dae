"""docs/keys.md: every key and what it does, made from the bindings and their names."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from textual.binding import Binding
from textual.dom import DOMNode

import pgdeck.tui
from docs.making.blocks import table
from pgdeck.paths import data_dir
from pgdeck.tui.keynames import shown
from pgdeck.watch.menu import Directory, load_menu

HEAD = """\
# Keys

<!-- Made by `make docs` from the bindings themselves. -->

`?` shows those of the screen you are on. None needs a terminal with an extended keyboard protocol.
Each has a name, by which `[keys]` in `config.toml` gives it another one
([configuration.md](configuration.md#keys-of-your-own)).

## The palette

`:` finds screens and commands by a few letters. With nothing typed it begins with what you chose
last, also in earlier sessions (`pgdeck/palette.json` in the XDG state directory, readable by its
owner alone).

## The mouse

Everything has a key; a mouse is for those who have one at hand. A click opens a tab or chooses a
pane (a second one opens it), puts the cursor on a row (a double click opens it) or sorts by a
column's header; the wheel scrolls, with Shift or Ctrl by columns. A click on a key that the
footer, a title or the first line names presses it, one on a line of a menu or of the palette
takes it, and one beside a dialog in which nothing is written closes it. `--no-mouse`, or `mouse =
false` in the configuration, leaves the mouse to the terminal, for selecting text.

"""

TITLES = {
    "go": "Going about",
    "live": "How often",
    "app": "The program",
    "table": "A screen with a table",
    "keyed-table": "The rows of a table",
}
"""Headings of scopes that are no screen's, in their order; others are called as their scope."""


def keys_page() -> str:
    """Return the page."""
    scopes: dict[str, dict[str, Binding]] = {name: {} for name in TITLES}
    for binding in bindings():
        if binding.id and binding.description:
            scope, _, _ = binding.id.partition(".")
            scopes.setdefault(scope, {})[binding.id] = binding
    parts = [HEAD, _screens()]
    for scope, found in scopes.items():
        rows = [
            (_keys(binding.key), binding.description, f"`{name}`")
            for name, binding in found.items()
        ]
        title = TITLES.get(scope, scope.replace("-", " ").capitalize())
        parts.append(f"\n## {title}\n\n{table(('key', 'does', 'name'), rows)}")
    return "".join(parts)


def bindings() -> Iterator[Binding]:
    """Yield each binding of the dashboard, class by class."""
    for module in pkgutil.walk_packages(pgdeck.tui.__path__, "pgdeck.tui."):
        import_module(module.name)
    for kind in sorted(_kinds(DOMNode), key=lambda each: (each.__module__, each.__qualname__)):
        if kind.__module__.startswith("pgdeck.") and "BINDINGS" in vars(kind):
            yield from (each for each in kind.BINDINGS if isinstance(each, Binding))


def _kinds(kind: type[DOMNode]) -> set[type[DOMNode]]:
    found = set(kind.__subclasses__())
    return found.union(*(_kinds(each) for each in found))


def _screens() -> str:
    specs = load_menu([Directory(data_dir("screens"), trusted=True)]).specs
    rows = [
        (f"`{spec.key}`" if spec.key else "", spec.title, f"`screen.{spec.name}`") for spec in specs
    ]
    return f"## Screens\n\n{table(('key', 'opens', 'name'), rows)}"


def _keys(keys: str) -> str:
    named = map(shown, keys.split(","))
    return " ".join("`` ` ``" if key == "`" else f"`{key}`" for key in named)
