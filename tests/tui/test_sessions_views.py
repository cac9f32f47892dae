"""Connections and Locks in the dashboard: what is drawn, what keys do, what hostile names do."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from textual.pilot import Pilot

from decks import Size, deck, drawn, live, says, text, until
from pgdeck.tui.views.connections import ConnectionsView
from pgdeck.watch.crowd import By
from servers import LiveServer
from watching import stuck

FORBIDDEN = set("\u202e\u200d\u2066\u2028")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def view(pilot: Pilot[int]) -> ConnectionsView:
    return pilot.app.query_one(ConnectionsView)


def assert_clean(pilot: Pilot[int]) -> None:
    for line in drawn(pilot):
        bad = [char for char in line if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
        assert not bad, line
        assert not set(line) & FORBIDDEN, line


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_budget_and_the_groups(pg18: LiveServer, size: Size) -> None:
    database = pg18.dsn(pg18.create_database("grouping"))
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(psycopg.connect(database, application_name="many"))
        holder = stack.enter_context(psycopg.connect(database, application_name="held"))
        holder.execute("SELECT 1")
        async with deck(database, size, start="connections") as pilot:
            await until(pilot, says(pilot, "many", "held", "of 57 used", "free for everyone"))
            lines = drawn(pilot)
            assert "█" in lines[2]
            assert lines[2].rstrip().endswith("▓")
            assert "F1 application" in text(pilot)
            await pilot.press("right_square_bracket", "right_square_bracket")
            await until(pilot, says(pilot, "grouping"))
            assert "held" not in text(pilot)
            await pilot.press("f1", "M")
            await until(pilot, lambda: "free for everyone" not in text(pilot))
            await until(pilot, says(pilot, "held", "of 57 used"))
            await pilot.press("M")
            await until(pilot, says(pilot, "held", "free for everyone"))
            await pilot.press("left_square_bracket")
            assert view(pilot).by is By.STATE
            await until(pilot, says(pilot, "idle in transac"))


async def test_a_groups_detail_says_what_to_do(pg18: LiveServer) -> None:
    database = pg18.dsn(pg18.create_database("grouping"))
    with psycopg.connect(database, application_name="held") as holder:
        holder.execute("SELECT 42")
        async with deck(database, (130, 50), start="connections") as pilot:
            await until(pilot, says(pilot, "held"))
            await pilot.press("slash", *"held", "enter", "enter")
            await until(pilot, says(pilot, "worst of them", "sessions by", "SELECT 42"))
            assert f"{holder.info.backend_pid}  held postgres@grouping" in text(pilot)
            assert "idle_in_transaction_session_timeout" in text(pilot)
            await pilot.press("y")
            await until(pilot, says(pilot, "2 end idle in tx", "3 idle in tx timeout"))
            await pilot.press("escape")
            await pilot.press("escape")
            await until(pilot, lambda: "worst of them" not in text(pilot))


async def test_a_login_that_sees_little_is_told(pg18: LiveServer) -> None:
    pg18.role("sees_little")
    database = pg18.create_database("grouping")
    with psycopg.connect(pg18.dsn(database), application_name="held"):
        async with deck(pg18.dsn(database, "sees_little"), (120, 30), start="connections") as pilot:
            await until(pilot, says(pilot, "held", "hidden: GRANT pg_monitor"))
            row = next(line for line in drawn(pilot) if line.startswith(" held"))
            assert "?" in row
            await pilot.press("d")
            await until(pilot, says(pilot, "not visible"))


async def test_locks_name_the_one_to_end(pg18: LiveServer) -> None:
    database = pg18.create_database("grouping")
    pg18.sql("CREATE TABLE item AS SELECT 1 AS id", database)
    with psycopg.connect(pg18.dsn(database), application_name="holder") as holder:
        holder.execute("UPDATE item SET id = 2")
        with stuck(pg18, database, "LOCK TABLE item"):
            pg18.role("sees_little")
            async with deck(pg18.dsn(database, "sees_little"), (140, 50), start="locks") as pilot:
                await until(pilot, says(pilot, "AccessExclusive", "holder", "waits", "blocks"))
                await pilot.press("enter")
                end = f"pg_terminate_backend({holder.info.backend_pid})"
                await until(pilot, says(pilot, "ends it", end, "? not visible to this login"))
                assert "Unknown(" not in text(pilot)
                await pilot.press("y")
                await until(pilot, says(pilot, "2 ends it"))


async def test_hostile_names_reach_no_terminal(pg18: LiveServer, hostile_names: str) -> None:
    database = pg18.create_database("hostile locks")
    pg18.sql(hostile_names, database)
    login, odd = "a\x1b[31m\u202e'\"login\n", "b\x1b]0;x\x07\u2066'\"\nbase"
    with ExitStack() as stack:
        admin = stack.enter_context(pg18.connect())
        for create, drop, name in (
            ("ROLE {} LOGIN SUPERUSER", "ROLE {}", login),
            ("DATABASE {} CONNECTION LIMIT 5", "DATABASE {} WITH (FORCE)", odd),
        ):
            admin.execute(sql.SQL("CREATE " + create).format(sql.Identifier(name)))
            stack.callback(admin.execute, sql.SQL("DROP " + drop).format(sql.Identifier(name)))
        for name in (database, odd):
            session = stack.enter_context(
                psycopg.connect(pg18.dsn(name, login), application_name="\x1b[2J")
            )
            session.execute("SELECT pg_advisory_xact_lock(1), '\x1b[31m\u202e'")
        locker = stack.enter_context(pg18.connect(database, autocommit=False))
        for (name,) in pg18.sql("SELECT name FROM awkward.names", database):
            locker.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier("awkward_t", name)))
        async with deck(pg18.dsn(database), (120, 60), start="locks") as pilot:
            await until(pilot, says(pilot, "CamelCase", "advisory 1"))
            await pilot.press("enter")
            for _ in range(34):
                assert_clean(pilot)
                await pilot.press("j")
                await pilot.pause()
            await pilot.press("3", "enter")
            for key in ("f1", "f2", "f3", "f4", "f5"):
                await pilot.press(key)
                for _ in range(3):
                    await until(pilot, says(pilot, "sessions by"))
                    assert_clean(pilot)
                    await pilot.press("j")
            await until(pilot, live(pilot))
