"""What a tree of processes costs: CPU, memory and context switches, read from /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants that live now, parents first."""
    found = [pid]
    for parent in found:
        for thread in _threads(parent):
            children = _read(PROC / str(parent) / "task" / thread / "children")
            found.extend(int(child) for child in children.split())
    return found if (PROC / str(pid)).exists() else []


def memory(pids: Iterable[int]) -> float:
    """Return the proportional set size of the processes together, in MB."""
    total = 0
    for pid in pids:
        for line in _read(PROC / str(pid) / "smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def switches(pids: Iterable[int]) -> int:
    """Return how often the processes' threads gave up the processor or lost it."""
    total = 0
    for pid in pids:
        for thread in _threads(pid):
            for line in _read(PROC / str(pid) / "task" / thread / "status").splitlines():
                if "ctxt_switches" in line:
                    total += int(line.split()[1])
    return total


class Meter:
    """CPU seconds of changing sets of processes; a thread that ended keeps what it had used."""

    def __init__(self) -> None:
        self._threads: dict[tuple[int, str], float] = {}

    def sample(self, pids: Iterable[int]) -> float:
        """Look again and return the seconds used so far by every thread ever seen."""
        for pid in pids:
            for thread in _threads(pid):
                schedule = _read(PROC / str(pid) / "task" / thread / "schedstat").split()
                if schedule:
                    self._threads[pid, thread] = int(schedule[0]) / 1e9
        return sum(self._threads.values())


def used(pids: Iterable[int]) -> float:
    """Return the CPU seconds of the processes since their start, threads that ended included."""
    total = 0.0
    for pid in pids:
        fields = _read(PROC / str(pid) / "stat").rpartition(")")[2].split()
        ticks = (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0
        # The ticks count ended threads, the schedule's nanoseconds only those that live.
        total += max(ticks, Meter().sample([pid]))
    return total


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(PROC / str(pid) / "task")
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended while we looked
        return ""
