"""The Overview's panes say what matters in whatever room they get."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pgdeck.core.check import Check, Checks, Pardon, PardonKind, State
from pgdeck.core.snapshot import Failure, FailureKind, Reading, Snapshot
from pgdeck.tui.ink import Line, line_width
from pgdeck.tui.views.overview_alerts import alert_lines, alerts_pane
from pgdeck.tui.views.overview_panes import fit_name, overview_panes
from pgdeck.watch.model import MigrationsSummary, Overview, TablesSummary, VersionTable

KEYS = {"activity": "2", "tables": "4", "checks": "0"}
WAIT = Check(
    "waits",
    "Lock waits",
    State.CRITICAL,
    "4 sessions wait for a lock, the longest for 6 min: pid 4711 blocks them",
    fix="SELECT pg_terminate_backend(4711)",
    screen="activity",
)
IDLE = Check(
    "idle",
    "Idle in transaction",
    State.WARNING,
    "pid 12 is idle in transaction for 6 min",
    fix="End it",
    screen="activity",
)
FINE = Check("fine", "Fine", State.OK, "All is well")
GRANT = "GRANT pg_monitor TO shop"
HIDDEN = Check("hidden", "Hidden", State.UNKNOWN, "Not visible to shop", fix=GRANT)


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def drawn(checks: list[Check], width: int, height: int) -> list[str]:
    lines = alert_lines(Checks(tuple(checks)), KEYS, width, height)
    return [text_of(line).rstrip() for line in lines]


def test_an_alert_without_room_is_cut_and_not_hidden() -> None:
    lines = drawn([WAIT], 27, 2)
    assert lines[0].startswith("■ 4 sessions wait")
    assert lines[1].endswith("…")


def test_every_alert_has_a_line_before_any_has_two() -> None:
    lines = drawn([WAIT, IDLE], 37, 2)
    assert lines[0].startswith("■ 4 sessions")
    assert lines[1].startswith("▲ pid 12")


@pytest.mark.parametrize(("height", "fixed"), [(2, False), (3, True)])
def test_a_fix_is_shown_whole_or_not_at_all(height: int, fixed: bool) -> None:
    lines = drawn([WAIT], 60, height)
    assert ("  SELECT pg_terminate_backend(4711)" in lines) is fixed
    assert "…" not in "".join(lines)


def test_alerts_without_a_line_are_counted() -> None:
    assert drawn([WAIT, IDLE, IDLE, IDLE], 60, 3)[-1] == "… 2 more"


def test_what_is_known_and_what_cannot_be_is_counted_quietly() -> None:
    seen = Pardon(
        PardonKind.ACKNOWLEDGED, "idle", "", "anna", "known", datetime(2026, 11, 21, tzinfo=UTC)
    )
    known = replace(IDLE, pardon=seen)
    lines = drawn([WAIT, known, HIDDEN, FINE], 60, 6)
    assert lines[-2:] == ["○ 1 acknowledged", f"? 1 rule is not judged: {GRANT}"]
    assert not any("idle in transaction" in line for line in lines)
    other = replace(HIDDEN, rule="other", fix="ALTER SYSTEM SET track_counts = on")
    assert drawn([HIDDEN, other], 60, 6) == [
        "● Nothing that can be seen needs attention.",
        "? 2 rules are not judged",
    ]
    assert drawn([FINE], 60, 6) == ["● Nothing needs attention."]
    narrow = ["● Nothing that can be seen needs", "  attention.", "? 2 rules are not judged"]
    assert drawn([HIDDEN, other], 37, 6) == narrow
    assert drawn([HIDDEN, other], 37, 2)[1:] == narrow[2:]


def test_alerts_go_before_what_is_counted() -> None:
    assert drawn([WAIT, HIDDEN], 60, 2)[0].startswith("■ 4 sessions")
    assert len(drawn([WAIT, HIDDEN], 60, 2)) == 2


def test_rules_without_data_are_no_health() -> None:
    assert text_of(alerts_pane(None, KEYS).right) == "? 0 ›"
    failed: Snapshot[Checks] = Snapshot(
        "checks", "shop", 1, 0.0, 0.0, Failure(FailureKind.TIMEOUT, "It took too long")
    )
    assert "It took too long" in text_of(alerts_pane(failed, KEYS).body(40, 5)[0])


def test_the_count_has_its_mark_so_that_it_is_not_read_as_a_key() -> None:
    def right(*checks: Check) -> str:
        return _old(Checks(checks), None, 60, 6)[0]

    assert right(WAIT, IDLE) == "■ 2 0 ›"
    assert right(IDLE) == "▲ 1 0 ›"
    assert right(FINE) == "none 0 ›"


def _old(
    checks: Checks, seconds: float | None, width: int, height: int
) -> tuple[str, Sequence[Line]]:
    seen = Reading(checks, 0.0, datetime(2026, 11, 21, tzinfo=UTC))
    pane = alerts_pane(Snapshot("checks", "shop", 1, 0.0, 0.0, None, seen), KEYS, seconds)
    return text_of(pane.right), pane.body(width, height)


def test_what_is_old_is_not_known_and_no_health() -> None:
    right, lines = _old(Checks((FINE,)), 12.0, 60, 4)
    assert right == "? 12 s old 0 ›"
    assert [text_of(line) for line in lines] == [
        "? Not known now; 12 s ago nothing needed attention."
    ]
    _, lines = _old(Checks((WAIT, FINE)), 12.0, 80, 3)
    assert text_of(lines[0]) == "? Not known now; 12 s ago:"
    assert text_of(lines[1]).startswith("■ 4 sessions wait")
    assert {span.role for line in lines[1:] for span in line} == {"stale"}
    assert all(len(_old(Checks((WAIT,)), 12.0, 30, room)[1]) <= room for room in (1, 2, 3))


@given(st.integers(12, 120), st.integers(1, 12), st.integers(1, 8))
def test_alerts_stay_in_their_room(width: int, height: int, count: int) -> None:
    checks = Checks((*[WAIT, IDLE] * count, HIDDEN, FINE))
    lines = alert_lines(checks, KEYS, width, height)
    assert 1 <= len(lines) <= height
    assert line_width(lines[0]) <= width


def test_a_name_keeps_both_its_ends() -> None:
    assert fit_name("usage_events_2026_11", 12) == "usage_…26_11"
    assert fit_name("short", 12) == "short"


APPLIED = VersionTable("letta", "alembic_version", ("8149a781ac1b",))


@pytest.mark.parametrize(
    ("migrations", "said"),
    [
        (MigrationsSummary((APPLIED,)), "revision 8149a781ac1b in letta"),
        (MigrationsSummary((APPLIED, APPLIED)), "revision 8149a781ac1b in letta +1"),
        (
            MigrationsSummary((replace(APPLIED, name="alembic_version_two", revisions=()),)),
            "revision nothing applied in letta.alembic_version_two",
        ),
        (
            MigrationsSummary((replace(APPLIED, revisions=None, readable=False),)),
            "revision ? in letta: GRANT SELECT on it",
        ),
        (
            MigrationsSummary((replace(APPLIED, revisions=None, locked=True),)),
            "revision ? in letta: a migration holds it",
        ),
        (Failure(FailureKind.TIMEOUT, "No answer in time"), "revision ? No answer in time"),
        (MigrationsSummary(()), ""),
    ],
)
def test_the_tables_pane_tells_where_the_migrations_stand(
    migrations: MigrationsSummary | Failure, said: str
) -> None:
    unknown = Failure(FailureKind.QUERY, "not asked")
    tables = TablesSummary(0, 0, (), None, None)
    overview = Overview(unknown, unknown, unknown, tables, unknown, migrations)
    body = overview_panes(overview, KEYS)["tables"].body
    lines = [text_of(line).rstrip() for line in body(60, 6)]
    assert lines[0] == "No tables here yet."
    assert "".join(lines[1:]) == said
    assert len(body(60, 2)) <= 2
