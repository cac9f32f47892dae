"""``pgdeck metrics``: what checks and Overview know, for a Prometheus."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgdeck.cli.families import Known, families
from pgdeck.cli.output import write
from pgdeck.core.openmetrics import Family, openmetrics, textfile
from pgdeck.errors import Problem, Unreachable, UsageProblem

if TYPE_CHECKING:
    from pgdeck.core.snapshot import Snapshot
    from pgdeck.core.target import Target

READABLE = 0o644
"""The node exporter is another account."""


def run(args: argparse.Namespace) -> int:
    """Print or write the metrics; 1 when a part is missing.

    Without an answer ``pgdeck_up`` is 0, which is told too, and `Unreachable` is raised.
    """
    path: Path | None = args.textfile
    if path is not None and path.suffix != ".prom":
        raise UsageProblem(
            f"{path.name}: a node exporter reads only *.prom", "name it so, as in shop.prom"
        )
    target = args.find_target()
    began = time.monotonic()
    away: Unreachable | None = None
    taken: Mapping[str, Snapshot[object]] = {}
    try:
        taken = asyncio.run(_look(target))
    except Unreachable as problem:
        away = problem
    known = _known(target, taken, time.monotonic() - began)
    _put(path, families(known))
    if away is not None:
        raise away
    missing = [each for each in taken.values() if each.failure is not None]
    for snapshot in missing:
        assert snapshot.failure is not None
        _say(f"{snapshot.source}: {snapshot.failure.message}", snapshot.failure.hint)
    return 1 if missing else 0


async def _look(target: Target) -> Mapping[str, Snapshot[object]]:
    from pgdeck.watch.once import collect_once
    from pgdeck.watch.totals import TotalsCollector
    from pgdeck.wiring import checks_look, overview_collector, server_collector

    collectors: list[Any] = [
        server_collector(),
        overview_collector(measure_at_once=True),
        TotalsCollector(),
        checks_look(target),
    ]
    return await collect_once(target, collectors, rates=True)


def _known(target: Target, taken: Mapping[str, Snapshot[object]], seconds: float) -> Known:
    def data(name: str) -> Any:
        snapshot = taken.get(name)
        return None if snapshot is None or snapshot.failure is not None else snapshot.data

    return Known(
        target=target.name,
        seconds=seconds,
        server=data("server"),
        overview=data("overview"),
        totals=data("totals"),
        checks=data("checks"),
    )


def _put(path: Path | None, found: Iterable[Family]) -> None:
    """Print, or replace the file in one piece; raises `Problem`."""
    if path is None:
        write(openmetrics(found))
        return
    from pgdeck.disk import replace_file

    try:
        replace_file(path, textfile(found), READABLE)
    except OSError as error:
        raise Problem(
            f"{path}: {error.strerror or error}", "the directory must be there and writable"
        ) from error


def _say(sentence: str, hint: str) -> None:
    import sys

    from pgdeck.core.text import safe

    for words in filter(None, (sentence, hint)):
        print(f"pgdeck: {safe(words)}", file=sys.stderr)
