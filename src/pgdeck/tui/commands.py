"""What the palette offers, and which of it is meant by what a person types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct
from textual.binding import ActiveBinding

from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.keynames import shown

VIEW_SCOPES = (
    *("table", "activity", "checks", "connections", "databases"),
    *("jobs", "statements", "tables", "upkeep"),
)
"""Keys whose commands are offered where they work; those of moving about are not."""

ROW_KEYS = frozenset(
    f"keyed-table.{name}"
    for name in ("sort_before", "sort_after", "flip", "mark", "mark_all", "clear_filter")
)
"""Of the keys of rows those that do more than move."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "table.filter": ("find", "search", "grep"),
    "table.detail": ("read", "describe", "show"),
    "table.copy": ("yank", "clipboard", "copy"),
    "table.export": ("save", "csv", "json", "markdown", "write"),
    "table.columns": ("hide", "widths"),
    "keyed-table.sort_before": ("order",),
    "keyed-table.sort_after": ("order",),
    "keyed-table.flip": ("sort", "reverse", "descending", "ascending"),
    "keyed-table.mark": ("select",),
    "keyed-table.clear_filter": ("reset", "all rows"),
    "activity.blocking": ("blockers", "blocked", "tree", "cancel", "kill"),
    "checks.acknowledge": ("ack", "known"),
    "checks.silence": ("mute", "snooze"),
    "checks.evidence": ("why",),
}
"""What else people call the thing that a key does, by the key's name."""


class Offer(Struct, frozen=True):
    """One line of the palette; its title, its key and any of `words` find it.

    `help` says in a few words what it is.
    """

    title: str
    key: str
    words: tuple[str, ...]
    run: Callable[[], Awaitable[object]]
    help: str = ""
    id: str = ""
    """The name under which it is remembered; what has none is not."""


Run = Callable[..., Awaitable[object]]
"""Runs an action by its name, on the widget given or on the application."""


COMMANDS = (
    ("Targets", "go.targets", ("switch", "fleet", "servers", "target"), "targets"),
    ("Databases of this server", "go.databases", ("use", "other database"), "databases"),
    ("Type the password", "", ("password", "login"), "password"),
    ("Psql here, and back", "app.psql", ("psql", "sql", "shell"), "psql"),
    ("Doctor", "app.doctor", ("doctor", "diagnose", "why"), "doctor"),
    ("Write for ten minutes, or stop", "app.writing", ("allow write", "read-only"), "writing"),
    ("Checkpoint", "", ("flush", "dirty pages"), "operate('checkpoint')"),
    ("Maximise, and back", "go.zen", ("zen", "maximize"), "screen.zen"),
    ("Screenshot", "", ("picture", "svg"), "picture"),
    ("Pause or go on", "live.pause", ("pause", "resume"), "pause"),
    ("Refresh now", "live.refresh", ("refresh",), "refresh_now"),
    ("Help of this screen", "app.help", ("help",), "help"),
    ("Refresh less often", "live.slower", ("slower",), "interval(1)"),
    ("Refresh more often", "live.faster", ("faster",), "interval(-1)"),
    ("Refresh as each screen has it", "", ("automatic", "interval"), "own_interval"),
    ("Theme", "", ("theme", "colours", "dark", "light", "contrast"), "themes"),
    ("Suspend", "app.suspend", ("suspend",), "suspend_process"),
    ("Quit", "app.leave", ("quit", "q", "exit", "leave"), "quit"),
)
"""Title, name of the key, other words and action of what the program does on every screen."""

HELP: Mapping[str, str] = {
    "targets": "watch another server or database",
    "databases": "watch another one of them",
    "password": "for the login that is watched",
    "psql": "a shell of SQL on this database",
    "writing": "lift read-only, its name typed",
    "operate('checkpoint')": "a plan first, then a job",
    "doctor": "why it cannot connect, and a cure",
    "screen.zen": "this screen alone, without tabs",
    "picture": "this screen as a file, an SVG",
    "pause": "nothing is read while it pauses",
    "refresh_now": "or try to connect now",
    "help": "what it shows, and all its keys",
    "interval(1)": "a longer interval",
    "interval(-1)": "a shorter interval",
    "own_interval": "the interval of its own again",
    "themes": "other colours, or those of a file",
    "suspend_process": "back to the shell; fg returns",
    "quit": "end the dashboard; jobs go on",
}
"""What each of them is, by its action; short enough to be read whole at 80 columns."""

