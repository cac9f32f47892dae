"""What the parameters of a URL mean to libpq, whichever driver they were written for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from pgdeck.errors import UsageProblem

LIBPQ = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "dbname",
        "fallback_application_name",
        "gssdelegation",
        "gssencmode",
        "gsslib",
        "host",
        "hostaddr",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "krbsrvname",
        "load_balance_hosts",
        "max_protocol_version",
        "min_protocol_version",
        "oauth_client_id",
        "oauth_client_secret",
        "oauth_issuer",
        "oauth_scope",
        "options",
        "passfile",
        "password",
        "port",
        "require_auth",
        "requirepeer",
        "scram_client_key",
        "scram_server_key",
        "service",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "sslcert",
        "sslcertmode",
        "sslcompression",
        "sslcrl",
        "sslcrldir",
        "sslkey",
        "sslkeylogfile",
        "sslmode",
        "sslnegotiation",
        "sslpassword",
        "sslrootcert",
        "sslsni",
        "target_session_attrs",
        "tcp_user_timeout",
        "user",
    }
)
"""The keywords handed on; `replication` and `client_encoding` would break the reading."""

RENAMED = {
    "database": "dbname",
    "username": "user",
    "timeout": "connect_timeout",
    "connectTimeout": "connect_timeout",
    "ApplicationName": "application_name",
    "tcp_keepalive": "keepalives",
    "tcpKeepAlive": "keepalives",
    "unix_sock": "host",
}

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# libpq itself reads ssl=true as sslmode=require; "no-verify" is node's word for the same.
_SSL_WORDS = {
    **dict.fromkeys(("true", "1", "on", "yes", "no-verify"), "require"),
    **dict.fromkeys(("false", "0", "off", "no"), "disable"),
    **{mode: mode for mode in SSL_MODES},
}
_SWITCHES = {"true": "1", "on": "1", "yes": "1", "false": "0", "off": "0", "no": "0"}
_SOCKET = re.compile(r"(?P<directory>/.*)/\.s\.PGSQL\.(?P<port>\d+)(?:/.*)?")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^/:\[\]]+)(?::(?P<port>\d+))?")


def translate(parameters: Iterable[tuple[str, str]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return libpq's keywords for a URL's parameters, and notes on those that were left out.

    Raises `UsageProblem` for a value of `ssl` or `sslmode` that names no mode.
    """
    keywords: dict[str, str] = {}
    hosts: list[str] = []
    dropped: list[str] = []
    for name, value in parameters:
        keyword = RENAMED.get(name, name)
        if keyword == "host":
            hosts.append(value)
        elif keyword in ("ssl", "sslmode"):
            if keyword == "sslmode" or "sslmode" not in keywords:
                keywords["sslmode"] = _ssl_mode(name, value)
        elif keyword not in LIBPQ or (usable := _usable(keyword, value)) is None:
            dropped.append(name)
        else:
            keywords[keyword] = usable
    keywords.update(_hosts(hosts))
    notes = (f"not for libpq, left out: {', '.join(sorted(set(dropped)))}",) if dropped else ()
    return keywords, notes


def _ssl_mode(name: str, value: str) -> str:
    mode = _SSL_WORDS.get(value.strip().lower())
    if mode is None:
        raise UsageProblem(
            f"the address has a value of {name} that names no mode of encryption",
            f"one of {', '.join(SSL_MODES)}",
        )
    return mode


def _usable(keyword: str, value: str) -> str | None:
    """Return the value as libpq reads it, None when it cannot mean anything to it."""
    if keyword == "keepalives":
        return _SWITCHES.get(value.lower(), value)
    if keyword == "connect_timeout":
        try:
            return str(math.ceil(float(value)))
        except (ValueError, OverflowError):
            return None
    return value


def _hosts(values: list[str]) -> dict[str, str]:
    """Return host and port keywords for the host parameters, of which there may be several."""
    if not values:
        return {}
    if socket := _SOCKET.fullmatch(values[-1]):
        return {"host": socket["directory"], "port": socket["port"]}
    pairs = [_HOST_AND_PORT.fullmatch(value) for value in values]
    if not any(pair and pair["port"] for pair in pairs):
        return {"host": ",".join(values)}
    hosts = [
        pair["host"].strip("[]") if pair else value
        for pair, value in zip(pairs, values, strict=True)
    ]
    ports = [(pair["port"] or "") if pair else "" for pair in pairs]
    return {"host": ",".join(hosts), "port": ",".join(ports)}
