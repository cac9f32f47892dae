"""Thresholds as people decide them: what wins, and what is refused by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgdeck.checks.configuration import Configuration
from pgdeck.checks.policy import Policy, Setting, is_developers
from pgdeck.core.check import Rule, Thresholds
from pgdeck.core.spec import Direction, Format
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.errors import UsageProblem


def rule(name: str, form: Format, low: float, high: float, **more: object) -> Rule[object]:
    return Rule(name, name, lambda _f, _t: (), Thresholds(low, high), form, **more)  # type: ignore[arg-type]


RULES = (
    rule("connections", Format.RATIO, 0.75, 0.9, local=False),
    rule("lock_wait", Format.DURATION, 15.0, 120.0),
    rule("slot_retained", Format.BYTES, 5e9, 20e9),
    rule("cache_hit", Format.RATIO, 0.95, 0.85, direction=Direction.LOW, local=False),
)
BY_NAME = {each.name: each for each in RULES}
NAMES = ("shop", "db:5432/shop")


def configured(tmp_path: Path, text: str) -> Configuration:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return Configuration(NAMES, RULES, path)


def test_without_a_file_the_books_decide(tmp_path: Path) -> None:
    policy = Configuration(NAMES, RULES, tmp_path / "absent.toml").policy()
    assert policy.thresholds(BY_NAME["lock_wait"]) == Thresholds(15.0, 120.0)


@pytest.mark.parametrize(
    ("name", "text", "bounds"),
    [
        ("connections", 'warn = "60 %"', (0.6, 0.9)),
        ("connections", "warn = 0.6\ncrit = false", (0.6, None)),
        ("lock_wait", 'crit = "5 min"', (15.0, 300.0)),
        ("lock_wait", "warn = 1\ncrit = 2.5", (1.0, 2.5)),
        ("slot_retained", 'warn = "64MB"\ncrit = "1 GB"', (64 * 1024.0**2, 1024.0**3)),
        ("cache_hit", 'warn = "99 %"', (0.99, 0.85)),
    ],
)
def test_thresholds_have_human_units(
    tmp_path: Path, name: str, text: str, bounds: tuple[float, float | None]
) -> None:
    policy = configured(tmp_path, f"[checks.{name}]\n{text}\n").policy()
    assert policy.thresholds(BY_NAME[name]) == Thresholds(*bounds)


@pytest.mark.parametrize("target", NAMES)
def test_a_target_overrides_what_holds_for_all(tmp_path: Path, target: str) -> None:
    text = f"""
