"""Rings of samples: bounded, evenly spaced, with gaps where nothing was measured."""

from __future__ import annotations

from pgdeck.core.history import History, Window


def test_a_ring_keeps_the_newest_and_no_more() -> None:
    history = History(most=5)
    for tick in range(100):
        history.add(tick * 2.0, float(tick))

    assert history.series == (95.0, 96.0, 97.0, 98.0, 99.0)
    assert history.highest == 99.0


def test_a_missed_sample_is_a_gap_of_its_width() -> None:
    history = History()
    for at in (0.0, 2.0, 4.0, 14.0, 16.0):
        history.add(at, at)

    assert history.series == (0.0, 2.0, 4.0, None, None, None, None, 14.0, 16.0)


def test_a_long_absence_fills_the_ring_and_not_the_memory() -> None:
    history = History(most=10)
    for at in (0.0, 2.0, 4.0, 1e9):
        history.add(at, 1.0)

    assert history.series == (*[None] * 9, 1.0)


def test_a_new_interval_is_learnt_without_endless_gaps() -> None:
    history = History()
    for at in (0.0, 2.0, 4.0, 6.0, 16.0, 26.0, 36.0, 46.0):
        history.add(at, 1.0)

    assert history.series[-3:] == (1.0, 1.0, 1.0)


def test_a_window_counts_what_grew_within_it() -> None:
    window = Window(100.0, most=10)
    assert window.growth is None
    for at in range(0, 300, 2):
        window.add(float(at), float(at))

    assert window.growth is not None
    assert 90 <= window.growth <= 110
    window.clear()
    assert window.growth is None
