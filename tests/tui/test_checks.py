"""Alerts are seen from every screen, explained on Checks, and silenced from the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import deck, drawn, live, says, text, until
from pgdeck.tui.views.checks import ChecksView
from pgdeck.tui.widgets.menu import RowMenu
from pgdeck.tui.widgets.pardon import PardonDialog
from servers import MAX_CONNECTIONS, LiveServer

CROWD = MAX_CONNECTIONS - 3 - 2
"""Sessions that leave hardly a slot to ordinary roles, and two to us."""


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def staging(fresh_server: LiveServer) -> LiveServer:
    """A server of the test's own that is not taken for a developer's."""
    fresh_server.sql("ALTER DATABASE postgres SET pgdeck.env = 'staging'")
    return fresh_server


@contextmanager
def crowd(server: LiveServer) -> Iterator[None]:
    """Use up the server's connections."""
    with ExitStack() as stack:
        for _ in range(CROWD):
            stack.enter_context(server.connect("postgres"))
        yield


async def judged(pilot: Pilot[int], *words: str, line: int | None = None) -> None:
    """Have the rules look again and again until something is said."""

    def said() -> bool:
        pilot.app.call_next(pilot.app.run_action, "refresh_now")
        seen = text(pilot) if line is None else drawn(pilot)[line]
        return all(word in seen for word in words)

    await until(pilot, said)


async def calm(pilot: Pilot[int]) -> None:
    """Have the rules look again and again until nothing critical is counted."""

    def none() -> bool:
        pilot.app.call_next(pilot.app.run_action, "refresh_now")
        return not any(sign in drawn(pilot)[1] for sign in "■?")

    await until(pilot, none)


async def test_an_alert_is_seen_everywhere_and_goes_when_its_cause_goes(
    staging: LiveServer,
) -> None:
    async with deck(staging.dsn("postgres"), (120, 36), start="activity") as pilot:
        await until(pilot, live(pilot))
        with crowd(staging):
            await judged(pilot, "■ ", line=1)
            await pilot.press("1")
            await until(pilot, says(pilot, "connections", "0 ›", "■ "))
            await pilot.press("tab", "enter")
            await until(pilot, lambda: bool(pilot.app.query(ChecksView)))
            await until(pilot, lambda: drawn(pilot)[4].startswith(" ■ critical"))
            await pilot.press("g", "enter")
            await until(pilot, says(pilot, "Why it matters", "Fix", "critical at"))
            await pilot.press("j")
            await until(pilot, says(pilot, "Evidence", "open it: o"))
            await pilot.press("o")
            await until(pilot, lambda: not pilot.app.query_one(ChecksView).display)
            assert "■ " in drawn(pilot)[1]
            await pilot.press("backspace")
        await calm(pilot)
        await until(pilot, lambda: "critical" not in drawn(pilot)[4])
        await pilot.press("i")
        await until(pilot, lambda: " ok " not in "".join(drawn(pilot)[4:-1]))


async def test_who_rests_on_the_first_row_sees_the_worst(staging: LiveServer) -> None:
    async with deck(staging.dsn("postgres"), start="checks") as pilot:
        await until(pilot, says(pilot, "● ok"))
        table = pilot.app.query_one(ChecksView).table
        with crowd(staging):
            await judged(pilot, "■ ", line=1)
            await until(pilot, lambda: "Connections used" in drawn(pilot)[4])
            assert table.cursor_row is not None
            assert table.cursor_row.key == ("connections", "")
            await pilot.press("j")
            chosen = table.cursor_row
        await calm(pilot)
        await until(pilot, lambda: "critical" not in text(pilot))
        assert table.cursor_row is not None
        assert chosen is not None
        assert table.cursor_row.key == chosen.key


