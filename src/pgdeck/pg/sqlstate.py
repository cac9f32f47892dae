"""What a server's refusal means to a person: SQLSTATEs and connect errors become Failures."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from pgdeck.core.snapshot import Failure, FailureKind


class ServerError(Struct, frozen=True):
    """The fields of one ErrorResponse; texts are in the server's language."""

    sqlstate: str
    message: str
    detail: str = ""
    hint: str = ""
    fatal: bool = False


class Peer(Struct, frozen=True):
    """Whom a session talks to and as whom, for sentences: `where` is ``host:port`` or a path."""

    where: str
    login: str = ""
    database: str = ""


def quoted(name: str) -> str:
    """Return an SQL identifier, in double quotes where it needs them."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


FULL_HINT = (
    "Wait for a slot, or log in as a superuser or a member of pg_use_reserved_connections: "
    "they have slots in reserve"
)

_KINDS: Mapping[str, FailureKind] = {
    "22021": FailureKind.QUERY,
    "25006": FailureKind.REFUSED,
    "28": FailureKind.AUTH,
    "3D000": FailureKind.MISSING,
    "3F000": FailureKind.MISSING,
    "42501": FailureKind.PERMISSION,
    "42704": FailureKind.MISSING,
    "42883": FailureKind.MISSING,
    "42P01": FailureKind.MISSING,
    "42703": FailureKind.MISSING,
    "40P01": FailureKind.LOCKED,
    "53300": FailureKind.REFUSED,
    "55P03": FailureKind.LOCKED,
    "55000": FailureKind.MISSING,
    "57014": FailureKind.CANCELLED,
    "57P": FailureKind.REFUSED,
    "58P01": FailureKind.MISSING,
}

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "22021": ("The database holds bytes that its encoding does not know", ""),
    "22P05": ("A character has no equal in this session's encoding", ""),
    "25006": ("This session is read-only", ""),
    "40P01": ("Given up: it was part of a deadlock", "See who waits: pgdeck ls locks"),
    "53300": ("The server is full: too many clients", FULL_HINT),
    "55P03": ("Waited for a lock that another session holds", "See who holds it: pgdeck ls locks"),
    "57P01": ("The server ended the session (administrator command)", ""),
    "57P02": ("The server ended the session: another one crashed", ""),
    "57P03": ("The server is starting up or shutting down", ""),
    "57P04": ("The database was dropped", ""),
    "57P05": ("The server ended the session: it was idle for too long", ""),
}


def failure_of(error: ServerError, peer: Peer) -> Failure:
    """Say what an error response means; the server's own text stays in the message."""
    state = error.sqlstate
    kind = next(
        (_KINDS[key] for key in (state, state[:3], state[:2]) if key in _KINDS),
        FailureKind.QUERY,
    )
    if state == "57014":
        return _cancelled(error)
    if state == "42501":
        return Failure(kind, error.message, _grant(error, peer) or error.hint, state)
    if state == "3D000":
        return _no_database(peer, state)
    if state.startswith("28"):
        return _auth(error.message, peer, state)
    sentence, hint = _SENTENCES.get(state, ("", ""))
    if not sentence:
        return Failure(kind, error.message, error.hint or error.detail, state)
    shown = sentence if error.fatal else f"{sentence}: {error.message}"
    return Failure(kind, shown, hint or error.hint, state)


def _cancelled(error: ServerError) -> Failure:
    # One SQLSTATE serves both; the reason is only in the text, which lc_messages may translate.
    if "user request" in error.message:
        message = "Cancelled by another session"
        return Failure(FailureKind.CANCELLED, message, error.hint, error.sqlstate)
    if "lock timeout" in error.message:
        return Failure(
            FailureKind.LOCKED, error.message, "See who holds it: pgdeck ls locks", error.sqlstate
        )
    if "statement timeout" in error.message:
        message = "It took longer than it may (statement timeout)"
        return Failure(FailureKind.TIMEOUT, message, error.hint, error.sqlstate)
    return Failure(FailureKind.CANCELLED, error.message, error.hint, error.sqlstate)


