"""The collector of every plain table screen: one statement of a file, one round trip."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from pgdeck.core.layout import Layout
from pgdeck.core.rates import RateBook
from pgdeck.core.rows import Key, Query, Rows, Table, TableRow, Unknown, Value
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Context
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.core.target import Environment
from pgdeck.errors import QueryFailed
from pgdeck.pg.sqlstate import quoted

SAMPLES = 60
"""Samples kept for one sparkline."""

MOST_SERIES = 4000
"""Sparklines kept for one screen: further ones stay without a past."""

REQUIREMENTS = """\
SELECT pg_catalog.quote_ident(current_user::pg_catalog.text) AS login,
 EXISTS (SELECT FROM pg_catalog.pg_extension AS e
 WHERE e.extname = $1::pg_catalog.name) AS extension,
 (SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
 WHERE r.rolname = $2::pg_catalog.name) AS privilege"""

SCRUTINY = """\
SELECT pg_catalog.bool_or(r.rolsuper) AS superuser,
 pg_catalog.current_setting('pgdeck.env', true) AS environment
 FROM pg_catalog.pg_roles AS r WHERE r.rolname IN (current_user, session_user)"""

Samples = deque[Value]


class QueryCollector:
    """Gathers the `Table` of a screen that is one statement.

    A screen of a person's own (`spec.trusted` is false) is not run on production nor as a
    superuser, unless `allow_own`: even in a read-only transaction a superuser's COPY can start
    programs.  `environment` is what the target is known as.
    """

    def __init__(
        self,
        spec: ScreenSpec,
        *,
        environment: Environment = Environment.UNKNOWN,
        allow_own: bool = False,
    ) -> None:
        self._spec = spec
        self._names = tuple(column.name for column in spec.columns)
        self._rated = _places(spec, Format.RATE)
        self._drawn = _places(spec, Format.SPARKLINE)
        self._environment = environment
        self._scrutinized = spec.trusted or allow_own
        self._book = RateBook()
        self._series: dict[tuple[Key, int], Samples] = {}

    @property
    def name(self) -> str:
        """The screen's name."""
        return self._spec.name

    @property
    def interval(self) -> float:
        """Seconds between two collections."""
        return self._spec.interval

    @property
    def timeout(self) -> float:
        """Seconds after which a collection is given up."""
        return self._spec.timeout

    @property
    def stale_after(self) -> float:
        """Seconds after which the table is no longer the present: two intervals."""
        return 2 * self._spec.interval

    async def collect(self, ctx: Context) -> Table:
        """Ask once; raises `QueryFailed` naming what is missing, forbidden or not as declared."""
        sql = self._spec.sql_for(ctx.version)
        minimum = self._spec.requires.minimum_version or 0
        if sql is None or ctx.version // 10000 < minimum:
            raise QueryFailed(self._too_old(ctx.version))
        if not self._scrutinized:
            await self._scrutinize(ctx)
        answer = await self._ask(ctx, sql)
        now = ctx.now
        return self._table(answer, now)

    async def _ask(self, ctx: Context, sql: str) -> Rows:
        query = Query(self._spec.name, sql)
        requires = self._spec.requires
        if requires.extension is None and requires.privilege is None:
            (answer,) = await ctx.ask(query)
        else:
            params = (requires.extension, requires.privilege)
            answer, state = await ctx.ask(
                query, Query(f"{self._spec.name} requirements", REQUIREMENTS, params)
            )
            if isinstance(state, Rows):
                self._require(state.one())
        if isinstance(answer, Failure):
            raise QueryFailed(answer)
        return answer

    def _require(self, state: Mapping[str, Value]) -> None:
        """Raise for a missing extension or privilege, with the command that mends it."""
        title, requires = self._spec.title, self._spec.requires
        if requires.extension is not None and not state.get("extension"):
            raise QueryFailed(
                Failure(
                    FailureKind.MISSING,
                    f"{title} needs the extension {requires.extension}, "
                    "which this database does not have",
                    f"CREATE EXTENSION {quoted(requires.extension)}",
                )
            )
        if requires.privilege is not None and not state.get("privilege"):
            raise QueryFailed(
                Failure(
                    FailureKind.PERMISSION,
                    f"{title} is for members of {requires.privilege}",
                    f"GRANT {quoted(requires.privilege)} TO {state.get('login')}",
                )
            )

    async def _scrutinize(self, ctx: Context) -> None:
        """Raise when a statement of a person's own must not run here."""
        # A round of its own: the statement must not be under way before this is known.
        (answer,) = await ctx.ask(Query("own screens", SCRUTINY))
        if isinstance(answer, Failure):
            raise QueryFailed(answer)
        found = answer.one()
        production = Environment.PROD in (self._environment, found.get("environment"))
        if production or found.get("superuser") is not False:
            where, instead = (
                ("on production", "run it on another database, or by hand in psql")
                if production
                else ("as a superuser", "connect as an ordinary login (pg_monitor sees everything)")
            )
            raise QueryFailed(
                Failure(
                    FailureKind.PERMISSION,
                    f"{self._spec.source[0].name} is a screen of your own and is not run {where}",
                    instead,
                )
            )

    def _table(self, answer: Rows, now: float) -> Table:
        spec = self._spec
        layout = Layout(answer.columns)
        missing = layout.missing((*self._names, *spec.row_key))
        if missing:
            raise QueryFailed(
                Failure(
                    FailureKind.QUERY,
                    f"{spec.source[0]}: the statement returns no column {', '.join(missing)}",
                    f"it returns {', '.join(answer.columns)}",
                )
            )
        rows = self._rows(answer, layout)
        if self._rated:
            rows = self._with_rates(rows, now)
        if self._drawn:
            rows = self._with_series(rows)
        names = [name for name in layout.names if name not in self._names]
        read = layout.reader(names)
        extra = tuple([dict(zip(names, read(row), strict=True)) for row in answer.rows])
        total = layout.total(answer.rows)
        return Table(tuple(rows), extra, max(0, (total or 0) - len(rows)))

    def _rows(self, answer: Rows, layout: Layout) -> list[TableRow]:
        rows: list[TableRow] = []
        seen: dict[Key, int] = {}
        read = layout.reader(self._names)
        for row in answer.rows:
            key = layout.key(row, self._spec.row_key)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                # A key that does not tell rows apart must not make one of them vanish.
                key = (*key, seen[key])
            rows.append(TableRow(key, read(row)))
        return rows

    def _with_rates(self, rows: Sequence[TableRow], now: float) -> list[TableRow]:
        counters = [((row.key, at), row.values[at]) for row in rows for at in self._rated]
        rates = self._book.sample(now, counters)
        result = []
        for row in rows:
            # What is unknown stays so: it has no rate, but a reason.
            known = [at for at in self._rated if not isinstance(row.values[at], Unknown)]
            result.append(_changed(row, {at: rates[row.key, at] for at in known}))
        return result

    def _with_series(self, rows: Sequence[TableRow]) -> list[TableRow]:
        wanted = [(row.key, at) for row in rows for at in self._drawn][:MOST_SERIES]
        kept = {name: self._series.get(name) or deque(maxlen=SAMPLES) for name in wanted}
        self._series = kept
        result = []
        for row in rows:
            series: dict[int, Value] = {}
            for at in self._drawn:
                samples = kept.get((row.key, at))
                if samples is not None:
                    value = row.values[at]
                    samples.append(value if isinstance(value, (int, float)) else None)
                    series[at] = tuple(samples)
            result.append(_changed(row, series))
        return result

    def _too_old(self, version: int) -> Failure:
        floors = [floor for floor in self._spec.variants if floor]
        needed = self._spec.requires.minimum_version or min(floors, default=0)
        return Failure(
            FailureKind.MISSING,
            f"{self._spec.title} needs PostgreSQL {needed}; this server is {version // 10000}",
        )


def _changed(row: TableRow, values: Mapping[int, Value]) -> TableRow:
    return TableRow(row.key, tuple([values.get(at, old) for at, old in enumerate(row.values)]))


def _places(spec: ScreenSpec, format: Format) -> tuple[int, ...]:
    return tuple(at for at, column in enumerate(spec.columns) if column.format is format)
