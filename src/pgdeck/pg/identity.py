"""Who answers: one question that any login may ask, on a primary and on a standby alike."""

from __future__ import annotations

import hashlib

from pgdeck.core.rows import Query

SERVER = Query(
    "server",
    """
    SELECT pg_catalog.current_setting('server_version') AS version_text,
           pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version,
           pg_catalog.pg_is_in_recovery() AS standby,
           pg_catalog.pg_postmaster_start_time() AS started_at,
           pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
               OPERATOR(pg_catalog.-) pg_catalog.pg_postmaster_start_time()) AS uptime_s,
           pg_catalog.current_database() AS database,
           CURRENT_USER AS login,
           pg_catalog.current_setting('is_superuser') AS superuser,
           pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS monitor,
           d.oid AS database_oid,
           pg_catalog.host(pg_catalog.inet_server_addr()) AS address,
           pg_catalog.inet_server_port() AS port,
           pg_catalog.current_setting('pgdeck.env', true) AS environment
      FROM pg_catalog.pg_database AS d
     WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
    """,
)

# Asked apart: the function is open to everybody, yet a provider may have revoked it. Then the
# OID alone is hashed.
IDENTIFIER = Query(
    "system_identifier",
    "SELECT s.system_identifier AS system_identifier FROM pg_catalog.pg_control_system() AS s",
)


def fingerprint(system_identifier: str | None, database_oid: int) -> str:
    """Return six hex digits that tell one database of one cluster from all others."""
    text = f"{system_identifier or ''}/{database_oid}"
    return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()
