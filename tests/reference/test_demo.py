"""The demo from the outside: one at a time, and nothing is left running however it ends."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from pgdeck.pg.account import server_account
from pgdeck.pg.binaries import find_binaries
from pgdeck.pg.embedded import Cluster
from pgdeck.pg.postmaster import Postmaster, find_postmaster
from pgdeck.reference.databases import ANALYTICS, OPERATIONAL

# One place for all of them: the first run's work is done once.
pytestmark = pytest.mark.xdist_group("demo")


@dataclass
class Place:
    """A state directory for demos; `state` is what XDG_STATE_HOME says."""

    state: Path

    @property
    def data(self) -> Path:
        return self.state / "pgdeck" / "demo" / "data"

    def server(self) -> Postmaster | None:
        return find_postmaster(self.data)

    def start(self, *options: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "XDG_STATE_HOME": str(self.state),
            "PYTHONPATH": os.pathsep.join(sys.path),
            # The demo is about its own server, whatever the person else works with.
            "PGSERVICE": "nowhere",
            "PGOPTIONS": "-c no_such_setting=on",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "pgdeck", "demo", "--headless", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment,
        )

    @contextlib.contextmanager
    def demo(self, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """Run a demo; yields it and the address that it printed."""
        process = self.start(*options)
        assert process.stdout is not None
        try:
            ready, _, _ = select.select([process.stdout], [], [], 100)
            assert ready, "the demo said nothing"
            address = process.stdout.readline().strip()
            if not address:
                pytest.fail(process.communicate(timeout=20)[1])
            yield process, address
        finally:
            with contextlib.suppress(BrokenPipeError, ValueError):
                process.communicate(timeout=30)

    def fail(self, *options: str) -> tuple[int, str]:
        """Run a demo that ends by itself; returns its exit code and what it said."""
        process = self.start(*options)
        _, said = process.communicate(timeout=100)
        assert "Traceback" not in said
        return process.returncode, said


def make_place() -> Place:
    # As root, the server's account must reach it; elsewhere this changes nothing.
    state = Path(tempfile.mkdtemp(prefix="pgdeck-demo-", dir="/tmp"))
    (state / "pgdeck").mkdir()
    for directory in (state, state / "pgdeck"):
        directory.chmod(0o711)
    return Place(state)


@pytest.fixture(scope="module")
def built() -> Iterator[Place]:
    """A place where a demo ran once, from its first run to the end of its input."""
    place = make_place()
    try:
        with place.demo() as (_, address):
            with psycopg.connect(address) as connection:
                rows = connection.execute("SELECT count(*) FROM ops.messages").fetchone()
            assert rows is not None
            assert rows[0] >= 150_000
            assert place.server() is not None
        assert place.server() is None
        yield place
    finally:
        shutil.rmtree(place.state)


def await_no_process(place: Place, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while (found := place.server()) is not None:
        assert time.monotonic() < deadline, f"{found} still runs"
        time.sleep(0.05)


def loads_of(place: Place) -> list[int]:
    """Return the load processes that have this place's log open."""
    log = place.state / "pgdeck" / "demo-load.log"
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "fd" / "2").readlink() == log:
                found.append(int(process.name))
    return found


