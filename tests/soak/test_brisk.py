"""Twenty refreshes a second, in a terminal of its own: they are made, and nothing grows."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from servers import LiveServer
from soak.brisk import TELL_EVERY
from soak.test_soak import churn
from terminals import Terminal, running

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("PGDECK_SOAK_SECONDS", "600"))
"""Ten minutes, unless somebody has less time: at least two of them tell something."""

RATE = 20.0
"""Refreshes a second that are made, whatever a person does meanwhile.

Each costs the dashboard some 8 ms of processor and the server 2 (measured on two slow cores): a
quarter of one core, on a machine that is left alone.
"""

INTERVAL = 0.04
"""Seconds; a little less than it takes, for what is lost to a first visit or a count."""

GROWTH = 1.02
WARM = 20
"""Seconds in which caches fill and modules are imported."""

TOUR = b"1245\x1b"
HELD = ("memory", "descriptors", "threads", "tasks")


def samples_of(file: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def live_on(terminal: Terminal, seconds: float) -> None:
    """Do what a person does now and then, and read what is painted."""
    until, turn = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        os.write(terminal.master, TOUR[turn % len(TOUR)].to_bytes())
        turn += 1
        terminal.read(3.0)
        terminal.written.clear()


def test_nothing_grows_at_twenty_refreshes_a_second(
    fresh_server: LiveServer, tmp_path: Path
) -> None:
    database = fresh_server.create_database("brisk")
    out = tmp_path / "held"
    program = (sys.executable, "-m", "soak.brisk", fresh_server.dsn(database))
    tests = str(Path(__file__).parent.parent)
    with (
        running(
            tmp_path, *program, str(INTERVAL), str(out), variables={"PYTHONPATH": tests}
        ) as one,
        churn(fresh_server, database, 1),
    ):
        one.wait_to_see("q quit")
        live_on(one, SECONDS + WARM)
        os.write(one.master, b"\x03")
        assert one.ended() == 130
        assert one.modes_left_on() == []
    samples = samples_of(out)[int(WARM / TELL_EVERY) :]
    first, last = samples[0], samples[-1]
    rate = (last["refreshes"] - first["refreshes"]) / (last["at"] - first["at"])
    sys.stderr.write(f"\n{rate:.1f} a second, first {first}, last {last}\n")
    assert rate >= RATE
    third = len(samples) // 3
    for name in HELD:
        before = median(each[name] for each in samples[third : 2 * third])
        after = median(each[name] for each in samples[2 * third :])
        spare = 0 if name == "memory" else 2
        assert after <= before * GROWTH + spare, (name, [each[name] for each in samples])
