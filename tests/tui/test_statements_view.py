"""Statements and Indexes in the dashboard, as a person sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from decks import deck, drawn, says, text, until
from servers import Ground, LiveServer


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def counting(server_ground: Ground) -> Iterator[LiveServer]:
    with server_ground.server(
        15, "counted", shared_preload_libraries="pg_stat_statements"
    ) as server:
        server.sql("CREATE EXTENSION pg_stat_statements")
        yield server


async def test_totals_and_what_is_new(counting: LiveServer) -> None:
    counting.sql("SELECT generate_series(1, 7)\n\t  AS apples")
    async with deck(counting.dsn(), (120, 36), start="statements") as pilot:
        await until(pilot, says(pilot, "in all", "generate_series", "share", "calls"))
        await pilot.press("right_square_bracket")
        await until(pilot, says(pilot, "busy", "statements in"))
        assert "generate_series" not in text(pilot)
        await pilot.press("left_square_bracket", "slash", *"apples", "enter", "enter")
        await until(pilot, says(pilot, "standard deviation", "rows a call", "in all"))
        assert any(line.rstrip(" ▐").endswith("      AS apples") for line in drawn(pilot))
        # What is beside the detail is the table that was chosen, and no other.
        assert sum("busy" in line for line in drawn(pilot)) == 1  # the detail, and no header


async def test_at_eighty_columns_the_detail_has_the_screen(counting: LiveServer) -> None:
    async with deck(counting.dsn(), (80, 24), start="statements") as pilot:
        await until(pilot, says(pilot, "since", "query"))
        await pilot.press("f2", "f1", "slash", *"create ext", "enter", "enter")
        await until(pilot, says(pilot, "shortest"))
        assert not [line for line in drawn(pilot) if line.startswith("…")]


async def test_what_is_missing_is_said_whole_at_eighty_columns(pg18: LiveServer) -> None:
    async with deck(pg18.dsn(), (80, 24), start="statements") as pilot:
        await until(pilot, says(pilot, "does not have the extension"))
        said = " ".join(text(pilot).split())
        assert "Install PostgreSQL's contrib modules (18) on the server's machine" in said
        assert "restart the server; CREATE EXTENSION pg_stat_statements" in said


async def test_an_index_has_its_statement_and_definition(pg18: LiveServer) -> None:
    database = pg18.create_database("index_detail")
    pg18.sql(
        "CREATE TABLE apples (id int, n int); CREATE INDEX apples_id ON apples (id);"
        "CREATE INDEX apples_id_n ON apples (id, n)",
        database,
    )
    async with deck(pg18.dsn(database), (80, 24)) as pilot:
        await pilot.press("5")
        await until(pilot, says(pilot, "prefix of apples_id_n", "unused since"))
        await pilot.press("enter")
        await until(pilot, says(pilot, "DROP INDEX CONCURRENTLY public.apples_id"))
        await until(pilot, says(pilot, "CREATE INDEX apples_id ON public.apples USING btree (id)"))


async def test_databases_open_by_alias_with_their_sizes(pg18: LiveServer) -> None:
    async with deck(pg18.dsn(), (100, 30), start="databases") as pilot:
        await until(pilot, says(pilot, "postgres", "MB"))
        # Other tests leave databases on this server: template0 may stand below the last line.
        await pilot.press("slash", *"template0", "enter")
        await until(pilot, says(pilot, "template0", "no connections", "MB"))
