"""The Databases screen on live servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pgdeck.core.rows import Unknown
from pgdeck.core.spec import ScreenSpec
from pgdeck.watch.menu import load_menu
from pgdeck.watch.query import QueryCollector
from servers import LiveServer
from watching import look, screen_rows

DB = 'shop "x"; --'
SPEC: ScreenSpec = next(spec for spec in load_menu().specs if spec.name == "databases")
NAMES = [column.name for column in SPEC.columns]


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql('ALTER DATABASE "shop ""x""; --" CONNECTION LIMIT 1')
    any_pg.sql('REVOKE CONNECT ON DATABASE "shop ""x""; --" FROM PUBLIC')
    any_pg.role("see_all", "pg_monitor")
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql('DROP DATABASE "shop ""x""; --" WITH (FORCE)')


async def databases_of(
    server: LiveServer, user: str = "postgres", *, rates: bool = False
) -> dict[str, dict[str, Any]]:
    table = await look(server, QueryCollector(SPEC), "postgres", user, rates=rates)
    rows = [dict(zip(NAMES, row.values, strict=True)) | {"key": row.key[0]} for row in table.rows]
    return {str(row["database"]): row for row in rows}


@pytest.mark.parametrize("user", ["postgres", "see_all", "nobody_much"])
async def test_every_login_sees_every_database(any_pg: LiveServer, user: str) -> None:
    with any_pg.connect(DB):
        found = await databases_of(any_pg, user)

    assert {"postgres", "template0", "template1", DB} <= set(found)
    assert found["template0"]["finding"] == "template, no connections"
    assert found["postgres"]["connections"] >= 1
    assert 0 <= found["postgres"]["xid"] < 1
    shop = found[DB]
    assert (shop["connections"], shop["connection_limit"], shop["limit_share"]) == (1, 1, 1.0)
    assert shop["finding"] == "near its connection limit"
    assert shop["fix"] == 'ALTER DATABASE "shop ""x""; --" CONNECTION LIMIT 2'
    assert shop["encoding"] == "UTF8"
    assert shop["rollback"] is None
    assert found["postgres"]["counted"] < 3600


@pytest.mark.parametrize(
    ("user", "sees"), [("postgres", True), ("see_all", True), ("nobody_much", False)]
)
async def test_a_size_needs_the_right_to_connect(any_pg: LiveServer, user: str, sees: bool) -> None:
    found = await databases_of(any_pg, user)
    keys = [str(found[name]["key"]) for name in (DB, "template0")]

    exact = {str(row["oid"]): row for row in screen_rows(any_pg, "databases+sizes", "postgres",
                                                         user, keys)}  # fmt: skip

    grant = 'GRANT CONNECT ON DATABASE "shop ""x""; --" TO nobody_much'
    assert exact[keys[1]]["size"] is None or exact[keys[1]]["size"] > 1_000_000
    if sees:
        assert exact[keys[0]]["size"] > 1_000_000
        assert found[DB]["size"] is None
    else:
        assert exact[keys[0]]["size"] is None
        assert exact[keys[0]]["size__remedy"] == grant
        assert found[DB]["size"] == Unknown("not visible without CONNECT on the database", grant)


async def test_rates_are_measured_between_two_samples(any_pg: LiveServer) -> None:
    first = (await databases_of(any_pg))["postgres"]
    second = (await databases_of(any_pg, rates=True))["postgres"]

    assert first["commits"] is None
    assert second["commits"] >= 0
    assert second["rollbacks"] >= 0


async def test_checksums_are_unknown_where_none_are_kept(any_pg: LiveServer) -> None:
    failures = (await databases_of(any_pg))["postgres"]["checksum_failures"]

    on = any_pg.sql("SELECT current_setting('data_checksums')")[0][0] == "on"
    assert failures == 0 if on else isinstance(failures, Unknown)
