"""The keys that a person chose, and how they are said where a key is named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace
from textual.binding import Binding

from pgdeck.tui.keynames import shown

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from pgdeck.core.spec import ScreenSpec

SCREEN = "screen."
"""What the name of a screen's own key begins with; the screen's name follows."""

Chosen = Mapping[str, tuple[str, ...]]
"""Textual's names of keys by the id of what they are to do."""


class Keymap(Struct, frozen=True):
    """What was chosen over the shipped keys; nothing at all for most people."""

    chosen: Chosen = field(default_factory=dict)

    def for_textual(self) -> dict[str, str]:
        """Return the choice as Textual takes it."""
        return {name: ",".join(keys) for name, keys in self.chosen.items()}

    def screens(self, specs: Mapping[str, ScreenSpec]) -> dict[str, ScreenSpec]:
        """Return the screens, each with the key that leads there as a person reads it."""
        return {
            name: replace(spec, key=shown(self.chosen[SCREEN + name][0]))
            if SCREEN + name in self.chosen
            else spec
            for name, spec in specs.items()
        }

    def keys_of(self, name: str, spec: ScreenSpec) -> tuple[str, ...]:
        """Return the keys that open a screen."""
        return self.chosen.get(SCREEN + name, (spec.key,) if spec.key else ())

    def reword(self, text: str, *kinds: type[DOMNode]) -> str:
        """Return a text that names shipped keys of some classes with the chosen ones instead.

        Of two classes that know the same key the first one is meant.
        """
        if not self.chosen:
            return text
        said: dict[str, str] = {}
        for kind in kinds:
            for binding in bindings_of(kind):
                chosen = self.chosen.get(binding.id or "")
                for word in _words(binding.key):
                    said.setdefault(word, shown(chosen[0]) if chosen else word)
        return " ".join(said.get(word, word) for word in text.split(" "))


def worded(node: DOMNode, text: str, *kinds: type[DOMNode]) -> str:
    """Return a text that names keys of a widget, of what holds it or of `kinds`, as chosen here."""
    keymap = getattr(node.app, "keymap", None)
    if not isinstance(keymap, Keymap) or not keymap.chosen:
        return text
    return keymap.reword(text, *kinds, *(type(each) for each in node.ancestors_with_self))


@lru_cache(maxsize=128)
def bindings_of(kind: type[DOMNode]) -> tuple[Binding, ...]:
    """Return the shipped bindings of a class and its bases, one for each key."""
    found: dict[str, Binding] = {}
    for base in reversed(kind.__mro__):
        for binding in Binding.make_bindings(base.__dict__.get("BINDINGS", ())):
            found[binding.key] = binding
    return tuple(found.values())


def _words(key: str) -> tuple[str, ...]:
    """Return how a key is written in footers and dialogs."""
    before, _, last = key.rpartition("+")
    return (shown(key), f"^{last.upper()}") if before == "ctrl" else (shown(key),)
