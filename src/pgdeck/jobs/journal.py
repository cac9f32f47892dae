"""Jobs on disk: a private directory each, with plan, events, log, a sign of life, and a bell.

job.json      the state at the beginning: who, what, where, since when
plan.json     what was confirmed
events.jsonl  one event a line, only ever added to
log.txt       what was said on the way, a line each, safe to print
alive         locked by the job's process for as long as it lives
cancel        is there when somebody asked the job to stop
told          is there when somebody was told how it ended
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import stat
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pgdeck.core.plan import FORMAT, Plan
from pgdeck.core.text import safe
from pgdeck.disk import open_file, replace_file
from pgdeck.errors import Problem, Refused, UsageProblem
from pgdeck.jobs.event import ENDS, EventKind, JobEvent, JobState, Who, fold, read, written
from pgdeck.paths import state_dir

PLACE = "jobs"
STATE, PLAN, EVENTS, LOG, ALIVE, CANCEL, ROOM, TOLD = (
    "job.json",
    "plan.json",
    "events.jsonl",
    "log.txt",
    "alive",
    "cancel",
    "room",
    "told",
)
PROCESS = "process.txt"
"""What the process itself prints: nothing, unless something is wrong with the installation."""

ROOM_BYTES = 16384
"""Kept free for the last word of a job whose disk fills up."""

COMING = 20.0
"""Seconds that a process gets to take its job up before it counts as lost."""

LONGEST_LINE = 4000
TAIL_BYTES = 262_144
TAIL_LINES = 2000


def jobs_dir() -> Path:
    """Return the directory of all jobs; raises like `paths.state_dir`."""
    place = state_dir() / PLACE
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Problem(f"{place} cannot be made: {error.strerror or error}") from error
    return place


def spare_dir() -> Path:
    """Return a private directory for what must not wait for the state directory to be mended.

    Raises `Problem` when it cannot be made, or is somebody else's.
    """
    place = Path(tempfile.gettempdir()) / f"pgdeck-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise Problem(f"{place} cannot be made: {error.strerror or error}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Problem(f"{place} is not a private directory of ours", "remove it")
    return place


def who(environ: dict[str, str] | None = None) -> Who:
    """Return who acts here, as an audit wants to know."""
    import getpass

    given = os.environ if environ is None else environ
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    line = given.get("SSH_CLIENT", "").split(" ")[0]
    return Who(user, socket.gethostname(), given.get("SUDO_USER", ""), line)


def make_job(plan: Plan, by: Who, place: Path | None = None) -> Path:
    """Write a job that waits for its process; returns its directory.

    Raises `Refused` when nothing can be written: a job without a journal is none.
    """
    now = time.time()
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    name = f"{stamp}-{plan.op}-{secrets.token_hex(2)}"
    directory = (place or jobs_dir()) / name
    state = JobState(
        id=name,
        op=plan.op,
        title=plan.title,
        target=f"{plan.target.name} ({plan.target.database}, {plan.target.fingerprint})",
        steps=tuple(step.title for step in plan.steps),
        by=by,
        queued=now,
        undo=plan.undo,
    )
    try:
        directory.mkdir(mode=0o700)
        replace_file(directory / PLAN, msgspec.json.encode(plan).decode())
        (directory / ALIVE).touch(mode=0o600)
        _reserve(directory / ROOM)
        # Last: a directory without it is no job.
        replace_file(directory / STATE, msgspec.json.encode(state).decode())
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise Refused(
            f"the job's journal cannot be written: {directory}: {error.strerror or error}",
            "make room or make it writable; without a journal nothing is changed",
        ) from error
    return directory


def _reserve(file: Path) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(b"\0" * ROOM_BYTES)
        out.flush()
        os.fsync(out.fileno())


def read_plan(directory: Path) -> Plan:
    """Return the plan of a job; raises `Problem` for one that this version cannot read."""
    try:
        with open_file(directory / PLAN) as file:
            plan = msgspec.json.decode(file.read(), type=Plan)
    except (OSError, msgspec.MsgspecError) as error:
        raise Problem(f"{directory / PLAN} cannot be read: {error}") from error
    if plan.format > FORMAT:
        raise Problem(
            f"{directory.name} was written by a newer pgdeck ({plan.program})", "upgrade this one"
        )
    return plan


class Journal:
    """The writing side, of the job's own process; it holds the sign of life until it is closed.

    What can no more be written is lost, not raised: a full disk must not stop a job half-way.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._alive = os.open(directory / ALIVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._alive)
            raise Refused(f"the job {directory.name} runs already") from None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._events = os.open(directory / EVENTS, flags, 0o600)
        self._log = os.open(directory / LOG, flags, 0o600)
        self._seq = 0

    def tell(
        self,
        kind: EventKind,
        text: str = "",
        *,
        step: int = 0,
        done: float | None = None,
        total: float | None = None,
        hint: str = "",
        exit: int | None = None,
    ) -> None:
        """Report one event; a change of state waits for the disk."""
        self._seq += 1
        pid = os.getpid() if kind is EventKind.STARTED else 0
        event = JobEvent(
            self._seq, time.time(), kind, step, done, total, safe(text), safe(hint), exit, pid
        )
        line = written(event)
        if not self._write(self._events, line) and kind in ENDS:
            with suppress(OSError):
                (self.directory / ROOM).unlink()
            self._write(self._events, b"\n" + line)
        if kind is not EventKind.PROGRESS:
            with suppress(OSError):
                os.fsync(self._events)

    def log(self, text: str) -> None:
        """Keep what was said, every line with its time."""
        stamp = datetime.now(UTC).strftime("%H:%M:%S")
        for line in text.splitlines():
            shown = safe(line[:LONGEST_LINE])
            self._write(self._log, f"{stamp} {shown}\n".encode())

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop."""
        return (self.directory / CANCEL).exists()

    def close(self) -> None:
        """Let go of everything: the job is over."""
        with suppress(OSError):
            (self.directory / ROOM).unlink()
        for descriptor in (self._events, self._log, self._alive):
            os.close(descriptor)

    def _write(self, descriptor: int, line: bytes) -> bool:
        try:
            return os.write(descriptor, line) == len(line)
        except OSError:
            return False


class Follower:
    """The reading side: the state of one job and the end of its log, brought up to date by `poll`.

    Of a long log only the end is read, nothing unless `with_log`; `left_out` says whether
    something stands before it.
    """

    def __init__(self, directory: Path, *, with_log: bool = True) -> None:
        self.directory = directory
        self._with_log = with_log
        self.state = _first_state(directory)
        self.lines: deque[str] = deque(maxlen=TAIL_LINES)
        self.left_out = False
        self.came = 0
        """Lines read so far, those included that were dropped again."""
        self._read = 0
        self._torn = b""
        self._log_read = -1
        self._log_torn = b""

    def poll(self) -> JobState:
        """Read what has come and return the state now."""
        if not self.state.status.is_over:
            # Before its events are read: a last word may come in between.
            held = is_held(self.directory / ALIVE)
            for line in self._new_events():
                event = read(line)
                if event is not None:
                    self.state = fold(self.state, event)
            if not held and not self.state.status.is_over and self._can_judge():
                self.state = self.state.lost(self._last_cry())
        if self._with_log:
            self._read_log()
        return self.state

    def _can_judge(self) -> bool:
        """Whether a lock that nobody holds says that the job's process is gone."""
        if self.state.by.host != socket.gethostname():
            return False  # its locks cannot be seen from here
        return self.state.started is not None or time.time() - self.state.queued > COMING

    def _last_cry(self) -> str:
        """Return the last line that the process itself printed, empty when it said nothing."""
        try:
            with open_file(self.directory / PROCESS) as file:
                lines = file.read(65536).decode("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return safe(lines[-1][:LONGEST_LINE]) if lines else ""

    def _new_events(self) -> Iterator[bytes]:
        try:
            with open_file(self.directory / EVENTS) as file:
                file.seek(self._read)
                found = file.read()
        except OSError:
            return
        self._read += len(found)
        *lines, self._torn = (self._torn + found).split(b"\n")
        yield from (line for line in lines if line)

    def _read_log(self) -> None:
        try:
            with open_file(self.directory / LOG) as file:
                if self._log_read < 0:
                    size = file.seek(0, os.SEEK_END)
                    self._log_read = max(0, size - TAIL_BYTES)
                    self.left_out = self._log_read > 0
                file.seek(self._log_read)
                found = file.read()
        except OSError:
            return
        whole = self.left_out and not self._log_torn and not self.lines
        self._log_read += len(found)
        *lines, self._log_torn = (self._log_torn + found).split(b"\n")
        for line in lines[1:] if whole else lines:  # the first was cut where the end begins
            self.lines.append(safe(line.decode("utf-8", "replace")))
            self.came += 1


def is_held(file: Path) -> bool:
    """Whether some process holds the lock of a file."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _first_state(directory: Path) -> JobState:
    try:
        with open_file(directory / STATE) as file:
            state = msgspec.json.decode(file.read(), type=JobState)
    except FileNotFoundError:
        raise UsageProblem(f"there is no job {safe(directory.name)}", "pgdeck jobs list") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise Problem(f"{directory / STATE} cannot be read: {error}") from error
    if state.format > FORMAT:
        raise Problem(f"{directory.name} was written by a newer pgdeck", "upgrade this one")
    return state


def job_dirs(place: Path | None = None) -> list[Path]:
    """Return the directories of all jobs, the newest first."""
    try:
        found = [each for each in (place or jobs_dir()).iterdir() if (each / STATE).is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda each: each.name, reverse=True)


def find_job(word: str, place: Path | None = None) -> Path:
    """Return the directory of the job that a word means: its id, the end of it, or ``latest``.

    Raises `UsageProblem` for none or several.
    """
    every = job_dirs(place)
    if word == "latest" and every:
        return every[0]
    found = [each for each in every if each.name == word] or [
        each for each in every if each.name.endswith(word)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found[:5])
        raise UsageProblem(f"{safe(word)} means several jobs: {names}", "give more of the id")
    raise UsageProblem(f"there is no job {safe(word)}", "pgdeck jobs list names them")


def ask_to_stop(directory: Path) -> None:
    """Ring the bell; the job hears it within a quarter of a second."""
    try:
        (directory / CANCEL).touch(mode=0o600)
    except OSError as error:
        raise Problem(f"{directory / CANCEL} cannot be made: {error.strerror or error}") from error


def was_told(directory: Path) -> bool:
    """Whether somebody knows how a job ended."""
    return (directory / TOLD).exists()


def note_told(directory: Path) -> None:
    """Keep that somebody knows how a job ended; a disk that refuses costs a second telling."""
    with suppress(OSError):
        (directory / TOLD).touch(mode=0o600)


def prune(days: float, place: Path | None = None) -> list[str]:
    """Remove jobs that ended so long ago; returns their ids.  What runs stays."""
    removed = []
    for directory in job_dirs(place):
        with suppress(Problem):
            state = Follower(directory).poll()
            ended = state.ended or state.started or state.queued
            if state.status.is_over and time.time() - ended > days * 86400:
                shutil.rmtree(directory, ignore_errors=True)
                removed.append(directory.name)
    return removed
