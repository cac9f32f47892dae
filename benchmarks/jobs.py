"""What the job engine costs: beside the server's own tool, for one event, and for a long log."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.server import Server
from pgdeck.core.plan import Mark, Plan, Step
from pgdeck.core.target import Environment
from pgdeck.errors import Problem
from pgdeck.jobs.event import EventKind, Who
from pgdeck.jobs.journal import LOG, Follower, Journal, make_job
from pgdeck.pg.binaries import find_binaries

ROOT = Path(__file__).parent.parent
ADDED_MS, EVENT_US, OPENING_S = 400.0, 50.0, 1.0
"""The goals: a job beside vacuumdb, one event, and following a job of a million lines."""

EVENTS = 20_000
LINES = 1_000_000
MARK = Mark(
    name="bench",
    host="",
    port="",
    database="bench",
    login="bench",
    environment=Environment.DEV,
    fingerprint="000000",
    database_oid=1,
    started_at=datetime.now(UTC),
)


def main() -> int:
    """Measure all three and print them beside their goals; numbers never decide the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="pairs of runs (10)")
    rounds = parser.parse_args().rounds
    try:
        with tempfile.TemporaryDirectory(prefix="pgdeck-bench-jobs-") as home:
            place = Path(home)
            place.chmod(0o711)
            _say("one event", _event_us(place), EVENT_US, "us")
            _say("following a job of a million lines", _opening_s(place), OPENING_S, "s")
            ours, theirs = _beside(place, rounds)
    except (Problem, OSError, psycopg.Error, subprocess.SubprocessError) as error:
        print(f"it could not run: {error}", file=sys.stderr)
        return 1
    _say("a vacuum of a small table, beside vacuumdb", median(_less(ours, theirs)), ADDED_MS, "ms")
    print(f"  pgdeck vacuum {_range(ours)} ms, vacuumdb {_range(theirs)} ms, {rounds} pairs")
    return 0


def _say(what: str, value: float, goal: float, unit: str) -> None:
    verdict = "met" if value <= goal else "NOT MET"
    print(f"{what}: {value:.3g} {unit} (goal {goal:g} {unit}): {verdict}")


def _less(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(ours, theirs, strict=True)]


def _range(values: Sequence[float]) -> str:
    return f"{median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


def _job(place: Path) -> Path:
    plan = Plan(op="bench", title="Bench", target=MARK, steps=(Step("Bench", "SELECT 1"),))
    return make_job(plan, Who("bench", "bench"), place)


def _event_us(place: Path) -> float:
    """Return microseconds for one report of progress, written and read again."""
    directory = _job(place)
    journal = Journal(directory)
    journal.tell(EventKind.STARTED)
    begun = time.perf_counter()
    for done in range(EVENTS):
        journal.tell(EventKind.PROGRESS, "scanning heap, 1.2 k of 3 k blocks", done=done, total=1e6)
    Follower(directory).poll()
    seconds = time.perf_counter() - begun
    journal.close()
    return seconds / EVENTS * 1e6


def _opening_s(place: Path) -> float:
    """Return seconds until the state and the end of the log of a long job are there."""
    directory = _job(place)
    with (directory / LOG).open("wb") as log:
        log.writelines(b"12:00:00 INFO: line %d of very many\n" % at for at in range(LINES))
    begun = time.perf_counter()
    follower = Follower(directory)
    follower.poll()
    assert follower.lines[-1].endswith(f"line {LINES - 1} of very many")
    return time.perf_counter() - begun


def _beside(place: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return milliseconds of the whole commands, which take turns in going first."""
    home = place / "server"
    home.mkdir(mode=0o711)
    server = Server(home)
    server.start()
    try:
        address = server.address("postgres")
        with psycopg.connect(address, autocommit=True) as link:
            link.execute("CREATE TABLE small AS SELECT g AS id FROM generate_series(1, 1000) g")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        state = {f"XDG_{name}_HOME": str(place / name) for name in ("STATE", "CONFIG")}
        environ = {**kept, **state, "PYTHONPATH": str(ROOT / "src")}
        pgdeck: list[str | Path] = [
            sys.executable,
            "-m",
            "pgdeck",
            "vacuum",
            address,
            "--table",
            "small",
            "--yes",
        ]
        tool: list[str | Path] = [
            find_binaries(18).tool("vacuumdb"),
            "--table",
            "small",
            f"--dbname={address}",
        ]
        ours: list[float] = []
        theirs: list[float] = []
        ways: list[Callable[[], None]] = [
            lambda: ours.append(_took(pgdeck, environ)),
            lambda: theirs.append(_took(tool, environ)),
        ]
        for at in range(-1, rounds):
            for way in ways if at % 2 else ways[::-1]:
                way()
        return ours[1:], theirs[1:]
    finally:
        server.stop()


def _took(command: Sequence[str | Path], environ: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
