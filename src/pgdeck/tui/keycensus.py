"""Every key of every screen and dialog, and what is wrong with keys that a person chose.

It imports all of the dashboard: for a check, for the tests, and for those who chose keys.
"""

from __future__ import annotations

import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from itertools import combinations

from msgspec import Struct
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList

import pgdeck.tui
from pgdeck.core.spec import ScreenSpec
from pgdeck.errors import UsageProblem
from pgdeck.tui.keymap import SCREEN, Chosen, Keymap, bindings_of
from pgdeck.tui.keynames import UnfitKeyError, read_key, shown, types_text

PARTS = (VerticalScroll, Button, Input, OptionList)
"""Textual's widgets with keys of their own, where a class of ours is made of them."""

EVERYWHERE = frozenset({"app.interrupt", "app.leave"})
"""What works in dialogs, too."""

Place = tuple[str, ...]


class Mistake(Struct, frozen=True):
    """What is wrong with one choice: `place` leads to it in the table of keys."""

    place: Place
    message: str
    hint: str = ""

    @property
    def name(self) -> str:
        """What was to be chosen."""
        return ".".join(self.place)


class Deed(Struct, frozen=True):
    """Something that keys do, by the name under which they can be chosen; Textual's have none."""

    id: str
    keys: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.id} ({self.text})" if self.id else f"the {self.text}"


class Surface(Struct, frozen=True):
    """A screen or dialog: all that its keys do, and whether text is typed in it."""

    name: str
    deeds: tuple[Deed, ...]
    typing: bool


def read_keys(table: Mapping[str, object], specs: Mapping[str, ScreenSpec]) -> Keymap:
    """Return the keys chosen in the table ``[keys]``; raises `UsageProblem` for its first fault."""
    mistakes = key_mistakes(table, specs)
    if mistakes:
        first = mistakes[0]
        raise UsageProblem(f"[keys] {first.name}: {first.message}", first.hint)
    return Keymap(dict(_chosen(table, [])))


