"""A table screen with its exact values at once, for a single look."""

from __future__ import annotations

from pgdeck.core.lookup import LookupCache
from pgdeck.core.rows import Query, Table
from pgdeck.core.source import Collector, Context
from pgdeck.core.spec import ScreenSpec
from pgdeck.pg.values import array_literal
from pgdeck.watch.around import Around


class ExactCollector(Around):
    """Gathers a screen's table, and then what its companion makes exact of the first rows.

    The dashboard asks for the rows in view instead; nobody looks at a printout's rows later.
    What the companion does not answer stays an estimate.
    """

    def __init__(self, inner: Collector[Table], spec: ScreenSpec) -> None:
        super().__init__(inner)
        self._lookup = spec.lookup
        self._cache = LookupCache(spec)

    async def collect(self, ctx: Context) -> Table:
        """Gather the table, then the exact values of as many rows as a companion takes at once."""
        table = await self._inner.collect(ctx)
        keys = self._cache.due((row.key for row in table.rows), ctx.now)
        if keys and self._lookup is not None:
            floors = [floor for floor in self._lookup.variants if floor <= ctx.version // 10000]
            sql = self._lookup.variants[max(floors)]
            (answer,) = await ctx.ask(Query(f"{self.name} lookup", sql, (array_literal(keys),)))
            self._cache.take(keys, answer, ctx.now)
        return self._cache.merge(table, ctx.now)
