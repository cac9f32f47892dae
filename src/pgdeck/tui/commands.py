"""The palette: each screen by its title, its name and its aliases, then what keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon

from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.widgets.help import SHOWN

VIEW_SCOPES = frozenset({"table", "activity"})
"""Keys whose commands are offered where they work; those of moving about are not."""


class Palette(CommandPalette):
    """The palette with a sign that is one cell wide everywhere."""

    def on_mount(self) -> None:
        """Replace the emoji."""
        self.query_one(SearchIcon).icon = ":"


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the palette; any of `words` finds it."""

    title: str
    words: tuple[str, ...]
    help: str | None
    run: Callable[[], object]


class DeckCommands(Provider):
    """Offers every screen of the menu, and the keys of the program as commands."""

    async def discover(self) -> Hits:
        """List everything before anything is typed."""
        for offer in self._offers():
            yield DiscoveryHit(offer.title, offer.run, help=offer.help)

    async def search(self, query: str) -> Hits:
        """Match what is offered by any of its words."""
        matcher = self.matcher(query)
        for offer in self._offers():
            score = max(matcher.match(word) for word in offer.words)
            if score > 0:
                yield Hit(score, offer.title, offer.run, help=offer.help)

    def _offers(self) -> Iterator[Offer]:
        specs: list[ScreenSpec] = list(getattr(self.app, "specs", {}).values())
        for spec in specs:
            title = f"{spec.title}  {spec.key}" if spec.key else spec.title
            opens = partial(self.app.run_action, f"screen('{spec.name}')")
            yield Offer(title, (spec.title, spec.name, *spec.aliases), _first_sentence(spec), opens)
        yield from self._keys()
        for name, said, run, _ in self.app.get_system_commands(self.screen):
            yield Offer(name, (name, said), said, run)

    def _keys(self) -> Iterator[Offer]:
        """Offer what the view beneath does with a key."""
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            scope = (binding.id or ".").split(".")[0]
            if scope in VIEW_SCOPES and active.enabled and binding.description:
                run = partial(self.app.run_action, binding.action, active.node)
                words = (binding.description, binding.id or "")
                yield Offer(binding.description, words, SHOWN.get(key, key), run)


def _first_sentence(spec: ScreenSpec) -> str | None:
    """Return what fits in a list; the help of the screen says the rest."""
    sentence = spec.help.strip().partition(". ")[0].partition(":")[0]
    return sentence.rstrip(".") or None
