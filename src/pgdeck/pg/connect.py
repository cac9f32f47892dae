"""Opening a session without ever blocking: names, handshakes and silence are all bounded."""

from __future__ import annotations

import asyncio
import os
import threading

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGconn

from pgdeck import __version__
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Conninfo
from pgdeck.errors import Unreachable
from pgdeck.pg.address import Address, addresses_of, where_of
from pgdeck.pg.session import Session
from pgdeck.pg.settings import LINK_KEYWORDS
from pgdeck.pg.sqlstate import Peer, connect_failure, no_answer

APPLICATION_NAME = f"pgdeck {__version__}"

CONNECT_TIMEOUT = 10.0
"""Seconds for everything from the name's look-up to the server's readiness."""


async def open_session(
    conninfo: Conninfo,
    *,
    application_name: str = APPLICATION_NAME,
    connect_timeout: float = CONNECT_TIMEOUT,
) -> Session:
    """Connect to the first address that answers, within `connect_timeout` seconds in all.

    Cancelling it closes what it had opened.  Raises `Unreachable`.
    """
    where = Peer(where_of(conninfo))
    deadline = asyncio.get_running_loop().time() + connect_timeout
    try:
        async with asyncio.timeout_at(deadline):
            addresses = await addresses_of(conninfo)
    except TimeoutError:
        raise Unreachable(_too_late(where, connect_timeout)) from None
    failures: list[Failure] = []
    for index, address in enumerate(addresses):
        share = (deadline - asyncio.get_running_loop().time()) / (len(addresses) - index)
        try:
            return await _open(address, application_name, share)
        except Unreachable as error:
            failures.append(error.failure)
    raise Unreachable(failures[-1])


async def _open(address: Address, application_name: str, seconds: float) -> Session:
    keywords = {**address.keywords, **LINK_KEYWORDS, "application_name": application_name}
    # Looking for a Kerberos ticket asks the network in a blocking call.
    if "gssencmode" not in keywords and "PGGSSENCMODE" not in os.environ and address.settled:
        keywords["gssencmode"] = "disable"
    try:
        conninfo = make_conninfo("", **keywords)
    except psycopg.Error as error:
        raise Unreachable(connect_failure(str(error), address.peer)) from None
    try:
        async with asyncio.timeout(seconds):
            pgconn = await _start(conninfo, address)
            return await _shake_hands(pgconn, address.peer)
    except TimeoutError:
        raise Unreachable(_too_late(address.peer, seconds)) from None


def _too_late(peer: Peer, seconds: float) -> Failure:
    return no_answer(peer, f"silent for {seconds:.2g} s", FailureKind.TIMEOUT)


async def _shake_hands(pgconn: PGconn, peer: Peer) -> Session:
    try:
        while True:
            status = pgconn.connect_poll()
            if status == pq.PollingStatus.OK:
                return Session(pgconn, peer)
            if status == pq.PollingStatus.FAILED:
                raise Unreachable(connect_failure(_text_of(pgconn), peer))
            await _ready(pgconn.socket, writing=status == pq.PollingStatus.WRITING)
    except BaseException:
        pgconn.finish()
        raise


async def _start(conninfo: str, address: Address) -> PGconn:
    encoded = conninfo.encode(errors="surrogateescape")
    if address.settled:
        return _checked(pq.PGconn.connect_start(encoded), address.peer)
    loop = asyncio.get_running_loop()
    started: asyncio.Future[PGconn] = loop.create_future()

    def hand_over(pgconn: PGconn) -> None:
        if started.done():
            pgconn.finish()
        else:
            started.set_result(pgconn)

    def start() -> None:
        pgconn = pq.PGconn.connect_start(encoded)
        if not loop.is_closed():
            loop.call_soon_threadsafe(hand_over, pgconn)

    threading.Thread(target=start, name="pgdeck-connect", daemon=True).start()
    return _checked(await started, address.peer)


def _checked(pgconn: PGconn, peer: Peer) -> PGconn:
    if pgconn.status != pq.ConnStatus.BAD:
        return pgconn
    failure = connect_failure(_text_of(pgconn), peer)
    pgconn.finish()
    raise Unreachable(failure)


def _text_of(pgconn: PGconn) -> str:
    return pgconn.error_message.decode("utf-8", "backslashreplace")


async def _ready(fd: int, *, writing: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Event = asyncio.Event()
    add, remove = (
        (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    )
    add(fd, ready.set)
    try:
        await ready.wait()
    finally:
        remove(fd)