[checks.lock_wait]
warn = "20 s"
crit = "3 min"
[targets."{target}".checks.lock_wait]
crit = "10 min"
[targets."elsewhere:5432/shop".checks.lock_wait]
warn = "1 s"
"""
    policy = configured(tmp_path, text).policy()
    assert policy.thresholds(BY_NAME["lock_wait"]) == Thresholds(20.0, 600.0)


def test_a_project_stands_between_what_holds_for_all_and_the_targets_own(tmp_path: Path) -> None:
    own = configured(tmp_path, "[checks.lock_wait]\nwarn = 20\ncrit = 300\n")
    project = tmp_path / "pgdeck.toml"
    project.write_text(
        "[checks.lock_wait]\nwarn = 30\n[targets.shop.checks.lock_wait]\ncrit = 200\n"
    )
    configuration = Configuration(NAMES, RULES, tmp_path / "config.toml", project)
    assert own.policy().thresholds(BY_NAME["lock_wait"]) == Thresholds(20.0, 300.0)
    assert configuration.policy().thresholds(BY_NAME["lock_wait"]) == Thresholds(30.0, 200.0)
    configured(tmp_path, "[targets.shop.checks.lock_wait]\nwarn = 40\n")
    assert configuration.policy().thresholds(BY_NAME["lock_wait"]) == Thresholds(40.0, 200.0)
    project.write_text("[checks.lock_wiat]\nwarn = 30\n")
    with pytest.raises(UsageProblem, match=r"pgdeck\.toml:1: there is no rule lock_wiat"):
        configuration.policy()


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("[checks.conections]\nwarn = 1", ":1: there is no rule conections", "connections"),
        ("\n[checks.lock_wait]\nwarm = 1", ":3: checks.lock_wait.warm is unknown", "warn"),
        ("[check.lock_wait]\nwarn = 1", ":1: check is unknown", "checks"),
        ('[targets.x]\nurll = ""', ":2: targets.x.urll is unknown", "url"),
        ('[checks.lock_wait]\nwarn = "5 mn"', ":2: checks.lock_wait.warn: mn is no unit here", ""),
        (
            "[checks.connections]\nwarn = 75",
            ":2: checks.connections.warn: a share is 0 to 1; write 75%",
            "",
        ),
        (
            "[checks.connections]\nwarn = true",
            ":2: checks.connections.warn: a threshold is a number",
            "",
        ),
        ('[checks.lock_wait]\noff = "yes"', ":2: checks.lock_wait.off: expected true or false", ""),
        ('[checks.lock_wait]\nwarn = "3 min"', ":1: lock_wait: warn (3 min) lies beyond", "both"),
        ('[checks.cache_hit]\ncrit = "99 %"', "lies beyond crit", "both"),
        ("checks = 3", ":1: checks is not a table", ""),
        ("checks.lock_wait.warm = 1", ":1: checks.lock_wait.warm is unknown", "warn"),
        (
            '[targets."a:1/b".checks.lock_wait]\nwarn = 1\noof = true',
            ":3: targets.a:1/b.checks.lock_wait.oof is unknown",
            "off",
        ),
        ("[checks", "config.toml: ", ""),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, text: str, complaint: str, hint: str
) -> None:
    with pytest.raises(UsageProblem) as caught:
        configured(tmp_path, text).policy()
    assert complaint in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("mode", [0o622, 0o606])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    configuration = configured(tmp_path, "")
    (tmp_path / "config.toml").chmod(mode)
    with pytest.raises(UsageProblem, match="group or others may write"):
        configuration.policy()


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    configuration = configured(tmp_path, "[checks.lock_wait]\nwarn = 1")
    assert configuration.policy().thresholds(BY_NAME["lock_wait"]).warn == 1
    configured(tmp_path, "[checks.lock_wait]\nwarn = 20")
    assert configuration.policy().thresholds(BY_NAME["lock_wait"]).warn == 20
    (tmp_path / "config.toml").unlink()
    assert configuration.policy() == Policy()


def target(host: str, environment: Environment = Environment.UNKNOWN) -> Target:
    return Target("t", Kind.REMOTE, Conninfo({"host": host}), environment)


@pytest.mark.parametrize(
    ("host", "environment", "marked", "developers"),
    [
        ("127.0.0.1", Environment.UNKNOWN, None, True),
        ("", Environment.UNKNOWN, None, True),
        ("/run/postgresql", Environment.UNKNOWN, None, True),
        ("localhost,db", Environment.UNKNOWN, None, False),
        ("db.example.com", Environment.UNKNOWN, None, False),
        ("db.example.com", Environment.DEV, None, True),
        ("127.0.0.1", Environment.PROD, None, False),
        ("127.0.0.1", Environment.UNKNOWN, "prod", False),
        ("db.example.com", Environment.UNKNOWN, "dev", True),
    ],
)
def test_whose_database_it_is(
    host: str, environment: Environment, marked: str | None, developers: bool
) -> None:
    assert is_developers(target(host, environment), marked) is developers


@pytest.mark.parametrize(
    ("policy", "developer", "judged"),
    [
        (Policy(), False, {"connections", "lock_wait", "slot_retained", "cache_hit"}),
        (Policy(), True, {"lock_wait", "slot_retained"}),
        (Policy({"connections": Setting({"warn": 0.5})}), True, {"connections"}),
        (Policy({"connections": Setting(off=False)}), True, {"connections"}),
        (Policy({"lock_wait": Setting(off=True)}), True, {"slot_retained"}),
        (Policy(only=frozenset(["cache_hit"])), True, {"cache_hit"}),
        (Policy(skip=frozenset(["lock_wait"])), True, {"slot_retained"}),
    ],
)
def test_which_rules_are_judged(policy: Policy, developer: bool, judged: set[str]) -> None:
    found = {each.name for each in RULES if policy.judges(each, developer=developer)}
    if policy.settings.get("connections"):
        assert found == judged | {"lock_wait", "slot_retained"}
    else:
        assert found == judged
