"""One look at a target for the command line: connect, ask once, leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from pgdeck.core.snapshot import Failure, FailureKind, Snapshot
from pgdeck.core.source import Collector
from pgdeck.core.target import Target
from pgdeck.errors import Unreachable
from pgdeck.pg.connect import open_session
from pgdeck.watch.round import Rounds
from pgdeck.watch.scheduler import Source
from pgdeck.watch.watcher import utc_now

BETWEEN_SAMPLES = 1.0
"""Seconds between the two samples that rates need."""


async def collect_once(
    target: Target,
    collectors: Sequence[Collector[object]],
    *,
    rates: bool = False,
    again: Callable[[Sequence[Snapshot[object]]], bool] | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109  # handed to the connect, which bounds itself
) -> dict[str, Snapshot[object]]:
    """Collect each source once in one round trip, with `rates` twice a second apart.

    `again` is shown the first sample and says whether a second one is needed.
    `timeout` is in seconds and bounds connecting.  Raises `Unreachable` when no connection comes
    about or it is lost; a source that fails by itself has its Failure in its snapshot.
    """
    session = await open_session(target.conninfo, connect_timeout=timeout)
    rounds = Rounds(lambda: session)
    sources = [Source(each, target.name, time.monotonic, utc_now) for each in collectors]
    try:
        taken = await _all(sources, session.version, rounds)
        if rates or (again is not None and again(taken)):
            await asyncio.sleep(BETWEEN_SAMPLES)
            taken = await _all(sources, session.version, rounds)
    finally:
        await rounds.close()
        session.close()
    if any(source.lost for source in sources):
        raise Unreachable(_loss(taken))
    return {snapshot.source: snapshot for snapshot in taken}


async def _all(sources: Sequence[Source], version: int, rounds: Rounds) -> list[Snapshot[object]]:
    return await asyncio.gather(*(source.take(version, rounds) for source in sources))


def _loss(snapshots: Sequence[Snapshot[object]]) -> Failure:
    failures = [snapshot.failure for snapshot in snapshots if snapshot.failure is not None]
    return failures[0] if failures else Failure(FailureKind.REFUSED, "The connection was lost")
