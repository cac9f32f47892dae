"""The collector of who answers, polled at every tick: a promotion changes it in place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from pgdeck.core.rows import Rows, Value
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Context
from pgdeck.errors import QueryFailed
from pgdeck.pg.identity import IDENTIFIER, SERVER, fingerprint
from pgdeck.watch.model import Server


class ServerCollector:
    """Gathers the `Server`; one round."""

    name = "server"
    interval = 2.0
    timeout = 3.0
    stale_after = 6.0

    async def collect(self, ctx: Context) -> Server:
        """Ask who answers; raises `QueryFailed` when the server will not say."""
        answer, identifier = await ctx.ask(SERVER, IDENTIFIER)
        if isinstance(answer, Failure):
            raise QueryFailed(answer)
        known = identifier.one() if isinstance(identifier, Rows) else {}
        number = known.get("system_identifier")
        return _server(ctx.version, answer.one(), None if number is None else str(number))


def _server(version: int, row: Mapping[str, Value], identifier: str | None) -> Server:
    oid = cast(int, row["database_oid"])
    started = row["started_at"]
    return Server(
        version=version,
        version_text=str(row["version_text"]),
        standby=bool(row["standby"]),
        started_at=started if isinstance(started, datetime) else datetime.fromtimestamp(0, UTC),
        uptime_s=cast(float, row["uptime_s"]),
        database=str(row["database"]),
        login=str(row["login"]),
        superuser=row["superuser"] == "on",
        monitor=bool(row["monitor"]),
        system_identifier=identifier,
        database_oid=oid,
        fingerprint=fingerprint(identifier, oid),
        address=cast("str | None", row["address"]),
        port=cast("int | None", row["port"]),
        environment=cast("str | None", row["environment"]) or None,
    )
