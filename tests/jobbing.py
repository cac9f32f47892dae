"""A person's desk: commands in a state directory of its own, and jobs whose steps tests choose."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from pgdeck.core.plan import Plan, Step
from pgdeck.core.target import Conninfo
from pgdeck.jobs.event import JobState, Status
from pgdeck.jobs.journal import Follower, make_job, who
from pgdeck.jobs.spawn import spawn
from pgdeck.operating import plan_operation
from pgdeck.targets.detect import find_target

SOURCE = Path(__file__).resolve().parents[1] / "src"
LIMIT = 30.0
SECRET = "sw0rdfish-%41-in-no-file"
"""The password in every address that a job of the tests gets: it must be seen nowhere."""

DESKS: list[Path] = []
"""Where jobs of the present test keep their files."""


class Desk:
    """Runs pgdeck as a shell does, with files of its own."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = with_secret(url)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        places = {f"XDG_{name}_HOME": str(home / name) for name in ("CONFIG", "STATE", "CACHE")}
        self.environ = {**kept, **places, "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}

    @property
    def jobs(self) -> Path:
        """Where its jobs are."""
        place = self.home / "STATE" / "pgdeck" / "jobs"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place

    def run(
        self, *words: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "pgdeck", *words],
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def listed(self) -> list[dict[str, Any]]:
        """Return what ``pgdeck jobs list --json`` says."""
        done = self.run("jobs", "list", "--json")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def plan(self, *steps: Step, **changes: object) -> Plan:
        """Return the plan of a checkpoint, with other steps and marks where given."""
        target = find_target(self.url, {})
        assert target is not None
        plan = asyncio.run(plan_operation("checkpoint", target, {}))
        return replace(plan, **({"steps": steps} if steps else {}), **changes)

    def start(self, plan: Plan, conninfo: Conninfo | None = None) -> Path:
        """Give a plan to a process of its own, as confirmed; returns the job's directory."""
        target = find_target(self.url, {})
        assert target is not None
        directory = make_job(plan, who(), self.jobs)
        before = dict(os.environ)
        os.environ.update(self.environ)
        try:
            spawn(directory, conninfo or target.conninfo)
        finally:
            os.environ.clear()
            os.environ.update(before)
        return directory


def desk_in(home: Path, url: str) -> Desk:
    """Return a desk whose files are in a directory."""
    DESKS.append(home)
    return Desk(home, url)


def with_secret(url: str) -> str:
    """Return an address with a password, which the tests' servers do not ask for."""
    return make_conninfo(url, password=SECRET)


def shown(place: Path) -> list[Path]:
    """Return the files below a directory in which the password stands."""
    files = (each for each in place.rglob("*") if each.is_file())
    return [each for each in files if SECRET.encode() in each.read_bytes()]


def sleeping(seconds: float = 60.0) -> Step:
    """Return a step that takes its time."""
    return Step(title="Sleep", text=f"SELECT pg_catalog.pg_sleep({seconds})")


def until(directory: Path, holds: Callable[[JobState], bool]) -> JobState:
    """Return the state of a job as soon as something holds for it."""
    follower = Follower(directory)
    deadline = time.monotonic() + LIMIT
    while not holds(state := follower.poll()):
        said = directory / "process.txt"
        printed = said.read_text() if said.exists() else ""
        assert time.monotonic() < deadline, f"{state}\n{printed}"
        time.sleep(0.02)
    return state


def ended(directory: Path) -> JobState:
    """Return the state of a job at its end."""
    return until(directory, lambda state: state.status.is_over)


def acting(directory: Path) -> JobState:
    """Return the state of a job whose first step runs; its process shows no password."""
    state = until(directory, lambda state: state.status is Status.RUNNING and state.step > 0)
    for name in ("cmdline", "environ"):
        assert SECRET.encode() not in Path(f"/proc/{state.pid}/{name}").read_bytes(), name
    return state


def answered(desk: Desk, word: str, *, paste: bool) -> int:
    """Answer the question of ``pgdeck checkpoint`` at a terminal; returns the exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        words = [sys.executable, "-m", "pgdeck", "checkpoint", desk.url]
        os.execve(sys.executable, words, {**desk.environ, "TERM": "xterm"})
    seen = b""
    answer = f"{word}\r".encode()
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
        if b"Type " in seen and answer:
            count = len(answer) if paste else 1
            os.write(terminal, answer[:count])
            answer = answer[count:]
            time.sleep(0.05)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
