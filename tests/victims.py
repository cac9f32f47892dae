"""Sessions that run something, or forgot to end it, for tests that cancel and terminate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any

import psycopg

from servers import LiveServer

LITERAL = "a secret of theirs"


class Victim:
    """A session that runs something long, and how that ended."""

    def __init__(self, server: LiveServer, db: str, user: str, sql: str) -> None:
        self.link = psycopg.connect(server.dsn(db, user), autocommit=True, application_name="night")
        self.pid = self.link.info.backend_pid
        self.ended: list[str] = []
        self._thread = Thread(target=self._run, args=(sql,), daemon=True)
        self._thread.start()
        wait_for(server, self.pid, "active")

    def _run(self, sql: str) -> None:
        try:
            self.link.execute(sql.encode())
            self.ended.append("")
        except psycopg.Error as error:
            self.ended.append(error.sqlstate or type(error).__name__)

    def result(self) -> str:
        """Return the SQLSTATE with which its statement ended."""
        self._thread.join(10)
        assert self.ended, "it still runs"
        return self.ended[0]

    @property
    def runs(self) -> bool:
        """Whether its statement still runs."""
        return not self.ended

    def close(self) -> None:
        """End it for good."""
        self.link.cancel_safe(timeout=5)
        self._thread.join(10)
        self.link.close()


@contextmanager
def running(
    server: LiveServer, user: str = "postgres", db: str = "postgres", seconds: int = 60
) -> Iterator[Victim]:
    """Run a statement with a literal in it."""
    victim = Victim(server, db, user, f"SELECT pg_sleep({seconds}), '{LITERAL}'")
    try:
        yield victim
    finally:
        victim.close()


@contextmanager
def resting(server: LiveServer, user: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
    """Hold a transaction open in which nothing runs."""
    with closing(psycopg.connect(server.dsn(user=user), application_name="forgotten")) as link:
        link.execute("SELECT 1")
        wait_for(server, link.info.backend_pid, "idle in transaction")
        yield link


def wait_for(server: LiveServer, pid: int, state: str) -> None:
    deadline = time.monotonic() + 10
    with server.connect() as link:
        found = None
        while found != state:
            assert time.monotonic() < deadline, found
            sql = "SELECT state FROM pg_stat_activity WHERE pid = %s"
            row = link.execute(sql, [pid]).fetchone()
            found = row[0] if row else None


def started(server: LiveServer, pid: int) -> str:
    sql = f"SELECT backend_start FROM pg_stat_activity WHERE pid = {pid}"
    return str(server.sql(sql)[0][0].isoformat())


def there(server: LiveServer, pid: int) -> bool:
    return bool(server.sql(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}"))