def key_mistakes(table: Mapping[str, object], specs: Mapping[str, ScreenSpec]) -> list[Mistake]:
    """Return everything that is wrong with the table ``[keys]`` of a configuration.

    Its keys are the ids of bindings, quoted or as tables of tables, its values a key or a list
    of them.
    """
    mistakes: list[Mistake] = []
    chosen = dict(_chosen(table, mistakes))
    places = {".".join(place): place for place, _ in _leaves(table)}
    names = {deed.id for surface in surfaces(specs) for deed in surface.deeds} - {""}
    for name in [name for name in places if name not in names]:
        close = get_close_matches(name, sorted(names), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "docs/keys.md lists every name"
        mistakes.append(Mistake(places[name], f"nothing is called {name}", hint))
        chosen.pop(name, None)
    mistakes += _clashes(chosen, places, specs)
    mistakes += _typed(chosen, places, specs)
    return mistakes


@cache
def _imported() -> None:
    for module in pkgutil.walk_packages(pgdeck.tui.__path__, "pgdeck.tui."):
        import_module(module.name)


def classes() -> list[type[DOMNode]]:
    """Return every class of the dashboard that declares keys."""
    _imported()
    found: dict[type[DOMNode], None] = {}
    waiting: list[type[DOMNode]] = [DOMNode]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("pgdeck.") and "BINDINGS" in kind.__dict__:
            found[kind] = None
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


def surfaces(specs: Mapping[str, ScreenSpec]) -> list[Surface]:
    """Return every screen and dialog with all keys that work in it."""
    from pgdeck.tui.app import DeckApp
    from pgdeck.tui.deck import Deck
    from pgdeck.tui.widgets.prompt import Prompt
    from pgdeck.tui.widgets.table import KeyedTable

    frame = [*_deeds((Deck, DeckApp)), *_screens(specs)]
    from pgdeck.tui.welcome import WelcomeApp, WelcomeScreen

    always = [deed for deed in frame if deed.id in EVERYWHERE]
    found = [
        Surface("Filter", (*_deeds((Prompt, Input)), *always), typing=True),
        # Its letters do nothing while an address is typed.
        Surface("Welcome", tuple(_deeds((WelcomeScreen, WelcomeApp))), typing=False),
    ]
    for kind in _leaves_of(classes()):
        own = (kind, *_parts(kind, (*PARTS, KeyedTable)))
        typing = Input in own or hasattr(kind, "TYPES_TEXT")
        if issubclass(kind, ModalScreen):
            found.append(Surface(_name(kind), (*_deeds(own), *always), typing))
        elif hasattr(kind, "footer_keys"):
            rows = (KeyedTable,) if hasattr(kind, "current_table") else ()
            found.append(Surface(_name(kind), (*_deeds((kind, *rows)), *frame), typing=False))
    return found


def _leaves_of(kinds: Iterable[type[DOMNode]]) -> list[type[DOMNode]]:
    """Return classes of which no other one is a special case, and those that are shown as such."""
    every = list(kinds)
    plain = [kind for kind in every if hasattr(kind, "footer_keys")]
    return [
        kind
        for kind in every
        if kind in plain or not any(kind is not each and issubclass(each, kind) for each in every)
    ]


def _parts(kind: type[DOMNode], parts: Iterable[type[Widget]]) -> list[type[Widget]]:
    """Return the widgets that a dialog is made of: those that its module names."""
    named = vars(sys.modules[kind.__module__]).values()
    return [part for part in parts if any(each is part for each in named)]


def _name(kind: type[DOMNode]) -> str:
    """Return what a class shows, as a person would call it."""
    bare = re.sub(r"(View|Dialog|Screen)$", "", kind.__name__) or kind.__name__
    return re.sub(r"(?<=[a-z])[A-Z]", lambda at: f" {at[0].lower()}", bare)


def _deeds(kinds: Iterable[type[DOMNode]]) -> list[Deed]:
    """Return what the keys of some classes do, one entry for each name."""
    found: dict[str, Deed] = {}
    for kind in kinds:
        for binding in bindings_of(kind):
            name = binding.id or f" {kind.__name__} {binding.action}"
            before = found.get(name)
            keys = (*(before.keys if before else ()), binding.key)
            found[name] = Deed(binding.id or "", keys, _text(kind, binding))
    return list(found.values())


def _text(kind: type[DOMNode], binding: Binding) -> str:
    text = binding.description or binding.action
    return text if binding.id else f"{kind.__name__}'s own {shown(binding.key)}: {text.lower()}"


def _screens(specs: Mapping[str, ScreenSpec]) -> Iterator[Deed]:
    for name, spec in specs.items():
        keys = (read_key(spec.key),) if spec.key else ()
        yield Deed(SCREEN + name, keys, spec.title)


def _leaves(table: Mapping[str, object], before: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield each value of tables of tables with the way to it."""
    for key, value in table.items():
        place = (*before, key)
        if isinstance(value, Mapping):
            yield from _leaves(value, place)
        else:
            yield place, value


def _chosen(
    table: Mapping[str, object], mistakes: list[Mistake]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the keys by name; what is no key is added to the mistakes."""
    for place, value in _leaves(table):
        values = value if isinstance(value, list) else [value]
        given = [each for each in values if isinstance(each, str)]
        if not given or len(given) != len(values):
            hint = 'write "P", or ["P", "ctrl+e"] for several'
            mistakes.append(Mistake(place, "a key or a list of keys is expected", hint))
            continue
        keys: list[str] = []
        for each in given:
            try:
                keys.append(read_key(each))
            except UnfitKeyError as refused:
                mistakes.append(Mistake(place, str(refused), refused.hint))
        if len(keys) == len(given):
            yield ".".join(place), tuple(dict.fromkeys(keys))


def _clashes(
    chosen: Chosen, places: Mapping[str, Place], specs: Mapping[str, ScreenSpec]
) -> list[Mistake]:
    """Return the keys that would do two things in one screen or dialog, one of them by choice."""
    found: dict[tuple[str, str, str], Mistake] = {}
    for surface in surfaces(specs) if chosen else ():
        by_key: dict[str, list[Deed]] = {}
        for deed in surface.deeds:
            for key in chosen.get(deed.id, deed.keys):
                by_key.setdefault(key, []).append(deed)
        for key, deeds in by_key.items():
            for one, other in combinations(deeds, 2):
                mine, theirs = (one, other) if one.id in chosen else (other, one)
                shipped = key in one.keys and key in other.keys
                if mine.id not in chosen or shipped or one == other:
                    continue
                hint = "choose another key" + (f", or move {theirs.id}" if theirs.id else "")
                said = f"{shown(key)} is also {theirs} in {surface.name}"
                mistake = Mistake(places[mine.id], said, hint)
                pair = sorted((mine.id, theirs.id or theirs.text))
                found.setdefault((key, pair[0], pair[1]), mistake)
    return list(found.values())


def _typed(
    chosen: Chosen, places: Mapping[str, Place], specs: Mapping[str, ScreenSpec]
) -> Iterator[Mistake]:
    """Yield the keys of dialogs with a field that would be missing in what is typed there."""
    own = {
        deed.id: (surface.name, deed.keys)
        for surface in (surfaces(specs) if chosen else ())
        if surface.typing
        for deed in surface.deeds
    }
    for name, keys in chosen.items():
        for key in keys:
            where, shipped = own.get(name, ("", (key,)))
            if types_text(key) and key not in shipped:
                said = f"{shown(key)} is a letter of what is typed in {where}"
                yield Mistake(places[name], said, "choose one with ctrl, or F1 to F12")