_MONITOR = re.compile(r"permission denied for function (pg_ls_\w+|pg_stat_\w+|pg_current_logfile)")
_ROLE = re.compile(r'privileges of the "(pg_\w+)" role')
_OBJECT = re.compile(
    r"permission denied for "
    r"(table|view|materialized view|foreign table|sequence|schema|function|database) (.+)$"
)


def _grant(error: ServerError, peer: Peer) -> str:
    to = f"TO {quoted(peer.login)}" if peer.login else "TO you"
    if role := _ROLE.search(f"{error.detail} {error.message}"):
        return f"GRANT {role[1]} {to}"
    if _MONITOR.search(error.message):
        return f"GRANT pg_monitor {to}"
    found = _OBJECT.search(error.message)
    if found is None:
        return f"GRANT pg_monitor {to}" if "pg_monitor" in error.detail else ""
    what, name = found[1], quoted(found[2])
    if what == "schema":
        return f"GRANT USAGE ON SCHEMA {name} {to}"
    if what == "function":
        return f"GRANT EXECUTE ON FUNCTION {name} {to}"
    if what == "database":
        return f"GRANT CONNECT ON DATABASE {name} {to}"
    return f"GRANT SELECT ON {'SEQUENCE ' if what == 'sequence' else ''}{name} {to}"


def _no_database(peer: Peer, state: str | None) -> Failure:
    message = f"There is no database {quoted(peer.database)} on {peer.where}"
    return Failure(FailureKind.MISSING, message, "It was dropped, renamed, or never created", state)


def _auth(text: str, peer: Peer, state: str | None) -> Failure:
    who = f"login {quoted(peer.login)}" if peer.login else "the login"
    message = f"{peer.where} refused {who}: {text}"
    return Failure(FailureKind.AUTH, message, _auth_hint(text), state)


def _auth_hint(text: str) -> str:
    if "no password supplied" in text:
        return "Give it in PGPASSWORD, in ~/.pgpass (mode 0600) or in the URL"
    if "password authentication failed" in text:
        return "Check the password in PGPASSWORD, ~/.pgpass or the URL"
    if "pg_hba.conf" in text:
        return "The server's pg_hba.conf has no line that lets this login in from here"
    return ""


_HOST_MISSING = ("could not translate host name", "failed to resolve", "Name or service not known")
_NOT_POSTGRES = (
    "received invalid response to SSL negotiation",
    "received invalid response to GSSAPI negotiation",
    "expected authentication request from server",
    "invalid response",
    "lost synchronization with server",
    "unexpected response from server",
    "received unencrypted data after SSL",
)
_FULL = (
    "too many clients",
    "too many connections",
    "remaining connection slots are reserved",
    "no more connections allowed",
    "too many server connections",
)
_STARTING = ("is starting up", "is shutting down", "in recovery mode", "not yet accepting")
# The protocol has a dozen ways to prove who one is; such a number is a spoilt line's.
_NO_METHOD = re.compile(r"authentication method \d{4,} not supported")

_AUTH = (
    "authentication failed",
    "no password supplied",
    "pg_hba.conf",
    "is not permitted to log in",
    "authentication method",
    "no such user",
)
_NO_ROLE = re.compile(r'role ".*" does not exist', re.DOTALL)
_NO_DATABASE = re.compile(r'database ".*" does not exist|no such database', re.DOTALL)
_TLS = ("SSL", "certificate", "sslmode", "TLS", "channel binding")
_CAUSES = {
    "Connection refused": "connection refused",
    "No route to host": "no route to the host",
    "Network is unreachable": "the network is unreachable",
    "Connection timed out": "connection timed out",
    "timeout expired": "connection timed out",
    "Connection reset by peer": "connection reset",
    "No such file or directory": "no such socket",
    "server closed the connection unexpectedly": "the connection was closed",
    "SSL SYSCALL error: EOF detected": "the connection was closed",
    "SSL error: unexpected eof": "the connection was closed",
    "Broken pipe": "the connection was closed",
}


