"""How often a slow line is asked: rarer at once, more often again only when it stays quick."""

from __future__ import annotations

import pytest

from pgdeck.core.source import LinkState
from pgdeck.tui.frame import FrameState, identity_line
from pgdeck.tui.pace import CALM, LOW_BANDWIDTH, Pace


def after(*refreshes: tuple[float | None, float], least: float = 0.0) -> Pace:
    pace = Pace(least=least)
    for trip, waited in refreshes:
        pace.note(trip, waited)
    return pace


@pytest.mark.parametrize(
    ("trip", "waited", "floor", "cause"),
    [
        (None, 0.0, 0.0, ""),
        (0.001, 0.0, 0.0, ""),
        (0.2, 0.01, 1.0, ""),  # no screen has a shorter interval than two seconds
        (0.5, 0.0, 5.0, "line"),
        (1.5, 0.0, 10.0, "line"),
        (0.01, 0.9, 5.0, "terminal"),
        (0.5, 3.0, 30.0, "terminal"),
        (60.0, 0.0, 60.0, "line"),
    ],
)
def test_a_line_gets_five_times_its_round_trip(
    trip: float | None, waited: float, floor: float, cause: str
) -> None:
    pace = after((trip, waited))
    assert pace.floor == floor
    assert pace.slowed(own=2.0) == cause


def test_what_is_slower_anyway_is_not_slowed() -> None:
    assert after((0.5, 0.0)).slowed(own=10.0) == ""


def test_one_quick_refresh_does_not_make_it_hurry() -> None:
    pace = after((1.5, 0.0))
    for _ in range(CALM - 1):
        pace.note(0.01, 0.0)
        assert pace.floor == 10.0
    pace.note(0.01, 0.0)
    assert pace.floor == 0.0
    pace = after((0.01, 0.0), (1.5, 0.0))
    assert pace.floor == 10.0


def test_low_bandwidth_is_a_floor_from_the_start() -> None:
    pace = Pace(least=LOW_BANDWIDTH)
    assert (pace.floor, pace.slowed(own=2.0)) == (5.0, "low bandwidth")
    assert after((1.5, 0.0), least=LOW_BANDWIDTH).slowed(own=2.0) == "line"


def test_a_round_trip_is_said_when_it_matters_and_not_at_every_tremble() -> None:
    pace = after((0.09, 0.0))
    assert pace.trip is None
    pace.note(0.2, 0.0)
    assert pace.trip == 0.2
    pace.note(0.22, 0.0)
    assert pace.trip == 0.2
    pace.note(0.3, 0.0)
    assert pace.trip == 0.3
    pace.note(0.08, 0.0)
    assert pace.trip == 0.08
    pace.note(0.06, 0.0)
    assert pace.trip is None


def said(**more: object) -> str:
    state = FrameState(None, None, LinkState(True, 0.0), 5.0, False, 100.0, 1.0, **more)  # type: ignore[arg-type]
    return "".join(span.text for span in identity_line(state, 80))


def test_the_frame_says_the_line_and_why_it_is_slow() -> None:
    assert "● 5 s " in said()
    assert "line" not in said()
    assert "● 5 s · line 210 ms" in said(trip=0.21)
    assert "● 5 s slowed: line 1.2 s" in said(trip=1.2, slowed="line")
    assert "● 5 s slowed: terminal" in said(slowed="terminal")
    assert "● 5 s slowed: low bandwidth" in said(slowed="low bandwidth", trip=None)
