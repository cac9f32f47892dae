"""What a plan writes down of the database that it is made on."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from pgdeck.core.operation import Asker
from pgdeck.core.plan import Mark
from pgdeck.core.rows import Rows
from pgdeck.core.snapshot import Failure
from pgdeck.core.target import Target, environment_of
from pgdeck.errors import QueryFailed
from pgdeck.pg.identity import IDENTIFIER, SERVER, fingerprint


async def mark_of(asker: Asker, target: Target) -> Mark:
    """Return the mark of the database that answers; raises `QueryFailed` or `Unreachable`."""
    server, control = await asker.ask(SERVER, IDENTIFIER)
    if isinstance(server, Failure):
        raise QueryFailed(server)
    row = dict(zip(server.columns, server.rows[0], strict=True))
    identifier = str(control.rows[0][0]) if isinstance(control, Rows) else None
    oid = int(str(row["database_oid"]))
    environment = environment_of(target.environment, str(row["environment"] or ""))
    return Mark(
        name=target.name,
        host=str(target.conninfo.get("host") or row["address"] or ""),
        port=str(target.conninfo.get("port") or row["port"] or ""),
        database=str(row["database"]),
        login=str(row["login"]),
        environment=environment,
        fingerprint=fingerprint(identifier, oid),
        database_oid=oid,
        started_at=cast(datetime, row["started_at"]),
        identifier=identifier,
        version=int(str(row["version"])),
    )
