"""PostgreSQL's rules on recorded rows: what takes days, or a disaster, to happen."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pgdeck.checks.postgres.book import PostgresBook
from pgdeck.checks.postgres.facts import (
    Bloat,
    Database,
    Facts,
    Growth,
    LateTable,
    Past,
    Sender,
    Sequence,
    Sequences,
    Server,
    Slot,
    State,
    Transaction,
)
from pgdeck.checks.postgres.past import Marks, Memory
from pgdeck.checks.postgres.rules.replication import synchronous
from pgdeck.core import check
from pgdeck.core.check import Reading, Thresholds
from pgdeck.core.holding import Horizon

OK, WARNING, CRITICAL, UNKNOWN = check.State
BOOK = PostgresBook()
MB, GB = 2.0**20, 2.0**30

SERVER = Server(
    at=1_000_000.0,
    started=900_000.0,
    standby=False,
    login="op",
    sql_login='"op er"',
    sees_all=True,
    slots=97,
    backends=10,
    clients=8,
    hidden=0,
    top_application="api",
    top_sessions=6,
    autovacuum=True,
    counting=True,
    database_oid=5,
    database="shop",
    stats_reset=None,
    born=None,
    commits=1000,
    rollbacks=10,
    fetched=5000,
    hits=4000,
    temp_bytes=0,
    temp_files=0,
    deadlocks=0,
)
STATE = State(
    tables=10,
    notifications=0.0,
    synchronous="",
    archive_mode="on",
    max_wal=2**30,
    archived=10,
    archive_failures=0,
    failed_wal=None,
    archived_at=999_000.0,
    failed_at=None,
    checkpoints_timed=10,
    checkpoints_requested=0,
    checkpoints_reset=None,
    replay_bytes=None,
    replay_s=None,
    paused=None,
)
LATE = LateTable(7, "s", "t", "s.t", 50_000, 100_000.0, 10_000.0, True, 7200.0, 3)
SENDER = Sender(9, "replica", "10.0.0.9", "streaming", "async", 0, None)


def judged(name: str, at: Thresholds | None = None, **parts: Any) -> tuple[Reading, ...]:
    rule = next(rule for rule in BOOK.rules if rule.name == name)
    facts = Facts(**{"server": SERVER, "state": STATE, **parts})
    return tuple(rule.judge(facts, at or rule.thresholds))


def state_of(name: str, **parts: Any) -> check.State:
    (reading,) = judged(name, **parts)
    return reading.state


def database(xids: int, mxids: int = 0, forced: float = 200e6, failures: int = 0) -> Database:
    return Database("shop", "shop", False, xids, mxids, forced, 2 * forced, failures)


@pytest.mark.parametrize(
    ("age", "forced", "state"),
    [
        (200_000_000, 200e6, OK),
        (219_000_000, 200e6, OK),
        (220_000_000, 200e6, WARNING),
        (1_073_741_824, 200e6, CRITICAL),
        (1_073_741_824, 1.9e9, CRITICAL),
        (400_000, 100e3, WARNING),
    ],
)
def test_wraparound(age: int, forced: float, state: check.State) -> None:
    assert state_of("xid_age", databases=(database(age, forced=forced),)) is state
    assert state_of("mxid_age", databases=(database(1, age, forced / 2),)) is state


def test_wraparound_names_the_database_and_the_two_ends() -> None:
    named = replace(database(1_500_000_000), name="sh\nop")
    (reading,) = judged("xid_age", databases=(database(5), named))
    assert reading.subject == "sh\nop"
    assert "750 % of the age at which vacuum is forced and 69.8 % of the way" in reading.sentence
    assert reading.fix == "VACUUM (FREEZE); -- in database sh\\nop"


def test_what_all_databases_share_can_be_damaged_too() -> None:
    shared = Database(None, None, None, None, None, None, None, 3)
    (reading,) = judged("checksum_failures", databases=(database(1), shared))
    assert (reading.state, reading.subject) == (CRITICAL, "shared")
    assert reading.sentence == "3 pages of what all databases share failed the checksum"
    off = replace(database(1), checksum_failures=None)
    (reading,) = judged("checksum_failures", databases=(off,))
    assert reading.sentence.startswith("Data checksums are off")


@pytest.mark.parametrize(
    ("behind", "seconds", "lag", "delay"),
    [
        (0, 4000.0, OK, OK),
        (1, 31.0, OK, WARNING),
        (64 * 2**20, None, WARNING, OK),
        (2**30, 301.0, CRITICAL, CRITICAL),
    ],
)
def test_a_standby_is_late_only_when_it_is_behind(
    behind: int, seconds: float | None, lag: check.State, delay: check.State
) -> None:
    senders = (replace(SENDER, behind=behind, behind_s=seconds),)
    assert state_of("replication_lag", senders=senders) is lag
    assert state_of("replication_delay", senders=senders) is delay


def test_a_login_that_does_not_see_the_lag_is_told_so() -> None:
    server = replace(SERVER, sees_all=False)
    senders = (replace(SENDER, behind=None),)
    (reading,) = judged("replication_lag", server=server, senders=senders)
    assert (reading.state, reading.fix) == (UNKNOWN, 'GRANT pg_monitor TO "op er"')
    assert state_of("replication_lag", server=server, senders=()) is OK


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        ("", 0),
        ("a", 1),
        ("a, b", 1),
        ("FIRST 2 (a, b, c)", 2),
        ("any 3 (*)", 3),
        ("2(a,b)", 2),
    ],
)
def test_commits_wait_for_so_many(names: str, needed: int) -> None:
    assert synchronous(names) == needed
    state = replace(STATE, synchronous=names)
    there = tuple(replace(SENDER, sync_state="quorum") for _ in range(needed))
    assert state_of("standby_missing", state=state, senders=there) is OK
    short = there[1:]
    found = [each.state for each in judged("standby_missing", state=state, senders=short)]
    assert found == ([CRITICAL] if needed else [OK])


@pytest.mark.parametrize("status", ["unreserved", "lost"])
def test_a_slot_that_loses_its_wal_is_critical_however_small(status: str) -> None:
    slot = Slot("old", "logical", False, status, 10.0, None)
    (reading,) = judged("slot_retained", slots=(slot,))
    assert reading.state is CRITICAL
    assert f"its WAL is {status}" in reading.sentence
    assert reading.fix.startswith("SELECT pg_drop_replication_slot('old')")


@pytest.mark.parametrize(
    ("table", "state"),
    [
        (LATE, CRITICAL),
        (replace(LATE, vacuumed_s=300.0), OK),
        (replace(LATE, dead=20_000), WARNING),
        (replace(LATE, dead=20_000, vacuumed_s=1000.0), OK),
        (replace(LATE, dead=20_000, vacuumed_s=None), WARNING),
        (replace(LATE, dead=20_000, enabled=False), OK),
        (replace(LATE, dead=30_000, enabled=False, vacuumed_s=1.0), CRITICAL),
    ],
)
def test_autovacuum_that_does_not_come(table: LateTable, state: check.State) -> None:
    assert state_of("autovacuum_overdue", late=(table,)) is state


def test_a_young_server_has_time_to_vacuum() -> None:
    young = replace(SERVER, started=SERVER.at - 300)
    late = (replace(LATE, vacuumed_s=None),)
    assert state_of("autovacuum_overdue", server=young, late=late) is OK


@pytest.mark.parametrize("name", ["autovacuum_overdue", "stale_statistics", "unused_index"])
def test_what_a_standby_or_nobody_counts_is_unknown(name: str) -> None:
    (reading,) = judged(name, server=replace(SERVER, standby=True))
    assert reading.state is UNKNOWN
    (reading,) = judged(name, server=replace(SERVER, counting=False))
    assert "track_counts = on" in reading.fix


@pytest.mark.parametrize(
    ("size", "needed", "state"),
    [
        (GB, 0.5 * GB, WARNING),
        (300 * MB, 100 * MB, OK),
        (GB, 0.1 * GB, WARNING),
        (4 * GB, GB, CRITICAL),
        (4 * GB, 3 * GB, OK),
        (GB, 2 * GB, OK),
    ],
)
def test_bloat_counts_by_share_and_by_bytes(size: float, needed: float, state: check.State) -> None:
    tables = (Bloat(1, "s", "t", "s.t", True, int(size), needed),)
    assert state_of("bloat", bloat=tables) is state


def sequence(oid: int, share: float, *, readable: bool = True) -> Sequence:
    name = f"s{oid:02}"
    return Sequence(
        oid, "s", name, f"s.{name}", readable, 1.0, share, None, None, None, None, None, None, 30
    )


def test_of_many_the_worst_are_told_and_the_rest_counted() -> None:
    seen = tuple(sequence(each, (70.5 + each) / 100) for each in range(25))
    readings = judged("sequence_exhaustion", sequences=Sequences(seen, 30))
    assert len(readings) == 20
    assert [each.state for each in readings[:6]] == [CRITICAL] * 5 + [WARNING]
    assert readings[0].subject == "s.s24"
    assert readings[0].sentence.endswith("(and 5 more that are not listed)")


def test_what_is_wrong_is_told_though_other_things_are_hidden() -> None:
    seen = (sequence(1, 0.95), sequence(2, 0.0, readable=False))
    assert state_of("sequence_exhaustion", sequences=Sequences(seen, 2)) is CRITICAL
    session = Transaction(3, 1.0, "", "app", "idle in transaction", 400.0, None, 400.0, "")
    hidden = replace(SERVER, sees_all=False, hidden=2)
    found = judged("idle_in_transaction", server=hidden, transactions=(session,))
    assert [each.state for each in found] == [WARNING]
    (unknown,) = judged("idle_in_transaction", server=hidden, transactions=())
    assert unknown.sentence == "2 sessions are not visible to op"


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("VACUUM t", OK),
        ("vacuum (freeze, analyze) t", OK),
        ("/* nightly */ VACUUM", OK),
        ("VACUUM FULL t", CRITICAL),
        ("VACUUM (VERBOSE, FULL) t", CRITICAL),
        ("CREATE INDEX i ON t (a)", CRITICAL),
    ],
)
def test_a_vacuum_holds_nothing_back(query: str, state: check.State) -> None:
    session = Transaction(4, 1.0, "", "app", "active", 9e3, 9e3, None, query)
    assert state_of("oldest_transaction", transactions=(session,)) is state


def test_a_session_is_told_once_and_backups_may_take_long() -> None:
    idle = Transaction(3, 1.0, "", "app", "idle in transaction", 9e3, None, 9e3, "")
    dump = Transaction(4, 1.0, "pg_dump", "app", "active", 9e3, 9e3, None, "COPY t TO stdout")
    assert state_of("oldest_transaction", transactions=(idle, dump)) is OK
    assert state_of("long_query", transactions=(idle, dump)) is OK
    assert state_of("idle_in_transaction", transactions=(idle, dump)) is CRITICAL


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("SELECT 1", CRITICAL),
        ("vacuum_my_table()", CRITICAL),
        ("  -- nightly\n VACUUM t", OK),
        ("/* a\nb */ CREATE UNIQUE INDEX i ON t (a)", OK),
        ("create  index concurrently i on t (a)", OK),
        ("CREATE TABLE t AS SELECT 1", CRITICAL),
        ("REFRESH MATERIALIZED VIEW v", OK),
    ],
)
def test_maintenance_may_take_long(query: str, state: check.State) -> None:
    session = Transaction(3, 1.0, "", "app", "active", 9e3, 9e3, None, query)
    assert state_of("long_query", transactions=(session,)) is state


@pytest.mark.parametrize(
    ("kind", "name", "fix"),
    [
        ("prepared", "it's", "ROLLBACK PREPARED 'it''s'; -- in its own database"),
        ("slot", "one", "SELECT pg_drop_replication_slot('one'); -- if nobody needs it"),
        ("session", "app", "SELECT pg_terminate_backend(7)"),
    ],
)
def test_the_horizon_is_freed_by_ending_its_holder(kind: str, name: str, fix: str) -> None:
    (reading,) = judged("xmin_horizon", horizon=Horizon(kind, name, 10**8, 7))
    assert (reading.state, reading.fix) == (CRITICAL, fix)
    assert name in reading.sentence


@pytest.mark.parametrize(
    ("hits", "state"), [(96_000, OK), (94_000, WARNING), (85_000, CRITICAL), (0, CRITICAL)]
)
def test_the_cache_is_judged_under_load_alone(hits: float, state: check.State) -> None:
    busy = Growth(60.0, fetched=100_000, hits=hits)
    assert state_of("cache_hit", past=Past(minute=busy)) is state
    idle = replace(busy, seconds=600.0)
    assert state_of("cache_hit", past=Past(minute=idle)) is OK


def test_vacuums_that_free_nothing_are_counted_until_one_does() -> None:
    memory = Memory()
    told = []
    for runs, dead in [(3, 500), (4, 500), (4, 900), (6, 900), (7, 100), (8, 100)]:
        memory.learn(SERVER, 0)
        memory.learn_late([replace(LATE, runs=runs, dead=dead)])
        told.append(memory.past([], []).futile[LATE.oid])
    assert told == [0, 1, 1, 3, 0, 1]


def test_growth_never_reaches_over_a_counter_that_fell() -> None:
    marks = Marks(60.0)
    for at, value in [(0.0, 5.0), (10.0, 9.0), (20.0, 2.0)]:
        marks.add(at, {"n": value})
    assert marks.growth is None
    marks.add(30.0, {"n": 4.0})
    assert marks.growth == (10.0, {"n": 2.0})
    for at in range(40, 400, 10):
        marks.add(float(at), {"n": 4.0})
    assert marks.growth == (60.0, {"n": 0.0})


def test_another_server_or_lost_counters_are_an_event() -> None:
    memory = Memory()
    assert not memory.learn(SERVER, 0)
    assert memory.past([], []).restart is None
    crashed = replace(SERVER, at=SERVER.at + 5, commits=3, fetched=10, hits=1, rollbacks=0)
    assert not memory.learn(crashed, 0)
    past = memory.past([], [])
    assert past.restart is not None
    assert past.restart.reason.startswith("The statistics were lost")
    assert not isinstance(past.minute, Growth)
    assert memory.learn(replace(crashed, at=SERVER.at + 9, started=SERVER.at + 8), 0)
    restart = memory.past([], []).restart
    assert restart is not None
    assert (restart.reason, restart.ago_s) == ("The server was restarted", 1.0)


def test_a_standby_that_replayed_nothing_yet_is_not_said_to_be_in_time() -> None:
    server = replace(SERVER, standby=True)
    behind = replace(STATE, replay_bytes=5_000_000, replay_s=None, paused=True)
    (reading,) = judged("replication_delay", server=server, state=behind)
    assert reading.state is check.State.UNKNOWN
    assert "since it started, and replay is paused" in reading.sentence
    level = replace(STATE, replay_bytes=0, replay_s=None, paused=False)
    assert state_of("replication_delay", server=server, state=level) is check.State.OK
