"""Helpers of the tests that look at a live server through the collectors."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import psycopg

from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import Collector
from pgdeck.core.target import Kind, Target
from pgdeck.watch.once import collect_once
from servers import LiveServer, await_end

T = TypeVar("T")

SCREENS = Path(__file__).resolve().parents[1] / "screens"
WATCHING = (
    "SET search_path = ''; SET default_transaction_read_only = on; SET jit = off; "
    "SET lock_timeout = '250ms'; SET statement_timeout = '2500ms'"
)


def target_of(server: LiveServer, db: str = "postgres", user: str = "postgres") -> Target:
    """Return a database of a live server as a target."""
    return Target("test", Kind.REMOTE, server.conninfo(db, user))


async def look(
    server: LiveServer,
    collector: Collector[T],
    db: str = "postgres",
    user: str = "postgres",
    *,
    rates: bool = False,
) -> Any:
    """Collect once over a watching session and return the data; a failure fails the test."""
    taken = await collect_once(target_of(server, db, user), [collector], rates=rates)
    snapshot: Snapshot[object] = taken[collector.name]
    assert snapshot.failure is None, snapshot.failure
    return snapshot.data


def screen_rows(
    server: LiveServer, name: str, db: str, user: str = "postgres", keys: list[str] | None = None
) -> list[dict[str, Any]]:
    """Run a screen's statement for the server's version as a watching session would."""
    sql = sql_of(name, server.major)
    with server.connect(db, user) as connection:
        connection.execute(WATCHING)
        cursor = psycopg.RawCursor(connection)
        cursor.execute(sql.encode(), None if keys is None else [keys])
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sql_of(name: str, major: int) -> str:
    """Return the statement of a screen file that serves a major version."""
    variants = {0: SCREENS / f"{name}.sql"}
    variants |= {int(path.stem.split("@")[1]): path for path in SCREENS.glob(f"{name}@*.sql")}
    return variants[max(floor for floor in variants if floor <= major)].read_text("utf-8")


@contextmanager
def busy(server: LiveServer, db: str, *statements: str) -> Iterator[int]:
    """Hold a transaction open in which the statements ran; yields its pid."""
    with server.connect(db, autocommit=False) as connection:
        pid = connection.info.backend_pid
        for statement in statements:
            connection.execute(statement.encode())
        try:
            yield pid
        finally:
            connection.rollback()
    await_end(pid)


@contextmanager
def stuck(server: LiveServer, db: str, *statements: str) -> Iterator[int]:
    """Run statements of which the last one has to wait for a lock; yields its pid once it waits."""
    with at_work(server, db, *statements) as pid:
        wait_for(lambda: server.sql(f"SELECT 1 FROM pg_locks WHERE pid = {pid} AND NOT granted"))
        yield pid


@contextmanager
def at_work(
    server: LiveServer, db: str, *statements: str, autocommit: bool = False
) -> Iterator[int]:
    """Run statements of which the last one takes long, in the background; yields its pid."""
    with ExitStack() as stack:
        connection = stack.enter_context(server.connect(db, autocommit=autocommit))
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        pid = connection.info.backend_pid
        thread = Thread(target=_endure, args=(connection, statements[-1]), daemon=True)
        thread.start()
        stack.callback(await_end, pid)
        stack.callback(thread.join, 10)
        stack.callback(server.sql, f"SELECT pg_terminate_backend({pid})")
        yield pid


def _endure(connection: psycopg.Connection[Any], statement: str) -> None:
    try:
        connection.execute(statement.encode())
    except psycopg.Error:
        connection.close()


def wait_for(check: Callable[[], T], seconds: float = 20.0) -> T:
    """Ask until the answer is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def crash(server: LiveServer) -> None:
    """Kill a backend, and with it all others: the postmaster recovers and was never restarted."""
    with closing(server.connect()) as bystander, closing(server.connect()) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        with suppress(psycopg.Error):
            bystander.execute("SELECT pg_sleep(30)")
            raise AssertionError("the server went on")
    wait_for(lambda: _answers(server))


def _answers(server: LiveServer) -> bool:
    try:
        return bool(server.sql("SELECT 1"))
    except psycopg.OperationalError:
        return False
