"""What the parameters of a URL mean to libpq, whichever driver they were written for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

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
    "ssl_context": "ssl",
    "channelBinding": "channel_binding",
    "gssEncMode": "gssencmode",
    "sslNegotiation": "sslnegotiation",
    "loginTimeout": "connect_timeout",
    **dict.fromkeys(("ssl-mode", "ssl_mode", "sslMode"), "sslmode"),
    **dict.fromkeys(("ssl-ca", "ssl_ca", "sslca", "ssl-root-cert", "sslRootCert"), "sslrootcert"),
    **dict.fromkeys(("ssl-cert", "ssl_cert", "sslCert"), "sslcert"),
    **dict.fromkeys(("ssl-key", "ssl_key", "sslKey"), "sslkey"),
}
"""What drivers of Python, Java, JavaScript and Rust call libpq's keywords."""

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


def translate(
    parameters: Iterable[tuple[str, str]], *, java: bool = False
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return libpq's keywords for a URL's parameters, and notes on those that were left out.

    `java`: the URL is one of JDBC, where ``ssl=true`` asks for the server's proof, too.  Raises
    `UsageProblem` for a value of `ssl` or `sslmode` that names no mode.
    """
    keywords: dict[str, str] = {}
    encryption: dict[str, str] = {}
    hosts: list[str] = []
    dropped: list[str] = []
    for name, value in parameters:
        keyword = RENAMED.get(name, name)
        if keyword == "host":
            hosts.append(value)
        elif keyword in _OF_ENCRYPTION:
            encryption[keyword] = value
        elif keyword not in LIBPQ or (usable := _usable(keyword, value)) is None:
            dropped.append(name)
        else:
            keywords[keyword] = usable
    keywords.update(_hosts(hosts))
    keywords.update(_encryption(encryption, java=java))
    notes = (f"not for libpq, left out: {', '.join(sorted(set(dropped)))}",) if dropped else ()
    return keywords, notes


# Of asyncpg, Prisma and Java; what they ask for is never made weaker.
_OF_ENCRYPTION = frozenset({"ssl", "sslmode", "sslaccept", "sslfactory", "direct_tls"})


def _encryption(given: Mapping[str, str], *, java: bool) -> dict[str, str]:
    """Return libpq's keywords for all that parameters say of encryption."""
    modes = {name: _ssl_mode(name, given[name]) for name in ("sslmode", "ssl") if name in given}
    mode = modes.get("sslmode", modes.get("ssl", ""))
    trusting = "NonValidating" in given.get("sslfactory", "")
    if java and "sslmode" not in modes and mode == "require" and not trusting:
        mode = "verify-full"
    if given.get("sslaccept") == "strict" and mode not in ("disable", "verify-ca"):
        mode = "verify-full"
    keywords = {"sslmode": mode} if mode else {}
    if _SWITCHES.get(given.get("direct_tls", "").lower(), given.get("direct_tls")) == "1":
        # Which libpq refuses where a server may do without encryption.
        weak = mode in ("", "allow", "prefer")
        keywords |= {"sslnegotiation": "direct", **({"sslmode": "require"} if weak else {})}
    return keywords


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
