"""A job's own process: proof, locks, steps, events, and an exit code that says how it went."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from pgdeck.core.numbers import age
from pgdeck.core.operation import Operation, Progress, Row
from pgdeck.core.plan import Plan, Step
from pgdeck.core.target import Conninfo
from pgdeck.errors import Problem, Unreachable
from pgdeck.jobs.event import EventKind, Who
from pgdeck.jobs.hold import held_here
from pgdeck.jobs.journal import Journal, read_plan
from pgdeck.pg.acting import Acting, ActionFailed, Notice
from pgdeck.pg.advisory import application_name, locks_of, open_maintenance, take

DONE, FAILED, CANCELLED = 0, 1, 130
LISTEN_EVERY = 0.2
ASK_EVERY = 0.5
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"

BLOCKERS = """
SELECT a.pid, a.application_name AS application, a.usename AS login, a.state,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
           OPERATOR(pg_catalog.-) coalesce(a.xact_start, a.backend_start)) AS age_s
  FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(%s)) AS b(pid)
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) b.pid
 LIMIT 5
"""


class Cancelled(Problem):
    """Somebody asked the job to stop, and it did."""

    exit_code = CANCELLED


class Bench:
    """What the operation works with: one session that acts, one that watches it and holds locks."""

    def __init__(self, plan: Plan, journal: Journal, act: Acting, watch: Acting) -> None:
        self.plan = plan
        self.heard: list[tuple[str, str]] = []
        self._journal = journal
        self._act = act
        self._watch = watch
        self._blockers = ""
        self._unwatched = False

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop."""
        return self._journal.cancelled

    def hear(self, notice: Notice) -> None:
        """Keep what the server says, for the operation and for the log."""
        self.heard.append((notice.severity, notice.message))
        self._journal.log(f"{notice.severity}: {notice.message}")

    def begin(self, step: int) -> Step:
        """Report that a step (counted from 1) begins, and return it."""
        if self.cancelled:
            raise Cancelled(f"stopped before step {step}, as asked; what was done before stays")
        found = self.plan.steps[step - 1]
        self.heard.clear()
        self._journal.tell(EventKind.STEP, found.title, step=step)
        self._journal.log(found.shown)
        return found

    def run(self, step: Step, view: str = "", progress: Progress | None = None) -> str:
        """Run a step's SQL and return its command tag; raises `Problem`."""
        self._blockers = ""
        over = threading.Event()
        beside = threading.Thread(
            target=self._attend, args=(over, view, progress), name="pgdeck-attend", daemon=True
        )
        self._act.run(f"SET lock_timeout TO '{step.patience_s * 1000:.0f}'")
        beside.start()
        try:
            return self._act.run(step.text)
        except ActionFailed as failed:
            raise self._explained(step, failed) from None
        finally:
            over.set()
            beside.join()

    def ask(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Ask something in the session that acts."""
        return self._act.ask(sql, params)

    def warn(self, text: str) -> None:
        """Report what a person should know though the job goes on."""
        self._journal.tell(EventKind.WARNING, text)
        self._journal.log(f"WARNING: {text}")

    def log(self, text: str) -> None:
        """Keep what was said."""
        self._journal.log(text)

    def _attend(self, over: threading.Event, view: str, progress: Progress | None) -> None:
        """Beside a statement: hear the bell, see who is in the way, tell how far it is."""
        asked = time.monotonic()
        rung = False
        while not over.wait(LISTEN_EVERY):
            if self.cancelled:
                if not rung:
                    self._journal.log("asked to stop")
                rung = True
                self._act.stop()
            if time.monotonic() - asked >= ASK_EVERY:
                asked = time.monotonic()
                try:
                    self._look(view, progress)
                except Unreachable:
                    self._tell_unwatched()
                except Problem as problem:
                    self._journal.log(f"its progress cannot be read: {problem.message}")
                    view = ""

    def _tell_unwatched(self) -> None:
        """The session that holds the locks is gone: say so once, and let the statement end."""
        if not self._unwatched:
            self._unwatched = True
            self.warn("the session that held the locks was lost: others may begin beside this")

    def _look(self, view: str, progress: Progress | None) -> None:
        found = self._watch.ask(BLOCKERS, (self._act.pid,))
        self._blockers = "; ".join(map(_blocker, found)) or self._blockers
        if found:
            self._journal.tell(EventKind.PROGRESS, f"waits for {self._blockers}")
        elif view and progress is not None:
            for row in self._watch.ask(view, (self._act.pid,)):
                done, total, text = progress(row)
                self._journal.tell(EventKind.PROGRESS, text, done=done, total=total)

    def _explained(self, step: Step, failed: ActionFailed) -> Problem:
        state = failed.failure.sqlstate
        if state == QUERY_CANCELED and self.cancelled:
            return Cancelled(f"cancelled during: {step.title}")
        if state == LOCK_NOT_AVAILABLE:
            named = f": {self._blockers}" if self._blockers else ""
            return Problem(
                f"waited {step.patience_s:g} s for a lock that another session holds{named}",
                "end that transaction, or try again when it is over",
            )
        return failed


def _blocker(row: Row) -> str:
    if row["login"] is None and row["application"] is None:
        return "a prepared transaction" if not row["pid"] else f"pid {row['pid']}"
    seconds = row["age_s"]
    since = f", {''.join(age(float(str(seconds))))}" if seconds is not None else ""
    return (
        f"pid {row['pid']} ({row['application'] or 'no application name'}, login {row['login']}, "
        f"{row['state'] or 'state hidden'}{since})"
    )


def run_job(
    directory: Path, conninfo: Conninfo, by: Who, resolve: Callable[[str], Operation]
) -> int:
    """Carry out the job of a directory and return its exit code; what happens is in its journal."""
    journal = Journal(directory)
    _mind_signals(directory)

    def carry_out() -> str:
        return _carry_out(read_plan(directory), journal, conninfo, by, resolve)

    return _journalled(journal, carry_out)


def run_at_once(
    directory: Path, open_session: Callable[[], Acting], resolve: Callable[[str], Operation]
) -> int:
    """Carry out the job of a directory in this process, in a session that may be open already.

    For what takes a moment and must not need a free slot; it takes no locks.
    """
    journal = Journal(directory)

    def carry_out() -> str:
        plan, act = read_plan(directory), open_session()
        act.verify(plan.target)
        bench = Bench(plan, journal, act, act)
        act.heard = bench.hear
        try:
            return resolve(plan.op).run(bench)
        finally:
            act.heard = None

    return _journalled(journal, carry_out)


def _journalled(journal: Journal, carry_out: Callable[[], str]) -> int:
    """Do something so that the journal has its beginning and its end; returns the exit code."""
    try:
        journal.tell(EventKind.STARTED)
        try:
            said = carry_out()
        except Problem as problem:
            return _end(journal, problem)
        except Exception as error:  # noqa: BLE001  # the journal must have a last word, whatever it is
            text = f"an error of pgdeck's own: {type(error).__name__}: {error}"
            return _end(journal, Problem(text, "please report it; the job's log has more"))
        journal.tell(EventKind.FINISHED, said, exit=DONE)
        return DONE
    finally:
        journal.close()


def _carry_out(
    plan: Plan,
    journal: Journal,
    conninfo: Conninfo,
    by: Who,
    resolve: Callable[[str], Operation],
) -> str:
    operation = resolve(plan.op)
    name = application_name(plan.op, by.sudo_user or by.user, by.host)
    with held_here(plan):
        watch = open_maintenance(conninfo, name)
        try:
            take(watch, locks_of(plan))
            act: Acting | None = None
            try:
                act = Acting(conninfo, name)
                act.verify(plan.target)
                bench = Bench(plan, journal, act, watch)
                act.heard = bench.hear
                return operation.run(bench)
            finally:
                if act is not None:
                    act.close()
        finally:
            watch.close()


def _end(journal: Journal, problem: Problem) -> int:
    cancelled = isinstance(problem, Cancelled)
    journal.log(f"{'CANCELLED' if cancelled else 'FAILED'}: {problem.message}")
    journal.tell(
        EventKind.CANCELLED if cancelled else EventKind.FAILED,
        problem.message,
        hint=problem.hint,
        exit=problem.exit_code,
    )
    return problem.exit_code


def _mind_signals(directory: Path) -> None:
    """A hangup is nothing to a job; a request to end is one to cancel."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        with suppress(OSError):
            (directory / "cancel").touch(mode=0o600)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, ring)
