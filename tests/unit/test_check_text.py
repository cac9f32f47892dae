"""How checks read for people, programs and monitoring plugins, and what counts as a change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from pgdeck.cli.changes import Change, Standing
from pgdeck.cli.checktext import nagios, page, performance, shape
from pgdeck.cli.checkwatch import text_line
from pgdeck.core.check import Check, Checks, Pardon, PardonKind, State, Thresholds
from pgdeck.core.spec import Direction, Format

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SILENCE = Pardon(PardonKind.SILENCED, "lock_wait", "", "ada", "load test", NOW, NOW)

# https://nagios-plugins.org/doc/guidelines.html: value, unit, warn, crit, min, max.
RANGE = r"(?:@?(?:(?:~|-?[\d.]+):)?(?:-?[\d.]+)?)"
DATUM = re.compile(
    rf"(?:[^ ='|]+|'(?:[^'=|]|'')+')=(?:U|-?[\d.]+(?:us|ms|s|%|B|KB|MB|TB|c)?)"
    rf"(?:;{RANGE})?(?:;{RANGE})?(?:;-?[\d.]*)?(?:;-?[\d.]*)?\Z"
)


def check(
    rule: str, state: State, value: float | None = None, subject: str = "", **more: object
) -> Check:
    return Check(rule, rule, state, f"{rule} is {state.word}", value, subject=subject, **more)  # type: ignore[arg-type]


WARNED = check(
    "connections",
    State.WARNING,
    0.8,
    thresholds=Thresholds(0.75, 0.9),
    format=Format.RATIO,
    fix="SELECT 1",
    screen="activity",
    since=NOW - timedelta(minutes=12),
    trend=(0.1, 0.5, 0.8),
)
SILENCED = check("lock_wait", State.CRITICAL, 300.0, format=Format.DURATION, pardon=SILENCE)
FINE = check("deadlocks", State.OK, 0.0)
HIDDEN = check("archiving", State.UNKNOWN, fix="GRANT pg_monitor TO app")
MANY = Checks((WARNED, SILENCED, HIDDEN, FINE))


def test_a_page_tells_what_is_not_ok_and_counts_the_rest() -> None:
    assert page(MANY, NOW).splitlines() == [
        "▲ connections is warning",
        "  connections · 80 % (from warning 75 %, critical 90 %) · since 12 min · ▁▅█",
        "  SELECT 1",
        "  pgdeck ls activity",
        "■ lock_wait is critical",
        "  lock_wait · 5 min",
        f"  silenced by ada until {NOW.astimezone():%Y-%m-%d %H:%M%z}: load test",
        "? archiving is unknown",
        "  unknown: archiving",
        "  GRANT pg_monitor TO app",
        "1 warning, 1 unknown, 1 ok, 1 known to somebody",
    ]


def test_a_page_lists_what_is_ok_when_asked_and_draws_ascii() -> None:
    assert "deadlocks is ok" not in page(MANY, NOW)
    every = page(MANY, NOW, every=True, ascii=True)
    assert "* deadlocks is ok" in every
    assert every.isascii()


def test_unknown_for_one_reason_is_told_once() -> None:
    rules = ("archiving", "slots", "standby")
    told = page(
        Checks(tuple(Check(each, each, State.UNKNOWN, "Not visible") for each in rules)), NOW
    )
    assert told == "? Not visible\n  unknown: archiving, slots, standby\n3 unknown\n"


def test_hostile_names_stay_on_their_line() -> None:
    evil = Check("slots", "Slots", State.CRITICAL, "slot a\n\x1b[2Jb | c", subject="a|b='\n")
    assert len(page(Checks((evil,)), NOW).splitlines()) == 3
    first, second = nagios(Checks((evil,))).splitlines()
    assert "|" not in first + second
    assert "\x1b" not in first + second


def test_json_keeps_raw_values_and_its_first_keys() -> None:
    shaped = shape(MANY)
    assert shaped["worst"] == "warning"
    checks = shaped["checks"]
    assert isinstance(checks, list)
    assert [each["rule"] for each in checks] == [
        "connections",
        "lock_wait",
        "archiving",
        "deadlocks",
    ]
    first, second, *_ = checks
    promised = {"rule", "state", "value", "warn", "crit", "sentence", "fix", "screen", "trend"}
    assert promised | {"subject", "since", "pardon", "format", "advice"} <= set(first)
    assert list(first["trend"]) == list(MANY.checks[0].trend)
    assert (first["value"], first["warn"], first["crit"]) == (0.8, 0.75, 0.9)
    assert first["since"] == "2026-01-31T11:48:00+00:00"
    assert second["pardon"]["by"] == "ada"


@pytest.mark.parametrize(
    ("value", "warn", "crit", "form", "direction", "datum"),
    [
        (0.8, 0.75, 0.9, Format.RATIO, Direction.HIGH, "80%;75;90;0;100"),
        (0.99, 0.95, 0.85, Format.RATIO, Direction.LOW, "99%;95:;85:;0;100"),
        (0.001, 1.1, 0.5, Format.RATIO, Direction.HIGH, "0.1%;110;50;0"),
        (12.5, None, 40.0, Format.PERCENT, Direction.HIGH, "12.5%;;40;0;100"),
        (300.25, 15.0, 120.0, Format.DURATION, Direction.HIGH, "300.25s;15;120;0"),
        (5e9, 5e9, None, Format.BYTES, Direction.HIGH, "5000000000B;5000000000;;0"),
        (1e-9, 1.0, 10.0, Format.COUNT, Direction.HIGH, "0;1;10;0"),
        (3.0, None, None, Format.COUNT, Direction.HIGH, "3;;;0"),
    ],
)
def test_performance_data(
    value: float,
    warn: float | None,
    crit: float | None,
    form: Format,
    direction: Direction,
    datum: str,
) -> None:
    found = performance(
        check(
            "x",
            State.OK,
            value,
            thresholds=Thresholds(warn, crit),
            format=form,
            direction=direction,
        )
    )
    assert found == datum
    assert DATUM.match(f"x={found}")


@pytest.mark.parametrize(
    ("checks", "first"),
    [
        (MANY, "PGDECK WARNING - connections is warning (and 1 more) | "),
        (Checks((FINE,)), "PGDECK OK - 1 checks ok | deadlocks=0;;;0"),
        (Checks((SILENCED, FINE)), "PGDECK OK - 1 checks ok, 1 known to somebody | "),
        (Checks((HIDDEN, FINE)), "PGDECK UNKNOWN - archiving is unknown | "),
        (Checks(()), "PGDECK OK - 0 checks ok"),
    ],
)
def test_a_plugin_says_the_worst_first(checks: Checks, first: str) -> None:
    line = nagios(checks).splitlines()[0]
    assert line.startswith(first)
    for datum in line.partition(" | ")[2].split():
        assert DATUM.match(datum), datum


def test_a_plugin_tells_the_fix_and_the_screen_of_each_alert() -> None:
    rest = nagios(Checks((WARNED, FINE))).splitlines()[1:]
    told = "WARNING connections: connections is warning"
    assert rest == [told, "  SELECT 1", "  pgdeck ls activity"]


def test_a_rule_has_one_datum_whatever_it_is_about() -> None:
    two = (check("slots", State.CRITICAL, 9.0, "a"), check("slots", State.WARNING, 5.0, "b"))
    first, *rest = nagios(Checks(two)).splitlines()
    assert first.endswith("| slots=9;;;0")
    assert rest == ["CRITICAL slots:a: slots is critical", "WARNING slots:b: slots is warning"]


def states(*pairs: tuple[str, State]) -> Checks:
    """Checks of the rule slots, by subject."""
    return Checks(tuple(check("slots", state, subject=subject) for subject, state in pairs))


OK, WARN, CRIT, LOST = State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([[("", OK)], [("", OK)]], []),
        ([[("a", WARN)], [("a", CRIT)]], ["slots:a warning>critical"]),
        ([[("", OK)], [("a", WARN)], [("", OK)]], ["slots:a ok>warning", "slots:a warning>ok"]),
        ([[("a", WARN), ("b", WARN)], [("b", WARN)]], ["slots:a warning>ok"]),
        # What cannot be seen is not over.
        (
            [[("a", CRIT)], [("", LOST)], [("a", CRIT)]],
            ["slots ok>unknown", "slots unknown>ok"],
        ),
        (
            [[("a", CRIT)], [("", LOST)], [("", OK)]],
            ["slots ok>unknown", "slots:a critical>ok", "slots unknown>ok"],
        ),
    ],
)
def test_a_change_is_told_once(samples: list[list[tuple[str, State]]], told: list[str]) -> None:
    standing = Standing()
    standing.take(states(*samples[0]))
    found = [
        f"{each.name} {each.before}>{each.after}"
        for sample in samples[1:]
        for each in standing.take(states(*sample))
    ]
    assert sorted(found) == sorted(told)


def test_the_beginning_tells_alerts_and_waits_for_what_is_not_known_yet() -> None:
    standing = Standing()
    begun = Checks((WARNED, HIDDEN))
    assert [(each.name, each.before) for each in standing.take(begun)] == [("connections", "start")]
    assert [(each.name, each.before) for each in standing.take(begun)] == [("archiving", "ok")]


def test_a_server_that_came_back_may_need_a_second_sample() -> None:
    standing = Standing()
    standing.take(Checks((FINE, WARNED)))
    standing.begin_anew()
    young = [replace(each, state=State.UNKNOWN) for each in (FINE, WARNED)]
    assert standing.take(Checks(tuple(young))) == []
    told = [(each.name, each.before) for each in standing.take(Checks(tuple(young)))]
    assert told == [("deadlocks", "ok"), ("connections", "warning")]


def test_a_rule_that_is_left_out_is_not_over() -> None:
    standing = Standing()
    standing.take(Checks((WARNED, FINE)))
    (change,) = standing.take(Checks((FINE,)))
    assert (change.name, change.before, change.after) == ("connections", "warning", "not judged")


def test_a_pardon_is_a_change() -> None:
    standing = Standing()
    loud = check("lock_wait", State.CRITICAL)
    standing.take(Checks((loud,)))
    (change,) = standing.take(Checks((SILENCED,)))
    assert (change.before, change.after) == ("critical", "critical, silenced")


def test_a_line_of_the_watch_has_the_way_out_while_it_stands() -> None:
    ways = "  fix: SELECT 1  see: pgdeck ls activity"
    cases = (("warning", WARNED, ways), ("warning, silenced", WARNED, ""), ("ok", FINE, ""))
    for after, found, end in cases:
        line = text_line("change", found.sentence, Change(found, "ok", after))
        assert line.endswith(f"{found.rule}  ok -> {after}  {found.sentence}{end}\n")
    line = text_line("change", "hidden", Change(HIDDEN, "ok", "unknown"))
    assert line.endswith("hidden  fix: GRANT pg_monitor TO app\n")
