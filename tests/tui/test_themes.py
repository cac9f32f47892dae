"""Themes on screens that are drawn: what is read can be read, and colour never speaks alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from rich.color import Color
from rich.style import Style
from textual.pilot import Pilot

from decks import deck, live, says, text, until
from fleets import dead, fleet_deck, named
from palettes import PALETTES, on_terminal
from pgdeck import themes
from pgdeck.core.abilities import SIXTEEN, Abilities
from pgdeck.core.theme import GROUNDS, READABLE, ROLES, Theme, contrast
from pgdeck.tui.app import DeckApp
from pgdeck.tui.memory import kept_theme
from pgdeck.tui.widgets.wardrobe import ThemeChooser
from pgdeck.wiring import examine
from servers import LiveServer

DRAWN = set("─│┌┐└┘├┤┬┴┼╭╮╰╯█▉▊▋▌▍▎▏▐▔░▒▓▁▂▃▄▅▆▇▕▎╸╺━ ")
"""What is seen and not read."""

STATES = {"good", "notice", "warning", "critical", "unknown", "dev", "staging", "prod", "unmarked"}
SIGNS = set("●◐▲■?⏸⟳✓✗○▓")
"""The glyphs of states, and the fill that the bar of connections has a legend for."""

PROBE = Theme(
    "probe",
    "Probe",
    "",
    dark=True,
    native=False,
    colors={role: f"#{at + 1:02x}{255 - at:02x}{10 * at:02x}" for at, role in enumerate(ROLES)},
    path=Path("probe.toml"),
)
"""A colour for each role that no other has: what is drawn in it was meant for that role."""


def role_of(color: str) -> str:
    """Return the role of a colour, or the colour when it has none; Textual rounds a little."""
    parts = channels(color)
    for role, meant in PROBE.colors.items():
        if max(abs(a - b) for a, b in zip(parts, channels(meant), strict=True)) <= 2:
            return role
    return color


def channels(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def app_of(pilot: Pilot[int]) -> DeckApp:
    assert isinstance(pilot.app, DeckApp)
    return pilot.app


def lines(pilot: Pilot[int]) -> Iterator[list[tuple[str, Style]]]:
    """Yield every line as stretches of one style; of a dialog without what is dimmed behind it."""
    screen = pilot.app.screen
    region = screen.region
    if screen.is_modal:
        region = screen.children[0].region
    for strip in screen._compositor.render_strips(screen.size)[region.y : region.bottom]:
        yield [
            (segment.text, segment.style)
            for segment in strip.crop(region.x, region.right)
            if segment.style is not None
        ]


def painted(pilot: Pilot[int]) -> Iterator[tuple[str, Style]]:
    """Yield every stretch of one style that is not blank."""
    return (part for line in lines(pilot) for part in line if part[0].strip())


def colour_alone(line: list[tuple[str, Style]]) -> set[str]:
    """Return the roles of states that neither a glyph nor a word tells, in any pane of a line."""
    panes: list[dict[str, str]] = [{}]
    for said, style in line:
        ink, ground = roles(style) if said.strip() else ("", "")
        for at, part in enumerate(said.split("│")):
            if at:
                panes.append({})
            for role in {ink, ground} & STATES:
                panes[-1][role] = panes[-1].get(role, "") + part
    return {
        role
        for pane in panes
        for role, said in pane.items()
        # The edge of a notice goes down all its lines; its sign stands in the first.
        if said.strip(" ▌") and not (set(said) & SIGNS or any(map(str.isalpha, said)))
    }


def colours(pilot: Pilot[int]) -> set[Color]:
    return {style.color for _, style in painted(pilot) if style.color}


def roles(style: Style) -> tuple[str, str]:
    """Return the roles of the ink and of the ground, or their colours where they have no role."""
    assert style.color is not None
    assert style.bgcolor is not None
    ink, ground = style.color.get_truecolor().hex, style.bgcolor.get_truecolor().hex
    found = role_of(ink), role_of(ground)
    return (found[1], found[0]) if style.reverse else found


@asynccontextmanager
async def a_lock(server: LiveServer) -> AsyncIterator[None]:
    """Have a session wait for another."""
    server.sql("CREATE TABLE held AS SELECT 1 AS id", "themes")
    # A critical alert, at once.
    server.sql(
        "CREATE TABLE full_soon (id int GENERATED ALWAYS AS IDENTITY (MAXVALUE 10))", "themes"
    )
    server.sql("INSERT INTO full_soon SELECT FROM generate_series(1, 10)", "themes")
    dsn = server.dsn("themes")
    holder = psycopg.connect(dsn, application_name="holder")
    waiter = await psycopg.AsyncConnection.connect(dsn, application_name="waiter")
    holder.execute("UPDATE held SET id = 2")
    waiting = asyncio.create_task(waiter.execute("UPDATE held SET id = 3"))
    try:
        yield
    finally:
        holder.close()
        await asyncio.wait_for(waiting, 10)
        await waiter.close()


Step = Callable[[Pilot[int]], Awaitable[object]]


def opened(name: str, *words: str) -> Step:
    async def step(pilot: Pilot[int]) -> None:
        await pilot.app.run_action(f"screen('{name}')")
        await until(pilot, says(pilot, *words))

    return step


def pressed(*keys: str, sees: str) -> Step:
    async def step(pilot: Pilot[int]) -> None:
        await pilot.press(*keys)
        await until(pilot, says(pilot, sees))

    return step


STEPS: tuple[Step, ...] = (
    opened("overview", "Alerts", "of forced"),
    pressed("tab", sees="Alerts"),
    opened("tables", "held"),
    pressed("slash", *"hel", sees="keep"),
    pressed("enter", "space", "enter", sees="vacuum at dead rows"),
    pressed("tab", sees="vacuum at dead rows"),
    pressed("escape", "escape", "vertical_line", sees="Space show, hide"),
    pressed("escape", "E", sees="Export"),
    pressed("escape", "colon", sees="Go to"),
    pressed("t", "a", sees="Tables"),
    pressed("escape", "question_mark", sees="Esc closes"),
    pressed("escape", sees="held"),
    opened("activity", "waiting 1"),
    pressed("f3", sees="holder"),
    opened("locks", "waiter"),
    opened("connections", "free for everyone"),
    opened("checks", "full_soon"),
    pressed("a", sees="Reason"),
    pressed("escape", "x", sees="Acknowledge"),
    pressed("escape", "colon", *"theme", sees="theme"),
    pressed("enter", sees="Enter keeps"),
)


@pytest.fixture(scope="module")
def seen() -> dict[tuple[str, str], str]:
    """Filled by the first test: which role was drawn on which ground, with a sample."""
    return {}


def test_colour_that_is_alone_is_found() -> None:
    bad = Style(color=PROBE.colors["warning"], bgcolor=PROBE.colors["background"])
    plain = Style(color=PROBE.colors["text"], bgcolor=PROBE.colors["background"])
    assert colour_alone([("dead ", plain), ("12", bad), ("│ 3 ▲", plain)]) == {"warning"}
    assert colour_alone([("dead ▲", plain), ("12", bad + Style(reverse=True))]) == {"warning"}
    assert not colour_alone([("dead ", plain), ("12", bad), (" %", plain), ("▲", bad)])
    assert not colour_alone([("waiting", bad), (" │ ", plain), ("? 3", bad)])


async def wear_probe(pilot: Pilot[int]) -> None:
    await until(pilot, live(pilot))
    app_of(pilot).wear(PROBE)
    await until(pilot, lambda: ("text", "background") in {roles(s) for _, s in painted(pilot)})


def gather(pilot: Pilot[int], seen: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    """Add what is on screen to `seen`; return the lines in which a colour speaks alone."""
    for said, style in painted(pilot):
        assert not style.dim, said
        if not set(said) <= DRAWN:
            seen.setdefault(roles(style), said.strip())
    return {
        (role, "".join(said for said, _ in line))
        for line in lines(pilot)
        for role in colour_alone(line)
    }


def strange(seen: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Return what is in colours that are no theme's."""
    return {pair: said for pair, said in seen.items() if not set(pair) <= set(ROLES)}