async def test_an_acknowledgement_outlives_the_dashboard(staging: LiveServer) -> None:
    target = staging.dsn("postgres")
    with crowd(staging):
        async with deck(target, (120, 36), start="checks") as pilot:
            await judged(pilot, "■ ", line=1)
            await pilot.press("g", "x")
            await until(pilot, lambda: isinstance(pilot.app.screen, RowMenu))
            await pilot.press("a")
            await until(pilot, lambda: isinstance(pilot.app.screen, PardonDialog))
            await pilot.press(*"known load", "ctrl+s")
            await calm(pilot)
            assert drawn(pilot)[4].startswith(" ○ critical")
            await pilot.press("1")
            await until(pilot, says(pilot, "○ 1 acknowledged"))
        async with deck(target, (120, 36), start="checks") as pilot:
            await until(pilot, says(pilot, "○ critical", "acknowledged"))
            await pilot.press("g", "enter")
            await until(pilot, says(pilot, "known load", "until it is ok again"))
            await pilot.press("u")
            await judged(pilot, "■ ", line=1)


async def test_a_silence_needs_a_reason_and_a_time(staging: LiveServer) -> None:
    target = staging.dsn("postgres")
    with crowd(staging):
        async with deck(target, start="checks") as pilot:
            await judged(pilot, "■ ", line=1)
            await pilot.press("g", "S")
            await until(pilot, lambda: isinstance(pilot.app.screen, PardonDialog))
            await pilot.press("enter")
            await until(pilot, says(pilot, "a silence needs a reason"))
            await pilot.press(*"load", "tab", "ctrl+u", *"soon", "enter")
            await until(pilot, says(pilot, "soon is not a time"))
            await pilot.press("ctrl+u", *"3d", "enter")
            await calm(pilot)
        async with deck(target, start="checks") as pilot:
            await until(pilot, says(pilot, "○ critical"))
            await pilot.press("g", "enter")
            await until(pilot, says(pilot, "Silenced", "load", "until 20"))


async def test_escape_leaves_everything_as_it_was(staging: LiveServer) -> None:
    with crowd(staging):
        async with deck(staging.dsn("postgres"), start="checks") as pilot:
            await judged(pilot, "■ ", line=1)
            await pilot.press("g")
            for key, kind in (("a", PardonDialog), ("S", PardonDialog), ("x", RowMenu)):
                await pilot.press(key)
                await until(pilot, lambda kind=kind: isinstance(pilot.app.screen, kind))  # type: ignore[misc]
                await pilot.press("escape")
                await until(pilot, lambda: pilot.app.screen is pilot.app.get_default_screen())
            assert "■ " in drawn(pilot)[1]


async def test_what_a_login_may_not_see_is_unknown_with_its_grant(pg18: LiveServer) -> None:
    pg18.sql("DROP ROLE IF EXISTS plain_checker")
    pg18.sql("CREATE ROLE plain_checker LOGIN")
    plain = pg18.dsn("postgres", "plain_checker")
    with pg18.connect("postgres"):
        async with deck(plain, (120, 36), start="checks") as pilot:
            await until(pilot, says(pilot, "? unknown  Idle in transaction"))
            await pilot.press("slash")
            await until(pilot, says(pilot, "Esc take back"))
            await pilot.press(*"idle_in", "enter", "enter")
            await until(pilot, says(pilot, "GRANT pg_monitor TO plain_checker"))
            await pilot.press("1")
            await until(pilot, says(pilot, "rules are not judged", "Nothing that can be seen"))


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (200, 50)])
async def test_stale_rules_are_dimmed_and_not_counted(
    fresh_server: LiveServer, size: tuple[int, int]
) -> None:
    async with deck(fresh_server.dsn("postgres"), size, start="checks") as pilot:
        await until(pilot, says(pilot, " ok", "ransaction"))
        fresh_server.stop("immediate")
        await until(pilot, says(pilot, " old"))
        await until(pilot, lambda: drawn(pilot)[1].rstrip().endswith("?"))
        assert " ok" in drawn(pilot)[2] or " ok" in drawn(pilot)[3]


async def test_the_overview_knows_no_alerts_of_a_server_that_is_gone(
    fresh_server: LiveServer,
) -> None:
    async with deck(fresh_server.dsn("postgres"), (120, 36)) as pilot:
        await until(pilot, says(pilot, "needs attention"))
        fresh_server.stop("immediate")
        await until(pilot, says(pilot, "Not known now"))
        assert "needs attention" not in text(pilot)
        await pilot.press("M")  # that leaves the identity alone of the frame
        await until(pilot, lambda: "M back" in drawn(pilot)[0])
        assert "  ?  ■ " in drawn(pilot)[0]