def connect_failure(text: str, peer: Peer) -> Failure:
    """Say why no connection came about; libpq gives no SQLSTATE there, only `text`.

    A translated or unknown text is shown as it is.
    """
    told = _told(text)
    if _NO_METHOD.search(text):
        return _stranger(told, peer)
    for words, judge in (
        (_HOST_MISSING, _unknown_host),
        (_FULL, _full),
        (_STARTING, _starting),
        (_AUTH, _refused_login),
        (_NOT_POSTGRES, _stranger),
    ):
        if any(word in text for word in words):
            return judge(told, peer)
    if _NO_ROLE.search(text):
        return _refused_login(told, peer)
    if _NO_DATABASE.search(text):
        return _no_database(peer, "3D000")
    for words_of_cause, cause in _CAUSES.items():
        if words_of_cause in text:
            return no_answer(peer, cause)
    if any(word in text for word in _TLS):
        hint = "The target's sslmode asks for this; it is never lowered silently"
        return Failure(FailureKind.REFUSED, f"No secure connection to {peer.where}: {told}", hint)
    return Failure(FailureKind.REFUSED, f"No connection to {peer.where}: {told}")


def no_answer(peer: Peer, cause: str, kind: FailureKind | None = None) -> Failure:
    """Say that nobody answered at the address, with the cause in a few words."""
    hint = "Is the server running, and is the address right?" if "refused" in cause else ""
    if cause == "no such socket":
        hint = "Is the server running, and is its socket directory this one?"
    judged = kind or (FailureKind.TIMEOUT if "timed out" in cause else FailureKind.REFUSED)
    return Failure(judged, f"No answer from {peer.where} ({cause})", hint)


def lost_failure(text: str, peer: Peer) -> Failure:
    """Say how a connection that worked was lost."""
    if any(word in text for word in (*_NOT_POSTGRES, "unexpected", "insufficient data")):
        cause = "its answer could not be understood"
        if "server closed the connection" in text:
            cause = "the connection was closed"
        return Failure(FailureKind.REFUSED, f"Lost {peer.where}: {cause}")
    cause = next((said for word, said in _CAUSES.items() if word in text), _told(text))
    return Failure(
        FailureKind.REFUSED, f"Lost {peer.where}: {cause or 'the connection was closed'}"
    )


def _unknown_host(_told: str, peer: Peer) -> Failure:
    host = peer.where.rsplit(":", 1)[0]
    hint = "Check the spelling, or the network's name service"
    return Failure(FailureKind.REFUSED, f"The host name {host} is not known", hint)


def _full(told: str, peer: Peer) -> Failure:
    message = f"{peer.where} is full: too many clients ({told})"
    return Failure(FailureKind.REFUSED, message, FULL_HINT, "53300")


def _starting(told: str, peer: Peer) -> Failure:
    return Failure(FailureKind.REFUSED, f"{peer.where} is not ready: {told}", "", "57P03")


def _refused_login(told: str, peer: Peer) -> Failure:
    return _auth(told, peer, "28P01" if "password" in told else "28000")


def _stranger(_told: str, peer: Peer) -> Failure:
    message = f"{peer.where} does not speak PostgreSQL's protocol"
    return Failure(FailureKind.REFUSED, message, "Is the port right? Is it a PostgreSQL server?")


_PREFIX = re.compile(
    r"^(connection to server (at|on) .*? failed:|connection failed:)\s*", re.DOTALL
)


def _told(text: str) -> str:
    """The part of libpq's text that tells something: without its preamble and its question."""
    line = _PREFIX.sub("", text.strip()).strip()
    line = line.split("\n\tIs the server running", 1)[0]
    line = re.sub(r"^(FATAL|ERROR|PANIC):\s+", "", line)
    return " ".join(line.split())
