"""The Tables screen's collector: what its query says, and a forecast from our own samples."""

from __future__ import annotations

from dataclasses import replace

from pgdeck.core.rows import Table, TableRow
from pgdeck.core.source import Collector, Context
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.vacuum import Forecasts

SHARE, NEXT, COMES = "due", "next", "autovacuum"


class ForecastCollector:
    """Gathers a table screen and puts the measured time to the next vacuum over the average one.

    The screen has a column `due` (share of the threshold reached) and a column `next` (seconds),
    which holds an average since the last vacuum until two samples of our own tell the pace;
    `autovacuum` says whether it comes at all.
    """

    def __init__(self, inner: Collector[Table], spec: ScreenSpec) -> None:
        self._inner = inner
        names = [column.name for column in spec.columns]
        self._share, self._next, self._comes = map(names.index, (SHARE, NEXT, COMES))
        self._forecasts = Forecasts()

    @property
    def name(self) -> str:
        """The screen's name."""
        return self._inner.name

    @property
    def interval(self) -> float:
        """Seconds between two collections."""
        return self._inner.interval

    @property
    def timeout(self) -> float:
        """Seconds after which a collection is given up."""
        return self._inner.timeout

    @property
    def stale_after(self) -> float:
        """Seconds after which the table is no longer the present."""
        return self._inner.stale_after

    async def collect(self, ctx: Context) -> Table:
        """Gather the table, learn from it, and foretell."""
        table = await self._inner.collect(ctx)
        shares = ((row.key, row.values[self._share]) for row in table.rows)
        self._forecasts.learn(
            ctx.now, ((key, share) for key, share in shares if isinstance(share, float))
        )
        known = self._forecasts.seconds_left()
        return replace(
            table, rows=tuple(self._foretell(row, known.get(row.key)) for row in table.rows)
        )

    def _foretell(self, row: TableRow, seconds: float | None) -> TableRow:
        if seconds is None or row.values[self._comes] is not True:
            return row
        values = list(row.values)
        values[self._next] = seconds
        return replace(row, values=tuple(values))
