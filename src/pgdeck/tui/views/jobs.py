"""Jobs: what pgdeck does and did to servers, live from this machine's files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.worker import Worker

from pgdeck.core.rows import Table
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.jobs.event import JobState
from pgdeck.jobs.executed import DEED_COLUMNS, Executed, deed_table
from pgdeck.jobs.journal import Follower, ask_to_stop, jobs_dir
from pgdeck.jobs.rows import JOB_COLUMNS, Jobs, job_table
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import worded
from pgdeck.tui.views.rows import RowsView, failure_spans
from pgdeck.tui.views.view import AskFilter, FooterChanged, Keys
from pgdeck.tui.widgets.confirming import Confirming
from pgdeck.tui.widgets.job import JobPane
from pgdeck.tui.widgets.menu import Act, RowMenu
from pgdeck.tui.widgets.table import KeyedTable

EVERY = 0.25
"""Seconds between two looks at the journal of the job that is read."""

JOBS, EXECUTED = "jobs", "executed"
FORMS = ((JOBS, "F1"), (EXECUTED, "F2"))
NOTHING = "Nothing was executed yet."


class JobsView(RowsView):
    """The jobs, and everything that they executed; nothing of it asks the server."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "form('jobs')", "Jobs", id="jobs.jobs"),
        Binding("f2", "form('executed')", "Everything executed", id="jobs.executed"),
        Binding("left_square_bracket", "form('jobs')", "View before", id="jobs.previous"),
        Binding("right_square_bracket", "form('executed')", "Next view", id="jobs.next"),
        Binding("F", "follow", "Follow the log", id="jobs.follow"),
        Binding("C", "cancel", "Ask the job to stop", id="jobs.cancel"),
        Binding("x", "menu", "What can be done with the row", id="jobs.menu"),
    ]

    detail: JobPane

    def __init__(self, spec: ScreenSpec, *, ascii_only: bool) -> None:
        super().__init__(spec, JOB_COLUMNS, ascii_only=ascii_only)
        self.detail = JobPane(ascii_only=ascii_only)
        self.executed = KeyedTable(DEED_COLUMNS, sort=None, empty_text=NOTHING, ascii=ascii_only)
        self.executed.add_class("away")
        self._chosen_form = JOBS
        self._read: tuple[object, ...] = ()
        self._deeds = Executed()
        self._following: Worker[None] | None = None
        self._followed = ""

    def tables(self) -> Sequence[KeyedTable]:
        """The jobs, and what they executed."""
        return (self.table, self.executed)

    @property
    def current_table(self) -> KeyedTable:
        """The table that is on screen."""
        return self.executed if self._chosen_form == EXECUTED else self.table

    @property
    def form(self) -> str:
        """Which of the two is shown."""
        return self._chosen_form

    def take_form(self, form: str) -> None:
        """Show it again."""
        self.action_form(form)

    @property
    def jobs(self) -> Jobs | None:
        """The newest jobs known."""
        data = self.snapshot.data if self.snapshot else None
        return data if isinstance(data, Jobs) else None

    @property
    def job(self) -> JobState | None:
        """The job under the cursor."""
        row = self.current_table.cursor_row
        name = None if row is None else row.key[0]
        found = self.jobs.states if self.jobs else ()
        return next((state for state in found if state.id == name), None)

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        row, *rest = super().footer_keys
        if self._chosen_form == EXECUTED:
            return (("F1 F2", "views"), row, *rest)
        job = self.job
        stop: Keys = (("C", "cancel"),) if job is not None and not job.status.is_over else ()
        return (row, *stop, ("F2", "executed"), *rest)

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show what became of the jobs."""
        self.snapshot = snapshot
        self._fill()

    def action_form(self, form: str) -> None:
        """Show the jobs, or what they executed."""
        self._chosen_form = form if form == EXECUTED else JOBS
        if self.has_class("with-detail"):
            self.action_toggle_detail()
        for table in self.tables():
            table.set_class(table is not self.current_table, "away")
        self._fill()
        self.take_focus()
        self.post_message(FooterChanged())

    def action_ask_filter(self) -> None:
        """Ask for a filter of the rows, or for what to find in the log that has the keyboard."""
        log = self.detail.log_pane
        if log.has_focus:
            self.post_message(AskFilter(log, log.search))
        else:
            super().action_ask_filter()

    def action_toggle_detail(self) -> None:
        """Open or close the job under the cursor."""
        super().action_toggle_detail()
        if self.has_class("with-detail") and not self.has_class("wide"):
            self.detail.log_pane.focus()

    def action_follow(self) -> None:
        """Open the job's log at its end, with the keyboard."""
        if not self.has_class("with-detail"):
            self.action_toggle_detail()
        self.detail.log_pane.focus()
        self.detail.log_pane.action_follow()

    def action_menu(self) -> None:
        """List what can be done with the job under the cursor."""
        job = self.job
        if job is None:
            return
        over = f"it is {job.status}" if job.status.is_over else ""
        acts = (
            Act("F", "Follow its log", "follow"),
            Act("C", "Ask it to stop", "cancel", over),
            Act("y", "Copy of it", "copy"),
        )
        self.app.push_screen(RowMenu(f"{job.title} · {job.id}", acts), self._do)

    async def _do(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    def action_cancel(self) -> None:
        """Ask whether the job is to stop, naming it."""
        job = self.job
        if job is None or job.status.is_over:
            said = "There is no job here." if job is None else f"It is over: {job.status}."
            self.app.notify(said, markup=False)
            return
        asked = (
            f"{safe(job.title)} on {safe(job.target)} stops at the next safe point. "
            "What was done before stays."
        )
        ascii_only = self.title_line.ascii_only
        dialog = Confirming(f"Cancel {job.id[-4:]}", asked, deed="Stop it", ascii_only=ascii_only)
        self.app.push_screen(dialog, partial(self._stop, job))

    async def _stop(self, job: JobState, meant: bool | None) -> None:
        if not meant:
            return
        try:
            await asyncio.to_thread(lambda: ask_to_stop(jobs_dir() / job.id))
        except Problem as problem:
            self.app.notify(safe(problem.message), severity="warning", markup=False)
        else:
            self.app.notify(f"Asked {job.id[-4:]} to stop.", markup=False)

    # Filling

    def _fill(self) -> None:
        jobs = self.jobs
        if jobs is not None:
            self.table.show(job_table(jobs))
            if self._chosen_form == EXECUTED:
                self._read_deeds(jobs)
            else:
                self.shown = job_table(jobs)
        self.draw_title()
        self.draw_detail()

    def _read_deeds(self, jobs: Jobs) -> None:
        """Read what was executed when a job went a step further; it is much, so in a thread."""
        read = tuple((state.id, state.status, state.step) for state in jobs.states)
        if read != self._read:
            self._read = read
            self.run_worker(self._fill_deeds(jobs), group="executed", exclusive=True)

    async def _fill_deeds(self, jobs: Jobs) -> None:
        found = await asyncio.to_thread(self._deeds.read, jobs.states)
        table = deed_table(found)
        self.executed.show(table)
        if self._chosen_form == EXECUTED:
            self.shown = table
            self.draw_title()
            self.draw_detail()

    def title_shown(self, said: bool) -> bool:
        """It says which of the two this is."""
        return True

    def title_left(self) -> Line:
        """The two views, the one on screen marked."""
        spans: list[Span] = []
        for form, key in FORMS:
            role = "tab-current" if form == self._chosen_form else "tab"
            spans += [
                Span(f" {worded(self, key)}", "key" if role == "tab" else role),
                Span(f" {form} ", role),
            ]
        return (*spans, *failure_spans(self.snapshot))

    def summary(self, table: Table) -> str:
        """Count what runs beside what is shown."""
        running = len(self.jobs.running) if self.jobs else 0
        runs = f"{running} running · " if running else ""
        return runs + super().summary(table)

    # The job that is read

    def draw_detail(self) -> None:
        """Follow the job under the cursor while its detail is open; other rows have other keys."""
        job = self.job
        self.post_message(FooterChanged())
        if job is None or not self.has_class("with-detail"):
            if self._following is not None and not self.has_class("with-detail"):
                self._following.cancel()
                self._following, self._followed = None, ""
            return
        if job.id != self._followed:
            self._followed = job.id
            self._following = self.run_worker(
                self._follow(job.id), group="follow", exclusive=True, exit_on_error=False
            )

    async def _follow(self, name: str) -> None:
        """Show a job as it goes on, until it is over or another one is looked at."""
        directory: Path = await asyncio.to_thread(lambda: jobs_dir() / name)
        try:
            follower = await asyncio.to_thread(Follower, directory)
        except Problem as problem:
            self.app.notify(safe(problem.message), severity="warning", markup=False)
            return
        came = -1
        while True:
            state = await asyncio.to_thread(follower.poll)
            if self.display or state.status.is_over:
                new = follower.came != came
                came = follower.came
                self.detail.take(state, list(follower.lines) if new else None, came)
            if state.status.is_over:
                return
            await asyncio.sleep(EVERY)
