"""A fleet as values: what is one place, what is said of it, and what is kept of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from pgdeck.core.berth import Passwords, berth, sister
from pgdeck.core.fleet import Glance, Member, marked, match
from pgdeck.core.rows import Unknown, Value
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import find_target
from pgdeck.targets.recent import FILE, keep_visit, read_visits
from pgdeck.targets.roster import roster
from pgdeck.tui.fleetlines import Seen, about_lines, fleet_line, head_line
from pgdeck.tui.ink import Line, line_width
from pgdeck.watch.standing import lag_of

SHOP = Target(
    "shop",
    Kind.REMOTE,
    Conninfo({"host": "db", "user": "app", "dbname": "shop", "password": "geheim"}),
    Environment.STAGING,
    read_only=True,
)


def by_url(url: str) -> Target:
    target = find_target(url, {})
    assert target is not None
    return target


def test_another_database_of_a_server_keeps_what_was_said_of_it() -> None:
    other = sister(SHOP, "stats")
    assert other.name == "shop/stats"
    assert other.conninfo["dbname"] == "stats"
    assert (other.environment, other.read_only) == (Environment.STAGING, True)
    assert other.conninfo["password"] == "geheim"
    assert sister(SHOP, "shop") is SHOP
    assert sister(other, "logs").name == "shop/logs"
    assert sister(by_url("postgresql://app@db/shop"), "logs").name == "db:5432/logs"


def test_what_the_database_says_of_itself_comes_first() -> None:
    assert marked(SHOP, None) is Environment.STAGING
    assert marked(SHOP, Glance(0.0, environment="prod")) is Environment.PROD
    assert marked(SHOP, Glance(0.0, environment="nonsense")) is Environment.STAGING


def test_a_password_serves_its_login_on_its_server_and_is_not_shown() -> None:
    passwords = Passwords()
    bare = by_url("postgresql://app@db/shop")
    passwords.keep(bare, "geheim")
    assert passwords.unlock(bare).conninfo["password"] == "geheim"
    assert passwords.unlock(sister(bare, "logs")).conninfo["password"] == "geheim"
    for other in ("postgresql://root@db/shop", "postgresql://app@db2/shop"):
        assert "password" not in passwords.unlock(by_url(other)).conninfo
    assert "geheim" not in repr(passwords) + repr(passwords.unlock(bare)) + berth(SHOP)


@pytest.mark.parametrize(
    ("typed", "rank"),
    [
        ("", 1),
        ("shop", 0),
        ("Sho", 1),
        ("ho", 2),
        ("PROD shop", 3),
        ("prod", 3),
        ("shop dev", None),
    ],
)
def test_a_name_is_found_before_what_else_is_known(typed: str, rank: int | None) -> None:
    assert match(typed, "shop", ("prod", "db.example.com")) == rank


def test_visits_are_kept_without_secrets_for_oneself_alone(tmp_path: Path) -> None:
    keep_visit(tmp_path, SHOP)
    keep_visit(tmp_path, by_url("postgresql://me:geheim@host/x"))
    keep_visit(tmp_path, SHOP)
    file = tmp_path / FILE
    assert "geheim" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [visit.name for visit in read_visits(tmp_path)] == ["shop", "host:5432/x"]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("text", ["", "[", "{}", '[{"name": 1}]', "[3]", "null"])
def test_a_broken_memory_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_visits(tmp_path) == []
    keep_visit(tmp_path, SHOP)
    assert [visit.name for visit in read_visits(tmp_path)] == ["shop"]


def test_the_demo_is_not_kept(tmp_path: Path) -> None:
    keep_visit(tmp_path, replace(SHOP, kind=Kind.EMBEDDED))
    assert not (tmp_path / FILE).exists()


def test_recent_ones_come_first_and_each_place_once(tmp_path: Path) -> None:
    one, two, three = (by_url(f"postgresql://app@{host}/x") for host in ("one", "two", "three"))
    config = [Member(name, replace(each, name=name)) for name, each in (("a", one), ("b", two))]
    keep_visit(tmp_path, three)
    keep_visit(tmp_path, two)
    services = tmp_path / "services"
    services.write_text("[prod]\nhost=prod\n\n[same]\nhost=one\nuser=app\ndbname=x\n[ldap]\n")
    environ = {"PGSERVICEFILE": str(services)}
    found = roster(three, config, environ, tmp_path)
    assert [member.name for member in found[:3]] == ["three:5432/x", "b", "a"]
    assert "prod" in [member.name for member in found]
    assert "same" not in [member.name for member in found]
    assert [m.asked for m in found if m.name in ("prod", "b")] == [True, False]
    # The current one bears the name that the configuration gave to its place.
    assert roster(one, config, {}, None)[0] == Member("a", one)


@pytest.mark.parametrize(
    ("row", "lag"),
    [
        ({}, None),
        ({"followers": 2, "lag_s": 1.5}, 1.5),
        ({"standby": True, "streams": True, "behind": 0, "replayed_s": 900.0}, 0.0),
        ({"standby": True, "streams": True, "behind": 8192, "replayed_s": 9.0}, 9.0),
    ],
)
def test_a_lag_is_that_of_what_is_missing(row: dict[str, Value], lag: Value) -> None:
    assert lag_of(ROW | row) == lag


ROW: dict[str, Value] = {
    "standby": False,
    "streams": False,
    "behind": None,
    "replayed_s": None,
    "followers": 0,
    "hidden": 0,
    "lag_s": 0.0,
    "login": "me",
}


def test_a_lag_that_cannot_be_known_is_not_none_at_all() -> None:
    alone = lag_of(ROW | {"standby": True, "behind": 0, "replayed_s": 60.0})
    assert isinstance(alone, Unknown)
    assert "60 s ago" in alone.reason
    hidden = lag_of(ROW | {"followers": 1, "hidden": 1})
    assert isinstance(hidden, Unknown)
    assert hidden.remedy == "GRANT pg_monitor TO me"


def said(line: Line) -> str:
    return "".join(span.text for span in line)


REFUSED = Failure(FailureKind.REFUSED, "No answer from db:5432 (connection refused)", "Start it")
GLANCES = (
    None,
    Glance(0.0, version="18.4", standby=True, warnings=1, criticals=1, lag=Unknown("why", "GRANT")),
    Glance(0.0, version="18.4", standby=False, warnings=0, criticals=0),
    Glance(0.0, REFUSED),
)


@pytest.mark.parametrize("width", [12, 30, 46, 60, 76, 94, 200])
@pytest.mark.parametrize("glance", GLANCES)
def test_every_line_fills_its_width(width: int, glance: Glance | None) -> None:
    hostile = replace(SHOP, name="sh\x1b[31mop\n", source="a\u202eb")
    seen = Seen(Member(hostile.name, hostile), glance)
    lines = [fleet_line(seen, 5.0, width, chosen=True), head_line(width)]
    assert [line_width(line) for line in lines] == [width, width]
    everything = "".join(map(said, [*lines, *about_lines(seen, width)]))
    assert not any(char in everything for char in "\x1b\n\u202e")
    assert "geheim" not in everything


def test_a_line_says_in_words_what_its_colours_say() -> None:
    lines = [
        said(fleet_line(Seen(Member("shop", SHOP), glance), 5.0, 94, chosen=False))
        for glance in GLANCES
    ]
    expected = (
        ("staging", "not asked"),
        ("standby 18.4", "■ 2", "?"),
        ("primary 18.4", " 0 ", "–"),
        ("■ not reached", "5 s"),
    )
    for line, words in zip(lines, expected, strict=True):
        assert all(word in line for word in words), line


def test_what_cannot_be_read_says_why() -> None:
    member = Member("broken", problem=UsageProblem("config.toml:3: no url", "give one"))
    seen = Seen(member)
    assert "cannot be read" in said(fleet_line(seen, 0.0, 94, chosen=True))
    assert "config.toml:3: no url · give one" in said(about_lines(seen, 94)[1])
