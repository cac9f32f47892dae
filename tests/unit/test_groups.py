"""Sessions grouped, the budget as lines, and a group up close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pgdeck.core.cell import Level
from pgdeck.core.rows import Status, Table, Unknown
from pgdeck.core.text import cell_width
from pgdeck.tui.ink import Line
from pgdeck.tui.views.budget import budget_lines
from pgdeck.watch.closeup import close_up, condition, deeds
from pgdeck.watch.crowd import Budget, By, Connected, Crowd, Limit
from pgdeck.watch.groups import (
    GROUP_COLUMNS,
    LOCAL,
    PRINTED_COLUMNS,
    Group,
    group,
    printed,
    to_table,
)
from pgdeck.watch.model import Session

BLANK: dict[str, Any] = dict.fromkeys(
    ("backend_start", "wait_type", "wait_event", "query_s", "xmin_age", "leader_pid", "query_id")
)


def member(
    pid: int,
    application: str = "web",
    login: str = "shop",
    state: str | None = "idle",
    *,
    visible: bool = True,
    state_s: float | None = 1.0,
    transaction_s: float | None = None,
    wants: str | None = None,
    client: str | None = "10.0.0.1",
    query: str = "",
) -> Connected:
    session = Session(
        pid=pid,
        backend_type="client backend" if visible else None,
        database="db",
        login=login,
        application=application,
        client=client if visible else None,
        state=state if visible else None,
        transaction_s=transaction_s,
        state_s=state_s if visible else None,
        query=query,
        visible=visible,
        wants=wants,
        waits_s=None if wants is None else 7.0,
        blocked_by=() if wants is None else (1, 0),
        **BLANK,
    )
    return Connected(session, 60.0 * pid if visible else None)


def crowd(*members: Connected, limits: Sequence[Limit] = (), slots: int = 20) -> Crowd:
    hidden = any(not each.session.visible for each in members)
    budget = Budget(slots + 3, 3, 0, len(members) + 1)
    return Crowd(budget, members, tuple(limits), "me" if hidden else None)


def values(table: Table, at: int = 0) -> dict[str, Any]:
    columns = GROUP_COLUMNS if len(table.rows[at].values) == len(GROUP_COLUMNS) else PRINTED_COLUMNS
    names = [column.name for column in columns]
    return dict(zip(names, table.rows[at].values, strict=True))


def flat(line: Line) -> str:
    return "".join(span.text for span in line)


def said(chosen: Group, everybody: Crowd) -> str:
    return "\n".join(
        "\n".join((section.title, *section.lines)) for section in close_up(chosen, everybody)
    )


def test_groups_count_by_state_and_keep_the_longest() -> None:
    found = crowd(
        member(1),
        member(2, state="active", transaction_s=50.0),
        member(3, state="idle in transaction", state_s=400.0, transaction_s=500.0),
        member(4, state="idle in transaction (aborted)", state_s=20.0, transaction_s=30.0),
        member(5, state="active", wants="ShareLock on transaction 7", transaction_s=7.0),
        member(6, application="batch", login="other"),
    )
    table = to_table(found, By.APPLICATION)
    web = values(table)
    assert [row.key for row in table.rows] == [("application", "web"), ("application", "batch")]
    expected = {"group": "web", "total": 5, "active": 2, "idle": 1, "idle_tx": 2, "waiting": 1}
    expected |= {"idle_tx_s": 400.0, "transaction_s": 500.0, "age_s": 300.0, "share": 0.25}
    assert {name: web[name] for name in expected} == expected
    assert values(table, 1)["idle_tx_s"] is None


def test_one_hidden_session_makes_a_groups_states_unknown_and_leaves_its_count() -> None:
    found = crowd(member(1), member(2, visible=False), member(3, application="batch"))
    web, batch = (values(to_table(found, By.APPLICATION), at) for at in (0, 1))
    assert (web["total"], web["waiting"]) == (2, 0)
    for name in ("active", "idle", "idle_tx", "idle_tx_s", "transaction_s", "age_s", "clients"):
        assert web[name] == Unknown("not visible to this login", "GRANT pg_monitor TO me")
    assert batch["idle"] == 1
    states = to_table(found, By.STATE)
    assert isinstance(values(states, 1)["group"], Unknown)
    assert values(states, 0)["group"] == "idle"


def test_an_empty_name_is_no_value_and_another_key_than_any_name() -> None:
    found = crowd(member(1, application=""), member(2, application="–"))
    table = to_table(found, By.APPLICATION)
    assert {row.key for row in table.rows} == {("application", None), ("application", "–")}
    assert values(to_table(crowd(member(1, client=None)), By.CLIENT))["group"] == LOCAL


def test_the_tightest_limit_is_shown_and_judged() -> None:
    limits = [Limit(By.DATABASE, "db", 3, 100), Limit(By.LOGIN, "shop", 9, 10)]
    table = to_table(crowd(member(1), limits=limits), By.APPLICATION)
    assert values(table)["limit"] == Status("9/10", Level.CRITICAL)
    assert values(table)["limited"] == "login shop"
    apart = to_table(crowd(member(1, login="else"), limits=limits), By.APPLICATION)
    assert values(apart)["limit"] == Status("3/100", Level.NORMAL)
    assert values(to_table(crowd(member(1)), By.LOGIN))["limit"] is None
    assert Limit(By.LOGIN, "nobody", 0, 0).share == 1.0


def test_what_is_printed_has_every_grouping_and_all() -> None:
    table = printed(crowd(member(1), member(2, application="batch")))
    keys = [row.key for row in table.rows]
    assert keys[0] == ("all", None)
    assert values(table)["group"] == "3 of 20 slots used"
    assert {key[0] for key in keys} == {"all", *By}
    assert len(set(keys)) == len(keys)


def test_a_close_up_divides_names_the_worst_and_says_what_ends_them() -> None:
    found = crowd(
        member(1, state="active", transaction_s=5.0),
        member(2, state="idle in transaction", state_s=900.0, login='a "b"', query="UPDATE\n x"),
        member(3, state="active", wants="ShareLock on transaction 7"),
    )
    chosen = group(found.connected, By.APPLICATION)[0]
    text = said(chosen, found)
    worst = [line for line in text.splitlines() if line[:2] in ("1 ", "2 ", "3 ")]
    assert [line[0] for line in worst] == ["2", "3", "1"]
    assert worst[0].endswith("idle in transaction for 15 min: UPDATE x")
    assert "held by 1, a prepared transaction" in worst[1]
    assert 'login       shop 2 · a "b" 1' in text
    assert "application " not in text.split("sessions by")[1].splitlines()[1]
    assert 'ALTER ROLE "a ""b""" SET idle_in_transaction_session_timeout' in text
    assert "AND application_name = 'web' AND pid <> pg_backend_pid();" in text

    offered = deeds([*group(found.connected, By.LOGIN), chosen], found)
    assert list(offered) == ["end idle in tx", "idle in tx timeout"]
    assert len(offered["end idle in tx"]) == 2
    assert offered["idle in tx timeout"] == (
        'ALTER ROLE "a ""b""" SET idle_in_transaction_session_timeout = \'5min\';',
    )


