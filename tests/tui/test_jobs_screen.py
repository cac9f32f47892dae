"""The Jobs screen: what runs and ran, from any terminal, with its log, its end, and its SQL."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from decks import deck, drawn, live, says, text, until
from jobbing import Desk, acting, desk_in, ended, sleeping
from pgdeck.core.plan import Plan, Step
from pgdeck.jobs.event import EventKind, JobState, Status
from pgdeck.jobs.journal import TAIL_LINES, Journal, ask_to_stop, make_job, read_plan, who
from pgdeck.tui.app import DeckApp
from pgdeck.tui.framing import known_jobs
from pgdeck.tui.views.jobs import JobsView
from pgdeck.tui.widgets.confirming import SETTLING, Confirming
from servers import LiveServer
from terminals import program

LATE = 4
"""The first line of rows: below identity, tabs, title and the names of the columns."""


@pytest.fixture
def desk(tmp_path: Path, pg18: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = desk_in(tmp_path, pg18.dsn())
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, found.environ[name])
    return found


def view(pilot: Pilot[int]) -> JobsView:
    return pilot.app.query_one(JobsView)


def running_or_over(pilot: Pilot[int]) -> Sequence[JobState]:
    """Return all jobs that the dashboard knows."""
    app = pilot.app
    assert isinstance(app, DeckApp)
    jobs = known_jobs(app.watcher)
    return jobs.states if jobs else ()


async def planned(desk: Desk, *steps: Step, title: str = "Checkpoint") -> Plan:
    """Return a plan, made beside the event loop as a command makes it."""
    return await asyncio.to_thread(desk.plan, *steps, title=title)


async def started(desk: Desk, *steps: Step, title: str = "Checkpoint") -> Path:
    plan = await planned(desk, *steps, title=title)
    return await asyncio.to_thread(desk.start, plan)


async def test_an_empty_screen_says_what_to_do(desk: Desk) -> None:
    async with deck(desk.url, start="jobs") as pilot:
        await until(pilot, says(pilot, "Nothing was done yet", "pgdeck vacuum"))


async def test_jobs_of_other_sessions_appear_live_and_can_be_stopped(desk: Desk) -> None:
    async with deck(desk.url, (120, 30), start="jobs") as pilot:
        await until(pilot, says(pilot, "Nothing was done yet"))
        directory = await started(desk, sleeping(), title="Long sleep")
        await until(pilot, says(pilot, "⟳ running", "Long sleep"))
        await until(pilot, lambda: "⟳ 1 job" in drawn(pilot)[0])
        await asyncio.to_thread(acting, directory)
        await pilot.press("F")
        await until(pilot, says(pilot, "pg_sleep", "It goes on if you leave"))
        await pilot.press("C")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirming))
        await asyncio.sleep(SETTLING + 0.05)
        await pilot.press("Y")
        await until(pilot, says(pilot, "✗ cancelled", "cancelled during: Sleep"))
        await until(pilot, lambda: "⟳" not in drawn(pilot)[0])
        assert ended(directory).status is Status.CANCELLED


async def test_a_failure_is_told_elsewhere_once_and_explained_here(desk: Desk) -> None:
    async with deck(desk.url, (120, 30)) as pilot:
        await until(pilot, live(pilot))
        step = Step(title="Divide", text="SELECT 1/0")
        directory = await started(desk, step, title="Divide it")
        await until(pilot, says(pilot, "Divide it: failed", "division by zero"))
        await until(pilot, lambda: (directory / "told").exists())
        await pilot.press("9")
        await until(pilot, says(pilot, "■ failed", "Divide it"))
        await pilot.press("enter")
        await until(pilot, says(pilot, "FAILED: ", "SELECT 1/0;"))
    async with deck(desk.url, (120, 30)) as pilot:
        await until(pilot, live(pilot))
        await until(pilot, lambda: bool(running_or_over(pilot)))
        assert "Divide it" not in text(pilot)


async def test_what_was_lost_meanwhile_is_said_at_the_next_start(desk: Desk) -> None:
    directory = await started(desk, sleeping(), title="Long sleep")
    state = await asyncio.to_thread(acting, directory)
    os.kill(state.pid, signal.SIGKILL)
    assert (await asyncio.to_thread(ended, directory)).status is Status.LOST
    async with deck(desk.url, (120, 30)) as pilot:
        await until(pilot, says(pilot, "Long sleep: lost", "without a last word"))
        await pilot.press("9", "enter")
        await until(pilot, says(pilot, "▲ lost", "look at its log"))


async def test_everything_executed_can_be_read_and_copied(desk: Desk) -> None:
    one = Step(title="First", text="SELECT 'one'")
    two = Step(title="Second", text="SELECT 2/0")
    await asyncio.to_thread(ended, await started(desk, one, two, title="Two"))
    await asyncio.to_thread(ended, await started(desk))
    written: list[str] = []
    async with deck(desk.url, (120, 30)) as pilot:
        await until(pilot, live(pilot))
        await pilot.press("at")
        await until(pilot, says(pilot, "CHECKPOINT;"))
        shown = text(pilot)
        assert "SELECT 'one';" in shown
        assert "SELECT 2/0;" not in shown or "failed" in shown
        await pilot.press("slash", *"CHECKPOINT;", "enter")
        await until(pilot, lambda: "one" not in text(pilot))
        assert pilot.app._driver is not None
        pilot.app._driver.write = written.append  # type: ignore[assignment, method-assign]
        await pilot.press("y")
        await until(pilot, says(pilot, "1-9 or Enter copies"))
        await pilot.press("escape")
        await pilot.press("E")
        await until(pilot, says(pilot, "Export Jobs", "1 row"))


async def test_a_server_that_is_gone_takes_no_job_from_the_screen(
    fresh_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_in(tmp_path, fresh_server.dsn())
    monkeypatch.setenv("XDG_STATE_HOME", desk.environ["XDG_STATE_HOME"])
    directory = await started(desk, sleeping(), title="Long sleep")
    await asyncio.to_thread(acting, directory)
    async with deck(desk.url, (120, 30), start="jobs") as pilot:
        await until(pilot, says(pilot, "⟳ running"))
        await asyncio.to_thread(fresh_server.cluster.stop)
        await until(pilot, says(pilot, "■ failed"))
        make_job(read_plan(directory), who(), desk.jobs)
        await until(pilot, says(pilot, "queued"))


async def test_500_reports_a_second_leave_the_screen_at_hand(desk: Desk) -> None:
    directory = make_job(await planned(desk, title="Busy"), who(), desk.jobs)
    journal = Journal(directory)
    journal.tell(EventKind.STARTED)
    journal.tell(EventKind.STEP, "Count", step=1)
    over = asyncio.Event()

    async def report() -> None:
        """Write 500 reports and lines a second, and never fall behind."""
        began, told = time.monotonic(), 0
        while not over.is_set():
            while told < 500 * (time.monotonic() - began):
                told += 1
                journal.tell(EventKind.PROGRESS, f"row {told}", done=told, total=100_000)
                journal.log(f"line {told} of many")
            await asyncio.sleep(0.005)

    async with deck(desk.url, (120, 30), start="jobs") as pilot:
        for number in range(5000):
            journal.log(f"early {number}")
        reporting = asyncio.create_task(report())
        await until(pilot, says(pilot, "⟳ running"))
        await pilot.press("F")
        await until(pilot, says(pilot, "of many", "/s"))
        log = view(pilot).detail.log_pane
        await until(pilot, lambda: log._came > TAIL_LINES)
        assert len(log.lines) <= TAIL_LINES
        slowest = 0.0
        for key in ("k", "k", "G", "shift+tab", "tab"):
            began = time.monotonic()
            await pilot.press(key)
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 2.0
        over.set()
        await reporting
        journal.tell(EventKind.FINISHED, "counted", exit=0)
        journal.close()
        await until(pilot, says(pilot, "✓ finished", "counted"))


async def test_the_log_is_searched_and_its_end_followed(desk: Desk) -> None:
    directory = make_job(await planned(desk, title="Talk"), who(), desk.jobs)
    journal = Journal(directory)
    journal.tell(EventKind.STARTED)
    for number in range(200):
        journal.log(f"needle {number}" if number in (20, 120) else f"straw {number} \x1b[31m")
    async with deck(desk.url, (80, 24), start="jobs") as pilot:
        await until(pilot, says(pilot, "⟳ running"))
        await pilot.press("enter")
        await until(pilot, says(pilot, "straw 199"))
        await pilot.press("slash", *"needle")
        await until(pilot, says(pilot, "needle 120"))
        await pilot.press("enter", "n")
        await until(pilot, says(pilot, "needle 20"))
        await pilot.press("N")
        await until(pilot, says(pilot, "needle 120"))
        journal.log("straw at last")
        await pilot.press("G")
        await until(pilot, says(pilot, "straw at last"))
        assert "\x1b" not in text(pilot)
        journal.tell(EventKind.FINISHED, "said", exit=0)
        journal.close()
        await pilot.press("escape")
        await until(pilot, says(pilot, "✓ finished"))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_job_outlives_its_dashboard(
    pg18: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    database = pg18.create_database(f"outlives_{number.name.lower()}")
    with program(pg18, state, database=database, variables={"PGDECK_TEST": "1"}) as terminal:
        terminal.wait_to_see("● 0.5 s")
        os.write(terminal.master, b":checkpoint")
        terminal.wait_to_see("Checkpoint")
        os.write(terminal.master, b"\r")
        terminal.wait_to_see("CHECKPOINT;")
        time.sleep(SETTLING + 0.1)
        os.write(terminal.master, b"Y")
        terminal.wait_to_see("it goes on")
        terminal.child.send_signal(number)
        terminal.ended()
    (directory,) = (state / "pgdeck" / "jobs").iterdir()
    assert ended(directory).status is Status.FINISHED
    with program(pg18, state, "--screen", "jobs", database=database) as terminal:
        terminal.wait_to_see("finished")
        os.write(terminal.master, b"\r")
        terminal.wait_to_see("The checkpoint is written")


def test_leaving_says_what_goes_on_and_ls_lists_it(desk: Desk, pg18: LiveServer) -> None:
    directory = desk.start(desk.plan(sleeping(), title="Long sleep"))
    acting(directory)
    state = Path(desk.environ["XDG_STATE_HOME"])
    with program(pg18, state) as terminal:
        terminal.wait_to_see("1 job")
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0
        assert f"pgdeck jobs follow {directory.name[-4:]}".encode() in terminal.written
    listed = desk.run("ls", "jobs", "--json")
    assert listed.returncode == 0
    assert '"Long sleep"' in listed.stdout
    ask_to_stop(directory)
    ended(directory)
