"""How far a job is, as one line of a terminal that is painted over."""

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path

from msgspec.structs import replace

from jobbing import Desk, desk_in, sleeping
from pgdeck.cli.standingline import progress_of
from pgdeck.jobs.event import EventKind, Status
from pgdeck.jobs.journal import Follower, Journal, make_job, who

FAR = "scanning heap, 10 of 40 blocks"


def half_way(desk: Desk) -> tuple[Path, Journal]:
    """Return a job of this very process that is in the middle of its second step."""
    plan = desk.plan(sleeping(), sleeping())
    directory = make_job(plan, who(), desk.jobs)
    journal = Journal(directory)
    journal.tell(EventKind.STARTED)
    journal.tell(EventKind.STEP, "Sleep", step=2)
    journal.tell(EventKind.PROGRESS, FAR, done=10, total=40)
    return directory, journal


def test_a_terminal_shows_how_far_a_job_is_and_keeps_nothing_of_it(desk: Desk) -> None:
    directory, journal = half_way(desk)
    pid, terminal = pty.fork()
    if pid == 0:
        words = [sys.executable, "-m", "pgdeck", "jobs", "follow", directory.name]
        os.execve(sys.executable, words, {**desk.environ, "TERM": "xterm", "COLUMNS": "60"})
    seen = b""
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
        if FAR.encode() in seen and not journal.cancelled:
            journal.tell(EventKind.FINISHED, "It is done", exit=0)
            (directory / "cancel").touch()
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    journal.close()
    line, _, rest = seen.partition(FAR.encode())
    assert line.endswith(b"\r\x1b[Kstep 2 of 2, 25 %, ")
    assert re.search(rb"\r\x1b\[Kpgdeck: It is done", rest)


def test_without_a_terminal_nothing_is_painted_over(desk: Desk) -> None:
    directory, journal = half_way(desk)
    journal.tell(EventKind.FINISHED, "It is done", exit=0)
    journal.close()
    done = desk.run("jobs", "follow", directory.name)
    assert done.stderr.startswith("pgdeck: It is done")
    assert FAR not in done.stdout


def test_what_is_over_or_has_not_begun_has_no_line(tmp_path: Path, desk: Desk) -> None:
    other = desk_in(tmp_path, desk.url)
    directory, journal = half_way(other)
    state = Follower(directory).poll()
    journal.close()
    assert progress_of(state).startswith("step 2 of 2, 25 %, scanning heap")
    assert progress_of(replace(state, total=None, done=None)) == f"step 2 of 2, {FAR}"
    assert progress_of(replace(state, status=Status.FINISHED)) == ""
    assert progress_of(replace(state, step=0)) == ""
