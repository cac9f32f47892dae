"""One run of one program: started, watched, keyed and left, with everything that it cost."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import costs
from benchmarks.cases import Case, Place, environment
from benchmarks.terminal import Ending, Terminal
from benchmarks.wire import Traffic, Wire

PERIOD = 1.0  # seconds between two refreshes of every program that runs
ONE_REFRESH = 0.35  # waits nearer than this belong to the same refresh
START_LIMIT = 20.0
KEY_LIMIT = 1.0

Figures = dict[str, float]
"""What one run measured, by name: `_ms` milliseconds, `_mb` megabytes, the rest plain counts."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under what a program runs: `rtt` is milliseconds added, `fault` a command of the wire."""

    size: str = "80x24"
    rtt: float = 0.0
    seconds: float = 0.0
    keys: int = 0
    fault: str = ""
    opening: bool = False
    visiting: bool = False


class NoDataError(Exception):
    """The program never showed what it is for; the message carries its screen."""


def run(case: Case, place: Place, how: Circumstances, wire: Wire, home: Path) -> Figures:
    """Run the case once and return its figures; raises NoDataError."""
    wire.tell("rtt", how.rtt)
    wire.read()
    terminal = Terminal(case.command(place), environment(home), how.size)
    figures: Figures = {}
    leave = case.leave
    try:
        figures |= start(terminal, case, wire)
        if how.seconds or how.keys or how.fault or how.opening or how.visiting:
            time.sleep(case.settle)
        if not terminal.alive:
            terminal.catch_up()
            raise NoDataError(f"{case.name} ended by itself\n{terminal.text().rstrip()}")
        if how.opening and case.opens:
            figures |= opening(terminal, *case.opens)
        elif how.visiting:
            figures |= visiting(terminal, case.visits)
        elif how.seconds:
            figures |= watch(terminal, wire, how.seconds)
        if how.keys:
            figures |= keys(terminal, case, how.keys)
        if how.fault:
            wire.tell(how.fault)
            time.sleep(1.3 * PERIOD)  # the next refresh has begun by then, and hangs or failed
        elif not how.seconds:
            terminal.quiet(0.1, 0.5)
    finally:
        terminal.catch_up()
        ending = terminal.end(leave)
        wire.tell("mend")
    return figures | _farewell(ending)


def start(terminal: Terminal, case: Case, wire: Wire) -> Figures:
    """Wait for the first text and the first data."""
    pattern = re.compile(case.data)
    first = terminal.until(lambda: bool(terminal.text().strip()), START_LIMIT)
    data = first
    if first is not None and not pattern.search(terminal.text()):
        data = terminal.until(lambda: bool(pattern.search(terminal.text())), START_LIMIT)
    if first is None or data is None:
        raise NoDataError(f"{case.name} never showed {case.data}\n{terminal.text().rstrip()}")
    processes = costs.tree(terminal.process.pid)
    traffic = wire.read()
    return {
        "text_ms": (first - terminal.started) * 1e3,
        "data_ms": (data - terminal.started) * 1e3,
        "start_cpu_ms": costs.used(processes) * 1e3,
        "start_pss_mb": costs.memory(processes),
        "start_trips": sum(stamp <= data for stamp in traffic.trips),
        "start_connections": traffic.connections,
    }


def watch(terminal: Terminal, wire: Wire, seconds: float) -> Figures:
    """Let it refresh, and see what that costs the machine, the terminal and the server."""
    meter = costs.Meter()
    processes = costs.tree(terminal.process.pid)
    wire.read()
    cpu, switches = meter.sample(processes), costs.switches(processes)
    mark, begun = len(terminal.chunks), time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        time.sleep(min(0.25, seconds - passed))
        processes = costs.tree(terminal.process.pid)
        spent = meter.sample(processes) - cpu
    passed = time.monotonic() - begun
    written = sum(len(chunk) for _, chunk in terminal.chunks[mark:])
    refreshes = passed / PERIOD
    return {
        "cpu_ms": spent * 1e3 / refreshes,
        "bytes": written / refreshes,
        "switches": (costs.switches(processes) - switches) / passed,
        "pss_mb": costs.memory(processes),
        **_database(wire.read(), refreshes),
    }