WITH_ROWS = (
    ("Filter", "/", WORDS["table.filter"]),
    ("Sort", "< >", WORDS["keyed-table.sort_after"]),
    ("Copy", "y", WORDS["table.copy"]),
    ("Export", "E", WORDS["table.export"]),
)
"""Title, key and other words of what is done with rows; told where there are none."""


def offers_of(
    specs: Iterable[ScreenSpec], bindings: Iterable[ActiveBinding], run: Run
) -> list[Offer]:
    """Return all that the palette offers: screens, the keys of the one on screen, commands."""
    active = list(bindings)
    keys = {each.binding.id: shown(each.binding.key) for each in reversed(active)}
    commands = (
        Offer(title, keys.get(name, ""), words, partial(run, action), HELP.get(action, ""), action)
        for title, name, words, action in COMMANDS
    )
    with_rows = any(each.binding.id == "table.filter" for each in active)
    elsewhere = () if with_rows else elsewhere_offers(run)
    return [*screen_offers(specs, run), *key_offers(active, run), *commands, *elsewhere]


def elsewhere_offers(run: Run) -> Iterator[Offer]:
    """Yield what a screen with rows could do, so that nobody looks for it in vain."""
    for title, key, words in WITH_ROWS:
        action = f"elsewhere({title!r}, {key!r})"
        yield Offer(title, key, words, partial(run, action), "on a screen with rows")


def screen_offers(specs: Iterable[ScreenSpec], run: Run) -> list[Offer]:
    """Return an offer for each screen: by its title, its name and its aliases."""
    return [
        Offer(
            spec.title,
            spec.key or "",
            tuple(word for word in (spec.name, *spec.aliases) if word != spec.title.lower()),
            partial(run, f"screen('{spec.name}')"),
            _first_sentence(spec),
            f"screen('{spec.name}')",
        )
        for spec in specs
    ]


def key_offers(bindings: Iterable[ActiveBinding], run: Run) -> list[Offer]:
    """Return an offer for each thing that a key of the view on screen does."""
    return [
        Offer(
            active.binding.description,
            shown(active.binding.key),
            WORDS.get(active.binding.id or "", ()),
            partial(run, active.binding.action, active.node),
            id=active.binding.id or "",
        )
        for active in bindings
        if _offered(active.binding.id or "") and active.enabled and active.binding.description
    ]


def _offered(identity: str) -> bool:
    return identity in ROW_KEYS or identity.partition(".")[0] in VIEW_SCOPES


def find_offers(offers: Sequence[Offer], typed: str, recent: Sequence[str] = ()) -> list[Offer]:
    """Return the offers that a text may mean, the likeliest first; all of them for no text.

    Whole words come before beginnings (a title's first), beginnings before parts, parts before
    scattered letters.  Of what is equally likely the recent ones come first, the newest before
    all; else it keeps its order.
    """
    sought = typed.strip().lstrip(":").strip()
    age = {name: at for at, name in enumerate(recent)}
    ranked = [
        (_rank(offer, sought) if sought else 0, age.get(offer.id, len(recent)), at)
        for at, offer in enumerate(offers)
    ]
    return [offers[at] for rank, _, at in sorted(ranked) if rank < NO_MATCH]


NO_MATCH = 9


def _rank(offer: Offer, sought: str) -> int:
    """Say how well a text names an offer: 0 is best, `NO_MATCH` not at all."""
    if sought == offer.key:
        return 0
    text, title = sought.lower(), offer.title.lower()
    names = (title, *offer.words)
    tests = (
        text in names,
        title.startswith(text),
        any(name.startswith(text) for name in names),
        any(word.startswith(text) for word in title.split()),
        any(text in name for name in names),
        text[0] == title[0] and _scattered(text, title),
    )
    return next((rank for rank, holds in enumerate(tests, 1) if holds), NO_MATCH)


def _scattered(letters: str, name: str) -> bool:
    """Whether the letters stand in the name in their order."""
    rest = iter(name)
    return all(letter in rest for letter in letters)


def _first_sentence(spec: ScreenSpec) -> str:
    """Return what fits in a list; the help of the screen says the rest."""
    sentence = spec.help.strip().partition(". ")[0].partition(":")[0]
    return sentence.rstrip(".")
