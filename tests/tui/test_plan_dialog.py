"""Before anything happens there is a plan, and only a hand that means it confirms one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from decks import deck, drawn, live, says, text, until
from jobbing import ended
from pgdeck.cli.dash import Operator
from pgdeck.core.operation import Wish
from pgdeck.core.plan import Asking, Plan, Standing
from pgdeck.core.target import Target
from pgdeck.jobs.event import Status
from pgdeck.jobs.journal import job_dirs
from pgdeck.tui.views.view import Operate
from pgdeck.tui.widgets import confirming
from pgdeck.tui.widgets.confirming import APART, SETTLING, Confirming
from pgdeck.tui.widgets.plan import PlanDialog
from servers import LiveServer


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what changes every plan of a checkpoint that is made from now on."""
    changes: dict[str, object] = {}
    real = Operator.plan

    async def plan(self: Operator, target: Target, op: str, wish: Wish) -> Plan:
        return replace(await real(self, target, op, wish), **changes)

    monkeypatch.setattr(Operator, "plan", plan)
    return lambda **more: changes.update(more)


async def planned(pilot: Pilot[int]) -> PlanDialog:
    """Wish for a checkpoint and return the dialog that asks for it."""
    await until(pilot, live(pilot))
    pilot.app.post_message(Operate("checkpoint", {}))
    dialog = await until_laid_out(pilot, PlanDialog)
    assert isinstance(dialog, PlanDialog)
    return dialog


async def until_laid_out(pilot: Pilot[int], kind: type[Confirming]) -> Confirming:
    def laid_out() -> bool:
        screen = pilot.app.screen
        height = screen.size.height
        strips = screen._compositor.render_strips(screen.size) if type(screen) is kind else []
        return bool(strips) and len(strips) == height

    while not laid_out():
        await pilot.pause(0.01)
    dialog = pilot.app.screen
    assert isinstance(dialog, kind)
    return dialog


async def settle() -> None:
    """Wait as long as a person needs to read anything at all."""
    await asyncio.sleep(SETTLING + 0.05)


async def type_by_hand(pilot: Pilot[int], word: str) -> None:
    for letter in word:
        await pilot.press(letter)
        await asyncio.sleep(0.02)
    await asyncio.sleep(APART)


def gone(pilot: Pilot[int]) -> Callable[[], bool]:
    return lambda: not isinstance(pilot.app.screen, Confirming)


async def test_a_plan_is_shown_and_a_yes_starts_the_job_it_names(pg18: LiveServer) -> None:
    async with deck(pg18.dsn(), (100, 30)) as pilot:
        dialog = await planned(pilot)
        shown = text(pilot)
        for word in ("Checkpoint", "CHECKPOINT;", "fingerprint", dialog.plan.target.fingerprint):
            assert word in shown
        assert not job_dirs()
        await settle()
        await pilot.press("Y")
        await until(pilot, gone(pilot))
        await until(pilot, lambda: bool(job_dirs()))
        await until(pilot, says(pilot, "it goes on if you leave"))
        (directory,) = job_dirs()
        assert ended(directory).status is Status.FINISHED
        assert directory.name[-4:] in text(pilot)


async def test_escape_and_keys_of_the_first_moment_start_nothing(pg18: LiveServer) -> None:
    async with deck(pg18.dsn(), (100, 30)) as pilot:
        await planned(pilot)
        await pilot.press("Y")
        await until(pilot, says(pilot, "Read it first"))
        await pilot.press("escape")
        await until(pilot, gone(pilot))
        assert not job_dirs()


async def test_enter_held_down_confirms_nothing(
    pg18: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A pilot presses slower than a keyboard repeats.
    monkeypatch.setattr(confirming, "APART", 5.0)
    async with deck(pg18.dsn(), (100, 30)) as pilot:
        dialog = await planned(pilot)
        await settle()
        for _ in range(20):
            await pilot.press("enter")
        await pilot.press("tab")
        for _ in range(3):
            await pilot.press("enter")
        await until(pilot, says(pilot, "too fast to be meant"))
        assert pilot.app.screen is dialog
        assert not job_dirs()


async def test_copying_is_always_offered(pg18: LiveServer, changed: Callable[..., None]) -> None:
    written: list[str] = []
    async with deck(pg18.dsn(), (100, 30)) as pilot:
        await planned(pilot)
        assert pilot.app._driver is not None
        pilot.app._driver.write = written.append  # type: ignore[assignment, method-assign]
        await pilot.press("y")
        await until(pilot, says(pilot, "Copied the steps"))
        assert any("\x1b]52;" in each for each in written)
        await pilot.press("escape")
        changed(asking=Asking.NAME, confirm="postgres")
        await planned(pilot)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: sum("\x1b]52;" in each for each in written) == 2)


