"""From a row of Tables or Indexes to a plan on just what the row stood for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import deck, live, says, until
from jobbing import ended
from pgdeck.jobs.event import Status
from pgdeck.jobs.journal import job_dirs, read_plan
from pgdeck.tui.widgets.confirming import APART, SETTLING
from pgdeck.tui.widgets.menu import RowMenu
from pgdeck.tui.widgets.plan import PlanDialog
from servers import LiveServer

DB = "upkeep_screen"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def dsn(pg18: LiveServer) -> Iterator[str]:
    pg18.create_database(DB)
    pg18.sql(
        "CREATE TABLE big AS SELECT generate_series(1, 20000) AS id; CREATE INDEX ON big (id);"
        "CREATE TABLE small (id int PRIMARY KEY);"
        "CREATE TABLE child (parent int REFERENCES small)",
        DB,
    )
    yield pg18.dsn(DB)
    pg18.sql(f"DROP DATABASE {DB} WITH (FORCE)")


async def opened(pilot: Pilot[int], key: str, word: str) -> RowMenu:
    await until(pilot, live(pilot))
    await until(pilot, says(pilot, word))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, RowMenu))
    menu = pilot.app.screen
    assert isinstance(menu, RowMenu)
    return menu


async def planned(pilot: Pilot[int]) -> tuple[str, ...]:
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanDialog))
    dialog = pilot.app.screen
    assert isinstance(dialog, PlanDialog)
    return tuple(step.text for step in dialog.plan.steps)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("v", "VACUUM (VERBOSE) public.big"),
        ("b", "VACUUM (VERBOSE, ANALYZE) public.big"),
        ("a", "ANALYZE (VERBOSE) public.big"),
        ("f", "VACUUM (VERBOSE, FREEZE) public.big"),
        ("r", "REINDEX TABLE CONCURRENTLY public.big"),
        ("F", "VACUUM (VERBOSE, FULL) public.big"),
    ],
)
async def test_each_line_of_the_menu_plans_what_it_says(dsn: str, key: str, text: str) -> None:
    async with deck(dsn, (120, 36), start="tables") as pilot:
        await opened(pilot, "x", "big")
        await pilot.press(key)
        assert await planned(pilot) == (text,)


async def test_marked_rows_go_into_one_plan_and_the_job_does_them(dsn: str) -> None:
    async with deck(dsn, (120, 36), start="tables") as pilot:
        await until(pilot, live(pilot))
        await until(pilot, says(pilot, "big"))
        await pilot.press("space", "down", "space", "a")
        assert len(await planned(pilot)) == 2
        while not job_dirs():  # the first keys after it opened do not count
            await pilot.pause(SETTLING + APART)
            await pilot.press("Y")
        (directory,) = job_dirs()
        assert ended(directory).status is Status.FINISHED
        assert read_plan(directory).op == "analyze"


async def test_an_index_is_built_anew_and_a_foreign_key_is_none(dsn: str) -> None:
    async with deck(dsn, (120, 36), start="indexes") as pilot:
        await opened(pilot, "x", "big_id_idx")
        await pilot.press("escape")
        table = pilot.app.screen.query_one("#view-indexes KeyedTable")
        names = [str(row.values[0]) for row in table.model.view]  # type: ignore[attr-defined]
        await pilot.press(*["home"], *["down"] * names.index("big_id_idx"), "x", "r")
        assert await planned(pilot) == ("REINDEX INDEX CONCURRENTLY public.big_id_idx",)
        await pilot.press("escape")
        await pilot.press(*["home"], *["down"] * names.index("child_parent_fkey"), "x")
        await until(pilot, says(pilot, "is no index"))


async def test_what_is_due_is_one_key_away(dsn: str) -> None:
    async with deck(dsn, (120, 36), start="tables") as pilot:
        await opened(pilot, "v", "big")
        await pilot.press("u")
        await until(
            pilot,
            lambda: isinstance(pilot.app.screen, PlanDialog) or says(pilot, "nothing is due")(),
        )
