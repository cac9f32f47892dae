"""The PostgreSQL book as a whole: what every rule must have, and what it makes of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgdeck.checks.postgres.book import PostgresBook
from pgdeck.checks.postgres.facts import Facts, Missing
from pgdeck.core.cells import make_cell
from pgdeck.core.check import Reading, Rule, State, Thresholds
from pgdeck.core.spec import Column, Direction, Format

RULES = PostgresBook().rules
PAGE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text("utf-8")
SCREENS = {
    "overview",
    "activity",
    "tables",
    "connections",
    "indexes",
    "locks",
    "statements",
    "databases",
}
ONLY_ON_SERVERS = {"connections", "unused_index", "requested_checkpoints", "cache_hit"}
UNITS = {Format.COUNT, Format.RATIO, Format.BYTES, Format.DURATION, Format.AGE}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def test_names_and_titles_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len({rule.title for rule in RULES}) == len(RULES)
    assert len(RULES) == 33


def test_a_developers_own_database_is_spared_the_rules_of_service() -> None:
    assert {rule.name for rule in RULES if not rule.local} == ONLY_ON_SERVERS


@each_rule
def test_a_rule_is_complete(rule: Rule[Facts]) -> None:
    assert rule.name.isidentifier()
    assert rule.name == rule.name.lower()
    assert rule.screen in SCREENS | {""}
    assert rule.format in UNITS
    assert rule.advice.endswith(".")
    assert 20 < len(rule.advice) < 200
    warn, crit = rule.thresholds.warn, rule.thresholds.crit
    if warn is not None and crit is not None:
        assert (warn < crit) is (rule.direction is Direction.HIGH)


@each_rule
def test_the_page_about_checks_tells_its_thresholds(rule: Rule[Facts]) -> None:
    def said(bound: float | None) -> str:
        if bound is None:
            return ""
        cell = make_cell(bound, Column("", "", format=rule.format))
        return cell.text + cell.unit

    bounds = f"| {said(rule.thresholds.warn)} | {said(rule.thresholds.crit)} | {rule.title}: "
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{rule.name}` ")]
    assert line.startswith(f"| `{rule.name}` {bounds}")
    assert line.endswith("(*service*) |") is not rule.local


@each_rule
def test_what_was_not_gathered_is_not_judged(rule: Rule[Facts]) -> None:
    (reading,) = rule.judge(Facts(), rule.thresholds)
    assert reading.state is State.UNKNOWN


@each_rule
def test_a_question_that_failed_leaves_its_reason(rule: Rule[Facts]) -> None:
    broken = Missing("the server is on fire", "GRANT water TO me")
    parts = [name for name in Facts.__struct_fields__ if name not in ("past", "floors")]
    facts = Facts(**dict.fromkeys(parts, broken))  # type: ignore[arg-type]
    (reading,) = rule.judge(facts, rule.thresholds)
    assert reading.state is State.UNKNOWN
    if rule.name not in ("deadlocks", "temp_bytes", "cache_hit", "rollback_share"):
        assert reading == Reading(State.UNKNOWN, broken.reason, fix=broken.fix) or (
            rule.name == "requested_checkpoints"
        )


@each_rule
def test_thresholds_may_be_absent(rule: Rule[Facts]) -> None:
    assert tuple(rule.judge(Facts(), Thresholds()))
