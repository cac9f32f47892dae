"""Each rung of the ladder, breaking for real on live servers and on what only looks like one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from msgspec.structs import replace

from diagnosing import Found, black_hole, climb, peer
from pgdeck.core.ladder import Verdict
from pgdeck.doctor import greeting, reach, tools
from pgdeck.doctor.climb import examine
from pgdeck.errors import Problem
from pgdeck.targets.detect import find_target
from servers import Ground, LiveServer, free_port

PASSWORD = "sesame-open"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as a test may; what a silent peer says is the same."""
    monkeypatch.setattr(reach, "PORT_LIMIT", 0.5)
    monkeypatch.setattr(greeting, "ANSWER_LIMIT", 0.5)


def address(server: LiveServer, user: str, database: str = "postgres", **more: str) -> str:
    words = {"host": server.host, "port": str(server.port), "user": user, "dbname": database}
    return " ".join(f"{key}='{value}'" for key, value in {**words, **more}.items())


# A way that holds


async def test_every_rung_holds_for_a_superuser(any_pg: LiveServer) -> None:
    found = await climb(any_pg.dsn())

    assert (found.broken, found.code) == ("", 0)
    assert found["server"].said.startswith(f"PostgreSQL {any_pg.major}")
    assert "primary" in found["server"].said
    assert "trust" in found["login"].said
    assert found["pooler"].verdict is Verdict.SKIPPED
    assert "fingerprint" in found["database"].said
    assert "superuser" in found["role"].said


async def test_an_ordinary_role_is_told_which_grant_unlocks_which_screen(
    any_pg: LiveServer,
) -> None:
    any_pg.role("doctor_plain")
    any_pg.create_database("doctor_rights")
    any_pg.sql("CREATE TABLE closed (id serial)", "doctor_rights")

    found = await climb(any_pg.dsn("doctor_rights", "doctor_plain"))

    assert (found.broken, found.code) == ("", 0)
    cures = {note.cure: note.said for note in found["rights"].notes}
    assert found["rights"].verdict is Verdict.WARNING
    assert "Activity" in cures["GRANT pg_monitor TO doctor_plain"]
    assert "Tables" in cures["GRANT pg_read_all_data TO doctor_plain"]
    any_pg.role("doctor_plain", "pg_monitor", "pg_read_all_data")
    mended = await climb(any_pg.dsn("doctor_rights", "doctor_plain"))
    assert not [note for note in mended["rights"].notes if "GRANT" in note.cure]


async def test_a_socket_needs_neither_name_nor_tls(pg18: LiveServer) -> None:
    found = await climb(f"host={pg18.socket_dir} port={pg18.port} user=postgres sslmode=require")

    assert (found.broken, found.code) == ("", 0)
    assert found["name"].verdict is found["tls"].verdict is Verdict.SKIPPED


async def test_of_several_hosts_the_one_that_answers_counts(pg18: LiveServer) -> None:
    dead = free_port()
    found = await climb(
        f"host=127.0.0.1,127.0.0.1 port={dead},{pg18.port} user=postgres dbname=postgres"
    )

    assert found.code == 0
    assert str(dead) in found["port"].notes[0].said


async def test_nothing_of_ours_stays_behind(pg18: LiveServer) -> None:
    await climb(pg18.dsn())

    for _ in range(200):
        left = pg18.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%doctor'"
        )
        if left == [(0,)]:
            break
        await asyncio.sleep(0.02)
    assert left == [(0,)]


# Names, ports, and who listens there


async def test_a_name_that_does_not_resolve() -> None:
    found = await climb("host=no-such-host.invalid user=x dbname=x")

    assert (found.broken, found.code) == ("name", 4)
    assert "no-such-host.invalid" in found["name"].said


async def test_a_name_that_looks_like_a_container() -> None:
    found = await climb("host=nosuchdb user=x dbname=x")

    assert "container" in found["name"].cause
    assert "docker compose ps" in found["name"].cure


async def test_a_port_that_refuses() -> None:
    found = await climb(f"host=127.0.0.1 port={free_port()} user=x dbname=x")

    assert (found.broken, found.code) == ("port", 4)
    assert "connection refused" in found["port"].said


async def test_a_container_that_is_not_started() -> None:
    target = find_target(f"host=127.0.0.1 port={free_port()} user=x dbname=x", {})
    assert target is not None
    ladder = await examine(replace(target, container="shop-db-1"), {}, lambda _rung: None)

    assert ladder.broken is not None
    assert "shop-db-1: docker compose up -d" in ladder.broken.cure


