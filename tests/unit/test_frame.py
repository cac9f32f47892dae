"""The frame says which database this is, how fresh it is, and what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from pgdeck.core.check import Check, Checks, Pardon, PardonKind, State
from pgdeck.core.snapshot import Failure, FailureKind, Reading, Snapshot
from pgdeck.core.source import LinkState
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.tui.frame import (
    FrameState,
    alert_count,
    banner_line,
    footer_line,
    identity_line,
    tab_at,
    tab_line,
)
from pgdeck.tui.ink import Line, Span, line_width
from pgdeck.watch.model import Server

SERVER = Server(
    version=180004,
    version_text="18.4 (Debian 18.4-1)",
    standby=False,
    started_at=datetime(2026, 11, 18, tzinfo=UTC),
    uptime_s=3 * 86400.0,
    database="shop",
    login="shop",
    superuser=False,
    monitor=True,
    system_identifier="75",
    database_oid=5,
    fingerprint="7f3a91",
    address=None,
    port=5432,
)
TARGET = Target(
    name="shop",
    kind=Kind.REMOTE,
    conninfo=Conninfo(
        {
            "host": "db.example.net",
            "port": "5433",
            "user": "shop",
            "dbname": "shop",
            "password": "s3",
        }
    ),
    environment=Environment.STAGING,
)


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def state(server: Server | None = SERVER) -> FrameState:
    snapshot = None
    if server is not None:
        reading = Reading(server, 99.0, datetime(2026, 11, 21, tzinfo=UTC))
        snapshot = Snapshot("server", "shop", 1, 99.0, 0.01, None, reading)
    return FrameState(TARGET, snapshot, LinkState(True, 90.0), 2.0, False, 100.0, 1.0)


def test_identity_names_place_environment_fingerprint_and_server() -> None:
    line = text_of(identity_line(state(), 120))
    for fact in ("shop@db.example.net:5433/shop", "staging", "7f3a91", "PG 18.4", "primary", "3 d"):
        assert fact in line
    assert line.endswith("● 2 s ")
    assert "s3" not in line


@pytest.mark.parametrize("width", [10, 40, 60, 80, 120, 200])
def test_identity_has_exactly_the_width(width: int) -> None:
    assert line_width(identity_line(state(), width)) == width
    assert line_width(identity_line(state(None), width)) == width


def test_environment_colours_the_identity_only() -> None:
    roles = {span.role for span in identity_line(state(), 120)}
    assert "staging" in roles


def test_a_target_may_have_a_colour_of_its_own_and_keeps_its_environments() -> None:
    own = replace(state(), target=replace(TARGET, colour="orange"))
    spans = identity_line(own, 120)
    assert [span.role for span in spans[:2]] == ["colour-orange", "staging"]
    assert "staging" in spans[1].text


@pytest.mark.parametrize("server", [SERVER, None])
def test_the_frame_says_which_source_named_the_database(server: Server | None) -> None:
    found = replace(state(server), target=replace(TARGET, source=".env: DATABASE_URL"))
    assert "by .env: DATABASE_URL" in text_of(identity_line(found, 120))
    assert "PG 18.4 primary" in text_of(identity_line(replace(found, server=state().server), 80))
    typed = replace(found, target=replace(TARGET, source="argument"))
    assert "argument" not in text_of(identity_line(typed, 200))


def test_freshness_tells_the_truth() -> None:
    fresh = state()
    assert "● 2 s" in text_of(identity_line(fresh, 120))
    paused = replace(fresh, paused=True, data_age=200.0)
    assert "⏸ paused, 3 min old" in text_of(identity_line(paused, 120))
    lost = replace(fresh, link=LinkState(False, 95.0), data_age=42.0)
    assert "42 s old" in text_of(identity_line(lost, 120))
    old = replace(fresh, data_age=30.0)
    assert "30 s old" in text_of(identity_line(old, 120))
    assert "reading" in text_of(identity_line(replace(fresh, data_age=None), 120))
    never = replace(fresh, data_age=None, failed=True)
    assert "▲ no data" in text_of(identity_line(never, 120))


def test_a_standby_and_a_limited_login_are_named() -> None:
    server = replace(SERVER, standby=True, monitor=False)
    line = text_of(identity_line(state(server), 140))
    assert "standby" in line
    assert "(limited)" in line


def test_banner_names_the_trouble_and_the_next_try() -> None:
    failure = Failure(
        FailureKind.REFUSED, "No answer from 127.0.0.1:5432 (connection refused).", retry_at=103.0
    )
    line = banner_line(LinkState(False, 95.0, failure), 100.0, 100)
    assert "connection refused" in text_of(line)
    assert "next try in 3 s" in text_of(line)
    assert line_width(line) == 100


def spec(name: str, key: str) -> ScreenSpec:
    return ScreenSpec(name, name.title(), key, (Path(f"{name}.toml"), 1))


def snapshot_of(*states: State, failure: Failure | None = None) -> Snapshot[Checks]:
    checks = tuple(Check(f"rule_{at}", "Rule", state, "So.") for at, state in enumerate(states))
    reading = Reading(Checks(checks), 95.0, datetime(2026, 11, 21, tzinfo=UTC))
    return Snapshot("checks", "shop", 1, 95.0, 0.01, failure, reading)


def test_tabs_mark_the_current_screen_and_count_alerts() -> None:
    tabs = [spec("overview", "1"), spec("tables", "4")]
    counted = alert_count(snapshot_of(State.WARNING, State.OK, State.WARNING), 100.0, lost=False)
    line = tab_line(tabs, "tables", counted, 80)
    current = [span.text.strip() for span in line if span.role == "tab-current"]
    assert current == ["4", "Tables"]
    assert text_of(line).endswith("▲ 2 ")
    assert line_width(line) == 80


@pytest.mark.parametrize("width", [10, 40, 80, 120])
def test_a_screen_that_fills_the_terminal_keeps_the_count(width: int) -> None:
    counted = alert_count(snapshot_of(State.CRITICAL), 100.0, lost=False)
    line = identity_line(replace(state(), zen=True, alerts=counted), width)
    assert line_width(line) == width
    assert width < 40 or text_of(line).endswith("■ 1  ● 2 s  M back ")


@pytest.mark.parametrize(
    ("snapshot", "now", "lost", "said"),
    [
        (None, 100.0, False, ""),
        (snapshot_of(State.OK, State.UNKNOWN), 100.0, False, ""),
        (snapshot_of(State.WARNING, State.CRITICAL, State.UNKNOWN), 100.0, False, "■ 2 "),
        (snapshot_of(State.CRITICAL), 100.0, True, "? "),
        (snapshot_of(State.CRITICAL), 160.0, False, "? "),
        (snapshot_of(State.OK, failure=Failure(FailureKind.BUG, "no")), 100.0, False, "? "),
        (snapshot_of(State.UNKNOWN, State.UNKNOWN), 100.0, False, "? "),
    ],
)
def test_only_what_is_known_is_counted(
    snapshot: Snapshot[Checks] | None, now: float, lost: bool, said: str
) -> None:
    assert text_of(alert_count(snapshot, now, lost=lost)) == said


def test_what_is_pardoned_is_not_counted() -> None:
    pardon = Pardon(PardonKind.SILENCED, "rule", "", "anna", "known", SERVER.started_at)
    check = Check("rule", "Rule", State.CRITICAL, "So.", pardon=pardon)
    reading = Reading(Checks((check,)), 95.0, SERVER.started_at)
    assert (
        alert_count(Snapshot("checks", "shop", 1, 95.0, 0.0, None, reading), 96.0, lost=False) == ()
    )


@pytest.mark.parametrize("width", [30, 80])
def test_a_click_finds_the_tab_that_is_drawn_there(width: int) -> None:
    tabs = [spec("overview", "1"), spec("tables", "4")]
    drawn = text_of(tab_line(tabs, "tables", (), width))
    for sought, tab in (("1", tabs[0]), ("Ov", tabs[0]), ("4", tabs[1]), ("Tabl", tabs[1])):
        assert tab_at(tabs, width, drawn.index(sought)) is tab
    assert tab_at(tabs, width, width - 1) is None


def test_blanks_between_tabs_go_before_letters_do() -> None:
    tabs = [spec("overview", "1"), spec("connections", "3")]
    drawn = [text_of(tab_line(tabs, "overview", (), width)).strip() for width in (60, 36, 26, 24)]
    assert drawn == [
        "1 Overview   3 Connections",
        "1 Overview 3 Connections",
        "1 Overvi 3 Connec",
        "1 Over 3 Conn",
    ]


def test_ten_tabs_and_the_alerts_fit_in_eighty_columns() -> None:
    tabs = [spec(f"screen{digit}", digit) for digit in "1234567890"]
    line = text_of(tab_line(tabs, "screen5", (Span("▲ 1 ", "warning"),), 80))
    assert all(f" {digit} Scre" in line for digit in "1234567890")
    assert line.endswith("▲ 1 ")
    for tab in tabs:
        assert tab_at(tabs, 80, line.index(f"{tab.key} Scre")) is tab


def test_footer_names_whole_keys_only() -> None:
    keys = (("?", "help"), (":", "commands"), ("q", "quit"))
    assert text_of(footer_line(keys, 40)).rstrip() == " ? help  : commands  q quit"
    assert text_of(footer_line(keys, 22)).rstrip() == " ? help  : commands"


def test_footer_keeps_no_room_for_blanks_behind_the_way_out() -> None:
    keys, out = (("?", "help"), (":", "commands")), ("q", "quit")
    assert text_of(footer_line(keys, 27, out)) == " ? help  : commands  q quit"
    assert text_of(footer_line(keys, 26, out)).rstrip() == " ? help  q quit"