def opening(terminal: Terminal, key: str, pattern: str) -> Figures:
    """Press the key that opens another screen, and wait for that one's data."""
    terminal.catch_up()
    pressed = time.monotonic()
    terminal.press(key)
    shown = terminal.until(lambda: bool(re.search(pattern, terminal.text())), START_LIMIT)
    if shown is None:
        raise NoDataError(f"{key} never showed {pattern}\n{terminal.text().rstrip()}")
    return {"open_ms": (shown - pressed) * 1e3}


def visiting(terminal: Terminal, screens: Sequence[str]) -> Figures:
    """Go to each screen and stay for two refreshes; return the memory after the last."""
    for screen in screens:
        for key in (*screen, "ENTER") if screen.startswith(":") else (screen,):
            terminal.press(key)
            time.sleep(0.2 if len(screen) > 1 else 0.0)
        time.sleep(2 * PERIOD)
    return {"visited_pss_mb": costs.memory(costs.tree(terminal.process.pid))}


def _database(traffic: Traffic, refreshes: float) -> Figures:
    spans = traffic.refreshes(ONE_REFRESH)
    if not spans:
        return {}
    return {
        "statements": traffic.statements / len(spans),
        "trips": len(traffic.trips) / len(spans),
        "rounds": len(spans) / refreshes,
        "server_ms": traffic.server_ms_of_a_refresh(ONE_REFRESH),
        "wire_bytes": (traffic.bytes_up + traffic.bytes_down) / refreshes,
        "refresh_ms": traffic.refresh_ms(ONE_REFRESH) or 0.0,
    }


def keys(terminal: Terminal, case: Case, count: int) -> Figures:
    """Press keys into a quiet terminal, then at any moment; each waits for what it changes."""
    figures: Figures = {}
    for phase in ("idle", "random"):
        times, missed = [], 0
        for number in range(count):
            if phase == "idle":
                terminal.quiet(0.08, 3.0)
            else:
                time.sleep(random.uniform(0.05, PERIOD))
            terminal.catch_up()
            took = _press(terminal, case, number)
            if took is None:
                missed += 1
            else:
                times.append(took)
        figures[f"{phase}_missed"] = missed
        if times:
            figures[f"{phase}_p50_ms"] = percentile(times, 0.50)
            figures[f"{phase}_p95_ms"] = percentile(times, 0.95)
    return figures


def _press(terminal: Terminal, case: Case, number: int) -> float | None:
    key = case.keys[number % len(case.keys)]
    obeyed = _obeyed(terminal, case, number)
    pressed = time.monotonic()
    terminal.press(key)
    while time.monotonic() - pressed < KEY_LIMIT:
        # The burst ends before it is parsed: the emulator must not slow the program down.
        if not terminal.chunks or time.monotonic() - terminal.chunks[-1][0] < 0.006:
            time.sleep(0.001)
            continue
        stamp = terminal.step()
        if stamp is None:
            time.sleep(0.001)
        elif stamp > pressed and obeyed():
            return (stamp - pressed) * 1e3
    return None


def _obeyed(terminal: Terminal, case: Case, number: int) -> Callable[[], bool]:
    if case.expect:
        wanted = re.compile(case.expect[number % len(case.expect)])
        return lambda: bool(wanted.search(terminal.text()))
    before = terminal.paint()
    return lambda: terminal.paint() != before


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie, by the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, round(share * (len(ranked) - 1)))]


def _farewell(ending: Ending) -> Figures:
    clean = not (ending.exit_code or ending.killed or ending.left_on or ending.leftovers)
    return {
        "quit_ms": ending.milliseconds,
        "exit_code": ending.exit_code,
        "left_on": len(ending.left_on),
        "leftovers": ending.leftovers,
        "clean": float(clean),
    }