def test_the_second_is_told_about_the_first(built: Place) -> None:
    with built.demo() as (first, address):
        assert "password" not in address
        code, said = built.fail()
        assert code == 3
        assert f"process {first.pid}, since " in said
        assert f'pgdeck "{address}"' in said
        with psycopg.connect(address) as connection:
            found = connection.execute("SELECT current_database()::text").fetchone()
        assert found == (OPERATIONAL,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_the_server_and_the_load(built: Place, number: signal.Signals) -> None:
    with built.demo() as (process, _):
        assert built.server() is not None
        process.send_signal(number)
        process.wait(timeout=30)
        assert process.returncode in (128 + number, 130)
        await_no_process(built, 0)
        assert loads_of(built) == []


def test_after_a_kill_the_load_ends_and_the_next_start_cleans_up(built: Place) -> None:
    with built.demo() as (process, _):
        process.kill()
        process.wait()
        left = built.server()
        assert left is not None
        deadline = time.monotonic() + 15
        while loads_of(built):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    again = built.start("--no-load")
    assert again.stdout is not None
    again.stdout.readline()
    found = built.server()
    assert found is not None
    assert found.pid != left.pid
    _, said = again.communicate(timeout=30)
    assert "an earlier demo" in said
    await_no_process(built, 0)


def test_a_hangup_with_nobody_to_read_is_no_obstacle(built: Place) -> None:
    """The terminal is gone: what is said can no longer be written."""
    reader, writer = os.pipe()
    process = built.start("--no-load", stderr=writer)
    os.close(writer)
    os.close(reader)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGHUP
    await_no_process(built, 0)


def test_over_the_network_with_the_password_of_a_private_file(built: Place) -> None:
    from servers import free_port

    port = free_port()
    passfile = built.state / "pgdeck" / "demo.pgpass"
    address = f"host=127.0.0.1 port={port} user=postgres dbname={ANALYTICS}"
    with built.demo("--port", str(port), "--no-load"):
        assert passfile.stat().st_mode & 0o777 == 0o600
        psycopg.connect(f"{address} passfile={passfile}").close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"{address} passfile=/dev/null password=guess")
    assert not passfile.exists()


def test_without_a_terminal_nothing_is_started(built: Place) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(built.state)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "pgdeck", "demo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "terminal" in done.stderr


def test_fresh_begins_anew(built: Place) -> None:
    with built.demo("--no-load") as (_, address), psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE ops.mine ()")
    with built.demo("--no-load") as (_, address), psycopg.connect(address) as connection:
        connection.execute("SELECT FROM ops.mine")
    with built.demo("--no-load", "--fresh") as (_, address):
        with psycopg.connect(address) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT FROM ops.mine")
        with psycopg.connect(address) as connection:
            found = connection.execute("SELECT count(*) FROM ops.messages").fetchone()
    assert found == (150_000,)


@pytest.fixture
def place() -> Iterator[Place]:
    """A place where no demo ran yet."""
    made = make_place()
    yield made
    shutil.rmtree(made.state)


def test_data_of_another_version_is_kept_and_named(place: Place) -> None:
    Cluster(find_binaries(16), place.data).initialize()
    code, said = place.fail()
    assert code == 3
    assert "was made by PostgreSQL 16" in said
    assert "--fresh" in said
    assert (place.data / "PG_VERSION").read_text() == "16\n"


def test_data_of_somebody_else_is_not_even_touched_by_fresh(place: Place) -> None:
    place.data.mkdir(parents=True)
    server_account().own(place.data.parent)
    (place.data / "thesis.txt").write_text("all of it")
    code, said = place.fail("--fresh")
    assert code == 3
    assert "did not make" in said
    assert (place.data / "thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize("megabytes", [24, 80], ids=("at its making", "while it is filled"))
def test_a_full_disk_is_a_clear_sentence(place: Place, megabytes: int) -> None:
    with disk_of(place.state / "pgdeck", megabytes):
        code, said = place.fail("--no-load")
        assert code == 1
        assert "is full" in said
        assert "XDG_STATE_HOME" in said
        assert place.server() is None
        # What could not be finished does not keep the disk full.
        assert not place.data.exists()


@contextlib.contextmanager
def disk_of(directory: Path, megabytes: int) -> Iterator[None]:
    """A small disk where we may mount one, else a limit on the size of files."""
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", str(directory)],
        stderr=subprocess.DEVNULL,
    )
    if mounted:
        try:
            yield
        finally:
            subprocess.check_call(["umount", str(directory)])
        return
    # A segment of the log has 16 MB, and the messages get 27.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = (4 if megabytes < 30 else 18) * 1_000_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