async def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    found = await climb(f"host={tmp_path} port=5432 user=x dbname=x")

    assert found.broken == "port"
    assert f"{tmp_path}/.s.PGSQL.5432" in found["port"].said


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue refuses on other systems")
async def test_a_black_hole(impatient: None) -> None:
    with black_hole() as port:
        found = await climb(f"host=127.0.0.1 port={port} user=x dbname=x")

    assert (found.broken, found.code) == ("port", 4)
    assert "no answer within 0.5 s" in found["port"].said
    assert "firewall" in found["port"].cause


async def test_a_peer_that_accepts_and_says_nothing(impatient: None) -> None:
    with peer(lambda _caller: None) as port:
        found = await climb(f"host=127.0.0.1 port={port} user=x dbname=x")

    assert (found.broken, found.code) == ("protocol", 4)
    assert "says nothing" in found["protocol"].said


async def test_a_forwarder_with_nobody_behind_it() -> None:
    with peer(lambda caller: caller.close()) as port:
        found = await climb(f"host=127.0.0.1 port={port} user=x dbname=x")

    assert found.broken == "protocol"
    assert "forwarder" in found["protocol"].cause


async def test_a_web_server(impatient: None) -> None:
    class Quiet(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        found = await climb(f"host=127.0.0.1 port={server.server_port} user=x dbname=x")
        await asyncio.to_thread(server.shutdown)
        thread.join(5)

    assert found.broken == "protocol"
    assert "a web server" in found["protocol"].said


@pytest.mark.parametrize(
    ("banner", "name"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"J\x00\x00\x00\n8.0.36\x00", "MySQL"),
        (b"-ERR unknown command\r\n", "Redis"),
        (b"\x1b]0;evil\x07", "begins with"),
    ],
)
async def test_other_servers_are_called_by_their_names(banner: bytes, name: str) -> None:
    with peer(lambda caller: caller.sendall(banner)) as port:
        found = await climb(f"host=127.0.0.1 port={port} user=x dbname=x")

    assert found.broken == "protocol"
    assert name in found["protocol"].said
    assert "\x1b" not in found["protocol"].said


@pytest.mark.parametrize(
    "answer",
    [
        b"R\x00\x00\x00\x04",
        b"R\x00\x00\x00\x02",
        b"R\x7f\xff\xff\xff",
        b"E\x00\x00\x00\x04",
        b"E\x00\x00\x00\x09SF\x00\x00\x00",
        b"R\x00\x00\x00\x08\x00\x00\x00\x63",
        b"\x00",
    ],
)
async def test_a_spoilt_answer_breaks_a_rung_and_nothing_else(answer: bytes) -> None:
    def speak(caller: socket.socket) -> None:
        caller.recv(8)
        caller.sendall(b"N")
        caller.recv(4096)
        caller.sendall(answer)
        caller.close()

    with peer(speak) as port:
        found = await climb(f"host=127.0.0.1 port={port} user=x dbname=x sslmode=prefer")

    assert found.code == 4
    assert found.broken in ("protocol", "server", "login")


# Servers that are not ready, and servers that are full


async def test_a_standby_that_takes_no_sessions(server_ground: Ground) -> None:
    with server_ground.server(18, "cold", hot_standby="off") as server:
        server.stop()
        (server.cluster.data_dir / "standby.signal").touch()
        starting = threading.Thread(target=quietly, args=(server,))
        starting.start()
        found = await until_broken(server, "standby")
        server.stop("immediate")
        starting.join(10)

    assert (found.broken, found.code) == ("server", 4)
    assert "hot_standby = on" in found["server"].cure


async def test_a_server_that_is_starting_up(server_ground: Ground) -> None:
    with server_ground.server(16, "starting") as server:
        server.stop()
        (server.cluster.data_dir / "recovery.signal").touch()
        own = server.cluster.data_dir / "postgresql.auto.conf"
        own.write_text("restore_command = 'sleep 8; false'\n")
        starting = threading.Thread(target=quietly, args=(server,))
        starting.start()
        found = await until_broken(server, "starting up")
        server.stop("immediate")
        starting.join(10)

    assert (found.broken, found.code) == ("server", 4)
    assert found["login"].verdict is Verdict.UNREACHED


def quietly(server: LiveServer) -> None:
    """Start a server that will not be ready."""
    with suppress(Problem):
        server.start()


async def until_broken(server: LiveServer, word: str) -> Found:
    for _ in range(200):
        found = await climb(server.dsn())
        if found.broken == "server" and word in found["server"].said:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found.all_words())


async def test_a_server_that_recovers_from_a_crash(fresh_server: LiveServer) -> None:
    with fresh_server.connect() as victim:
        (checkpointer,) = fresh_server.sql(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        )[0]
        # Until the postmaster loses patience with this one, it recovers.
        os.kill(checkpointer, signal.SIGSTOP)
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        found = await until_broken(fresh_server, "in recovery")
        os.kill(checkpointer, signal.SIGCONT)

    assert (found.broken, found.code) == ("server", 4)
    assert "memory" in found["server"].cause


