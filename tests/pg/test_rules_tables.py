"""The rules on tables, indexes and sequences: fired for real, mended by their fix, and clear."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from glance import Glance, apply, glance
from pgdeck.checks.postgres.book import PostgresBook
from pgdeck.checks.postgres.facts import Floors
from pgdeck.core.check import State, Thresholds
from pgdeck.pg.connect import open_session
from servers import LiveServer
from watching import busy, target_of, wait_for

DB = "rules_tables"
FLOORS = Floors(dead_rows=500, changed_rows=500, bloat_bytes=(200e3, 400e3))
DAY = 86_400.0

SCHEMA = """
CREATE SCHEMA "Of \\"" AUTHORIZATION CURRENT_USER;
CREATE TABLE "Of \\""."or der" (id int, body text);
INSERT INTO "Of \\""."or der" SELECT g, repeat('x', 300) FROM generate_series(1, 5000) g
""".replace('\\"', '""')
TABLE = '"Of """."or der"'


@pytest.fixture(scope="module", autouse=True)
def database(any_pg: LiveServer) -> Iterator[str]:
    any_pg.create_database(DB)
    any_pg.sql(SCHEMA, DB)
    any_pg.sql("VACUUM ANALYZE", DB)
    any_pg.role("nobody_much")
    yield DB
    any_pg.sql(f"DROP DATABASE {DB} WITH (FORCE)")


@pytest.fixture
def anew(any_pg: LiveServer, database: str) -> None:
    """Make the table anew: what others did to it would be in its estimates."""
    any_pg.sql(f'DROP SCHEMA "Of """ CASCADE; {SCHEMA}', database)
    any_pg.sql(f"VACUUM ANALYZE {TABLE}", database)


@pytest.mark.usefixtures("anew")
async def test_autovacuum_overdue_and_switched_off_for_a_table(any_pg: LiveServer) -> None:
    any_pg.sql(f"UPDATE {TABLE} SET id = id", DB)
    any_pg.sql(f"UPDATE {TABLE} SET id = id", DB)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await looking.until("autovacuum_overdue", State.OK)  # vacuumed a moment ago
        any_pg.sql("SELECT pg_stat_reset()", DB)
        any_pg.sql(f"DELETE FROM {TABLE} WHERE id <= 2500", DB)
        await looking.look(later=4000.0)
        reading = await looking.until("autovacuum_overdue", State.WARNING)
        assert reading.subject == 'Of ".or der'
        assert "k dead rows" in reading.sentence
        assert reading.fix == f"VACUUM {TABLE}"

        apply(any_pg, f"ALTER TABLE {TABLE} SET (autovacuum_enabled = off)", DB)
        off = await looking.until("autovacuum_overdue", State.CRITICAL)
        assert "autovacuum is off for it" in off.sentence
        apply(any_pg, off.fix, DB)
        await looking.until("autovacuum_overdue", State.OK)
    options = "SELECT reloptions FROM pg_class WHERE relname = 'or der'"
    assert any_pg.sql(options, DB) == [(None,)]


@pytest.mark.usefixtures("anew")
async def test_vacuum_that_frees_nothing_names_who_holds_it(any_pg: LiveServer) -> None:
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        with busy(any_pg, DB, "SELECT pg_current_xact_id()") as pid:
            any_pg.sql(f"UPDATE {TABLE} SET id = id", DB)
            await looking.until("vacuum_frees_nothing", State.OK)
            for _ in range(3):
                any_pg.sql(f"VACUUM {TABLE}", DB)
                await looking.look()
            reading = await looking.until("vacuum_frees_nothing", State.WARNING)
            assert reading.subject == 'Of ".or der'
            assert "k dead rows; pid" in reading.sentence
            assert reading.fix == f"SELECT pg_terminate_backend({pid})"
        any_pg.sql(f"VACUUM {TABLE}", DB)
        await looking.until("vacuum_frees_nothing", State.OK)


@pytest.mark.usefixtures("anew")
async def test_stale_statistics(any_pg: LiveServer) -> None:
    any_pg.sql("CREATE TABLE fresh AS SELECT g FROM generate_series(1, 12000) g", DB)
    any_pg.sql(f"ANALYZE {TABLE}", DB)
    any_pg.sql(f"UPDATE {TABLE} SET id = id", DB)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await looking.look()
        wait_for(lambda: changed(any_pg) >= 5000)
        await looking.look()
        assert [each.state for each in looking.readings("stale_statistics")] == [State.OK]
        await looking.look(later=4000.0)
        readings = {each.subject: each for each in looking.readings("stale_statistics")}
        old, never = readings['Of ".or der'], readings["public.fresh"]
        assert (old.state, never.state) == (State.WARNING, State.CRITICAL)
        assert "was never analyzed" in never.sentence
        apply(any_pg, old.fix, DB)
        apply(any_pg, never.fix, DB)
        await looking.until("stale_statistics", State.OK)
    any_pg.sql("DROP TABLE fresh", DB)


