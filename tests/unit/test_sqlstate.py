"""Every refusal becomes a sentence with its way out, whatever the language it came in."""

from __future__ import annotations

import pytest

from pgdeck.core.snapshot import FailureKind
from pgdeck.pg.sqlstate import (
    Peer,
    ServerError,
    connect_failure,
    failure_of,
    lost_failure,
    quoted,
)

PEER = Peer("127.0.0.1:5432", "shop", "shop")
AT = 'connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP "
            "connections?\n",
            FailureKind.REFUSED,
            "No answer from 127.0.0.1:5432 (connection refused)",
        ),
        (
            "Connection timed out",
            FailureKind.TIMEOUT,
            "No answer from 127.0.0.1:5432 (connection timed out)",
        ),
        (
            "FATAL:  sorry, too many clients already\n",
            FailureKind.REFUSED,
            "127.0.0.1:5432 is full: too many clients (sorry, too many clients already)",
        ),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER "
            "attribute\n",
            FailureKind.REFUSED,
            "127.0.0.1:5432 is full: too many clients (remaining connection slots are reserved "
            "for roles with the SUPERUSER attribute)",
        ),
        (
            "FATAL:  the database system is starting up\n",
            FailureKind.REFUSED,
            "127.0.0.1:5432 is not ready: the database system is starting up",
        ),
        (
            'FATAL:  password authentication failed for user "shop"\n',
            FailureKind.AUTH,
            '127.0.0.1:5432 refused login shop: password authentication failed for user "shop"',
        ),
        (
            'FATAL:  database "shop" does not exist\n',
            FailureKind.MISSING,
            "There is no database shop on 127.0.0.1:5432",
        ),
        (
            "authentication method 2768240640 not supported\n",
            FailureKind.REFUSED,
            "127.0.0.1:5432 does not speak PostgreSQL's protocol",
        ),
        (
            "authentication method 7 not supported\n",
            FailureKind.AUTH,
            "127.0.0.1:5432 refused login shop: authentication method 7 not supported",
        ),
        (
            "received invalid response to SSL negotiation: H\n",
            FailureKind.REFUSED,
            "127.0.0.1:5432 does not speak PostgreSQL's protocol",
        ),
        (
            "server does not support SSL, but SSL was required\n",
            FailureKind.REFUSED,
            "No secure connection to 127.0.0.1:5432: server does not support SSL, but SSL was "
            "required",
        ),
        (
            "FATAL:  Passwort-Authentifizierung für Benutzer »shop« fehlgeschlagen\n",
            FailureKind.REFUSED,
            "No connection to 127.0.0.1:5432: Passwort-Authentifizierung für Benutzer »shop« "
            "fehlgeschlagen",
        ),
    ],
)
def test_connect_failures(text: str, kind: FailureKind, message: str) -> None:
    failure = connect_failure(AT + text, PEER)
    assert (failure.kind, failure.message) == (kind, message)


@pytest.mark.parametrize(
    ("state", "message", "detail", "kind", "hint"),
    [
        (
            "42501",
            "permission denied for table Order Lines",
            "",
            FailureKind.PERMISSION,
            'GRANT SELECT ON "Order Lines" TO shop',
        ),
        (
            "42501",
            "permission denied for schema app",
            "",
            FailureKind.PERMISSION,
            "GRANT USAGE ON SCHEMA app TO shop",
        ),
        (
            "42501",
            "permission denied for function pg_ls_waldir",
            "",
            FailureKind.PERMISSION,
            "GRANT pg_monitor TO shop",
        ),
        (
            "42501",
            'permission denied to examine "data_directory"',
            'Only roles with privileges of the "pg_read_all_settings" role may examine this '
            "parameter.",
            FailureKind.PERMISSION,
            "GRANT pg_read_all_settings TO shop",
        ),
        (
            "55P03",
            "canceling statement due to lock timeout",
            "",
            FailureKind.LOCKED,
            "See who holds it: pgdeck ls locks",
        ),
        ("57014", "canceling statement due to statement timeout", "", FailureKind.TIMEOUT, ""),
        ("57014", "canceling statement due to user request", "", FailureKind.CANCELLED, ""),
        ("57014", "storniere Anfrage", "", FailureKind.CANCELLED, ""),
        ("42P01", 'relation "x" does not exist', "", FailureKind.MISSING, ""),
        ("22012", "division by zero", "", FailureKind.QUERY, ""),
        ("25006", "cannot execute nextval()", "", FailureKind.REFUSED, ""),
        ("57P05", "terminating connection", "", FailureKind.REFUSED, ""),
        ("28P01", "password authentication failed", "", FailureKind.AUTH, None),
        ("", "", "", FailureKind.QUERY, ""),
    ],
)
def test_error_responses(
    state: str, message: str, detail: str, kind: FailureKind, hint: str | None
) -> None:
    failure = failure_of(ServerError(state, message, detail), PEER)
    assert failure.kind is kind
    assert failure.sqlstate == state
    if hint is not None:
        assert failure.hint == hint


def test_an_end_that_the_server_announced_has_its_reason() -> None:
    dropped = failure_of(ServerError("57P01", "terminating connection", fatal=True), PEER)
    assert dropped.message == "The server ended the session (administrator command)"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("server closed the connection unexpectedly\n\tThis probably means", "was closed"),
        ("message contents do not agree: lost synchronization with server", "not be understood"),
        ("could not receive data from server: Connection reset by peer", "connection reset"),
        ("", "was closed"),
    ],
)
def test_losses(text: str, says: str) -> None:
    failure = lost_failure(text, PEER)
    assert failure.message.startswith("Lost 127.0.0.1:5432: ")
    assert says in failure.message


@pytest.mark.parametrize(
    ("name", "sql"), [("shop", "shop"), ("Shop", '"Shop"'), ('a"b', '"a""b"'), ("", '""')]
)
def test_identifiers(name: str, sql: str) -> None:
    assert quoted(name) == sql
