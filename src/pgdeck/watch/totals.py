"""What the server counted since its statistics began, for those who make rates themselves."""

from __future__ import annotations

from msgspec import Struct

from pgdeck.core.answers import row_of, whole
from pgdeck.core.source import Context
from pgdeck.watch.sqlfiles import query


class Totals(Struct, frozen=True):
    """Counters of the watched database; `wal_bytes` is the server's position in its log."""

    commits: int | None
    rollbacks: int | None
    blocks_hit: int | None
    blocks_fetched: int | None
    temp_bytes: int | None
    deadlocks: int | None
    wal_bytes: int | None


class TotalsCollector:
    """Gathers `Totals`; one round."""

    name = "totals"
    interval = 15.0
    timeout = 3.0
    stale_after = 45.0

    async def collect(self, ctx: Context) -> Totals:
        """Ask once; raises `QueryFailed`."""
        (answer,) = await ctx.ask(query("overview_counters", ctx.version))
        row = row_of({"counters": answer}, "counters")
        return Totals(
            commits=whole(row["commits"]),
            rollbacks=whole(row["rollbacks"]),
            blocks_hit=whole(row["hits"]),
            blocks_fetched=whole(row["fetched"]),
            temp_bytes=whole(row["temp_bytes"]),
            deadlocks=whole(row["deadlocks"]),
            wal_bytes=whole(row["wal"]),
        )
