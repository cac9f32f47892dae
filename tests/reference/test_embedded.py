"""The embedded server: private, unprivileged, and clear about what went wrong."""

from __future__ import annotations

import getpass
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgdeck.errors import Problem, Refused
from pgdeck.pg import binaries as programs
from pgdeck.pg import embedded
from pgdeck.pg.account import Account, account_of, server_account
from pgdeck.pg.datadir import OWN_SETTINGS, Auth
from pgdeck.pg.embedded import Cluster, server_home
from pgdeck.pg.postmaster import find_postmaster, stop_postmaster
from pgdeck.pg.private import private_directory
from servers import Ground, LiveServer, free_port

QUICK = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "10"}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change accounts")


@pytest.fixture
def place(server_ground: Ground, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory that the server's account can reach."""
    made = server_ground.place / request.node.name[:30]
    made.mkdir()
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def cluster(server_ground: Ground, place: Path) -> Iterator[Cluster]:
    """A cluster as the product makes it, not yet initialized."""
    made = Cluster(server_ground.binaries(18), place / "home" / "data", settings=QUICK)
    yield made
    made.stop("immediate")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_private_and_lets_its_person_in_by_name(cluster: Cluster) -> None:
    assert cluster.initialize()
    assert not cluster.initialize()
    cluster.start()
    found = cluster.running()
    assert found is not None
    for directory in (cluster.data_dir.parent, cluster.data_dir, cluster.socket_dir):
        assert mode(directory) == 0o700
    assert mode(cluster.log) == 0o600
    with psycopg.connect(**cluster.conninfo()) as connection:  # type: ignore[arg-type]
        who = "SELECT current_user::text, current_setting('listen_addresses'), system_user"
        expected = ("postgres", "", f"peer:{getpass.getuser()}")
        assert connection.execute(who).fetchone() == expected
        connection.execute("CREATE ROLE visitor LOGIN")
        connection.commit()
    visitor = cluster.conninfo().with_keywords(user="visitor")
    with psycopg.connect(**visitor) as connection:  # type: ignore[arg-type]
        assert connection.execute("SELECT current_user::text").fetchone() == ("visitor",)
    assert cluster.stop()
    assert not cluster.stop()
    assert cluster.running() is None


@needs_root
def test_root_hands_it_to_an_unprivileged_account(server_ground: Ground, cluster: Cluster) -> None:
    assert cluster.account.uid != 0
    cluster.initialize()
    cluster.start()
    found = cluster.running()
    assert found is not None
    assert Path(f"/proc/{found.pid}").stat().st_uid == cluster.account.uid
    assert cluster.data_dir.stat().st_uid == cluster.account.uid
    # Somebody else, even the server's own account, is not who started it.
    psql = str(server_ground.binaries(18).tool("psql"))
    address = f"host={cluster.socket_dir} port={cluster.port} user=postgres"
    code, said = cluster.account.run([psql, address, "-c", "SELECT 1"], Path("/"))
    assert code != 0
    assert "Peer authentication failed" in said


def test_passwords_are_asked_for_over_the_network(server_ground: Ground, place: Path) -> None:
    cluster = Cluster(
        server_ground.binaries(16),
        place / "home" / "data",
        port=free_port(),
        listen="127.0.0.1",
        settings=QUICK,
        auth=Auth.SCRAM,
        password="open, sesame",
    )
    cluster.initialize()
    cluster.start()
    try:
        address = cluster.conninfo().with_keywords(host="127.0.0.1")
        psycopg.connect(**address).close()  # type: ignore[arg-type]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**address.with_keywords(password="wrong"))  # type: ignore[arg-type]
        assert "sesame" not in repr(cluster.conninfo())
        assert {path.name for path in cluster.data_dir.parent.iterdir()} == {
            "data",
            "run",
            "server.log",
        }
    finally:
        cluster.stop("immediate")


def test_a_long_path_gets_a_short_socket(server_ground: Ground, place: Path) -> None:
    deep = place / ("d" * 60) / "home"
    deep.parent.mkdir(mode=0o711)
    cluster = Cluster(server_ground.binaries(18), deep / "data", settings=QUICK)
    cluster.initialize()
    cluster.start()
    try:
        sockets = cluster.socket_dir
        assert len(str(sockets)) < 60
        assert mode(sockets) == 0o700
        psycopg.connect(**cluster.conninfo()).close()  # type: ignore[arg-type]
    finally:
        cluster.stop("immediate")
    if sockets.parent == embedded.SHORT_PLACE:
        assert not sockets.exists()


def test_another_version_and_other_peoples_data_are_left_alone(
    server_ground: Ground, cluster: Cluster
) -> None:
    older = Cluster(server_ground.binaries(16), cluster.data_dir)
    older.initialize()
    with pytest.raises(Refused, match=r"was made by PostgreSQL 16, .* 18"):
        cluster.initialize()
    (cluster.data_dir / OWN_SETTINGS).unlink()
    for act in (cluster.initialize, cluster.remove):
        with pytest.raises(Refused, match="did not make"):
            act()
    assert (cluster.data_dir / "PG_VERSION").exists()


def test_a_start_that_fails_shows_the_end_of_the_log(server_ground: Ground, place: Path) -> None:
    cluster = Cluster(
        server_ground.binaries(18), place / "home" / "data", settings={"shared_buffers": "lots"}
    )
    cluster.initialize()
    with pytest.raises(Problem, match='"shared_buffers"'):
        cluster.start()
    assert cluster.running() is None


def test_a_full_disk_is_named(cluster: Cluster) -> None:
    said = 'FATAL: could not write to file "pg_wal/xlogtemp.1": No space left on device'
    problem = cluster.failure("initdb", said)
    assert "is full" in problem.message
    assert "free" in problem.hint
    assert "is full" not in cluster.failure("initdb", "FATAL: out of patience").message


def test_only_a_process_that_works_in_the_data_directory_is_stopped(
    fresh_server: LiveServer, tmp_path: Path
) -> None:
    """A stale file may name the number of any process by now."""
    found = find_postmaster(fresh_server.cluster.data_dir)
    assert found is not None
    text = (fresh_server.cluster.data_dir / "postmaster.pid").read_text()
    foreign = tmp_path / "data"
    foreign.mkdir()
    (foreign / "postmaster.pid").write_text(text)
    assert find_postmaster(foreign) is None
    (foreign / "postmaster.pid").write_text(
        text.replace(str(fresh_server.cluster.data_dir), str(foreign))
    )
    assert find_postmaster(foreign) is None
    assert not stop_postmaster(foreign)
    assert fresh_server.sql("SELECT 1") == [(1,)]


def test_without_the_extra_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PACKAGE", "no_such_package")
    monkeypatch.setattr(programs, "SYSTEM", "/nonexistent/{major}/bin")
    for major in (None, 18):
        with pytest.raises(Problem) as raised:
            programs.find_binaries(major)
        assert "pgdeck[embedded]" in raised.value.hint


def test_programs_out_of_reach_are_copied_and_run(
    server_ground: Ground, place: Path, tmp_path: Path
) -> None:
    """As when root installed pgdeck in a home directory that is closed to others."""
    found = programs.find_binaries(18)
    stranger = Account("stranger", 4_000_000, 4_000_000)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = found.directory.parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        (closed / part.name).symlink_to(part)
    hidden = programs.Binaries(
        closed / package.name / found.directory.relative_to(package), 18, found.version
    )
    copied = programs.within_reach(hidden, stranger, place)
    assert copied.directory.is_relative_to(place)
    assert programs.binaries_at(copied.directory) == copied
    assert programs.within_reach(hidden, stranger, place) == copied
    private = Cluster(copied, place / "home" / "data", settings=QUICK)
    private.initialize()


@needs_root
def test_the_home_is_where_the_account_can_reach_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = server_account()
    monkeypatch.setattr(embedded, "SYSTEM_STATE", place / "system")
    monkeypatch.setenv("XDG_STATE_HOME", str(place))
    # Made by root, for root: mode 0700, and not ours to open.
    before = os.umask(0o077)
    try:
        assert server_home(account) == place / "system"
    finally:
        os.umask(before)
    assert mode(place / "pgdeck") == 0o700
    (place / "pgdeck").chmod(0o711)
    assert server_home(account) == place / "pgdeck"
    place.chmod(0o700)
    with pytest.raises(Problem, match="reaches neither"):
        server_home(account)


@needs_root
def test_data_of_an_earlier_account_keeps_it(place: Path) -> None:
    preferred = server_account()
    home = place / "home"
    assert account_of(home, preferred) == preferred
    home.mkdir()
    assert account_of(home, preferred) == preferred
    os.chown(home, 65534, 65534)
    assert account_of(home, preferred).name == "nobody"


def test_a_place_of_somebody_else_is_refused(tmp_path: Path) -> None:
    stranger = Account("stranger", 4_000_000, 4_000_000)
    (tmp_path / "taken").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "taken")
    for name in ("taken", "link"):
        with pytest.raises(Refused, match="not a directory of the account"):
            private_directory(tmp_path / name, stranger)
