"""psql on a target: the password reaches it by a private file alone, and no crash leaves it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgdeck.core.shell import Shell, ShellWanted
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.errors import Problem
from pgdeck.pg import psql
from pgdeck.pg.psql import find_psql, is_guarded, psql_on, sweep
from servers import Ground, LiveServer

PASSWORD = "pa:ss\\w 'ord"
NOWHERE = Target("nowhere", Kind.REMOTE, Conninfo({"host": "127.0.0.1", "user": "clerk"}))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    return tmp_path / "pgdeck" / "psql"


@pytest.fixture(scope="module")
def guarded(server_ground: Ground) -> Iterator[LiveServer]:
    """A server that asks the role `clerk` for its password."""
    with server_ground.server(18, "psql") as server:
        server.role("clerk", options="LOGIN PASSWORD $$" + PASSWORD + "$$")
        rules = server.cluster.data_dir / "pg_hba.conf"
        rules.write_text(f"host all clerk all scram-sha-256\n{rules.read_text()}")
        server.sql("SELECT pg_reload_conf()")
        yield server


def wanted(server: LiveServer, *, pooled: bool = False, **changes: str) -> ShellWanted:
    conninfo = server.conninfo("postgres", "clerk").with_keywords(
        **{"password": PASSWORD, **changes}
    )
    return ShellWanted(Target("shop", Kind.REMOTE, conninfo), 180004, pooled)


def in_environment(asked: ShellWanted, environment: Environment) -> ShellWanted:
    return ShellWanted(asked.target.in_environment(environment), asked.version, asked.pooled)


def answer(shell: Shell, sql: str) -> str:
    done = subprocess.run(
        [*shell.argv, "--no-psqlrc", "-w", "-Atc", sql],
        env=dict(shell.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_password_reaches_psql_and_nobody_else(
    guarded: LiveServer, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with psql_on(wanted(guarded)) as shell:
        assert answer(shell, "SELECT current_user") == "clerk"
        assert "psql" in answer(shell, "SHOW application_name")
        assert not any("ord" in word for word in shell.argv)
        assert not any(PASSWORD in value or value == "wrong" for value in shell.environ.values())
        assert "PATH" not in repr(shell)
        (file,) = state.glob("*/pgpass")
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == state.stat().st_mode & 0o777 == 0o700
        # Another database of the server is meant as well, another server is not.
        host, port, database, user, _ = file.read_text().split(":", 4)
        assert (host, port) == ("127.0.0.1", str(guarded.port))
        assert (database, user) == ("*", "clerk")
    assert not list(state.glob("*/pgpass"))


def test_over_a_socket_too(guarded: LiveServer, state: Path) -> None:
    rules = guarded.cluster.data_dir / "pg_hba.conf"
    rules.write_text(f"local all clerk scram-sha-256\n{rules.read_text()}")
    guarded.sql("SELECT pg_reload_conf()")
    with psql_on(wanted(guarded, host=str(guarded.socket_dir))) as shell:
        assert answer(shell, "SELECT inet_client_addr() IS NULL") == "t"


def test_without_a_password_nothing_is_written(pg18: LiveServer, state: Path) -> None:
    target = Target("free", Kind.REMOTE, pg18.conninfo())
    with psql_on(ShellWanted(target, 180004)) as shell:
        assert answer(shell, "SELECT 1") == "1"
        assert not state.exists()


def test_a_password_that_no_file_can_hold_is_asked_for(guarded: LiveServer, state: Path) -> None:
    with psql_on(wanted(guarded, password="two\nlines")) as shell:
        assert "PGPASSFILE" not in shell.environ
        assert "lines" not in " ".join(shell.argv)
    assert not state.exists()


def test_production_begins_read_only_and_says_how_to_write(guarded: LiveServer) -> None:
    show = "SHOW default_transaction_read_only"
    for options in ("", "-c work_mem=7MB"):
        asked = in_environment(wanted(guarded, options=options), Environment.PROD)
        with psql_on(asked) as shell:
            assert answer(shell, show) == "on"
            assert any("SET default_transaction_read_only = off" in line for line in shell.said)
            if options:
                assert answer(shell, "SHOW work_mem") == "7MB"
    with psql_on(in_environment(wanted(guarded), Environment.DEV)) as shell:
        assert answer(shell, show) == "off"


def test_behind_a_pooler_it_is_said_that_nothing_guards(guarded: LiveServer) -> None:
    asked = in_environment(wanted(guarded, pooled=True), Environment.PROD)
    with psql_on(asked) as shell:
        assert "PGOPTIONS" not in shell.environ
        assert any("what you write here is written" in line for line in shell.said)


@pytest.mark.parametrize(
    ("host", "guarded_"),
    [
        ("", False),
        ("/run", False),
        ("localhost", False),
        ("::1", False),
        ("127.0.0.1,db.example.com", True),
        ("10.0.0.5", True),
    ],
)
def test_what_is_not_on_this_host_is_guarded(host: str, guarded_: bool) -> None:
    assert is_guarded(Target("t", Kind.REMOTE, Conninfo({"host": host}))) is guarded_


def test_the_programs_of_the_server_are_preferred(
    pg18: LiveServer, pg16: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in (pg18, pg16):
        asked = ShellWanted(Target("t", Kind.EMBEDDED, server.conninfo()), server.major * 10000)
        assert find_psql(asked, None)[1].startswith(str(server.major))
    # Over the network TLS may be spoken, which the embedded programs do not know.
    far = Target("far", Kind.REMOTE, Conninfo({"host": "db.example.com"}))
    programs = pg16.cluster._directory.binaries.directory
    assert find_psql(ShellWanted(far, 990000), str(programs))[0].parent == programs


def test_without_psql_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(psql, "PLACES", ())
    monkeypatch.setattr(psql, "embedded_directories", lambda _major: [])
    with pytest.raises(Problem, match="no psql") as problem, psql_on(ShellWanted(NOWHERE)):
        pass
    assert "postgresql-client" in problem.value.hint


def test_a_crash_leaves_no_password_for_long(guarded: LiveServer, state: Path) -> None:
    script = f"""
        import os, signal
        from pgdeck.core.shell import ShellWanted
        from pgdeck.core.target import Conninfo, Kind, Target
        from pgdeck.pg.psql import psql_on
        info = Conninfo({dict(wanted(guarded).target.conninfo)!r})
        with psql_on(ShellWanted(Target("t", Kind.REMOTE, info))):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(state.glob("*/pgpass"))
    with psql_on(wanted(guarded)):
        sweep()  # somebody is out: whose file is whose cannot be told
        assert len(list(state.glob("*/pgpass"))) == 2
    sweep()
    assert not list(state.glob("*/pgpass"))
