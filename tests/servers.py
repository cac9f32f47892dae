"""Real servers for the tests: quick, private to the test run, and always stopped."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgdeck.core.target import Conninfo
from pgdeck.errors import Problem
from pgdeck.pg.account import server_account
from pgdeck.pg.binaries import SYSTEM, Binaries, binaries_at, find_binaries, within_reach
from pgdeck.pg.datadir import Auth
from pgdeck.pg.embedded import Cluster
from pgdeck.pg.postmaster import stop_postmaster

LOOPBACK = "127.0.0.1"
PREFIX = "pgdeck-test-"
LOCK = "lock"
MINUTE = 60.0
SESSION_ENDS = 5.0
MAX_CONNECTIONS = 60
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": str(MAX_CONNECTIONS),
    "shared_buffers": "32MB",
    "max_prepared_transactions": "8",
    "wal_level": "logical",
    "track_io_timing": "on",
    "compute_query_id": "on",
    # Nothing of a test may depend on when the launcher wakes up.
    "autovacuum_naptime": "1h",
    "log_min_messages": "warning",
}


class LiveServer:
    """A server on 127.0.0.1 that trusts everybody there; its superuser is ``postgres``."""

    def __init__(self, cluster: Cluster, major: int) -> None:
        self.cluster = cluster
        self.major = major
        self.host = LOOPBACK

    @property
    def port(self) -> int:
        """The TCP port; it stays the same over restarts."""
        return self.cluster.port

    @property
    def socket_dir(self) -> Path:
        """The directory of the server's Unix socket."""
        return self.cluster.socket_dir

    def conninfo(self, dbname: str = "postgres", user: str = "postgres") -> Conninfo:
        """Return how to reach a database over TCP."""
        return Conninfo({"host": self.host, "port": str(self.port), "user": user, "dbname": dbname})

    def dsn(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """Return the same as a connection string."""
        return psycopg.conninfo.make_conninfo(**self.conninfo(dbname, user))

    def connect(
        self, db: str = "postgres", user: str = "postgres", *, autocommit: bool = True
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a session of the test's own; the caller closes it."""
        return psycopg.connect(self.dsn(db, user), autocommit=autocommit, connect_timeout=10)

    def sql(self, text: str, db: str = "postgres", user: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements in one fresh session, each committed; return the last one's rows.

        When this returns the session is gone and what it did is counted: it reports as late as on
        its way out, and might so spoil a reset that comes after it.
        """
        with self.connect(db, user) as connection:
            pid = connection.info.backend_pid
            cursor = connection.execute(text.encode())
            while cursor.nextset():
                pass
            rows = cursor.fetchall() if cursor.description else []
        await_end(pid)
        return rows

    def start(self) -> None:
        """Start the server again."""
        self.cluster.start()

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: ``smart``, ``fast`` or ``immediate``."""
        self.cluster.stop(mode)

    def create_database(self, name: str) -> str:
        """Create an empty database, dropping one of that name first; returns the name."""
        with self.connect() as connection:
            quoted = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        return name

    def role(self, name: str, *memberships: str, options: str = "LOGIN") -> str:
        """Create or change a role with the given options and memberships; returns the name."""
        with self.connect() as connection:
            found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            verb = "CREATE" if found is None else "ALTER"
            connection.execute(f'{verb} ROLE "{name}" {options}'.encode())
            for granted in memberships:
                connection.execute(f'GRANT "{granted}" TO "{name}"'.encode())
        return name


def await_end(pid: int) -> None:
    """Wait until a session that was closed or ended is gone; it goes after its client has left."""
    deadline = time.monotonic() + SESSION_ENDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        except PermissionError:
            pass  # another account's, and there
        time.sleep(0.001)


class Ground:
    """Where one test process keeps its servers; a template for each major version is made once."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._templates: dict[Binaries, Path] = {}
        self._binaries: dict[int, Binaries] = {}

    def binaries(self, major: int) -> Binaries:
        """Return the programs of a major version; skips when they are absent, fails in CI."""
        if major not in self._binaries:
            try:
                found = find_binaries(major)
            except Problem as problem:
                if os.environ.get("CI") == "true":
                    raise
                pytest.skip(f"PostgreSQL {major}: {problem.message}")
            self._binaries[major] = within_reach(found, server_account(), self.place)
        return self._binaries[major]

    def with_contrib(self, major: int) -> Binaries:
        """Return programs that come with the contrib modules; skips when there are none.

        The embedded servers have none; PGDECK_TEST_CONTRIB names the directories of others.
        """
        named = os.environ.get("PGDECK_TEST_CONTRIB", "")
        for place in filter(None, named.split(os.pathsep)):
            if (found := binaries_at(Path(place))).major == major:
                return found
        found = self.binaries(major)
        if str(found.directory) != SYSTEM.format(major=major):
            pytest.skip(f"PostgreSQL {major} has no contrib modules here")
        return found

    @contextmanager
    def server(
        self, major: int, name: str, *, binaries: Binaries | None = None, **settings: str
    ) -> Iterator[LiveServer]:
        """Run a server until the block is left, then delete its data."""
        binaries = binaries or self.binaries(major)
        home = self.place / name
        cluster = Cluster(
            binaries,
            home / "data",
            port=int(settings.pop("port", 0)) or free_port(),
            listen=LOOPBACK,
            settings={**SETTINGS, **settings},
            auth=Auth.TRUST,
        )
        try:
            cluster.initialize(self._template(binaries))
            cluster.start()
            yield LiveServer(cluster, major)
        finally:
            cluster.stop("immediate")
            shutil.rmtree(home, ignore_errors=True)

    def _template(self, binaries: Binaries) -> Path:
        if binaries not in self._templates:
            template = self.place / f"template{len(self._templates)}" / "data"
            Cluster(binaries, template, auth=Auth.TRUST).initialize()
            self._templates[binaries] = template
        return self._templates[binaries]


@contextmanager
def standby_of(
    server: LiveServer, ground: Ground, name: str, *, connections: int = MAX_CONNECTIONS
) -> Iterator[LiveServer]:
    """Run a standby of a server, with as many `connections`, until the block is left."""
    binaries = ground.binaries(server.major)
    home = ground.place / name
    home.mkdir()
    cluster = Cluster(
        binaries,
        home / "data",
        port=free_port(),
        listen=LOOPBACK,
        settings={
            "max_connections": str(connections),
            "max_prepared_transactions": "8",
            "fsync": "off",
        },
    )
    cluster.account.own(home)
    tool = str(binaries.tool("pg_basebackup"))
    argv = [tool, "-D", str(cluster.data_dir), "-d", server.dsn(), "-R", "-c", "fast", "--no-sync"]
    code, said = cluster.account.run(argv, home)
    assert code == 0, said
    try:
        cluster.start()
        yield LiveServer(cluster, server.major)
    finally:
        cluster.stop("immediate")


@contextmanager
def ground() -> Iterator[Ground]:
    """Make the place where this process keeps its servers, and remove it in the end."""
    sweep()
    # Short, for the sockets, and enterable by the account that runs the servers when we are root.
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    with open(place / LOCK, "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place.chmod(0o711)
        try:
            yield Ground(place)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def sweep() -> None:
    """Stop and remove what killed test runs left behind; a living one holds its lock."""
    for place in Path("/tmp").glob(f"{PREFIX}*"):
        with suppress(OSError), open(place / LOCK, "rb") as lock:
            if time.time() - os.fstat(lock.fileno()).st_mtime < MINUTE:
                continue  # it may be about to take its lock
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for pidfile in place.glob("*/data/postmaster.pid"):
                stop_postmaster(pidfile.parent, "immediate")
            shutil.rmtree(place, ignore_errors=True)


def free_port() -> int:
    """Return a TCP port that is free now and is not handed out for outgoing connections."""
    for _ in range(200):
        port = 20_000 + int.from_bytes(os.urandom(2)) % 12_000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free TCP port")
