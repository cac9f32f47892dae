"""One open session: several questions in one round trip, each answered or failed by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.source import Answer
from pgdeck.errors import Unreachable
from pgdeck.pg.pipeline import Planner, Unit, in_one_piece
from pgdeck.pg.settings import PROBE_DEADLINE
from pgdeck.pg.sounding import Sounding
from pgdeck.pg.sqlstate import Peer, ServerError, failure_of, lost_failure, no_answer
from pgdeck.pg.values import Loaders, codec_of

PATIENCE = 30.0
"""Seconds that one round may take while bytes keep coming."""

MANY_ROWS = 50
"""Rows whose decoding takes long enough to let others go first."""

# Process ids of a real server stay below Linux' pid_max; poolers send random 32 bits instead.
_PID_MAX = 4_194_304

_ROWS = pq.ExecStatus.TUPLES_OK
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY)
_ABORTED = pq.ExecStatus.PIPELINE_ABORTED
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_BAD = pq.ConnStatus.BAD


class Session:
    """A connection on the event loop; one round at a time, nothing ever waits in a call.

    `on_lost` is called at most once, when the connection dies while no round is under way.
    """

    def __init__(self, pgconn: PGconn, peer: Peer) -> None:
        self._pgconn = pgconn
        self._loop = asyncio.get_running_loop()
        self._fd = pgconn.socket
        self.peer = peer
        self.version = pgconn.server_version
        self.backend_pid = pgconn.backend_pid
        self.pooled = not 0 < self.backend_pid <= _PID_MAX
        self.server_encoding = (pgconn.parameter_status(b"server_encoding") or b"").decode()
        self.on_lost: Callable[[Failure], None] | None = None
        self._loaders = Loaders(codec_of(self.server_encoding))
        self._planner = Planner(self.version, self.server_encoding)
        self._sounding = Sounding()
        self._units: list[Unit] = []
        self._reached = 0
        self._ended: asyncio.Future[None] | None = None
        self._begun = self._heard = 0.0
        self._deadline = PROBE_DEADLINE
        self._watchdog: asyncio.TimerHandle
        self._farewell: ServerError | None = None
        self.closed = False
        pgconn.nonblocking = 1
        pgconn.notice_handler = self._notice
        self._loop.add_reader(self._fd, self._readable)

    @property
    def opening(self) -> int:
        """Transactions of its own that lead its next round."""
        return 0 if self.pooled else self._planner.opening

    @property
    def round_trip(self) -> float | None:
        """Seconds that the way to the server and back takes, None before it was measured."""
        return self._sounding.seconds

    def forget(self) -> None:
        """Prepare every statement anew: a line that spoils bytes may have changed one."""
        self._planner.forget()

    async def round(
        self, queries: Sequence[Query], deadline: float = PROBE_DEADLINE
    ) -> tuple[Answer, ...]:
        """Answer all queries in one round trip; one that fails becomes its own Failure.

        `deadline` is in seconds of silence, counted from sending.  Raises `Unreachable` when
        the connection is lost or silent (it is closed then), or could not be made read-only.
        """
        if self.closed:
            raise Unreachable(self._loss("the connection was closed"))
        if self._ended is not None:
            raise RuntimeError("a round is already under way")
        self._units, self._reached = self._planner.plan(queries, pooled=self.pooled), 0
        self._ended = self._loop.create_future()
        self._begun, self._deadline = self._loop.time(), deadline
        self._watchdog = self._loop.call_later(deadline, self._watch)
        try:
            self._send()
            await self._ended
        except BaseException:
            self.close()
            raise
        finally:
            self._watchdog.cancel()
            self._ended = None
        return await self._answers(len(queries))

    def close(self) -> None:
        """Close without waiting for anybody; a round under way ends as Unreachable."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._pgconn.notice_handler = None
        self._pgconn.finish()
        self._fail(self._loss("the connection was closed"))

    def _send(self) -> None:
        pgconn = self._pgconn
        self._heard = self._loop.time()
        try:
            pgconn.enter_pipeline_mode()
            with in_one_piece(self._fd):
                if self._units:
                    first = self._units[0].statements[0]
                    self._sounding.begin(pgconn, first, self._heard)
                for unit in self._units:
                    for statement in unit.statements:
                        statement.send(pgconn, self._loaders.codec)
                    pgconn.pipeline_sync()
                self._flush()
        except (psycopg.Error, OSError) as error:
            self._lose(str(error))

    def _flush(self) -> None:
        try:
            if self._pgconn.flush():
                self._loop.add_writer(self._fd, self._flush)
            else:
                self._loop.remove_writer(self._fd)
        except psycopg.Error as error:
            self._lose(str(error))

    def _readable(self) -> None:
        self._heard = self._loop.time()
        self._sounding.end(self._heard)
        try:
            self._pgconn.consume_input()
            if self._absorb():
                self._pgconn.exit_pipeline_mode()
                self._finish_round()
        except psycopg.Error as error:
            self._lose(str(error))
            return
        if self._pgconn.status == _BAD:
            self._lose(self._pgconn.get_error_message())

    def _finish_round(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def _absorb(self) -> bool:
        """Take what has arrived; True when the last unit is complete."""
        pgconn = self._pgconn
        idle = 0
        while not pgconn.is_busy() and self._ended is not None:
            if self._reached == len(self._units):
                return True
            result = pgconn.get_result()
            if result is not None:
                idle = 0
                self._file(result)
            elif (idle := idle + 1) > 2:
                raise psycopg.OperationalError(pgconn.get_error_message() or "lost synchronization")
        return False

    def _file(self, result: PGresult) -> None:
        unit = self._units[self._reached]
        status = result.status
        if status == _SYNC:
            self._reached += 1
        elif status == _ROWS:
            unit.rows = result
        elif status == pq.ExecStatus.FATAL_ERROR:
            unit.error = unit.error or self._error(result)
            if unit.error.fatal or self._pgconn.status == _BAD:
                self._farewell = unit.error if unit.error.sqlstate else None
                raise psycopg.OperationalError(unit.error.message)
        elif status in _DONE:
            unit.rows = None
            unit.commands += 1
        elif status != _ABORTED:
            raise psycopg.OperationalError("COPY has no place among the questions of a round")

    def _notice(self, result: PGresult) -> None:
        # What the server says before it hangs up comes as a notice while nothing is asked.
        error = self._error(result)
        if error.fatal:
            self._farewell = error

    def _error(self, result: PGresult) -> ServerError:
        def field(code: pq.DiagnosticField) -> str:
            return self._loaders.text(result.error_field(code) or b"")

        message = field(pq.DiagnosticField.MESSAGE_PRIMARY)
        return ServerError(
            field(pq.DiagnosticField.SQLSTATE),
            message or self._loaders.text(result.error_message).strip(),
            field(pq.DiagnosticField.MESSAGE_DETAIL),
            field(pq.DiagnosticField.MESSAGE_HINT),
            field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) in ("FATAL", "PANIC"),
        )

    def _watch(self) -> None:
        """Close the session of a peer that said nothing for `deadline` seconds."""
        until = min(self._heard + self._deadline, self._begun + PATIENCE)
        if until > self._loop.time():
            self._watchdog = self._loop.call_at(until, self._watch)
            return
        cause = f"silent for {self._deadline:g} s"
        self._fail(no_answer(self.peer, cause, FailureKind.TIMEOUT))
        self.close()

    def _lose(self, text: str) -> None:
        failure = self._loss(text)
        asked = self._ended is not None
        self._fail(failure)
        self.close()
        if not asked and self.on_lost is not None:
            self.on_lost(failure)

    def _loss(self, text: str) -> Failure:
        if self._farewell is not None:
            return failure_of(self._farewell, self.peer)
        return lost_failure(text, self.peer)

    def _fail(self, failure: Failure) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(Unreachable(failure))

    async def _answers(self, count: int) -> tuple[Answer, ...]:
        answers: list[Answer] = [
            Failure(FailureKind.QUERY, "The statement returned no rows") for _ in range(count)
        ]
        for unit in self._units:
            if unit.guard and unit.error is not None:
                self.close()
                failure = failure_of(unit.error, self.peer)
                message = f"The session could not be made read-only: {failure.message}"
                raise Unreachable(Failure(failure.kind, message, failure.hint, failure.sqlstate))
            if unit.index is None:
                continue
            if unit.error is not None:
                answers[unit.index] = failure_of(unit.error, self.peer)
            elif unit.rows is not None:
                answers[unit.index] = self._rows(unit.rows)
                if unit.rows.ntuples > MANY_ROWS:
                    await asyncio.sleep(0)  # a big answer's decoding must not hold up the keys
        self._planner.learn(self._units)
        self._units = []
        return tuple(answers)

    def _rows(self, result: PGresult) -> Rows:
        names = tuple(self._loaders.text(result.fname(i) or b"") for i in range(result.nfields))
        count = range(result.ntuples)
        columns = [
            self._loaders.column(result.ftype(i), [result.get_value(row, i) for row in count])
            for i in range(result.nfields)
        ]
        return Rows(names, tuple(zip(*columns, strict=True)) if columns else ((),) * len(count))
