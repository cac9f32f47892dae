"""One short look at a database of a fleet, and how far it, or who follows it, is behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pgdeck.core.fleet import Glance
from pgdeck.core.rows import Unknown, Value
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Collector, Context
from pgdeck.core.target import Target
from pgdeck.errors import QueryFailed, Unreachable
from pgdeck.watch.glance import STANDING, read_glance
from pgdeck.watch.sqlfiles import query

CONNECT_WITHIN = 4.0
LOOK_WITHIN = 8.0
"""Seconds for connecting, and for the whole look."""


class StandingCollector:
    """Gathers how far behind a standby is, or the last of those that follow a primary."""

    name = STANDING
    interval = 2.0
    timeout = 3.0
    stale_after = 6.0

    async def collect(self, ctx: Context) -> Value:
        """Return seconds, None where nobody follows; raises `QueryFailed` when refused."""
        (answer,) = await ctx.ask(query(STANDING, ctx.version))
        if isinstance(answer, Failure):
            raise QueryFailed(answer)
        return lag_of(answer.one())


def lag_of(row: Mapping[str, Value]) -> Value:
    """Judge the one row of the statement: what a server has received is not all that there is."""
    if row["standby"]:
        replayed = cast("float | None", row["replayed_s"])
        if not row["streams"]:
            since = "" if replayed is None else f"; it replayed the last one {replayed:.0f} s ago"
            return Unknown(f"no WAL streams in, so what it misses is not known{since}")
        return 0.0 if not row["behind"] else replayed
    if not row["followers"]:
        return None
    if row["hidden"]:
        return Unknown(
            "how far its standbys are is not visible", f"GRANT pg_monitor TO {row['login']}"
        )
    return row["lag_s"]


async def take_glance(target: Target, collectors: Sequence[Collector[Any]]) -> Glance:
    """Look once over one connection; what went wrong is in the glance."""
    from pgdeck.watch.once import collect_once

    try:
        async with asyncio.timeout(LOOK_WITHIN):
            taken = await collect_once(target, collectors, timeout=CONNECT_WITHIN)
    except Unreachable as error:
        return Glance(time.monotonic(), error.failure)
    except TimeoutError:
        late = Failure(FailureKind.TIMEOUT, f"It answered, but not within {LOOK_WITHIN:g} s")
        return Glance(time.monotonic(), late)
    return read_glance(taken, time.monotonic())
