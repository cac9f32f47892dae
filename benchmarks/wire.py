"""The line between a program and the server: a proxy in a process of its own, and what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType

PROXY = Path(__file__).with_name("proxy.py")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What passed since the last reading; stamps are monotonic seconds."""

    connections: int
    statements: int
    server_ms: float
    bytes_up: int
    bytes_down: int
    trips: tuple[float, ...]
    waits: tuple[tuple[float, float], ...]

    def refreshes(self, gap: float) -> list[tuple[float, float]]:
        """Return the waits, those nearer than `gap` seconds taken together."""
        merged: list[tuple[float, float]] = []
        for begin, end in sorted(self.waits):
            if merged and begin - merged[-1][1] <= gap:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((begin, end))
        return merged

    def server_ms_of_a_refresh(self, gap: float) -> float:
        """Return the median milliseconds that the server was at work for one refresh.

        The median, since the rules behind the alerts ask now and then, in the same round trip,
        for what is dear: that is no screen's refresh.  Only for a line without delay.
        """
        spans = self.refreshes(gap)
        spent = [
            sum(end - begin for begin, end in self.waits if first <= begin <= last)
            for first, last in spans
        ]
        return median(spent) * 1e3 if spent else 0.0

    def refresh_ms(self, gap: float) -> float | None:
        """Return the median milliseconds of one refresh as the client waits for it."""
        spans = self.refreshes(gap)
        return median(end - begin for begin, end in spans) * 1e3 if spans else None


class Wire:
    """A running proxy to the server behind the given socket; `port` is on 127.0.0.1."""

    def __init__(self, socket: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(PROXY), str(socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(str(self._hear()["port"]))

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _hear(self) -> dict[str, object]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the measuring proxy ended")
        answer: dict[str, object] = json.loads(line)
        return answer

    def tell(self, command: str, argument: float = 0.0) -> dict[str, object]:
        """Have the proxy obey: ``rtt`` (milliseconds), ``stall``, ``cut`` or ``mend``."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def read(self) -> Traffic:
        """Return what passed since the last reading, and begin anew."""
        told = json.loads(json.dumps(self.tell("read")))
        told["trips"] = tuple(told["trips"])
        told["waits"] = tuple((begin, end) for begin, end in told["waits"])
        return Traffic(**told)