def changed(server: LiveServer) -> int:
    found = server.sql("SELECT max(n_mod_since_analyze) FROM pg_stat_user_tables", DB)
    return int(found[0][0])


@pytest.mark.usefixtures("anew")
async def test_bloat(any_pg: LiveServer) -> None:
    any_pg.sql(
        "CREATE TABLE hollow AS SELECT g, repeat('x', 200) FROM generate_series(1, 9000) g", DB
    )
    any_pg.sql("DELETE FROM hollow WHERE g % 10 > 2 AND g < 8900", DB)
    any_pg.sql("VACUUM ANALYZE hollow", DB)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        reading = await looking.until("bloat", State.CRITICAL, subject="hollow")
        assert reading.value == pytest.approx(0.69, abs=0.1)
        assert reading.sentence.startswith("About ")
        async with glance(any_pg, DB, "nobody_much", floors=FLOORS) as blind:
            unknown = await blind.until("bloat", State.UNKNOWN)
            assert unknown.fix == "GRANT pg_read_all_data TO nobody_much"
        apply(any_pg, reading.fix, DB)
        await looking.until("bloat", State.OK)
        assert not [each for each in looking.readings("bloat") if "hollow" in each.subject]
    any_pg.sql("DROP TABLE hollow", DB)


async def test_invalid_index(any_pg: LiveServer) -> None:
    any_pg.sql("CREATE TABLE twice (id int); INSERT INTO twice VALUES (1), (1)", DB)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        with pytest.raises(psycopg.errors.UniqueViolation), any_pg.connect(DB) as connection:
            connection.execute('CREATE UNIQUE INDEX CONCURRENTLY "one; -- each" ON twice (id)')
        await looking.until("invalid_index", State.OK)
        await looking.look(later=3700.0)
        (reading,) = looking.readings("invalid_index")
        assert (reading.state, reading.subject) == (State.WARNING, "public.one; -- each")
        with any_pg.connect(DB) as connection:
            connection.execute(reading.fix.encode())
        await looking.until("invalid_index", State.OK)
    any_pg.sql("DROP TABLE twice", DB)


async def test_unused_index(any_pg: LiveServer) -> None:
    any_pg.sql(f"CREATE INDEX spare ON {TABLE} (id)", DB)
    at = Thresholds(warn=8192.0)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await looking.look()
        early = await looking.until("unused_index", State.UNKNOWN, at)
        assert "7 d would tell" in early.sentence
        assert [each.state for each in looking.readings("unused_index")] == [State.OK]
        await looking.look(later=8 * DAY)
        (reading,) = looking.readings("unused_index", at)
        assert (reading.state, reading.subject) == (State.WARNING, 'Of ".spare')
        assert reading.sentence.endswith("was not read in 8 d")
        apply(any_pg, reading.fix, DB)
        await looking.until("unused_index", State.OK, at)


async def test_lost_statistics_are_no_proof_that_an_index_is_unused(any_pg: LiveServer) -> None:
    any_pg.sql(f"CREATE INDEX spare ON {TABLE} (id)", DB)
    at = Thresholds(warn=8192.0)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await looking.look()
        await looking.look(later=8 * DAY)
        assert looking.readings("unused_index", at)[0].state is State.WARNING
        any_pg.sql("SELECT pg_stat_reset()", DB)
        looking.ahead = 0.0  # the reset's date is the server's own
        await looking.until("unused_index", State.UNKNOWN, at)
    any_pg.sql('DROP INDEX "Of """.spare', DB)


SEQUENCES = {
    "serial": "CREATE TABLE seq_s (id serial PRIMARY KEY)",
    "identity": "CREATE TABLE seq_s (id int GENERATED ALWAYS AS IDENTITY)",
    "small": "CREATE TABLE seq_s (id smallserial)",
    "bare": "CREATE SEQUENCE seq_s AS int",
    "ending": "CREATE SEQUENCE seq_s MAXVALUE 1000",
    "down": "CREATE SEQUENCE seq_s AS int INCREMENT -1",
    "low": "CREATE SEQUENCE seq_s AS int MINVALUE -9 START -9",
    "high": "CREATE SEQUENCE seq_s AS int INCREMENT -1 MAXVALUE 9 START 9",
    "wide": "CREATE TABLE seq_s (id int); CREATE SEQUENCE seq_w OWNED BY seq_s.id",
}
COME = {"small": 25_000, "ending": 800, "down": -1_700_000_000, "high": -1_700_000_000}


