"""The forecast of the next autovacuum from samples."""

from __future__ import annotations

import pytest

from pgdeck.core.vacuum import MOST_SAMPLES, Approach, Forecasts


def test_two_samples_foretell_the_rest_of_the_way() -> None:
    approach = Approach()
    approach.add(0.0, 0.5)
    assert approach.seconds_left() is None

    approach.add(10.0, 0.6)

    assert approach.seconds_left() == pytest.approx(40.0)


def test_a_table_at_rest_is_not_foretold() -> None:
    approach = Approach()
    approach.add(0.0, 0.5)
    approach.add(10.0, 0.5)

    assert approach.seconds_left() is None


def test_what_is_due_is_due_now() -> None:
    approach = Approach()
    approach.add(0.0, 1.2)

    assert approach.seconds_left() == 0.0


def test_a_vacuum_begins_the_measurement_anew() -> None:
    approach = Approach()
    approach.add(0.0, 0.2)
    approach.add(10.0, 0.9)
    approach.add(20.0, 0.1)

    assert approach.seconds_left() is None


def test_the_pace_is_that_of_the_last_minutes_and_takes_little_room() -> None:
    approach = Approach()
    for tick in range(2000):
        slow, fast = tick * 5.0 * 1e-6, max(0.0, tick - 1500) * 5.0 * 1e-4
        approach.add(tick * 5.0, slow + fast)
        assert len(approach._samples) <= MOST_SAMPLES

    # 1e-4 a second for the last minutes; over the whole time it would be a quarter of that.
    assert approach.seconds_left() == pytest.approx(7330, rel=0.02)


def test_tables_that_are_gone_are_forgotten() -> None:
    forecasts = Forecasts()
    forecasts.learn(0.0, [("a", 0.1), ("b", 0.1)])
    forecasts.learn(10.0, [("a", 0.2)])
    forecasts.learn(20.0, [("a", 0.3), ("b", 0.9)])

    assert set(forecasts.seconds_left()) == {"a"}
