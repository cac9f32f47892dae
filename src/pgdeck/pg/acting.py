"""The session in which a job acts: it blocks, hears notices, and can be stopped from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import psycopg
from msgspec import Struct
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from pgdeck.core.plan import Mark
from pgdeck.core.snapshot import Failure
from pgdeck.core.target import Conninfo
from pgdeck.errors import Problem, Refused, Unreachable
from pgdeck.pg.address import where_of
from pgdeck.pg.identity import IDENTIFIER, SERVER, fingerprint
from pgdeck.pg.settings import LINK_KEYWORDS
from pgdeck.pg.sqlstate import Peer, ServerError, connect_failure, failure_of, lost_failure

CONNECT_SECONDS = 10
STOP_SECONDS = 5.0

SETTINGS: Mapping[str, str] = {
    "search_path": "",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_read_only": "off",
    "client_min_messages": "notice",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
}
"""What must not be left to a database's or a login's own settings while something is changed."""

POOLED = (
    "a connection pooler stands between: what a session locks and sets there belongs to nobody",
    "give the address of the server itself",
)

Row = Mapping[str, object]


class Notice(Struct, frozen=True):
    """What the server says beside its answer; `severity` is its English word."""

    severity: str
    sqlstate: str
    message: str


class ActionFailed(Problem):
    """A statement of a job was refused by the server; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, failure.hint)
        self.failure = failure


class Acting:
    """A connection in autocommit; `heard` gets every notice, in the thread that runs a statement.

    Raises `Unreachable` when it cannot be opened, `Refused` behind a pooler.
    """

    def __init__(self, conninfo: Conninfo, application_name: str) -> None:
        self.heard: Callable[[Notice], None] | None = None
        self.peer = Peer(where_of(conninfo), conninfo.get("user", ""), conninfo.get("dbname", ""))
        keywords = {"connect_timeout": str(CONNECT_SECONDS), **conninfo, **LINK_KEYWORDS}
        keywords["application_name"] = shortened(application_name)
        # What statements are written in here, whatever the database itself is kept in.
        keywords["client_encoding"] = "UTF8"
        try:
            self._link = psycopg.connect(
                make_conninfo("", **keywords),
                autocommit=True,
                prepare_threshold=None,
                row_factory=dict_row,
            )
        except psycopg.Error as error:
            raise Unreachable(connect_failure(str(error), self.peer)) from None
        self._link.add_notice_handler(self._hear)
        self.version = self._link.info.server_version
        (row,) = self.ask("SELECT pg_catalog.pg_backend_pid() AS pid")
        self.pid = int(str(row["pid"]))
        if self._link.info.backend_pid != self.pid:
            # Before anything is set: it would stay with a connection that others use.
            self.close()
            raise Refused(*POOLED)
        with suppress(Problem):
            self.run("SET lc_messages TO 'C'")
        each = (
            f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in SETTINGS.items()
        )
        self.ask(f"SELECT {', '.join(each)}")

    def run(self, sql: str) -> str:
        """Run one statement and return its command tag; raises `ActionFailed` or `Unreachable`."""
        try:
            return self._link.execute(sql.encode()).statusmessage or ""
        except psycopg.Error as error:
            raise self._problem(error) from None

    def ask(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Return the rows of a question; raises like `run`."""
        try:
            return list(self._link.execute(sql.encode(), params or None).fetchall())
        except psycopg.Error as error:
            raise self._problem(error) from None

    def ask_one(self, sql: str) -> list[Row]:
        """Return the rows of a text that must be a single statement; raises like `run`.

        The server reads it alone first, where it refuses a second one.  It is not carried out
        that way: a parameter would get a value, and be planned for it.
        """
        read = self._link.pgconn.prepare(b"", sql.encode())
        if read.status != psycopg.pq.ExecStatus.COMMAND_OK:
            raise self._problem(psycopg.errors.error_from_result(read))
        return self.ask(sql)

    def stop(self) -> None:
        """Have the server cancel what runs; for another thread, and never raises."""
        with suppress(psycopg.Error, OSError):
            self._link.cancel_safe(timeout=STOP_SECONDS)

    def close(self) -> None:
        """Close the connection; what it held is let go."""
        self._link.close()

    def verify(self, mark: Mark) -> None:
        """Raise `Refused` unless this is the database, on the same start of its server, of a plan.

        Asked in this very session, so that nothing can come between the proof and the act.
        """
        (row,) = self.ask(SERVER.sql)
        identifier: str | None = None
        with suppress(ActionFailed):
            (found,) = self.ask(IDENTIFIER.sql)
            identifier = str(found["system_identifier"])
        here = fingerprint(identifier, int(str(row["database_oid"])))
        if here != mark.fingerprint:
            raise Refused(
                f"{self.peer.where} is another database now: its fingerprint is {here}, "
                f"the plan was made on {mark.fingerprint}",
                "look at what answers there, and plan anew",
            )
        if row["started_at"] != mark.started_at:
            raise Refused(
                f"the server of {mark.name} was restarted after the plan was made",
                "plan anew: what the plan says may not hold any more",
            )

    def _hear(self, said: psycopg.errors.Diagnostic) -> None:
        if self.heard is not None:
            severity, state = said.severity_nonlocalized or "", said.sqlstate or ""
            self.heard(Notice(severity, state, said.message_primary or ""))

    def _problem(self, error: psycopg.Error) -> Problem:
        found = error.diag
        if self._link.closed or not error.sqlstate:
            return Unreachable(lost_failure(str(error), self.peer))
        return ActionFailed(
            failure_of(
                ServerError(
                    error.sqlstate,
                    found.message_primary or str(error),
                    found.message_detail or "",
                    found.message_hint or "",
                ),
                self.peer,
            )
        )


def shortened(name: str) -> str:
    """Return an application name as a server takes it: 63 bytes of printable ASCII."""
    return re.sub(r"[^ -~]", "?", name)[:63]
