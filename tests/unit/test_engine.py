"""From readings to shown states: confirmed, cleared, never flapping, never made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from pgdeck.checks.engine import Engine, Judged
from pgdeck.core.check import (
    Check,
    Checks,
    Pardon,
    PardonKind,
    Reading,
    Rule,
    State,
    Thresholds,
)

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
STATES = {"o": State.OK, "w": State.WARNING, "c": State.CRITICAL, "?": State.UNKNOWN}
LETTERS = {state: letter for letter, state in STATES.items()}
RULE: Rule[object] = Rule("slots", "Slots", lambda _facts, _thresholds: ())


def judged(*readings: Reading, rule: Rule[object] = RULE) -> Judged:
    return Judged(rule, Thresholds(1.0, 2.0), readings)


def reading(letter: str, subject: str = "", value: float | None = None) -> Reading:
    return Reading(STATES[letter], f"{letter} it is", value, subject)


class Bench:
    """An engine with a clock that ticks four seconds a sample."""

    def __init__(self, *, patient: bool = True) -> None:
        self.engine = Engine(patient=patient)
        self.ticks = 0

    def take(self, *readings: Reading, pardons: Sequence[Pardon] = ()) -> Checks:
        wall = self.wall
        at = 4.0 * self.ticks
        self.ticks += 1
        return self.engine.take([judged(*readings)], pardons, at=at, wall=wall)

    @property
    def wall(self) -> datetime:
        return START + timedelta(seconds=4 * self.ticks)

    def only(self, *readings: Reading) -> Check:
        (check,) = self.take(*readings).checks
        return check


@pytest.mark.parametrize(
    ("samples", "shown"),
    [
        ("ooo", "ooo"),
        ("www", "oww"),
        ("owwo", "ooww"),
        ("wwoo", "owwo"),
        ("c", "c"),
        ("oco", "occ"),
        ("coo", "cco"),
        ("cww", "ccw"),
        ("cwo", "ccw"),
        ("cwoo", "ccwo"),
        ("cow", "ccw"),
        ("wc", "oc"),
        ("wwc", "owc"),
        # What comes and goes with every sample is no alert, and an alert is not over by it.
        ("wowowowo", "oooooooo"),
        ("wwowowow", "owwwwwww"),
        ("cocococo", "cccccccc"),
        # Unknown is shown at once, confirms nothing and clears nothing.
        ("?", "?"),
        ("?o", "?o"),
        ("o?o", "o?o"),
        ("?w", "?o"),
        ("w?w", "o?w"),
        ("ww?w", "ow?w"),
        ("ww?o", "ow?w"),
        ("ww?oo", "ow?wo"),
        ("wwo?o", "oww?o"),
        ("c???c", "c???c"),
        ("c?o?o", "c?c?o"),
    ],
)
def test_states_are_debounced(samples: str, shown: str) -> None:
    bench = Bench()
    assert "".join(LETTERS[bench.only(reading(each)).state] for each in samples) == shown


@pytest.mark.parametrize("letter", "owc?")
def test_a_single_look_shows_what_it_sees(letter: str) -> None:
    assert Bench(patient=False).only(reading(letter)).state is STATES[letter]


def test_since_is_when_the_state_was_entered() -> None:
    bench = Bench()
    assert bench.only(reading("o")).since is None
    bench.only(reading("w"))
    entered = bench.wall
    assert bench.only(reading("w")).since == entered
    assert bench.only(reading("w")).since == entered
    unknown = bench.wall
    assert bench.only(reading("?")).since == unknown
    # It was never over.
    assert bench.only(reading("w")).since == entered
    bench.only(reading("o"))
    cleared = bench.wall
    assert bench.only(reading("o")).since == cleared


@pytest.mark.parametrize(
    ("samples", "known"),
    [("?o", False), ("??oo", False), ("?o?o", True), ("www", False), ("c", False), ("ow?ww", True)],
)
def test_since_is_open_when_nothing_else_was_ever_seen(samples: str, known: bool) -> None:
    bench = Bench()
    last = [bench.only(reading(each)) for each in samples][-1]
    assert (last.since is not None) is known


def test_a_subject_that_appears_later_has_its_time() -> None:
    bench = Bench()
    bench.only(reading("o"))
    entered = bench.wall
    assert bench.only(reading("c", "slot_a")).since == entered


def test_a_subject_that_vanishes_counts_as_clear() -> None:
    bench = Bench()
    assert [check.subject for check in bench.take(reading("c", "a"), reading("c", "b")).checks] == [
        "a",
        "b",
    ]
    both = bench.take(reading("c", "a"))
    assert [(check.subject, check.state) for check in both.checks] == [
        ("a", State.CRITICAL),
        ("b", State.CRITICAL),
    ]
    # While it clears the sentence is the one that raised it.
    assert both.checks[1].sentence == "c it is"
    assert [check.subject for check in bench.take(reading("c", "a")).checks] == ["a"]


def test_a_rule_without_trouble_has_one_check() -> None:
    check = Bench().only(reading("o", "a", 0.1), reading("o", "b", 0.2))
    assert (check.state, check.subject, check.value) == (State.OK, "", 0.1)


def test_a_rule_that_cannot_be_judged_hides_what_it_knew_and_remembers_it() -> None:
    bench = Bench()
    bench.take(reading("c", "a"), reading("c", "b"))
    lost = bench.only(reading("?"))
    assert (lost.state, lost.subject) == (State.UNKNOWN, "")
    assert [check.state for check in bench.take(reading("o", "a"), reading("c", "b")).checks] == [
        State.CRITICAL,
        State.CRITICAL,
    ]


def test_silence_is_not_health() -> None:
    assert Bench().only().state is State.UNKNOWN


def test_the_trend_holds_the_values_oldest_first() -> None:
    bench = Bench()
    for value in (1.0, 2.0, None):
        last = bench.only(reading("o", value=value))
    assert last.trend == (1.0, 2.0, None)


def test_the_most_serious_comes_first_and_the_pardoned_last_of_its_kind() -> None:
    rules: list[Rule[object]] = [
        Rule(name, name, lambda _f, _t: ())
        for name in ("fine", "warned", "hidden", "first", "second")
    ]
    letters = {"fine": "o", "warned": "w", "hidden": "?", "first": "c", "second": "c"}
    sample = [judged(reading(letters[rule.name]), rule=rule) for rule in rules]
    checks = Engine(patient=False).take(sample, [silence("first")], at=0.0, wall=START)
    assert [check.rule for check in checks.checks] == [
        "second",
        "first",
        "warned",
        "hidden",
        "fine",
    ]
    assert [check.rule for check in checks.alerts] == ["second", "warned"]


def silence(rule: str, subject: str = "") -> Pardon:
    return Pardon(PardonKind.SILENCED, rule, subject, "ada", "known", START, START)


@pytest.mark.parametrize(
    ("pardon", "counting"),
    [
        (silence("slots"), []),
        (silence("slots", "a"), ["b"]),
        (silence("other"), ["a", "b"]),
    ],
)
def test_a_pardon_covers_its_subject_or_all(pardon: Pardon, counting: list[str]) -> None:
    checks = Bench().take(reading("c", "a"), reading("c", "b"), pardons=[pardon])
    assert [check.subject for check in checks.alerts] == counting


@pytest.mark.parametrize(
    ("samples", "over"),
    [
        (["a:w"], False),
        (["o"], False),
        (["a:w", "o"], False),
        (["a:w", "o", "o"], True),
        (["a:w", "o", "?"], False),
        (["a:w", "o", "?", "o"], False),
        (["b:c", "b:c"], True),
        # An alert not yet confirmed is no health.
        (["o", "a:w"], False),
    ],
)
def test_what_is_over_was_seen_to_be_ok(samples: list[str], over: bool) -> None:
    bench = Bench()
    for sample in samples:
        subject, _, letter = sample.rpartition(":")
        bench.take(reading(letter, subject))
    assert bench.engine.is_over("slots", "a") is over


def test_a_rule_that_is_left_out_loses_its_past() -> None:
    engine = Engine()
    engine.take([judged(reading("c"))], at=0.0, wall=START)
    engine.take([], at=4.0, wall=START)
    again = engine.take([judged(reading("w"))], at=8.0, wall=START)
    assert again.checks[0].state is State.OK
    assert not engine.is_over("gone", "")


@pytest.mark.parametrize(
    ("samples", "shown", "settled"),
    [
        # A capital letter was judged on new facts, a small one on those of an earlier sample.
        ("Owwww", "ooooo", False),
        ("OWwww", "ooooo", False),
        ("OWwwW", "oooow", True),
        ("WWooo", "owwww", False),
        ("WWOooO", "owwwwo", True),
        ("CCWwwW", "cccccw", True),
        ("w", "o", False),
        ("OWwO", "oooo", True),
        ("Oc", "oc", True),
        ("OccoO", "occcc", False),
        ("OWw?w", "ooo?o", False),
    ],
)
def test_only_new_facts_count(samples: str, shown: str, settled: bool) -> None:
    engine = Engine()
    seen = ""
    for tick, letter in enumerate(samples):
        one = replace(judged(reading(letter.lower())), is_new=letter.isupper())
        (check,) = engine.take([one], at=4.0 * tick, wall=START).checks
        seen += LETTERS[check.state]
    assert seen == shown
    assert engine.undecided == (frozenset() if settled else {"slots"})


def test_an_acknowledgement_outlives_repeated_facts() -> None:
    engine = Engine()
    for tick, letter in enumerate("WOooo"):
        engine.take(
            [replace(judged(reading(letter.lower(), "a")), is_new=letter.isupper())],
            at=4.0 * tick,
            wall=START,
        )
    assert not engine.is_over("slots", "a")
