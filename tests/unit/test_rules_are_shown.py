"""Where it is shown that each of PostgreSQL's rules fires for real on a server and clears again."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pgdeck.checks.postgres.rules import RULES

TESTS = Path(__file__).resolve().parents[1] / "pg"

SHOWN = {
    "connections": "sessions.test_connections",
    "idle_in_transaction": "sessions.test_idle_in_transaction",
    "oldest_transaction": "sessions.test_oldest_transaction",
    "long_query": "sessions.test_long_query_and_what_is_maintenance",
    "lock_wait": "sessions.test_lock_wait_names_the_root_and_its_end_frees_all",
    "lock_queue": "sessions.test_lock_wait_names_the_root_and_its_end_frees_all",
    "prepared_transaction": "sessions.test_prepared_transaction",
    "xmin_horizon": "sessions.test_xmin_horizon",
    "autovacuum_off": "server.test_autovacuum_switched_off",
    "autovacuum_overdue": "tables.test_autovacuum_overdue_and_switched_off_for_a_table",
    "vacuum_frees_nothing": "tables.test_vacuum_that_frees_nothing_names_who_holds_it",
    "stale_statistics": "tables.test_stale_statistics",
    "xid_age": "server.test_old_transactions_and_multixacts",
    "mxid_age": "server.test_old_transactions_and_multixacts",
    "bloat": "tables.test_bloat",
    "invalid_index": "tables.test_invalid_index",
    "unused_index": "tables.test_unused_index",
    "sequence_exhaustion": "tables.test_sequence_exhaustion",
    "replication_lag": "server.test_a_standby_that_falls_behind",
    "replication_delay": "server.test_a_standby_that_falls_behind",
    "standby_missing": "server.test_synchronous_standbys_that_are_missing",
    "slot_retained": "load.test_slots",
    "inactive_slot": "load.test_slots",
    "archiving": "server.test_archiving",
    "requested_checkpoints": "load.test_requested_checkpoints",
    "deadlocks": "load.test_deadlocks",
    "temp_bytes": "load.test_temporary_files",
    "cache_hit": "server.test_cache_hit",
    "rollback_share": "load.test_rollbacks",
    "checksum_failures": "server.test_a_page_that_fails_its_checksum",
    "pending_restart": "load.test_settings_that_wait_for_a_restart",
    "notification_queue": "server.test_notification_queue",
    "restarted": "server.test_a_restart_is_told_for_a_while",
}


def test_every_rule_has_its_test() -> None:
    assert set(SHOWN) == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", SHOWN)
def test_it_fires_and_then_clears(rule: str) -> None:
    theme, _, name = SHOWN[rule].partition(".")
    tree = ast.parse((TESTS / f"test_rules_{theme}.py").read_text(encoding="utf-8"))
    found = [each for each in tree.body if getattr(each, "name", "") == name]
    assert found, f"{SHOWN[rule]} is gone"
    said = [
        (each.lineno, each.value if isinstance(each, ast.Constant) else each.attr)
        for each in ast.walk(found[0])
        if isinstance(each, ast.Constant | ast.Attribute)
    ]
    named = [line for line, word in said if word == rule]
    fires = [line for line, word in said if word in ("WARNING", "CRITICAL")]
    clears = [line for line, word in said if word == "OK"]
    assert named
    assert fires
    assert clears
    assert min(fires) < max(clears)
    assert min(fires) < max(named)