async def test_a_name_is_typed_not_pasted(pg18: LiveServer, changed: Callable[..., None]) -> None:
    changed(asking=Asking.NAME, confirm="postgres")
    async with deck(pg18.dsn(), (80, 24)) as pilot:
        dialog = await planned(pilot)
        await until(pilot, says(pilot, "Type postgres to go on"))
        await settle()
        pilot.app.screen.focused.post_message(events.Paste("postgres"))  # type: ignore[union-attr]
        await until(pilot, says(pilot, "what is pasted does not count"))
        field = dialog.query_one(Input)
        assert field.value == ""
        await pilot.press("ctrl+v")
        assert field.value == ""
        await type_by_hand(pilot, "postgre")
        await pilot.press("enter")
        await until(pilot, says(pilot, "That is not postgres"))
        await type_by_hand(pilot, "s")
        await pilot.press("ctrl+s")
        await until(pilot, gone(pilot))
        await until(pilot, lambda: bool(job_dirs()))
        ended(job_dirs()[0])


async def test_what_comes_as_fast_as_a_paste_is_none_of_a_hand(
    pg18: LiveServer, changed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terminals of old paste as if it had been typed."""
    monkeypatch.setattr(confirming, "BY_HAND", 1.0)
    changed(asking=Asking.NAME, confirm="postgres")
    async with deck(pg18.dsn(), (80, 24)) as pilot:
        dialog = await planned(pilot)
        await settle()
        await pilot.press(*"postgres")
        await asyncio.sleep(APART)
        await pilot.press("enter")
        await until(pilot, says(pilot, "letter by letter"))
        assert pilot.app.screen is dialog


@pytest.mark.parametrize("name", ["ѕhop", "two words", "", "a\nb"])
async def test_a_name_that_may_be_mistaken_becomes_a_word_by_chance(
    pg18: LiveServer, changed: Callable[..., None], name: str
) -> None:
    changed(asking=Asking.NAME, confirm=name)
    async with deck(pg18.dsn(), (80, 24)) as pilot:
        dialog = await planned(pilot)
        word = dialog._word
        assert len(word) == 5
        assert word.isascii()
        assert word.islower()
        await until(pilot, says(pilot, f"Type {word} to go on"))


async def test_writing_is_opened_where_a_name_is_typed(
    pg18: LiveServer, changed: Callable[..., None]
) -> None:
    changed(asking=Asking.NAME, confirm="postgres")
    database = pg18.create_database("elsewhere")
    pg18.sql(f"ALTER DATABASE {database} SET pgdeck.env = 'prod'")
    async with deck(pg18.dsn(database), (100, 30)) as pilot:
        dialog = await planned(pilot)
        await until(pilot, says(pilot, "^O opens"))
        await pilot.press("ctrl+o")
        await until_laid_out(pilot, Confirming)
        await until(pilot, says(pilot, f"Type {database} to go on"))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is dialog)


async def test_what_asks_for_nothing_starts_at_once(
    pg18: LiveServer, changed: Callable[..., None]
) -> None:
    changed(asking=Asking.NOTHING)
    async with deck(pg18.dsn()) as pilot:
        await until(pilot, live(pilot))
        pilot.app.post_message(Operate("checkpoint", {}))
        await until(pilot, lambda: bool(job_dirs()))
        assert ended(job_dirs()[0]).status is Status.FINISHED


async def test_an_operation_that_cannot_be_is_explained(pg18: LiveServer) -> None:
    async with deck(pg18.dsn()) as pilot:
        await until(pilot, live(pilot))
        pilot.app.post_message(Operate("levitate", {}))
        await until(pilot, says(pilot, "there is no operation levitate"))


async def test_a_plan_from_outside_reaches_the_screen_harmless(
    pg18: LiveServer, changed: Callable[..., None]
) -> None:
    standing = Standing(1, "eve", "\x1b[2J", "active", 1.0, "pid 1 \x1b]0;owned\x07 waits")
    changed(title='Vacuum "a\x1b[31m\nb"', touches=("t\u202eable",), in_the_way=(standing,))
    async with deck(pg18.dsn(), (100, 30)) as pilot:
        await planned(pilot)
        assert not any(sign in text(pilot) for sign in ("\x1b", "\u202e", "\x07"))
        assert "In the way now" in text(pilot)


async def test_a_read_only_target_is_opened_for_ten_minutes_by_its_name(
    pg18: LiveServer,
) -> None:
    database = pg18.create_database("guarded")
    pg18.sql(f"ALTER DATABASE {database} SET pgdeck.env = 'prod'")
    async with deck(pg18.dsn(database), (100, 30)) as pilot:
        dialog = await planned(pilot)
        await until(pilot, says(pilot, "read-only", "W opens"))
        await settle()
        await pilot.press("Y")
        assert pilot.app.screen is dialog
        await pilot.press("W")
        await until_laid_out(pilot, Confirming)
        await until(pilot, says(pilot, f"Type {database} to go on"))
        await settle()
        await type_by_hand(pilot, database)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is dialog)
        await until(pilot, lambda: "W opens" not in text(pilot))
        await settle()
        await pilot.press("Y")
        await until(pilot, lambda: bool(job_dirs()))
        assert ended(job_dirs()[0]).status is Status.FINISHED
        await until(pilot, lambda: "· writing 9:5" in drawn(pilot)[0])
        seen = drawn(pilot)[0]
        await until(pilot, lambda: drawn(pilot)[0] != seen)
        await pilot.press("W")
        await until(pilot, lambda: "writing" not in drawn(pilot)[0])
        await until(pilot, says(pilot, "read-only again"))
