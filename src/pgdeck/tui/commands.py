"""The palette: each screen by its title, its name and its aliases, then what keys do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider, SearchIcon

from pgdeck.core.spec import ScreenSpec


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
        for name, said, run, _ in self.app.get_system_commands(self.screen):
            yield Offer(name, (name, said), said, run)


def _first_sentence(spec: ScreenSpec) -> str | None:
    """Return what fits in a list; the help of the screen says the rest."""
    sentence = spec.help.strip().partition(". ")[0].partition(":")[0]
    return sentence.rstrip(".") or None
