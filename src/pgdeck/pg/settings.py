"""What every watching session sets before its first question, and how it is set."""

from __future__ import annotations

from collections.abc import Mapping

PROBE_DEADLINE = 3.0
"""Seconds of silence after which a peer is given up."""

STATEMENT_TIMEOUT_MS = 2500
"""Below the probe's deadline: a slow query must end as its own error, not end the session."""

SETTINGS: Mapping[str, str] = {
    "search_path": "",
    "default_transaction_read_only": "on",
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "lock_timeout": "250",
    "idle_in_transaction_session_timeout": "10000",
    "idle_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_min_messages": "error",
}

SETTINGS_FROM_17: Mapping[str, str] = {"transaction_timeout": "0"}
"""A database's own limit would end the whole session; ours are enough."""

LINK_KEYWORDS: Mapping[str, str] = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


def settings_sql(version: int, server_encoding: str, *, local: bool) -> str:
    """Return the one statement that protects a session, or (`local`) only its transaction.

    Text travels in the server's own encoding, so that no stored byte makes a conversion fail.
    """
    flag = "true" if local else "false"
    newer = SETTINGS_FROM_17 if version >= 170000 else {}
    every = {**SETTINGS, **newer, "client_encoding": server_encoding or "UTF8"}
    calls = (f"pg_catalog.set_config('{name}', '{value}', {flag})" for name, value in every.items())
    return f"SELECT {', '.join(calls)}"


def language_sql(*, local: bool) -> str:
    """Return the statement for English messages; refused to logins that may not set it."""
    return f"SELECT pg_catalog.set_config('lc_messages', 'C', {'true' if local else 'false'})"
