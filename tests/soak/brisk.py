"""The dashboard at a pace that no person asks for, telling what it holds: a program for the soak.

Arguments: the target, seconds between refreshes, a file for a line of JSON now and then.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from rich.cells import cell_len
from textual.geometry import Region

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.text import cell_width
from pgdeck.targets.detect import find_target
from pgdeck.tui.app import DeckApp
from pgdeck.wiring import load_specs, open_pardons, open_watcher

TELL_EVERY = 5.0
"""Seconds; the collection of garbage before a count takes as long as some refreshes do."""


def fill_caches() -> None:
    """Bring what remembers a bounded number of things to that bound.

    Textual's regions, and the widths of texts: at twenty refreshes a second of charts they fill
    for a quarter of an hour, and would pass for something that grows.
    """
    for number in range(5000):
        region = Region(number % 250, number // 250, 1 + number % 7, 1)
        region.intersection(Region(0, 0, 120, 40 + number % 3))
        region.translate((number % 5, 2))
        region.union(Region(1, 1, 2, 2))
        text = f"▁▂▃▅ {number:>60}"
        cell_len(text[:40])
        cell_len(text)
        cell_width(text)


class BriskApp(DeckApp):
    """Counts what it is told and what it holds, and writes both down now and then."""

    counted: Counter[str]
    out: Path

    def on_ready(self) -> None:
        """Begin to count."""
        self.counted = Counter()
        self.set_interval(TELL_EVERY, self._tell)
        self.set_interval(0.2, self._attend)

    def _attend(self) -> None:
        watcher = self.watcher
        if watcher is not None and not self.counted["subscribed"]:
            self.counted["subscribed"] = 1
            watcher.subscribe(self._count)

    def _tell(self) -> None:
        gc.collect()
        # Not Pss: it grows when others who share the libraries end.
        dirty = Path("/proc/self/smaps_rollup").read_text().split("Private_Dirty:")[1].split()[0]
        held = {
            "memory": int(dirty) * 1024,
            "descriptors": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
            "tasks": len(asyncio.all_tasks()),
            "at": time.monotonic(),
            "refreshes": self.counted["refreshes"],
            "interval": self._deck.framing.every(self._deck.view),
        }
        with self.out.open("a") as file:
            file.write(json.dumps(held) + "\n")

    def _count(self, snapshot: Snapshot[object]) -> None:
        if snapshot.source == self._deck.current and snapshot.failure is None:
            self.counted["refreshes"] += 1


def main(address: str, interval: str, out: str) -> int:
    """Run until the terminal or a signal ends it; returns the exit code."""
    target = find_target(address, {})
    assert target is not None
    app = BriskApp(
        lambda: open_watcher(target),
        load_specs(),
        target,
        interval=float(interval),
        open_pardons=open_pardons,
    )
    app.out = Path(out)
    fill_caches()
    return app.run() or 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
