"""What statements would return, asked of a live server without running or planning them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGconn, PGresult

from pgdeck.core.snapshot import Failure
from pgdeck.core.target import Conninfo
from pgdeck.errors import Unreachable
from pgdeck.pg.address import where_of
from pgdeck.pg.connect import APPLICATION_NAME
from pgdeck.pg.settings import LINK_KEYWORDS, settings_sql
from pgdeck.pg.sqlstate import Peer, ServerError, connect_failure, failure_of, lost_failure
from pgdeck.pg.values import codec_of

CONNECT_SECONDS = 10


class Describer:
    """A session that parses statements as a watching session would; nothing is executed.

    Everything blocks, within the server's and the line's own time limits.
    """

    def __init__(self, pgconn: PGconn, peer: Peer) -> None:
        self._pgconn = pgconn
        self._peer = peer
        self._encoding = (pgconn.parameter_status(b"server_encoding") or b"UTF8").decode()
        self._codec = codec_of(self._encoding)
        self.version = pgconn.server_version

    def columns(self, sql: str) -> tuple[str, ...] | Failure:
        """Return the names of a statement's columns, or why the server refuses it.

        Raises `Unreachable` when the connection is lost.
        """
        # In one transaction: behind a pooler the two steps could meet different servers.
        self._run("BEGIN READ ONLY")
        try:
            self._run(settings_sql(self.version, self._encoding, local=True))
            try:
                self._checked(self._pgconn.prepare(b"", self._bytes(sql)))
                found = self._checked(self._pgconn.describe_prepared(b""))
            except _Refused as refused:
                return failure_of(refused.error, self._peer)
        finally:
            if self._pgconn.status != pq.ConnStatus.BAD:
                self._run("ROLLBACK")
        names = (found.fname(at) or b"" for at in range(found.nfields))
        return tuple(name.decode(self._codec, "surrogateescape") for name in names)

    def row(self, sql: str, params: Sequence[str | None] = ()) -> tuple[str | None, ...]:
        """Run a question of our own and return its first row as text; raises `Unreachable`."""
        values = [None if param is None else self._bytes(param) for param in params]
        try:
            found = self._checked(self._pgconn.exec_params(self._bytes(sql), values))
        except _Refused as refused:
            raise Unreachable(failure_of(refused.error, self._peer)) from None
        values = [found.get_value(0, at) for at in range(found.nfields if found.ntuples else 0)]
        return tuple(
            None if value is None else value.decode(self._codec, "surrogateescape")
            for value in values
        )

    def _run(self, sql: str) -> None:
        try:
            self._checked(self._pgconn.exec_(self._bytes(sql)))
        except _Refused as refused:
            raise Unreachable(failure_of(refused.error, self._peer)) from None

    def _checked(self, result: PGresult) -> PGresult:
        if self._pgconn.status == pq.ConnStatus.BAD:
            raise Unreachable(lost_failure(self._pgconn.get_error_message(), self._peer))
        if result.status != pq.ExecStatus.FATAL_ERROR:
            return result

        def field(code: pq.DiagnosticField) -> str:
            return (result.error_field(code) or b"").decode(self._codec, "surrogateescape")

        raise _Refused(
            ServerError(
                field(pq.DiagnosticField.SQLSTATE),
                field(pq.DiagnosticField.MESSAGE_PRIMARY),
                field(pq.DiagnosticField.MESSAGE_DETAIL),
                field(pq.DiagnosticField.MESSAGE_HINT),
                False,
            )
        )

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._codec, "surrogateescape")


class _Refused(Exception):  # noqa: N818  # the server's answer, turned into a Failure at once
    def __init__(self, error: ServerError) -> None:
        super().__init__(error.message)
        self.error = error


@contextmanager
def open_describer(conninfo: Conninfo) -> Iterator[Describer]:
    """Connect, and close at the end of the block; raises `Unreachable`."""
    peer = Peer(where_of(conninfo), conninfo.get("user", ""), conninfo.get("dbname", ""))
    keywords = {
        "connect_timeout": str(CONNECT_SECONDS),
        **conninfo,
        **LINK_KEYWORDS,
        "application_name": APPLICATION_NAME,
    }
    try:
        text = make_conninfo("", **keywords)
    except psycopg.Error as error:
        raise Unreachable(connect_failure(str(error), peer)) from None
    pgconn = pq.PGconn.connect(text.encode(errors="surrogateescape"))
    try:
        if pgconn.status == pq.ConnStatus.BAD:
            raise Unreachable(connect_failure(pgconn.get_error_message(), peer))
        pgconn.notice_handler = None
        yield Describer(pgconn, peer)
    finally:
        pgconn.finish()
