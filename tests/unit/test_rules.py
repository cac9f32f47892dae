"""The rules: a sentence with its evidence and its fix, and silence about what is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgdeck.checks.rules import judge
from pgdeck.core.alert import Facts, OverdueTable, Wraparound
from pgdeck.core.cell import Level
from pgdeck.core.holding import Holder, Horizon, LockWait

IDLE = Holder(4711, "worker", "shop", "idle in transaction", 840.0)
TABLE = OverdueTable("shop", "messages", 60_000, 100_000.0, 20_050.0, True, 7200.0)


def test_nothing_known_raises_nothing() -> None:
    assert judge(Facts()) == ()


def test_a_server_at_rest_raises_nothing() -> None:
    facts = Facts(
        connections_used=10,
        connections_for_everyone=97,
        idle_in_transaction=replace(IDLE, seconds=2.0),
        oldest_transaction=replace(IDLE, seconds=20.0),
        lock_wait=LockWait(1, 0.2, IDLE, 1),
        prepared=(Holder(None, gid="x", seconds=1.0),),
        horizon=Horizon("session", "worker", 20_000, 4711),
        wraparound=(Wraparound("shop", 200_000_000, 200e6),),
        overdue=(replace(TABLE, vacuumed_s=60.0),),
        autovacuum=True,
        counting=True,
        uptime_s=1e6,
    )

    assert judge(facts) == ()


@pytest.mark.parametrize(
    ("used", "level"), [(72, None), (73, Level.WARNING), (88, Level.CRITICAL), (97, Level.CRITICAL)]
)
def test_connections(used: int, level: Level | None) -> None:
    alerts = judge(Facts(connections_used=used, connections_for_everyone=97))

    assert [alert.level for alert in alerts] == ([] if level is None else [level])


def test_idle_in_transaction_names_the_session_and_the_way_out() -> None:
    (alert,) = judge(Facts(idle_in_transaction=IDLE, oldest_transaction=IDLE))

    assert (alert.rule, alert.level) == ("idle_in_transaction", Level.WARNING)
    assert "pid 4711 (worker)" in alert.sentence
    assert "14 min" in alert.sentence
    assert alert.fix == "SELECT pg_terminate_backend(4711)"


def test_the_blocker_is_told_once() -> None:
    facts = Facts(
        idle_in_transaction=IDLE, oldest_transaction=IDLE, lock_wait=LockWait(6, 130.0, IDLE, 6)
    )

    (alert,) = judge(facts)

    assert (alert.rule, alert.level) == ("lock_wait", Level.CRITICAL)
    assert alert.sentence == (
        "6 sessions wait for a lock, the longest for 2 min: "
        "pid 4711 (worker), idle in transaction for 14 min, blocks 6"
    )


def test_an_active_transaction_is_cancelled_before_it_is_terminated() -> None:
    (alert,) = judge(Facts(oldest_transaction=replace(IDLE, state="active", seconds=1000.0)))

    assert alert.fix == "SELECT pg_cancel_backend(4711)"


def test_a_prepared_transaction_is_quoted_for_sql() -> None:
    holder = Holder(None, login="shop", gid="o'brien\\1", seconds=4000.0, database="shop")

    alerts = judge(Facts(prepared=(holder,), lock_wait=LockWait(1, 20.0, holder, 1)))

    assert [alert.level for alert in alerts] == [Level.CRITICAL, Level.WARNING]
    assert {alert.fix for alert in alerts} == {
        r"ROLLBACK PREPARED E'o''brien\\1' -- in database shop"
    }


@pytest.mark.parametrize("kind", ["session", "prepared", "slot", "standby"])
def test_the_holder_of_the_horizon_is_named(kind: str) -> None:
    (alert,) = judge(Facts(horizon=Horizon(kind, "orders", 20_000_000, 12)))

    assert alert.level is Level.WARNING
    assert "orders" in alert.sentence
    assert "20 M" in alert.sentence
    assert alert.fix


def test_wraparound_warns_past_the_forced_age_and_shouts_half_way_to_the_stop() -> None:
    warn, bad = Wraparound("a", 230_000_000, 200e6), Wraparound("b", 1_100_000_000, 200e6)

    levels = [alert.level for alert in judge(Facts(wraparound=(warn, bad)))]

    assert levels == [Level.CRITICAL, Level.WARNING]


def test_autovacuum_that_is_off_or_blind() -> None:
    alerts = judge(Facts(autovacuum=False, counting=False))

    assert [alert.fix.split(";")[0] for alert in alerts] == [
        "ALTER SYSTEM SET autovacuum = on",
        "ALTER SYSTEM SET track_counts = on",
    ]


@pytest.mark.parametrize(
    ("table", "rule", "level"),
    [
        (TABLE, "autovacuum_overdue", Level.WARNING),
        (replace(TABLE, dead=200_000), "autovacuum_overdue", Level.CRITICAL),
        (replace(TABLE, dead=200_000, vacuumed_s=60.0), None, None),
        (replace(TABLE, enabled=False), "autovacuum_disabled", Level.WARNING),
        (replace(TABLE, enabled=False, live=1e6), None, None),
    ],
)
def test_overdue_tables(table: OverdueTable, rule: str | None, level: Level | None) -> None:
    alerts = judge(Facts(overdue=(table,), uptime_s=1e6))

    assert [(a.rule, a.level) for a in alerts] == ([] if rule is None else [(rule, level)])


def test_a_table_never_vacuumed_gets_the_age_of_the_server() -> None:
    young = Facts(overdue=(replace(TABLE, vacuumed_s=None),), uptime_s=60.0)

    assert judge(young) == ()
    assert judge(replace(young, uptime_s=7200.0))


def test_names_in_a_fix_are_quoted() -> None:
    (alert,) = judge(Facts(overdue=(replace(TABLE, schema="Odd", name='a"b'),), uptime_s=1e6))

    assert alert.fix == 'VACUUM "Odd"."a""b"'