@pytest.mark.parametrize("kind", SEQUENCES)
async def test_sequence_exhaustion(any_pg: LiveServer, kind: str) -> None:
    any_pg.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", DB)
    any_pg.sql(SEQUENCES[kind], DB)
    name = any_pg.sql("SELECT relname FROM pg_class WHERE relkind = 'S'", DB)[0][0]
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await looking.until("sequence_exhaustion", State.OK)
        any_pg.sql(f"SELECT setval('{name}', {COME.get(kind, 1_700_000_000)})", DB)
        reading = await looking.until("sequence_exhaustion", State.WARNING)
        assert reading.subject == f"public.{name}"
        assert reading.value == pytest.approx(0.8, abs=0.05)
        async with glance(any_pg, DB, "nobody_much") as blind:
            await blind.until("sequence_exhaustion", State.UNKNOWN)
        apply(any_pg, reading.fix, DB)
        await looking.until("sequence_exhaustion", State.OK)


async def test_a_sequence_that_somebody_alters_holds_nobody_up(any_pg: LiveServer) -> None:
    any_pg.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", DB)
    any_pg.sql("CREATE SEQUENCE seq_a AS int; CREATE SEQUENCE seq_b AS int", DB)
    with busy(any_pg, DB, "ALTER SEQUENCE seq_a INCREMENT 2"):
        async with glance(any_pg, DB, floors=FLOORS) as looking:
            reading = await looking.until("sequence_exhaustion", State.OK)
            assert "1 sequence" in reading.sentence
    any_pg.sql("DROP SEQUENCE seq_a, seq_b", DB)


async def test_a_locked_table_holds_nobody_up(any_pg: LiveServer) -> None:
    with busy(any_pg, DB, f"LOCK TABLE {TABLE}"):
        async with glance(any_pg, DB, floors=FLOORS) as looking:
            await looking.look()
            await looking.look(later=1.0)
            states = {name: looking.readings(name)[0] for name in NAMES}
    assert not [each for each in states.values() if each.state is State.UNKNOWN]


NAMES = ("autovacuum_overdue", "stale_statistics", "bloat", "invalid_index", "sequence_exhaustion")


async def test_many_sequences_are_looked_at_in_turn(any_pg: LiveServer) -> None:
    any_pg.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", DB)
    make = "EXECUTE format('CREATE SEQUENCE many_%s AS int', i)"
    any_pg.sql(f"DO $$ BEGIN FOR i IN 1..450 LOOP {make}; END LOOP; END $$", DB)
    any_pg.sql("SELECT setval('many_440', 1700000000)", DB)
    async with glance(any_pg, DB, floors=FLOORS) as looking:
        await looking.look()
        (first,) = looking.readings("sequence_exhaustion")
        assert first.state is State.OK
        assert "400 sequences" in first.sentence
        await looking.until("sequence_exhaustion", State.WARNING)
        any_pg.sql("SELECT setval('many_440', 1)", DB)
        await looking.until("sequence_exhaustion", State.OK)
        assert any_pg.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", DB) == []
        await looking.look()
        reading = await looking.until("sequence_exhaustion", State.OK)
        assert reading.sentence == "There is no sequence that could end"


async def test_what_is_dear_is_asked_seldom(any_pg: LiveServer) -> None:
    session = await open_session(target_of(any_pg, DB).conninfo)
    looking = Glance(session, FLOORS, None)
    looking.book = PostgresBook()
    asked: dict[str, list[float]] = {}
    for at in range(0, 640, 4):
        looking.now = looking.ahead = float(at)
        await looking.book.gather(looking)
        for name in looking.asked:
            asked.setdefault(name, []).append(looking.now)
    await looking.rounds.close()
    session.close()
    assert len(asked["server"]) == len(asked["waits"]) == 160
    assert asked["slots"][:4] == asked["late"][:4] == [0.0, 16.0, 32.0, 48.0]
    assert asked["state"][:3] == [0.0, 4.0, 16.0]
    assert asked["bloat"] == asked["indexes"] == [4.0, 304.0, 604.0]
