"""Second looks after a refusal, one connection after the other: they make the cure a better one."""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches

from pgdeck.core.ladder import Note
from pgdeck.core.rows import Query, Rows
from pgdeck.core.target import Conninfo
from pgdeck.doctor.greeting import ask_for_tls, introduce
from pgdeck.doctor.reach import try_ports
from pgdeck.doctor.tls import shake_hands, wish_of
from pgdeck.errors import Unreachable
from pgdeck.pg.address import Address
from pgdeck.pg.connect import open_session

NAMED = 6
"""Databases that are named when the one sought is not there."""

DATABASES = Query(
    "databases",
    "SELECT d.datname::pg_catalog.text AS name FROM pg_catalog.pg_database AS d"
    " WHERE d.datallowconn AND NOT d.datistemplate ORDER BY 1 LIMIT 200",
)


async def tls_helps(address: Address | None, application_name: str) -> bool:
    """Whether a login that was refused without TLS gets further over it."""
    if address is None:
        return False
    _, stream = await try_ports([address])
    if stream is None:
        return False
    try:
        if not (await ask_for_tls(stream)).speaks_tls:
            return False
        keywords = {**address.keywords, "sslmode": "require", "sslrootcert": ""}
        if (await shake_hands(stream, wish_of(keywords, {}))).problem:
            return False
        reply = await introduce(stream, address.keywords, application_name)
    finally:
        await stream.close()
    return reply.error is None or "pg_hba.conf" not in reply.error.message


async def other_databases(conninfo: Conninfo, application_name: str) -> list[Note]:
    """Name the databases that are there, and the one that may be meant."""
    names: list[str] = []
    with suppress(Unreachable):
        maintenance = Conninfo({**conninfo, "dbname": "postgres"})
        session = await open_session(maintenance, application_name=application_name)
        try:
            (answer,) = await session.round([DATABASES])
        finally:
            session.close()
        if isinstance(answer, Rows):
            names = [str(row[0]) for row in answer.rows]
    close = get_close_matches(conninfo.get("dbname", ""), names, n=1)
    shown = [*close, *(name for name in names if name not in close)][:NAMED]
    notes = [Note(f"there is {close[0]}, which may be meant")] if close else []
    return [*notes, Note(f"databases there: {', '.join(shown)}")] if shown else notes