def test_sessions_of_one_state_are_ended_by_its_name_alone() -> None:
    found = crowd(
        member(40, state="idle in transaction", state_s=900.0), *map(member, range(1, 13))
    )
    texts = {each.name: said(each, found) for each in group(found.connected, By.STATE)}
    assert "WHERE state = 'idle in transaction' AND state_change" in texts["idle in transaction"]
    assert "12 idle: a smaller pool" in texts["idle"]
    assert texts["idle"].count("state = 'idle'") == 1


def test_a_calm_group_needs_nothing_and_a_large_pool_is_told() -> None:
    calm = crowd(member(1))
    assert "ALTER" not in said(group(calm.connected, By.LOGIN)[0], calm)
    large = crowd(*(member(at) for at in range(1, 13)), slots=20)
    text = said(group(large.connected, By.LOGIN)[0], large)
    assert "12 of 12 idle" in text
    assert 'ALTER ROLE "shop" SET idle_session_timeout' in text
    assert 'ALTER ROLE "shop" CONNECTION LIMIT 15;' in text
    limited = crowd(*large.connected, limits=[Limit(By.LOGIN, "shop", 12, 13)])
    text = said(group(limited.connected, By.LOGIN)[0], limited)
    assert "12 of 13 allowed are used" in text
    assert 'ALTER ROLE "shop" CONNECTION LIMIT 23;' in text


@pytest.mark.parametrize(
    ("by", "name", "expected"),
    [
        (By.LOGIN, "o'x", "usename = 'o''x'"),
        (By.APPLICATION, None, "application_name = ''"),
        (By.CLIENT, LOCAL, "client_addr IS NULL"),
        (By.CLIENT, "::1", "client_addr = '::1'"),
        (By.STATE, None, "state IS NULL"),
        (None, None, "backend_type = 'client backend'"),
    ],
)
def test_a_group_is_found_again_in_sql(by: By | None, name: str | None, expected: str) -> None:
    assert condition(Group(by, name, ())) == expected


@pytest.mark.parametrize(("used", "mark"), [(10, ""), (80, "▲"), (95, "■"), (99, "■")])
def test_the_bar_shows_every_slot_and_warns(used: int, mark: str) -> None:
    budget = Budget(100, superusers=3, reserved=5, used=used, series=(1.0, float(used)))
    bar, legend, past, *_ = (flat(line) for line in budget_lines(budget, 120, 4))
    assert f" {used} of 92 used" in bar
    assert (mark in bar) if mark else not {"▲", "■"} & set(bar)
    assert f"░ {max(0, 92 - used)} free for everyone" in legend
    assert "▒ 5 pg_use_reserved_connections  ▓ 3 superusers  max_connections 100" in legend
    assert past.endswith(f"{max(92, used)} slots")
    assert bar.count("▓") >= 3 or used > 97


@pytest.mark.parametrize("width", [1, 5, 20, 40, 80, 300])
@pytest.mark.parametrize("height", [1, 2, 4])
def test_the_budget_stays_in_its_room(width: int, height: int) -> None:
    for budget in (Budget(100, 3, 5, 50), Budget(3, 3, 0, 1), Budget(1, 0, 0, 1)):
        lines = budget_lines(budget, width, height)
        assert len(lines) == height
        if width >= 40:
            assert all(cell_width(flat(line)) <= width for line in lines)