async def test_a_server_that_is_shutting_down(fresh_server: LiveServer) -> None:
    with fresh_server.connect():
        leaving = threading.Thread(target=fresh_server.stop, args=("smart",))
        leaving.start()
        found = await until_broken(fresh_server, "shutting down")
    await asyncio.to_thread(leaving.join, 20)

    assert (found.broken, found.code) == ("server", 4)


@pytest.fixture(scope="module")
def tight(server_ground: Ground) -> Iterator[LiveServer]:
    """A server with six slots, of which one is reserved."""
    with server_ground.server(
        18, "tight", max_connections="6", superuser_reserved_connections="1", max_wal_senders="0"
    ) as server:
        server.role("doctor_clerk")
        yield server


async def test_only_reserved_slots_are_left(tight: LiveServer) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(tight.connect())
        found = await climb(tight.dsn(user="doctor_clerk"))
        boss = await climb(tight.dsn())

    assert (found.broken, found.code) == ("slots", 4)
    assert "reserved" in found["slots"].said
    assert (boss.broken, boss["slots"].verdict) == ("", Verdict.WARNING)


async def test_every_slot_is_taken(tight: LiveServer) -> None:
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(tight.connect())
        found = await climb(tight.dsn())

    assert (found.broken, found.code) == ("slots", 4)
    assert "max_connections" in found["slots"].said


async def test_a_role_has_as_many_sessions_as_it_may(tight: LiveServer) -> None:
    tight.role("doctor_limited", options="LOGIN CONNECTION LIMIT 0")
    found = await climb(tight.dsn(user="doctor_limited"))

    assert found.broken == "slots"
    assert found["slots"].cure == "ALTER ROLE doctor_limited CONNECTION LIMIT -1"


async def test_the_last_slot_serves_first_words_and_session_alike(tight: LiveServer) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(tight.connect())
        found = await climb(tight.dsn(user="doctor_clerk"))

    assert found.broken == ""


async def test_a_server_of_another_kind_than_the_address_asks_for(pg18: LiveServer) -> None:
    found = await climb(f"{pg18.dsn()} target_session_attrs=standby")

    assert (found.broken, found.code) == ("server", 4)
    assert "target_session_attrs" in found["server"].cause


# Logins


@pytest.fixture(scope="module")
def guarded(server_ground: Ground) -> Iterator[LiveServer]:
    """A server that asks ordinary roles for a password."""
    with server_ground.server(18, "guarded") as server:
        server.role("doctor_secret", options=f"LOGIN PASSWORD '{PASSWORD}'")
        server.role("doctor_group", options="NOLOGIN")
        rules = server.cluster.data_dir / "pg_hba.conf"
        rules.write_text(
            "host all doctor_secret all scram-sha-256\n"
            "host all doctor_barred all reject\n"
            "local all doctor_other peer\n"
            "host all postgres,doctor_group,doctor_nobody all trust\n"
            "local all postgres trust\n"
        )
        server.sql("SELECT pg_reload_conf()")
        yield server


async def test_a_password_that_is_right_is_told_by_its_source(guarded: LiveServer) -> None:
    found = await climb(address(guarded, "doctor_secret", password=PASSWORD))

    assert found.code == 0
    assert "scram-sha-256" in found["login"].said
    assert "the password from the address" in found["login"].said
    assert PASSWORD not in found.all_words()


async def test_a_wrong_password(guarded: LiveServer) -> None:
    wrong = "not-this-one"
    found = await climb(address(guarded, "doctor_secret", password=wrong))

    assert (found.broken, found.code) == ("login", 4)
    assert "refused the password" in found["login"].said
    assert "the address" in found["login"].notes[0].said
    assert wrong not in found.all_words()


async def test_no_password_at_all(guarded: LiveServer, tmp_path: Path) -> None:
    found = await climb(address(guarded, "doctor_secret", passfile=str(tmp_path / "none")))

    assert (found.broken, found.code) == ("login", 4)
    assert "none is given" in found["login"].said
    assert str(tmp_path / "none") in found["login"].cause


