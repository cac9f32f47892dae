"""The first words with a server, spoken by hand: they tell more than a driver's one sentence.

A request for TLS shows whether PostgreSQL listens, a start-up message what it says to a login:
the way to prove it, or the refusal with its SQLSTATE, which no language hides.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from pgdeck.doctor.reach import Stream
from pgdeck.pg.sqlstate import ServerError

ANSWER_LIMIT = 3.0
"""Seconds of silence after which a peer is taken for one that says nothing."""

STARTUP_LIMIT = 5.0

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PROTOCOL = 196608
_LONGEST = 1 << 16
_HTTP = b" / HTTP/1.0\r\n\r\n"
_STRANGERS = (
    (rb"^HTTP/|<html|<!DOCTYPE", "a web server (HTTP)"),
    (rb"^SSH-", "an SSH server"),
    (rb"^.\x00\x00\x00(\x0a|\xff)", "a MySQL or MariaDB server"),
    (rb"^[-+](ERR|OK|NOAUTH|DENIED)", "a Redis server"),
    (rb"^\* OK", "an IMAP server"),
    (rb"^220[ -]", "a mail or FTP server"),
    (rb"^\x15\x03|^\x16\x03", "a server that speaks TLS at once (HTTPS?)"),
)


class Greeting(Struct, frozen=True):
    """What came back on a request for TLS.

    Of `speaks_tls` None means that it was not PostgreSQL: `stranger` says what it looks like,
    `silent` that it accepts and says nothing, `closed` that it hung up at once.
    """

    speaks_tls: bool | None
    stranger: str = ""
    silent: bool = False
    closed: bool = False
    error: ServerError | None = None


async def ask_for_tls(stream: Stream) -> Greeting:
    """Ask whether TLS is spoken: only PostgreSQL and its poolers answer with one letter."""
    try:
        stream.writer.write(_SSL_REQUEST)
        said = await _heard(stream)
        if said is None:
            stream.writer.write(_HTTP)
            said = await _heard(stream)
            if said is None:
                return Greeting(None, silent=True)
            return (
                Greeting(None, stranger=_looks_like(said)) if said else Greeting(None, silent=True)
            )
    except OSError:
        return Greeting(None, closed=True)
    if not said:
        return Greeting(None, closed=True)
    if said in (b"S", b"N"):
        return Greeting(said == b"S")
    if said[:1] == b"E":
        return Greeting(None, error=_old_error(said))
    return Greeting(None, stranger=_looks_like(said))


async def _heard(stream: Stream) -> bytes | None:
    """Return what comes, nothing when the peer hangs up, None when it stays silent."""
    try:
        async with asyncio.timeout(ANSWER_LIMIT):
            said = await stream.reader.read(512)
            if said not in (b"S", b"N", b""):
                # A banner may come in pieces, the answer is one letter alone.
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        said += await stream.reader.read(512)
            return said
    except TimeoutError:
        return None


def _looks_like(said: bytes) -> str:
    for pattern, name in _STRANGERS:
        if re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            return name
    return f"something that begins with {said[:24]!r}"


def _old_error(said: bytes) -> ServerError:
    """Read an error that a postmaster sends before it knows the protocol: one text."""
    body = said[5:] if said[1:2] == b"\x00" else said[1:]
    if body[:1] in (b"S", b"V") and b"\x00" in body:
        return _error_of(body)
    text = body.split(b"\x00", 1)[0].decode("utf-8", "backslashreplace").strip()
    return ServerError("", text, fatal=True)


class Reply(Struct, frozen=True):
    """What a server said to a login that had not proven anything yet.

    `method` names the proof that it wants, ``trust`` when none; `ready` is true when the session
    stood. `error` is its refusal.
    """

    method: str = ""
    error: ServerError | None = None
    ready: bool = False
    silent: bool = False


_METHODS = {0: "trust", 2: "kerberos", 3: "password", 5: "md5", 7: "gss", 9: "sspi", 10: "scram"}


async def introduce(stream: Stream, keywords: Mapping[str, str], application_name: str) -> Reply:
    """Say who wants in, and read until the server wants a proof, refuses, or is ready."""
    login = keywords.get("user", "")
    words = {
        "user": login,
        "database": keywords.get("dbname") or login,
        "application_name": application_name,
    }
    body = b"".join(_text(part) for pair in words.items() for part in pair) + b"\0"
    stream.writer.write(struct.pack("!ii", len(body) + 8, _PROTOCOL) + body)
    method = ""
    try:
        async with asyncio.timeout(STARTUP_LIMIT):
            while True:
                kind, payload = await _message(stream.reader)
                if kind == b"E":
                    return Reply(method, _error_of(payload))
                if kind == b"R":
                    method = _method(payload)
                    if method != "trust":
                        return Reply(method)
                if kind == b"Z":
                    stream.writer.write(b"X\x00\x00\x00\x04")
                    # Gone before the next one comes: its slot may be the last.
                    await _gone(stream.reader)
                    return Reply(method, ready=True)
    except TimeoutError:
        return Reply(method, silent=True)
    except (OSError, EOFError, ValueError):
        return Reply(method)


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\0"


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    if not 4 <= length <= _LONGEST:
        raise ValueError(f"a message of {length} bytes")
    return kind, await reader.readexactly(length - 4)


def _method(payload: bytes) -> str:
    if len(payload) < 4:
        raise ValueError("a request for a proof that names none")
    (code,) = struct.unpack("!i", payload[:4])
    if code == 10 and b"OAUTHBEARER" in payload:
        return "oauth"
    return _METHODS.get(code, f"method {code}")


def _error_of(payload: bytes) -> ServerError:
    fields = {part[:1]: part[1:] for part in payload.split(b"\0") if part}

    def field(code: bytes) -> str:
        return fields.get(code, b"").decode("utf-8", "surrogateescape")

    return ServerError(field(b"C"), field(b"M"), field(b"D"), field(b"H"), fatal=True)


async def _gone(reader: asyncio.StreamReader) -> None:
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(1.0):
            await reader.read()
