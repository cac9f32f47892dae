"""The demo: a server of pgdeck's own, two databases, a modest load, and the dashboard on them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import FrameType

from pgdeck.cli.demolock import Lock
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.errors import UsageProblem
from pgdeck.pg.account import account_of, server_account
from pgdeck.pg.binaries import Binaries, find_binaries, within_reach
from pgdeck.pg.embedded import Cluster, server_home
from pgdeck.pg.private import private_file

NAME = "demo"
LOOPBACK = "127.0.0.1"
ENDINGS = (signal.SIGTERM, signal.SIGHUP)
SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "60",
    "max_wal_size": "512MB",
    "synchronous_commit": "off",
    "track_io_timing": "on",
    "compute_query_id": "on",
    "log_lock_waits": "on",
    # Vacuum comes often and works slowly, so that it can be watched.
    "autovacuum_naptime": "10s",
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_cost_delay": "20ms",
    "autovacuum_vacuum_cost_limit": "60",
}


def run(args: argparse.Namespace) -> int:
    """Start what the demo needs, show the dashboard, and stop it all again.

    Raises `Refused` when another demo runs, `Problem` when the server cannot be had.
    """
    binaries = find_binaries()
    headless = bool(getattr(args, "headless", False))
    if not headless and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageProblem(
            "the demo shows a dashboard, which needs a terminal",
            "For scripts: pgdeck demo in one terminal, pgdeck ls and status in another",
        )
    _end_on_signals()
    _forget_other_servers()
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(_ground(binaries, args))
        if headless:
            print(_shown(target.conninfo), flush=True)
            sys.stdin.buffer.read()
            return 0
        from pgdeck.cli.dash import open_dashboard

        try:
            return open_dashboard(target, args)
        finally:
            # The dashboard's event loop took the signals over; the rest must not be cut short.
            for number in ENDINGS:
                signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _ground(binaries: Binaries, args: argparse.Namespace) -> Iterator[Target]:
    """Everything that the dashboard stands on, for as long as the block lasts."""
    say = _Narrator()
    account = server_account()
    place = server_home(account)
    account = account_of(place / NAME, account)
    with Lock(place / f"{NAME}.lock") as lock:
        port = getattr(args, "port", None)
        cluster = Cluster(
            within_reach(binaries, account, place),
            place / NAME / "data",
            port=port or 5432,
            listen=LOOPBACK if port else "",
            settings=SETTINGS,
            account=account,
        )
        with _serving(cluster, say, fresh=bool(getattr(args, "fresh", False))):
            target = _target(cluster)
            lock.publish(_shown(target.conninfo))
            with contextlib.ExitStack() as stack:
                if port:
                    stack.enter_context(_password(cluster, place, port, say))
                if not getattr(args, "no_load", False):
                    stack.enter_context(under_load(cluster, place / f"{NAME}-load.log"))
                    say("some people are at work on them")
                yield target


@contextlib.contextmanager
def _serving(cluster: Cluster, say: _Narrator, *, fresh: bool) -> Iterator[None]:
    if cluster.stop():
        say("stopped the server that an earlier demo had to leave behind")
    if fresh:
        cluster.remove()
    made = cluster.initialize()
    try:
        cluster.start()
        who = "" if cluster.account.is_ours else f" as the account {cluster.account.name}"
        say(f"PostgreSQL {cluster.version} runs{who}; its data is in {cluster.data_dir}")
        _build(cluster, say)
        made = False
        yield
    finally:
        _stop(cluster)
        if made:
            # Half a first run is worth nothing, and may be what filled the disk.
            cluster.remove()


def _build(cluster: Cluster, say: _Narrator) -> None:
    import psycopg

    from pgdeck.reference import databases

    try:
        if databases.are_complete(cluster.conninfo):
            return
        from sqlalchemy.exc import SQLAlchemyError

        say("making the example databases; this happens once")
        try:
            databases.build(cluster.conninfo, say)
        except SQLAlchemyError as error:
            raise cluster.failure("building the example databases", str(error)) from error
    except psycopg.Error as error:
        raise cluster.failure("building the example databases", str(error)) from error


def _stop(cluster: Cluster) -> None:
    for number in (*ENDINGS, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    cluster.stop("fast")


@contextlib.contextmanager
def under_load(cluster: Cluster, log: Path) -> Iterator[None]:
    """Have some people at work on the example databases for as long as the block lasts."""
    from pgdeck.reference.databases import ANALYTICS, OPERATIONAL

    addresses = {
        "operational": dict(cluster.conninfo(OPERATIONAL)),
        "analytics": dict(cluster.conninfo(ANALYTICS)),
    }
    with open(log, "wb", opener=partial(os.open, mode=0o600)) as output:
        # It ends when its input does, so it cannot outlive us, whatever ends us.
        process = subprocess.Popen(
            # -P: what lies in the working directory is not ours to import.
            [sys.executable, "-P", "-m", "pgdeck.reference.load"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    pipe = process.stdin
    assert pipe is not None
    try:
        pipe.write(json.dumps(addresses).encode() + b"\n")
        pipe.flush()
        yield
    finally:
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
        process.terminate()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _password(cluster: Cluster, place: Path, port: int, say: _Narrator) -> Iterator[None]:
    """Let whoever reads one private file of ours in over the network."""
    import psycopg
    from psycopg import sql

    password = secrets.token_urlsafe(18)
    file = place / f"{NAME}.pgpass"
    with psycopg.connect(autocommit=True, **cluster.conninfo()) as connection:  # type: ignore[arg-type]
        statement = sql.SQL("ALTER ROLE postgres PASSWORD {}")
        connection.execute(statement.format(sql.Literal(password)))
    private_file(file, f"{LOOPBACK}:{port}:*:postgres:{password}\n", server_account())
    say(f"it listens on {LOOPBACK}:{port} too; its password is in {file} (PGPASSFILE)")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _target(cluster: Cluster) -> Target:
    from pgdeck.reference.databases import OPERATIONAL

    return Target(
        name=NAME,
        kind=Kind.EMBEDDED,
        conninfo=cluster.conninfo(OPERATIONAL),
        environment=Environment.DEV,
        source=NAME,
    )


def _shown(conninfo: Conninfo) -> str:
    from psycopg.conninfo import make_conninfo

    from pgdeck.core.target import SECRET_KEYWORDS

    return make_conninfo(**{k: v for k, v in conninfo.items() if k not in SECRET_KEYWORDS})


def _end_on_signals() -> None:
    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in ENDINGS:
        signal.signal(number, end)


def _forget_other_servers() -> None:
    # libpq takes a service, options or a certificate from these for every connection.
    for name in [name for name in os.environ if re.fullmatch("PG[A-Z]+", name)]:
        del os.environ[name]


class _Narrator:
    """Says each step on standard error, with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        # After a hangup there may be nobody to hear it.
        with contextlib.suppress(OSError):
            print(f"{time.monotonic() - self._began:5.1f} s  {text}", file=sys.stderr, flush=True)