async def test_every_text_is_in_a_colour_of_the_theme_and_none_speaks_alone(
    pg18: LiveServer, seen: dict[tuple[str, str], str]
) -> None:
    pg18.create_database("themes")
    alone: set[tuple[str, str]] = set()
    async with a_lock(pg18), deck(pg18.dsn("themes"), (130, 40)) as pilot:
        await wear_probe(pilot)
        for step in STEPS:
            await step(pilot)
            app_of(pilot).tell("Said in passing", wrong=True)
            await pilot.pause()
            alone |= gather(pilot, seen)
    assert not strange(seen)
    assert not alone
    assert len(seen) > 15


async def test_so_it_is_with_targets_and_the_doctor(
    pg18: LiveServer, seen: dict[tuple[str, str], str]
) -> None:
    async with fleet_deck(named("here", pg18), dead()) as pilot:
        await wear_probe(pilot)
        app_of(pilot)._examine = examine
        await pilot.press("grave_accent")
        await until(pilot, says(pilot, "primary 18", "■ no"))
        alone = gather(pilot, seen)
        await pilot.press("escape", "exclamation_mark")
        await until(pilot, says(pilot, "Every rung holds", "tools"))
        alone |= gather(pilot, seen)
    assert not strange(seen)
    assert not alone


def test_what_is_drawn_can_be_read_in_every_theme(seen: dict[tuple[str, str], str]) -> None:
    for name in themes.SHIPPED:
        if name == "mono":
            continue
        theme = themes.shipped[name]
        least = 7.0 if name == "contrast" else READABLE
        looks = PALETTES["paper" if name == "ansi-light" else "console"]
        for (ink, ground), said in seen.items():
            colors = theme.colors[ink], theme.colors[ground]
            if theme.native:
                colors = (
                    on_terminal(colors[0], looks, ink=ink != "background"),
                    on_terminal(colors[1], looks, ink=ground not in GROUNDS),
                )
            assert contrast(*colors) >= least, f"{name}: {ink} on {ground}: {said}"


