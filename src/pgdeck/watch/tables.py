"""The Tables screen's collector: what its query says, and a forecast from our own samples."""

from __future__ import annotations

from msgspec.structs import replace

from pgdeck.core.rows import Table, TableRow
from pgdeck.core.source import Collector, Context
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.vacuum import Forecasts
from pgdeck.watch.around import Around

SHARE, NEXT, COMES = "due", "next", "autovacuum"


class ForecastCollector(Around):
    """Gathers a table screen and puts the measured time to the next vacuum over the average one.

    The screen has a column `due` (share of the threshold reached) and a column `next` (seconds),
    which holds an average since the last vacuum until two samples of our own tell the pace;
    `autovacuum` says whether it comes at all.
    """

    def __init__(self, inner: Collector[Table], spec: ScreenSpec) -> None:
        super().__init__(inner)
        names = [column.name for column in spec.columns]
        self._share, self._next, self._comes = map(names.index, (SHARE, NEXT, COMES))
        self._forecasts = Forecasts()

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
