"""The rules that need a server of their own: archive, standby, checkpoints, cache, damage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from glance import apply, glance
from pgdeck.checks.postgres.facts import Floors
from pgdeck.checks.samples import FileSamples
from pgdeck.core.check import State, Thresholds
from pgdeck.pg.embedded import Cluster
from servers import Ground, LiveServer, free_port
from watching import busy, crash, wait_for

FLOORS = Floors(blocks_per_s=1.0)


@pytest.fixture(scope="module")
def strained(server_ground: Ground) -> Iterator[LiveServer]:
    """A small server whose settings make trouble come quickly."""
    with server_ground.server(
        18,
        "strained",
        max_connections="16",
        shared_buffers="1MB",
        archive_mode="on",
        archive_command="true",
        max_notify_queue_pages="64",
    ) as server:
        server.role("nobody_much")
        yield server


def setting(server: LiveServer, name: str, value: str | None) -> None:
    """Change a setting of the server, or take it back."""
    change = f"SET {name} = '{value}'" if value is not None else f"RESET {name}"
    apply(server, f"ALTER SYSTEM {change}; SELECT pg_reload_conf()")


async def test_archiving(strained: LiveServer) -> None:
    switch = "SELECT pg_logical_emit_message(true, 'x', 'x'), pg_switch_wal()"
    async with glance(strained) as looking:
        await looking.until("archiving", State.OK)
        setting(strained, "archive_command", "false")
        strained.sql(switch)
        reading = await looking.until("archiving", State.WARNING)
        assert "could not be archived" in reading.sentence
        await looking.look(later=901.0)
        assert looking.readings("archiving")[0].state is State.CRITICAL
        setting(strained, "archive_command", "true")
        await looking.until("archiving", State.OK)


async def test_requested_checkpoints(strained: LiveServer) -> None:
    async with glance(strained) as looking:
        await looking.look()
        await looking.look(later=1.0)
        assert looking.readings("requested_checkpoints")[0].state is State.OK
        for _ in range(4):
            strained.sql("SELECT pg_logical_emit_message(true, 'x', 'x'); CHECKPOINT")
        reading = await looking.until("requested_checkpoints", State.CRITICAL)
        assert reading.value == 1.0
        apply(strained, reading.fix)
        assert strained.sql("SHOW max_wal_size") == [("2GB",)]
        await looking.look(later=3600.0)
        await looking.look(later=3600.0)
        assert looking.readings("requested_checkpoints")[0].state is State.OK
    setting(strained, "max_wal_size", None)


async def test_cache_hit(strained: LiveServer) -> None:
    strained.sql("CREATE TABLE wide AS SELECT repeat('x', 1000) FROM generate_series(1, 4000)")
    async with glance(strained, floors=FLOORS) as looking:
        await looking.look()
        await looking.look(later=1.0)
        for _ in range(4):
            strained.sql("SELECT count(*) FROM wide")
        reading = await looking.until("cache_hit", State.CRITICAL)
        assert reading.value is not None
        assert 0 <= reading.value < 0.85
        await looking.look(later=61.0)
        for _ in range(30):
            strained.sql("SELECT count(*) FROM pg_type, generate_series(1, 20)")
        await looking.look(later=61.0)
        await looking.until("cache_hit", State.OK)
        assert strained.sql(reading.fix)
    strained.sql("DROP TABLE wide")


async def test_autovacuum_switched_off(strained: LiveServer) -> None:
    async with glance(strained) as looking:
        for name in ("autovacuum", "track_counts"):
            await looking.until("autovacuum_off", State.OK)
            setting(strained, name, "off")
            reading = await looking.until("autovacuum_off", State.WARNING, subject=name)
            counted = [each.state for each in looking.readings("stale_statistics")]
            assert counted == [State.OK if name == "autovacuum" else State.UNKNOWN]
            apply(strained, reading.fix)
        await looking.until("autovacuum_off", State.OK)
    for name in ("autovacuum", "track_counts"):
        setting(strained, name, None)


async def test_notification_queue(strained: LiveServer) -> None:
    with strained.connect() as listener:
        listener.execute("LISTEN news")
        listener.execute("BEGIN")
        async with glance(strained) as looking:
            await looking.until("notification_queue", State.OK)
            for _ in range(30):
                strained.sql("SELECT pg_notify('news', repeat('x', 7900))")
            await looking.until("notification_queue", State.WARNING)
            for _ in range(25):
                strained.sql("SELECT pg_notify('news', repeat('x', 7900))")
            reading = await looking.until("notification_queue", State.CRITICAL)
            pids = [row[0] for row in strained.sql(reading.fix)]
            assert listener.info.backend_pid in pids
            listener.execute("ROLLBACK")
            listener.execute("UNLISTEN *")
            strained.sql("SELECT pg_notify('news', 'done')")
            await looking.until("notification_queue", State.OK)


async def test_synchronous_standbys_that_are_missing(strained: LiveServer) -> None:
    async with glance(strained, user="nobody_much") as looking:
        await looking.until("standby_missing", State.OK)
        setting(strained, "synchronous_standby_names", "FIRST 2 (a, b)")
        reading = await looking.until("standby_missing", State.CRITICAL)
        assert reading.sentence.startswith("0 of 2 synchronous standbys are connected")
        apply(strained, reading.fix)
        await looking.until("standby_missing", State.OK)
        assert looking.readings("standby_missing", Thresholds(warn=1.0))[0].state is State.WARNING


async def test_a_crash_leaves_no_growth_and_no_use(
    strained: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    # Its statistics were never reset: a reset's date would say since when they count.
    db = strained.create_database("crashed")
    async with glance(strained, db, samples=samples()) as looking:
        looking.ahead, looking.aged = -1400.0, 3000.0
        await looking.look()
        assert looking.readings("restarted")[0].state is State.OK
        looking.ahead = -700.0
        await looking.look()
        assert looking.facts.past.observed_s >= 700.0
    crash(strained)
    async with glance(strained, db, samples=samples()) as looking:
        await looking.look()
        assert looking.facts.past.observed_s < 60.0
        assert looking.readings("deadlocks")[0].state is State.UNKNOWN
    strained.sql(f"DROP DATABASE {db}")


async def test_growth_and_age_outlive_the_process(
    strained: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    strained.sql("CREATE TABLE twice (id int); INSERT INTO twice VALUES (1), (1)")
    with pytest.raises(psycopg.errors.UniqueViolation), strained.connect() as connection:
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY one_each ON twice (id)")
    async with glance(strained, samples=samples()) as looking:
        looking.ahead = -3000.0
        await looking.look()
        assert looking.readings("temp_bytes")[0].state is State.UNKNOWN
    async with glance(strained, samples=samples()) as looking:
        await looking.look()
        assert looking.readings("temp_bytes")[0].sentence.endswith("in the last 50 min")
        assert looking.readings("requested_checkpoints")[0].state is State.OK
        (index,) = looking.readings("invalid_index", Thresholds(warn=2500.0))
        assert "seen so for 50 min" in index.sentence
    strained.sql("DROP TABLE twice")
    strained.stop()
    strained.start()
    for _ in range(2):  # whoever looks first does not use it up
        async with glance(strained, samples=samples()) as looking:
            await looking.look()
            assert looking.readings("restarted")[0].state is State.WARNING


async def test_a_restart_is_told_for_a_while(strained: LiveServer) -> None:
    async with glance(strained) as looking:
        await looking.look()
        before = looking.book
    strained.stop()
    strained.start()
    async with glance(strained) as looking:
        looking.book = before
        await looking.look()
        (reading,) = looking.readings("restarted")
        assert reading.state is State.WARNING
        assert reading.sentence.startswith("The server was restarted ")
        assert looking.readings("deadlocks")[0].state is State.UNKNOWN
        await looking.look(later=301.0)
        assert looking.readings("restarted")[0].state is State.OK


def samples() -> FileSamples:
    """The past of one database on disk, as each run of the program opens it."""
    past = FileSamples()
    past.bind("0000aa")
    return past


def tear(path: Path) -> None:
    """Damage the first page of a file."""
    with open(path, "r+b") as file:
        file.seek(4000)
        file.write(b"other")


async def test_a_page_that_fails_its_checksum(strained: LiveServer) -> None:
    strained.sql("CREATE TABLE torn AS SELECT generate_series(1, 500)")
    (path,) = strained.sql("SELECT pg_relation_filepath('torn')")[0]
    strained.stop()
    tear(strained.cluster.data_dir / path)
    strained.start()
    async with glance(strained) as looking:
        await looking.until("checksum_failures", State.OK)
        with pytest.raises(psycopg.errors.DataCorrupted):
            strained.sql("SELECT count(*) FROM torn")
        reading = await looking.until("checksum_failures", State.CRITICAL)
        assert reading.subject == "postgres"
        assert strained.sql(reading.fix)[0][0] == "postgres"
        strained.sql("DROP TABLE torn; SELECT pg_stat_reset()")
        await looking.until("checksum_failures", State.OK)


@pytest.fixture
def hasty(server_ground: Ground) -> Iterator[LiveServer]:
    """A server that forces vacuum as early as it can be told to."""
    with server_ground.server(
        18,
        "hasty",
        autovacuum_freeze_max_age="100000",
        autovacuum_multixact_freeze_max_age="10000",
    ) as server:
        yield server


async def test_old_transactions_and_multixacts(hasty: LiveServer) -> None:
    hasty.create_database("it's")
    hasty.sql("CREATE TABLE one AS SELECT 1 AS id")
    # Wraparound takes 2 G of them; a tenth beyond the age at which vacuum is forced takes seconds.
    burn = "FOR i IN 1..{} LOOP {}; COMMIT; END LOOP"
    async with glance(hasty) as looking:
        await looking.until("xid_age", State.OK)
        await looking.until("mxid_age", State.OK)
        with busy(hasty, "postgres", "SELECT FROM one FOR KEY SHARE"):
            shared = burn.format(11_100, "PERFORM FROM one FOR KEY SHARE")
            hasty.sql(f"DO $$ BEGIN {shared}; END $$")
        hasty.sql(f"DO $$ BEGIN {burn.format(99_500, 'PERFORM pg_current_xact_id()')}; END $$")
        for name, kind in (("xid_age", "transactions"), ("mxid_age", "multixacts")):
            reading = await looking.until(name, State.WARNING, subject="it's")
            assert reading.value == pytest.approx(1.11, abs=0.02)
            assert f"k {kind} old, 11" in reading.sentence
        told = {each.subject: each for each in looking.readings("xid_age")}
        assert set(told) == {"it's", "postgres", "template0", "template1"}
        hasty.sql(told["template0"].fix)
        hasty.sql("VACUUM (FREEZE)", "template0")
        for db in ("it's", "postgres", "template1"):
            hasty.sql(told[db].fix, db)
        await looking.look()
        for name in ("xid_age", "mxid_age"):
            assert [each.state for each in looking.readings(name)] == [State.OK]


@pytest.fixture
def standby(strained: LiveServer, server_ground: Ground) -> Iterator[LiveServer]:
    """A running standby of the strained server."""
    home = server_ground.place / "behind"
    home.mkdir()
    cluster = Cluster(
        server_ground.binaries(18),
        home / "data",
        port=free_port(),
        listen="127.0.0.1",
        settings={"max_connections": "16", "max_prepared_transactions": "8", "fsync": "off"},
    )
    cluster.account.own(home)
    tool = str(server_ground.binaries(18).tool("pg_basebackup"))
    argv = [tool, "-D", str(cluster.data_dir), "-d", strained.dsn(), "-R", "-c", "fast"]
    code, said = cluster.account.run([*argv, "--no-sync"], home)
    assert code == 0, said
    try:
        cluster.start()
        yield LiveServer(cluster, 18)
    finally:
        cluster.stop("immediate")


async def test_a_standby_that_falls_behind(strained: LiveServer, standby: LiveServer) -> None:
    far, late = Thresholds(warn=1e6, crit=1e12), Thresholds(warn=0.3, crit=1e9)
    async with glance(strained) as primary, glance(standby) as looking:
        strained.sql("CREATE TABLE copied (id int); DROP TABLE copied")
        await primary.until("replication_lag", State.OK, far)
        await looking.until("replication_delay", State.OK, late)
        # How late it is can be said once a transaction was replayed.
        wait_for(lambda: standby.sql("SELECT pg_last_xact_replay_timestamp()")[0][0])
        assert looking.readings("autovacuum_overdue")[0].state is State.UNKNOWN
        standby.sql("SELECT pg_wal_replay_pause()")
        strained.sql("SELECT pg_logical_emit_message(true, 'x', repeat('x', 2000000), true)")
        behind = await primary.until("replication_lag", State.WARNING, far)
        assert "of WAL behind (streaming)" in behind.sentence
        assert strained.sql(behind.fix)
        await looking.until("replication_lag", State.WARNING, far)
        reading = await looking.until("replication_delay", State.WARNING, late)
        assert "replay is paused" in reading.sentence
        async with glance(strained, user="nobody_much") as blind:
            await blind.until("replication_lag", State.UNKNOWN, far)
        apply(standby, reading.fix)
        await primary.until("replication_lag", State.OK, far)
        await looking.until("replication_delay", State.OK, late)
        states = {rule.name: looking.readings(rule.name)[0] for rule in looking.book.rules}
        bad = [each for each in states.values() if each.state in (State.WARNING, State.CRITICAL)]
        assert bad == []