async def test_a_theme_is_chosen_with_a_look_at_it(pg18: LiveServer) -> None:
    database = pg18.dsn(pg18.create_database("choosing"))
    pg18.sql("CREATE TABLE held (id int)", "choosing")
    async with deck(database, (140, 40), start="tables") as pilot:
        await until(pilot, live(pilot))
        app = app_of(pilot)
        await until(pilot, says(pilot, "held"))
        await pilot.press("enter")
        await until(pilot, says(pilot, "vacuum at dead rows"))
        dark = colours(pilot)
        await pilot.press("colon", *"theme", "enter")
        await until(pilot, says(pilot, "Enter keeps", "High contrast"))
        await pilot.press("down")
        await until(pilot, lambda: app.theme == "light" and dark.isdisjoint(colours(pilot)))
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "dark" and colours(pilot) >= dark)
        assert kept_theme(few=False) == ""
        # Faster than the screen can change.
        await pilot.press("colon", *"theme", "enter")
        await until(pilot, lambda: isinstance(app.screen, ThemeChooser))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: app.theme == "contrast" and kept_theme(few=False) == "contrast")
        assert dark.isdisjoint(colours(pilot))


async def test_the_chooser_lists_what_the_terminal_can_show_and_what_is_wrong(
    pg18: LiveServer, tmp_path: Path
) -> None:
    place = tmp_path / "config" / "pgdeck" / "themes"
    place.mkdir(parents=True, mode=0o700)
    (place / "evening.toml").write_text('base = "ansi"\ntitle = "Evening"\n')
    (place / "broken.toml").write_text('base = "dark"\ntext = "salmon"\n')
    async with deck(pg18.dsn("postgres"), (100, 40)) as pilot:
        await until(pilot, live(pilot))
        app = app_of(pilot)
        app.abilities = Abilities(SIXTEEN)
        await pilot.press("colon", *"theme", "enter")
        await pilot.pause()
        await until(pilot, says(pilot, "Evening", "broken.toml:2: text is no colour"))
        assert "High contrast" not in text(pilot)
        for at in range(4):
            await pilot.press("j")
            theme = (*themes.NATIVE, "evening")[(at + 1) % 4]
            await until(pilot, lambda: app.theme == theme)  # noqa: B023  # waited for at once
            assert app.native_ansi_color
        await pilot.press("enter")
        # On terminals of many colours it is not what was chosen.
        await until(pilot, lambda: kept_theme(few=True) == "ansi")
        assert kept_theme(few=False) == ""


async def test_themes_that_are_changed_meanwhile_are_worn_anew(
    pg18: LiveServer, tmp_path: Path
) -> None:
    place = tmp_path / "config" / "pgdeck" / "themes"
    place.mkdir(parents=True, mode=0o700)
    async with deck(pg18.dsn("postgres")) as pilot:
        await until(pilot, live(pilot))
        for color in ("#112233", "#445566", "#778899"):
            (place / "own.toml").write_text(f'base = "dark"\ntext = "{color}"\n')
            app_of(pilot).wear(themes.find_theme("own"))
            titles = {f" {title} " for title in ("Alerts", "Connections", "Throughput")}

            def drawn(color: str = color, titles: set[str] = titles) -> bool:
                inks = {style.color for said, style in painted(pilot) if said in titles}
                return inks == {Color.parse(color)}

            await until(pilot, drawn)
