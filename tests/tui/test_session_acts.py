"""Cancel and terminate in the dashboard: whom its keys hit, over which connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from textual.pilot import Pilot

from decks import deck, drawn, live, says, text, until
from pgdeck.jobs.event import Status
from pgdeck.jobs.journal import TOLD, Follower, job_dirs, read_plan
from pgdeck.tui.views.activity import ActivityView
from pgdeck.tui.widgets.confirming import SETTLING
from pgdeck.tui.widgets.menu import RowMenu
from pgdeck.tui.widgets.plan import PlanDialog
from servers import Ground, LiveServer
from victims import LITERAL, resting, running, there
from watching import stuck, wait_for

WIDE = (120, 36)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "state"


@pytest.fixture(params=[18, 15])
def server(request: pytest.FixtureRequest) -> LiveServer:
    found = request.getfixturevalue(f"pg{request.param}")
    assert isinstance(found, LiveServer)
    return found


def view(pilot: Pilot[int]) -> ActivityView:
    return pilot.app.query_one(ActivityView)


async def point_at(pilot: Pilot[int], *pids: int) -> None:
    """Leave only some sessions in the list, the cursor on the first."""
    await until(pilot, live(pilot))
    rule = "|".join(map(str, pids))
    assert view(pilot).apply_filter(f"/{rule}/") is None

    def listed() -> bool:
        found = {row.key[0] for row in view(pilot).current_table.model.matching_rows()}
        return found == set(pids)

    await until(pilot, listed)


async def planned(pilot: Pilot[int], key: str) -> PlanDialog:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanDialog))
    await until(pilot, says(pilot, "Esc"))
    dialog = pilot.app.screen
    assert isinstance(dialog, PlanDialog)
    return dialog


async def confirm(pilot: Pilot[int]) -> None:
    await asyncio.sleep(SETTLING + 0.05)
    await pilot.press("Y")


def everything(place: Path) -> bytes:
    return b"".join(each.read_bytes() for each in place.rglob("*") if each.is_file())


def acts(server: LiveServer) -> list[int]:
    sql = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgdeck % acts'"
    return [pid for (pid,) in server.sql(sql)]


async def test_the_row_under_the_cursor_is_cancelled_and_the_journal_has_it(
    server: LiveServer, state: Path
) -> None:
    with running(server) as victim:
        async with deck(server.dsn(), WIDE, start="activity") as pilot:
            await point_at(pilot, victim.pid)
            dialog = await planned(pilot, "C")
            for word in (f"pid {victim.pid}: night", "login postgres", "active for", "query began"):
                assert word in " ".join(dialog.plan.touches)
            assert f"Cancel the statement of pid {victim.pid}" in text(pilot)
            assert victim.runs
            await confirm(pilot)
            await until(pilot, says(pilot, f"pid {victim.pid}: cancelled"))
            (directory,) = job_dirs()
            assert (directory / TOLD).exists(), "it would be news once more"
        assert victim.result() == errors.QueryCanceled.sqlstate
    assert Follower(directory).poll().status is Status.FINISHED
    assert LITERAL.encode() not in everything(state)


async def test_marked_rows_are_ended_in_one_go(server: LiveServer) -> None:
    with running(server) as one, running(server) as other, running(server) as bystander:
        async with deck(server.dsn(), WIDE, start="activity") as pilot:
            await point_at(pilot, one.pid, other.pid)
            await pilot.press("space", "space")
            assert len(view(pilot).table.model.marked_rows()) == 2
            dialog = await planned(pilot, "K")
            assert dialog.plan.title == "Terminate 2 sessions"
            assert len(dialog.plan.steps) == 1
            await confirm(pilot)
            await until(pilot, says(pilot, ": ended; pid"))
        assert not there(server, one.pid)
        assert not there(server, other.pid)
        assert bystander.runs


async def test_what_vanishes_while_the_dialog_is_open_leaves_the_others_alone(
    pg18: LiveServer,
) -> None:
    with running(pg18) as victim:
        gone = pg18.connect()
        pid = gone.info.backend_pid
        async with deck(pg18.dsn(), WIDE, start="activity") as pilot:
            await until(pilot, live(pilot))
            await pilot.press("i")
            await point_at(pilot, pid, victim.pid)
            while view(pilot).table.cursor_row.key[0] != pid:  # type: ignore[union-attr]
                await pilot.press("j")
                if view(pilot).table.cursor_row.key[0] != pid:  # type: ignore[union-attr]
                    await pilot.press("k")
            await planned(pilot, "K")
            gone.close()
            await until(pilot, lambda: view(pilot).table.model.count() == 1)
            assert view(pilot).table.cursor_row.key[0] == victim.pid  # type: ignore[union-attr]
            await confirm(pilot)
            await until(pilot, says(pilot, f"pid {pid}: gone already: nothing was hit"))
        assert victim.runs
    assert Follower(job_dirs()[0]).poll().exit == 1


async def test_in_the_tree_the_root_is_offered_first(server: LiveServer) -> None:
    database = server.create_database("acts_tree")
    server.sql("CREATE TABLE item AS SELECT 1 AS id", database)
    with psycopg.connect(server.dsn(database), application_name="holder") as holder:
        holder.execute("UPDATE item SET id = 2")
        root = holder.info.backend_pid
        with stuck(server, database, "LOCK TABLE item") as waiter:
            async with deck(server.dsn(database), WIDE, start="activity") as pilot:
                await until(pilot, live(pilot))
                await pilot.press("f3")
                await until(pilot, says(pilot, "└"))
                await pilot.press("j")
                row = view(pilot).current_table.cursor_row
                assert row is not None
                assert row.key[0] == waiter
                await pilot.press("C")
                await until(pilot, lambda: isinstance(pilot.app.screen, RowMenu))
                await until(pilot, says(pilot, f"The root: pid {root}", "itself, which only waits"))
                dialog = await planned(pilot, "1")
                # It is idle in its transaction: a cancel would do nothing.
                assert dialog.plan.title == f"Terminate the session pid {root}"
                assert any("a cancel does nothing" in each for each in dialog.plan.warnings)
                await pilot.press("escape")
                await pilot.press("x")
                await until(pilot, says(pilot, "1  Cancel the root", "2  Terminate the root"))
        holder.rollback()


@contextmanager
def full(server: LiveServer) -> Iterator[None]:
    """Take every slot that is left, those in reserve included."""
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(server.connect())
            except psycopg.OperationalError:
                break
        yield


async def test_with_no_slot_free_the_open_connection_acts(server_ground: Ground) -> None:
    with (
        server_ground.server(18, "full", max_connections="12", max_wal_senders="0") as server,
        running(server) as victim,
    ):
        async with deck(server.dsn(), WIDE, start="activity") as pilot:
            await point_at(pilot, victim.pid)
            await until(pilot, lambda: len(acts(server)) == 1)
            with full(server):
                with pytest.raises(psycopg.OperationalError, match="too many clients"):
                    server.connect()
                await planned(pilot, "K")
                await confirm(pilot)
                await until(pilot, says(pilot, f"pid {victim.pid}: ended"))
        assert victim.result() == errors.AdminShutdown.sqlstate


async def test_a_lost_acting_connection_is_opened_again(pg18: LiveServer) -> None:
    with running(pg18) as victim:
        async with deck(pg18.dsn(), WIDE, start="activity") as pilot:
            await point_at(pilot, victim.pid)
            await until(pilot, lambda: bool(acts(pg18)))
            for pid in acts(pg18):
                pg18.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
            await planned(pilot, "C")
            await confirm(pilot)
            await until(pilot, says(pilot, f"pid {victim.pid}: cancelled"))


async def test_its_own_connection_is_protected(pg18: LiveServer) -> None:
    async with deck(pg18.dsn(), WIDE, start="activity") as pilot:
        await until(pilot, lambda: bool(acts(pg18)))
        await pilot.press("i")
        (own,) = acts(pg18)
        await point_at(pilot, own)
        await pilot.press("K")
        await until(pilot, says(pilot, "this pgdeck's own connection"))
        assert acts(pg18) == [own]
    assert job_dirs() == []


async def test_two_connections_at_most_and_none_in_the_end(pg18: LiveServer) -> None:
    def ours() -> list[object]:
        like = "application_name LIKE 'pgdeck %' AND datname = 'acts_two'"
        return pg18.sql(f"SELECT pid FROM pg_stat_activity WHERE {like}")  # type: ignore[return-value]

    async with deck(pg18.dsn(pg18.create_database("acts_two")), WIDE, start="activity") as pilot:
        await until(pilot, lambda: len(ours()) == 2)
        await pilot.press("R")
        await pilot.pause(0.5)
        assert len(ours()) == 2
    wait_for(lambda: not ours())


async def test_a_read_only_target_greys_the_acts_and_says_why(pg18: LiveServer) -> None:
    database = pg18.create_database("acts_prod")
    pg18.sql("ALTER DATABASE acts_prod SET pgdeck.env = 'prod'")
    with running(pg18) as victim:
        async with deck(pg18.dsn(database), (140, 40), start="activity") as pilot:
            await until(pilot, lambda: "· prod" in drawn(pilot)[0])
            await point_at(pilot, victim.pid)
            await pilot.press("x")
            await until(pilot, says(pilot, "Cancel what it runs (", "is production"))
            await pilot.press("C")
            assert isinstance(pilot.app.screen, RowMenu)
            await pilot.press("escape")
            await planned(pilot, "K")
            await confirm(pilot)
            assert isinstance(pilot.app.screen, PlanDialog)
            assert victim.runs
    assert job_dirs() == []


async def test_an_ordinary_login_is_told_the_grant(server: LiveServer) -> None:
    server.role("acts_plain")
    with running(server) as victim:
        async with deck(server.dsn(user="acts_plain"), (140, 40), start="activity") as pilot:
            await until(pilot, live(pilot))
            await pilot.press("i")
            await point_at(pilot, victim.pid)
            await pilot.press("K")
            await until(pilot, says(pilot, "belongs to a superuser"))
        server.role("acts_other")
        with running(server, "acts_other") as theirs:
            async with deck(server.dsn(user="acts_plain"), (140, 40), start="activity") as pilot:
                await until(pilot, live(pilot))
                await pilot.press("i")
                await point_at(pilot, theirs.pid)
                await pilot.press("K")
                await until(pilot, says(pilot, "GRANT pg_signal_backend"))


async def test_an_idle_transaction_is_ended_and_its_fate_told(pg18: LiveServer) -> None:
    with resting(pg18) as victim:
        pid = victim.info.backend_pid
        async with deck(pg18.dsn(), WIDE, start="activity") as pilot:
            await point_at(pilot, pid)
            dialog = await planned(pilot, "C")
            assert "terminate" in dialog.plan.steps[0].text
            await confirm(pilot)
            await until(pilot, says(pilot, f"pid {pid}: ended"))
        assert read_plan(job_dirs()[0]).op == "cancel"


async def test_e_explains_the_statement_under_the_cursor(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.role("acts_reader")
    with running(server, "acts_reader") as victim:
        async with deck(server.dsn(user="acts_reader"), WIDE, start="activity") as pilot:
            await point_at(pilot, victim.pid)
            await pilot.press("e")
            await until(pilot, says(pilot, "Explain", "nothing is run", "Result", "as acts_reader"))
            assert pilot.app._driver is not None
            written: list[str] = []
            monkeypatch.setattr(pilot.app._driver, "write", written.append)
            await pilot.press("y")
            await until(pilot, says(pilot, "Copied the plan"))
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is pilot.app.screen_stack[0])
        assert victim.runs


async def test_a_superuser_is_asked_before_anything_is_planned(pg18: LiveServer) -> None:
    with running(pg18) as victim:
        async with deck(pg18.dsn(), WIDE, start="activity") as pilot:
            await point_at(pilot, victim.pid)
            await pilot.press("e")
            await until(pilot, says(pilot, "Explain as a superuser", "IMMUTABLE"))
            assert "Result" not in text(pilot)
            await confirm(pilot)
            await until(pilot, says(pilot, "nothing is run", "Result"))
