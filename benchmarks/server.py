"""A throw-away PostgreSQL 18 of our own, with the data and the sessions to measure on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from pgdeck.pg.binaries import find_binaries
from pgdeck.pg.datadir import SUPERUSER
from pgdeck.pg.embedded import Cluster

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "86400",  # nothing of the server's own accord while we measure
}
SCHEMAS = 20
PARTITIONS = 1000
TABLES_OF_A_BATCH = 100  # in one transaction, so that its locks stay few
CREATE_TABLES = """
do $$ begin
  for i in {first}..{last} loop
    execute format('create table s{schema:02d}.t%s (id int primary key, a text, b int)', i);
    execute format('create index on s{schema:02d}.t%s (b)', i);
    if i % 10 = 0 then
      execute format('insert into s{schema:02d}.t%s select g, md5(g::text), g
                      from generate_series(1, %s) g', i, 50 + i);
    end if;
  end loop;
end $$"""
CREATE_PARTITIONS = """
do $$ begin
  for i in {first}..{last} loop
    execute format('create table events_%s partition of events for values from (%s) to (%s)',
                   i, i, i + 1);
    execute format('insert into events_%s values (%s, %s, md5(''x''))', i, i, i);
  end loop;
end $$"""


class Server:
    """A running cluster; `user` is its superuser, and only our own account is let in as that."""

    user = SUPERUSER

    def __init__(self, directory: Path) -> None:
        self._binaries = find_binaries(18)
        self._cluster = Cluster(self._binaries, directory / "data", settings=SETTINGS)
        self._cluster.account.own(directory)

    def start(self) -> None:
        """Create the cluster and start it."""
        self._cluster.initialize()
        self._cluster.start()

    def stop(self) -> None:
        """Stop at once: nothing in it is to be kept."""
        self._cluster.stop("immediate")

    @property
    def socket(self) -> Path:
        """The path of the socket itself."""
        return self._cluster.socket_dir / f".s.PGSQL.{self._cluster.port}"

    def pgbench(self, database: str, *options: str) -> subprocess.Popen[bytes]:
        """Start pgbench on a database, silent."""
        keywords = self._cluster.conninfo(database)
        return subprocess.Popen(
            [self._binaries.tool("pgbench"), *options, database],
            env={
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "PGHOST": keywords["host"],
                "PGPORT": keywords["port"],
                "PGUSER": keywords["user"],
                "PGAPPNAME": "load",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def address(self, database: str) -> str:
        """Return a connection string past the proxy."""
        return make_conninfo(**self._cluster.conninfo(database))

    def connect(self, database: str, application: str = "bench") -> psycopg.Connection:
        """Connect past the proxy, each statement a transaction of its own."""
        keywords = self._cluster.conninfo(database).with_keywords(application_name=application)
        return psycopg.connect(make_conninfo(**keywords), autocommit=True)

    @contextlib.contextmanager
    def load(self, database: str, clients: int = 8, rate: int = 100) -> Iterator[None]:
        """Run pgbench's transactions at a steady rate for the time of the block."""
        options = ["-n", "-c", str(clients), "-j", "1", "-R", str(rate), "-T", "86400"]
        with self.pgbench(database, *options) as process:
            try:
                yield
            finally:
                process.terminate()

    @contextlib.contextmanager
    def crowd(self, database: str, count: int, chain: int = 5) -> Iterator[None]:
        """Hold sessions for the time of the block: most idle, some in a transaction, one chain.

        The chain is of sessions of which each waits for a row that the one before holds.
        """
        with contextlib.ExitStack() as stack:
            sessions = [
                stack.enter_context(contextlib.closing(self.connect(database, f"app-{number:03d}")))
                for number in range(count)
            ]
            for number, session in enumerate(sessions[:chain]):
                session.execute("begin")
                session.execute("update chain set v = v + 1 where id = %s", (number + 1,))
                if number:
                    session.pgconn.send_query(b"update chain set v = v + 1 where id = %d" % number)
            for number, session in enumerate(sessions[chain:]):
                session.execute("begin" if number % 10 == 0 else "select 1")
                session.execute("select count(*) from chain")
            try:
                yield
            finally:
                with self.connect("postgres") as admin:
                    admin.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity "
                        "where application_name like 'app-%'"
                    )


@contextlib.contextmanager
def running(*, tables: int = 0) -> Iterator[Server]:
    """Yield a server with pgbench's tables in `bench`, a partitioned one in the database `parts`,
    and as many `tables` as asked in `catalog`.
    """
    directory = Path(tempfile.mkdtemp(prefix="pgdeck-bench-"))
    server = Server(directory)
    try:
        server.start()
        try:
            _fill(server)
            _fill_parts(server)
            if tables:
                _fill_catalog(server, tables)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _fill(server: Server) -> None:
    with server.connect("postgres") as session:
        session.execute("create database bench")
    with server.pgbench("bench", "-i", "-q", "-s", "10") as process:
        if process.wait():
            raise RuntimeError("pgbench could not fill its tables")
    with server.connect("bench") as session:
        session.execute("create table chain (id int primary key, v int)")
        session.execute("insert into chain select g, 0 from generate_series(0, 99) g")
        session.execute("vacuum analyze")


def _fill_parts(server: Server) -> None:
    with server.connect("postgres") as session:
        session.execute("create database parts")
    with server.connect("parts") as session:
        session.execute(
            "create table events (id bigint, at int, body text) partition by range (at)"
        )
        for first in range(0, PARTITIONS, TABLES_OF_A_BATCH):
            session.execute(CREATE_PARTITIONS.format(first=first, last=first + 99).encode())


def _fill_catalog(server: Server, tables: int) -> None:
    with server.connect("postgres") as session:
        session.execute("create database catalog")
    with server.connect("catalog") as session:
        for schema in range(SCHEMAS):
            session.execute(f"create schema s{schema:02d}")
            for first in range(0, tables // SCHEMAS, TABLES_OF_A_BATCH):
                last = min(first + TABLES_OF_A_BATCH, tables // SCHEMAS) - 1
                session.execute(
                    CREATE_TABLES.format(schema=schema, first=first, last=last).encode()
                )
        session.execute("vacuum analyze pg_catalog.pg_class")
        session.execute("vacuum analyze pg_catalog.pg_attribute")