async def test_a_passfile_that_is_ignored_for_its_mode(guarded: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:*:*:doctor_secret:{PASSWORD}\n")
    file.chmod(0o644)
    found = await climb(address(guarded, "doctor_secret", passfile=str(file)))

    assert found.broken == "login"
    assert "0644" in found["login"].cause
    assert found["login"].cure == f"chmod 600 {file}"
    file.chmod(0o600)
    mended = await climb(address(guarded, "doctor_secret", passfile=str(file)))
    assert (mended.broken, mended.code) == ("", 0)
    assert f"line 1 of {file}" in mended["login"].said


async def test_a_passfile_of_which_no_line_fits(guarded: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"# notes\n127.0.0.1:1:postgres:doctor_secret:{PASSWORD}\n")
    file.chmod(0o600)
    found = await climb(address(guarded, "doctor_secret", passfile=str(file)))

    assert "line 2 nearly does: its port is 1" in found["login"].cause
    assert PASSWORD not in found.all_words()


async def test_a_line_of_pg_hba_that_rejects(guarded: LiveServer) -> None:
    found = await climb(address(guarded, "doctor_barred"))

    assert (found.broken, found.code) == ("login", 4)
    assert "rejects" in found["login"].said


async def test_no_line_of_pg_hba_fits(guarded: LiveServer) -> None:
    found = await climb(address(guarded, "doctor_stranger"))

    assert found.broken == "login"
    assert "host postgres doctor_stranger 127.0.0.1/32" in found["login"].cure


async def test_another_account_of_the_system(guarded: LiveServer) -> None:
    found = await climb(f"host={guarded.socket_dir} port={guarded.port} user=doctor_other")

    assert found.broken == "login"
    assert "account" in found["login"].cause


async def test_a_role_that_is_missing(guarded: LiveServer) -> None:
    found = await climb(address(guarded, "doctor_nobody"))

    assert (found.broken, found.code) == ("role", 4)
    assert found["login"].verdict is Verdict.OK
    assert "CREATE ROLE doctor_nobody LOGIN" in found["role"].cure


async def test_a_role_that_may_not_log_in(guarded: LiveServer) -> None:
    found = await climb(address(guarded, "doctor_group"))

    assert found.broken == "role"
    assert found["role"].cure == "ALTER ROLE doctor_group LOGIN"


# Databases


async def test_a_database_that_is_missing_and_one_that_may_be_meant(any_pg: LiveServer) -> None:
    any_pg.create_database("doctor_shop")
    found = await climb(any_pg.dsn("doctor_shup"))

    assert (found.broken, found.code) == ("database", 4)
    assert "doctor_shup" in found["database"].said
    assert found["database"].notes[0].said == "there is doctor_shop, which may be meant"


async def test_a_database_that_may_not_be_entered(any_pg: LiveServer) -> None:
    any_pg.role("doctor_outside")
    any_pg.create_database("doctor_inner")
    any_pg.sql("REVOKE CONNECT ON DATABASE doctor_inner FROM PUBLIC")
    found = await climb(any_pg.dsn("doctor_inner", "doctor_outside"))

    assert found.broken == "database"
    assert found["database"].cure == "GRANT CONNECT ON DATABASE doctor_inner TO doctor_outside"


async def test_a_database_that_takes_no_sessions(pg18: LiveServer) -> None:
    pg18.create_database("doctor_closed")
    pg18.sql("ALTER DATABASE doctor_closed ALLOW_CONNECTIONS false")
    found = await climb(pg18.dsn("doctor_closed"))

    assert found.broken == "database"
    assert "ALLOW_CONNECTIONS true" in found["database"].cure


async def test_a_database_has_as_many_sessions_as_it_may(pg18: LiveServer) -> None:
    pg18.role("doctor_many")
    pg18.create_database("doctor_narrow")
    pg18.sql("ALTER DATABASE doctor_narrow CONNECTION LIMIT 0")
    found = await climb(pg18.dsn("doctor_narrow", "doctor_many"))

    assert found.broken == "slots"
    assert found["slots"].cure == "ALTER DATABASE doctor_narrow CONNECTION LIMIT -1"


# Tools


async def test_tools_that_are_older_than_the_server(
    pg18: LiveServer, server_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = server_ground.binaries(16).directory
    monkeypatch.setattr(tools, "PLACES", ())
    monkeypatch.setattr(tools, "embedded_directories", lambda _major: [])
    found = await climb(pg18.dsn(), {"PATH": str(old), "HOME": "/nowhere"})

    assert found.code == 0
    assert found["tools"].verdict is Verdict.WARNING
    assert "pg_dump 16" in found["tools"].said
    assert any("refuses" in note.said for note in found["tools"].notes)


async def test_no_tools_at_all(pg18: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "PLACES", ())
    monkeypatch.setattr(tools, "embedded_directories", lambda _major: [])
    found = await climb(pg18.dsn(), {"PATH": "/nowhere", "HOME": "/nowhere"})

    assert "none of psql" in found["tools"].said
    assert len(found["tools"].notes) == len(tools.TOOLS)


async def test_libpqs_variables_count_as_the_address_does(pg18: LiveServer, tmp_path: Path) -> None:
    environ = {**os.environ, "PGSSLMODE": "require", "HOME": str(tmp_path)}
    found = await climb(pg18.dsn(), environ)

    assert found.broken == "tls"
    assert "sslmode=require" in found["tls"].said
