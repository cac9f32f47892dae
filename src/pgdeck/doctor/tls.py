"""TLS by hand: which certificate a server shows, and why it is not believed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from pgdeck.core.ladder import Note, Rung, failed
from pgdeck.doctor.reach import Stream
from pgdeck.pg.address import is_number

HANDSHAKE_LIMIT = 5.0
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
VERIFYING = ("verify-ca", "verify-full")


class Wish(Struct, frozen=True):
    """What an address asks of the line: its mode, and the files that prove it."""

    mode: str
    root: str
    """File of the authorities that are believed, or ``system``."""
    certificate: Path
    key: Path
    passphrase: str
    host: str

    @property
    def verifies(self) -> bool:
        """Whether the server has to prove who it is."""
        return self.mode in VERIFYING

    @property
    def demands(self) -> bool:
        """Whether nothing goes over a line without TLS."""
        return self.mode in ("require", *VERIFYING)

    @property
    def tries(self) -> bool:
        """Whether libpq asks for TLS first."""
        return self.mode not in ("disable", "allow")


def wish_of(keywords: Mapping[str, str], environ: Mapping[str, str]) -> Wish:
    """Return what libpq would ask for; without a word of sslmode that is prefer."""

    def value(keyword: str, default: str) -> str:
        return keywords.get(keyword) or environ.get(f"PG{keyword.upper()}") or default

    home = Path(environ.get("HOME") or Path.home()) / ".postgresql"
    root = value("sslrootcert", str(home / "root.crt"))
    mode = value("sslmode", "verify-full" if root == "system" else "prefer")
    if mode == "require" and root != "system" and Path(root).is_file():
        mode = "verify-ca"  # as libpq itself reads it
    return Wish(
        mode,
        root,
        Path(value("sslcert", str(home / "postgresql.crt"))),
        Path(value("sslkey", str(home / "postgresql.key"))),
        keywords.get("sslpassword", ""),
        keywords.get("host", ""),
    )


class Handshake(Struct, frozen=True):
    """What came of a handshake: the version spoken, or why there is none."""

    version: str = ""
    names: tuple[str, ...] = ()
    problem: str = ""
    expired: bool = False


async def shake_hands(stream: Stream, wish: Wish) -> Handshake:
    """Go over to TLS; the certificate is verified when the mode asks for that."""
    try:
        context = _context(wish)
    except OSError as error:
        return Handshake(problem=f"{wish.root}: {error.strerror or error}")
    try:
        async with asyncio.timeout(HANDSHAKE_LIMIT):
            await stream.writer.start_tls(context, server_hostname=_sni(wish.host))
    except ssl.SSLCertVerificationError as error:
        return Handshake(problem=error.verify_message, expired=error.verify_code == 10)
    except ssl.SSLError as error:
        return Handshake(problem=(error.reason or str(error)).replace("_", " ").lower())
    except TimeoutError:
        return Handshake(problem=f"the handshake is silent for {HANDSHAKE_LIMIT:g} s")
    except OSError as error:
        return Handshake(problem=error.strerror or str(error))
    spoken = stream.writer.get_extra_info("ssl_object")
    names = _names(stream.writer.get_extra_info("peercert") or {})
    version = str(spoken.version()) if spoken else "TLS"
    if wish.mode == "verify-full" and not fits(wish.host, names):
        return Handshake(version, names, "the certificate is for another name")
    return Handshake(version, names)


def _context(wish: Wish) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if wish.verifies else ssl.CERT_NONE
    if wish.verifies and wish.root == "system":
        context.load_default_certs()
    elif wish.verifies:
        context.load_verify_locations(wish.root)
    with suppress(OSError, ValueError):
        # A passphrase that is wrong must not be asked for at the terminal.
        context.load_cert_chain(wish.certificate, wish.key, password=lambda: wish.passphrase)
    return context


def _sni(host: str) -> str | None:
    return None if not host or host.startswith(("/", "@")) or is_number(host) else host


def _names(certificate: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names that a certificate is for; the old way, in its subject, counts last."""
    alternatives = certificate.get("subjectAltName")
    names = [str(value) for _, value in alternatives] if isinstance(alternatives, tuple) else []
    if not names and isinstance(subject := certificate.get("subject"), tuple):
        names = [str(v) for part in subject for key, v in part if key == "commonName"]
    return tuple(names)


def fits(host: str, names: tuple[str, ...]) -> bool:
    """Whether one of a certificate's names is the host's; a star stands for one label."""
    if is_number(host):
        return any(is_number(name) and ip_address(name) == ip_address(host) for name in names)
    lowered = host.lower()
    return any(
        lowered == name.lower()
        or (
            name.startswith("*.")
            and lowered.count(".") == name.count(".")
            and fnmatchcase(lowered, name.lower())
        )
        for name in names
    )


def missing_root(wish: Wish) -> Rung | None:
    """Return the failed rung when what the mode needs is not there."""
    if not wish.verifies or wish.root == "system" or Path(wish.root).is_file():
        return None
    return failed(
        "tls",
        f"sslmode={wish.mode} needs the authority's certificate, and {wish.root} is not there",
        "without it the server's certificate can be compared with nothing",
        "put it there, or name it: sslrootcert=FILE (sslrootcert=system for public authorities)",
    )


def no_tls_there(wish: Wish) -> Rung:
    """Return the failed rung of a server without TLS when the address demands it."""
    return failed(
        "tls",
        f"the server speaks no TLS, and sslmode={wish.mode} asks for it",
        "ssl is off there, or what answers is a pooler or a proxy without a certificate",
        "on the server: ssl = on with a certificate and a reload;"
        " or, where the line itself is safe, sslmode=prefer in the address",
    )


def not_believed(wish: Wish, hands: Handshake, told: str) -> Rung:
    """Return the failed rung of a certificate that does not convince; `told` is libpq's word."""
    names = ", ".join(hands.names)
    if hands.names and not fits(wish.host, hands.names):
        return failed(
            "tls",
            f"the certificate is for {names}, not for {wish.host}",
            "the address uses another name than the certificate does, or leads to another server",
            f"connect by that name (host={hands.names[0]}, and hostaddr for the number),"
            " or have a certificate made for this one",
        )
    said = hands.problem or told
    if hands.expired:
        cure = "have the server's certificate renewed; a reload takes the new one"
        return failed("tls", "the server's certificate has expired", "", cure)
    if "self" in said and "signed" in said:
        cause = f"{wish.root} does not hold it, nor the authority that signed it"
        cure = f"copy the server's root certificate to {wish.root}, after comparing it there"
        return failed("tls", f"the server's certificate is not believed: {said}", cause, cure)
    if "issuer" in said:
        cause = f"it is signed by an authority that is not in {wish.root}"
        cure = "add that authority's certificate to the file that sslrootcert names"
        return failed("tls", f"the server's certificate is not believed: {said}", cause, cure)
    return failed("tls", f"no secure connection: {told or said}", "", "see the server's log")


def protects_nothing(wish: Wish, *, encrypted: bool) -> Note | None:
    """Return what is to be said of a line that leaves this host by a mode that proves nothing."""
    if wish.verifies or wish.mode == "require":
        return None
    state = "is encrypted, but" if encrypted else "is not encrypted, and"
    said = f"the line leaves this host; it {state} sslmode={wish.mode} does not insist on it"
    return Note(said, "sslmode=verify-full with sslrootcert in the address")
