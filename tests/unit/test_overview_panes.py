"""The Overview's panes say what matters in whatever room they get."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.alert import Alert
from pgdeck.core.cell import Level
from pgdeck.tui.ink import Line, line_width
from pgdeck.tui.views.overview_panes import _alerts

KEYS = {"activity": "2", "tables": "4"}
WAIT = Alert(
    "waits",
    Level.CRITICAL,
    "4 sessions wait for a lock, the longest for 6 min: pid 4711 blocks them",
    "SELECT pg_terminate_backend(4711)",
    "activity",
)
IDLE = Alert("idle", Level.WARNING, "pid 12 is idle in transaction for 6 min", "End it", "activity")


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def drawn(alerts: list[Alert], width: int, height: int) -> list[str]:
    return [text_of(line).rstrip() for line in _alerts(alerts, KEYS, width, height)]


def test_an_alert_without_room_is_cut_and_not_hidden() -> None:
    lines = drawn([WAIT], 27, 2)
    assert lines[0].startswith("■ 4 sessions wait")
    assert lines[1].endswith("…")


def test_every_alert_has_a_line_before_any_has_two() -> None:
    lines = drawn([IDLE, WAIT], 37, 2)
    assert lines[0].startswith("■ 4 sessions")
    assert lines[1].startswith("▲ pid 12")


@pytest.mark.parametrize(("height", "fixed"), [(2, False), (3, True)])
def test_a_fix_is_shown_whole_or_not_at_all(height: int, fixed: bool) -> None:
    lines = drawn([WAIT], 60, height)
    assert ("  SELECT pg_terminate_backend(4711)" in lines) is fixed
    assert "…" not in "".join(lines)


def test_alerts_without_a_line_are_counted() -> None:
    assert drawn([WAIT, IDLE, IDLE, IDLE], 60, 3)[-1] == "… 2 more"


@given(st.integers(12, 120), st.integers(1, 12), st.integers(1, 8))
def test_alerts_stay_in_their_room(width: int, height: int, count: int) -> None:
    lines = _alerts([WAIT, IDLE] * count, KEYS, width, height)
    assert 1 <= len(lines) <= height
    assert line_width(lines[0]) <= width
