"""``pgdeck ls`` and ``pgdeck screens check`` against live servers, as a shell sees them."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgdeck.core.text import safe
from servers import LiveServer, free_port
from watching import busy

SOURCE = Path(__file__).resolve().parents[2] / "src"
DB = "ls_test"
SCREEN = """/*
title = "Mine"
row_key = ["a"]
[[columns]]
name = "{column}"
format = "rate"
*/
SELECT 1 AS a, 7 AS b;
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "XDG_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "PYTHONPATH": str(SOURCE), "HOME": str(tmp_path), "PYTHONWARNINGS": "error"}


@pytest.fixture(scope="module")
def database(pg18: LiveServer) -> Iterator[str]:
    pg18.create_database(DB)
    pg18.sql(
        "CREATE TABLE small (a int); CREATE TABLE big (a text);"
        "INSERT INTO big SELECT repeat('x', 1000) FROM generate_series(1, 2000);"
        'CREATE TABLE "hé\nllo" (a int)',
        DB,
    )
    pg18.sql("VACUUM ANALYZE", DB)
    yield DB
    pg18.sql(f"DROP DATABASE {DB} WITH (FORCE)")


def pgdeck(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pgdeck", *words]
    # A home names no database; this project, whose root tests run in, does.
    home = environ["HOME"]
    return subprocess.run(command, env=environ, cwd=home, capture_output=True, timeout=60)


def report(environ: dict[str, str], *words: str, code: int = 0) -> Any:
    done = pgdeck(environ, *words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def own_screen(environ: dict[str, str], name: str, text: str) -> Path:
    place = Path(environ["HOME"]) / ".config/pgdeck/screens"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = place / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_the_list_of_screens(environ: dict[str, str]) -> None:
    names = [row["screen"] for row in report(environ, "ls")]
    assert names[:2] == ["overview", "activity"]
    assert "tables" in names
    shown = pgdeck(environ, "ls")
    assert b"tables" in shown.stdout
    assert pgdeck(environ, "ls", "--csv").stdout.startswith(b"screen,key,title,")


def test_json_has_the_promised_shape(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    found = report(environ, "ls", "tables", pg18.dsn(database))
    assert {"screen", "target", "taken_at", "age_s", "columns", "rows", "failures"} <= set(found)
    assert found["screen"] == "tables"
    assert set(found["target"]) == {
        "name", "host", "port", "database", "role", "fingerprint", "environment"
    }  # fmt: skip
    assert found["target"]["port"] == pg18.port
    assert found["target"]["database"] == database
    assert re.fullmatch(r"[0-9a-f]{6}", found["target"]["fingerprint"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", found["taken_at"])
    assert 0 <= found["age_s"] < 60
    assert found["failures"] == []
    rows = found["rows"]
    assert len(rows) == 3
    assert all(list(row) == found["columns"] for row in rows)
    assert rows[0]["table"].endswith("big")  # the screen's own order
    assert isinstance(rows[0]["size"], int)
    assert rows[0]["size"] > 2_000_000
    assert any("hé\nllo" in row["table"] for row in rows)  # raw


def test_sizes_are_measured_unless_a_lock_is_in_the_way(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    dsn = pg18.dsn(database)
    sizes = "SELECT pg_total_relation_size('big'), pg_database_size(current_database())"
    (table, whole) = pg18.sql(sizes, database)[0]

    measured = report(environ, "ls", "tables", dsn, "--filter", "big")["rows"][0]["size"]
    databases = {row["database"]: row for row in report(environ, "ls", "databases", dsn)["rows"]}
    with busy(pg18, database, "LOCK TABLE big"):
        estimated = pgdeck(environ, "ls", "tables", dsn, "--filter", "big").stdout.decode()

    assert measured == table
    assert databases[database]["size"] == pytest.approx(whole, rel=0.1)
    assert re.search(r"big\s+~\d", estimated)


def test_filter_and_limit(environ: dict[str, str], pg18: LiveServer, database: str) -> None:
    dsn = pg18.dsn(database)
    big = report(environ, "ls", "tables", dsn, "--filter", "size>1MB")["rows"]
    assert [row["table"] for row in big] == ["big"]
    assert len(report(environ, "ls", "tables", dsn, "--limit", "2")["rows"]) == 2
    assert report(environ, "ls", "tables", dsn, "--filter", "nobody")["rows"] == []
    none = pgdeck(environ, "ls", "tables", dsn, "--filter", "nobody")
    assert none.stderr == b"pgdeck: no row of 3 matches the filter\n"
    half = pgdeck(environ, "ls", "tables", dsn, "--filter", "size>")
    assert (half.returncode, half.stdout) == (2, b"")
    assert b"a beginning without its end" in half.stderr
    wrong = pgdeck(environ, "ls", "tables", dsn, "--filter", "big size>huge")
    assert wrong.returncode == 2
    assert b"--filter, character 10: huge is not a size" in wrong.stderr


def test_csv_is_raw(environ: dict[str, str], pg18: LiveServer, database: str) -> None:
    done = pgdeck(environ, "ls", "tables", pg18.dsn(database), "--csv")
    assert done.returncode == 0
    assert done.stdout.count(b"\r\n") == 4
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert any("hé\nllo" in row["table"] for row in rows)
    assert int(rows[0]["size"]) > 2_000_000


def test_text_is_humane_and_aligned(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    done = pgdeck(environ, "ls", "tables", pg18.dsn(database))
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 4
    assert lines[0].split()[:2] == ["table", "size"]
    assert re.search(r"^big +2\.\d+ MB", lines[1])
    assert any(line.startswith(r"hé\nllo ") for line in lines)
    plain = pgdeck({**environ, "PYTHONIOENCODING": "ascii"}, "ls", "tables", pg18.dsn(database))
    assert plain.stdout.isascii()
    assert rb"h\u00e9\nllo" in plain.stdout


@pytest.mark.parametrize("screen", ["overview", "activity", "connections", "locks", "tables"])
def test_every_screen_is_printed(environ: dict[str, str], any_pg: LiveServer, screen: str) -> None:
    found = report(environ, "ls", screen, any_pg.dsn())
    assert found["failures"] == []
    if any_pg.major == 18:
        for form in ("--csv", "--markdown", "--rates"):
            assert pgdeck(environ, "ls", screen, any_pg.dsn(), form).returncode == 0
    if screen == "overview":
        assert {"connections", "tables"} <= {row["panel"] for row in found["rows"]}


def test_what_cannot_be_known_is_null_with_its_reason(
    environ: dict[str, str], pg18: LiveServer
) -> None:
    pg18.role("ls_guest")
    found = report(environ, "ls", "activity", pg18.dsn(user="ls_guest"))
    reasons = {each["column"]: each for each in found["unknown"]}
    assert "GRANT pg_monitor TO ls_guest" in reasons["query"]["remedy"]
    told = pgdeck(environ, "ls", "activity", pg18.dsn(user="ls_guest")).stderr.decode()
    assert told.count("GRANT pg_monitor TO ls_guest") == 1
    assert "? not visible to this login: " in told
    assert reasons["query"]["rows"] == sum(row["query"] is None for row in found["rows"])


def test_each_remedy_is_said_once(environ: dict[str, str], pg18: LiveServer) -> None:
    own_screen(
        environ,
        "mine.sql",
        """/*
title = "Mine"
row_key = ["a"]
[[columns]]
name = "a"
[[columns]]
name = "b"
[[columns]]
name = "c"
*/
SELECT 1 AS a, NULL AS b, 'no heap' AS b__unknown, 'GRANT x' AS b__remedy,
       NULL AS c, 'no index' AS c__unknown, 'GRANT x' AS c__remedy;
""",
    )
    pg18.role("ls_guest")
    told = pgdeck(environ, "ls", "mine", pg18.dsn(user="ls_guest")).stderr.decode()
    assert told.splitlines() == [
        "pgdeck: ? no heap: b (1)",
        "pgdeck: ? no index: c (1)",
        "pgdeck: GRANT x",
    ]


@pytest.mark.parametrize("words", [("ls", "tables"), ("ls", "tables", "--csv"), ("status",)])
def test_output_that_nobody_takes_is_said(
    environ: dict[str, str], pg18: LiveServer, database: str, words: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "pgdeck", *words, "--target", pg18.dsn(database)]
    closing = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(closing, env=environ, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(b"pgdeck: standard output is closed\n")
    if not Path("/dev/full").exists():
        return
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, env=environ, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr == b"pgdeck: standard output cannot be written: No space left on device\n"


def test_no_answer_is_exit_code_4(environ: dict[str, str]) -> None:
    address = f"postgresql://app:s3cret@127.0.0.1:{free_port()}/shop"
    found = report(environ, "ls", "tables", address, code=4)
    assert found["rows"] == []
    assert found["failures"][0]["kind"] == "refused"
    assert found["target"]["database"] == "shop"
    assert found["target"]["fingerprint"] is None
    done = pgdeck(environ, "ls", "tables", address)
    assert done.returncode == 4
    assert done.stdout == b""
    assert b"refused" in done.stderr
    assert b"s3cret" not in done.stdout + done.stderr


def test_a_screen_that_fails_is_exit_code_1(environ: dict[str, str], pg18: LiveServer) -> None:
    own_screen(environ, "mine.sql", SCREEN.format(column="b"))
    found = report(environ, "ls", "mine", pg18.dsn(), code=1)
    assert found["failures"][0]["kind"] == "permission"
    assert found["target"]["fingerprint"] is not None
    pg18.role("ls_guest")
    dsn = pg18.dsn(user="ls_guest")
    assert report(environ, "ls", "mine", dsn)["rows"] == [{"b": None, "a": 1}]
    assert report(environ, "ls", "mine", dsn, "--rates")["rows"] == [{"b": 0.0, "a": 1}]


def test_wrong_usage_is_exit_code_2(environ: dict[str, str]) -> None:
    done = pgdeck(environ, "ls", "tabels")
    assert done.returncode == 2
    assert b"did you mean tables?" in done.stderr
    assert pgdeck(environ, "ls", "--limit", "3").returncode == 2
    own_screen(environ, "broken.sql", "SELECT 1")
    assert b"does not begin with a header" in pgdeck(environ, "ls", "broken").stderr


def test_screens_check_reads_every_file(environ: dict[str, str]) -> None:
    done = pgdeck(environ, "screens", "check", "--offline")
    assert done.returncode == 0, done.stderr
    assert re.search(rb"^ok +tables +\d+ columns", done.stdout, re.MULTILINE)
    assert b"screens of your own in " in done.stdout
    own_screen(environ, "good.sql", SCREEN.format(column="b"))
    own_screen(environ, "broken.sql", SCREEN.format(column="b").replace("title", "titel"))
    done = pgdeck(environ, "screens", "check", "--offline")
    assert done.returncode == 2
    assert re.search(rb"^bad +broken\.sql +.*unknown key titel", done.stdout, re.MULTILINE)
    assert b"did you mean title?" in done.stdout
    assert done.stdout.endswith(b".config/pgdeck/screens: good\n")


def test_screens_check_asks_the_server(environ: dict[str, str], any_pg: LiveServer) -> None:
    done = pgdeck(environ, "screens", "check", any_pg.dsn())
    assert done.returncode == 0, done.stdout
    own_screen(environ, "mine.sql", SCREEN.format(column="nothing"))
    own_screen(environ, "typo.sql", SCREEN.format(column="b").replace("7 AS b", "seven() AS b"))
    own_screen(
        environ,
        "ext.sql",
        SCREEN.format(column="b").replace("row_key", 'requires = { extension = "x" }\nrow_key'),
    )
    done = pgdeck(environ, "screens", "check", any_pg.dsn())
    assert done.returncode == 1
    lines = done.stdout.decode()
    assert re.search(r"^bad +mine .*no column nothing\n +it returns a, b", lines, re.MULTILINE)
    assert re.search(r"^bad +typo .*seven", lines, re.MULTILINE)
    assert re.search(r"^skip +ext +needs the extension x", lines, re.MULTILINE)
    own_screen(environ, "Bad.sql", "")
    gone = pgdeck(environ, "screens", "check", f"host=127.0.0.1 port={free_port()}")
    assert gone.returncode == 4
    assert gone.stdout.startswith(b"bad  Bad.sql ")
    unnamed = pgdeck(environ, "screens", "check")
    assert unnamed.returncode == 2
    assert b"pgdeck screens check --offline" in unnamed.stderr


def test_screens_check_runs_nothing(environ: dict[str, str], pg18: LiveServer) -> None:
    """Parsing alone: not even what planning would evaluate."""
    statement = "SELECT 1 AS a, 1/0 AS b FROM pg_catalog.pg_sleep(30)"
    own_screen(
        environ, "mine.sql", SCREEN.format(column="b").replace("SELECT 1 AS a, 7 AS b", statement)
    )
    assert pgdeck(environ, "screens", "check", pg18.dsn()).returncode == 0


def on_terminal(environ: dict[str, str], *words: str, columns: int = 80) -> bytes:
    """Run with a terminal as stdout; return every byte that it got."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pgdeck", *words]
    process = subprocess.Popen(
        command,
        env={**environ, "COLUMNS": str(columns), "LANG": "C.UTF-8"},
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    received = b""
    try:
        while chunk := os.read(ours, 65536):
            received += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    process.communicate(timeout=60)
    return received


def test_hostile_names_come_out_clean_and_distinct(
    environ: dict[str, str], pg18: LiveServer, hostile_names: str
) -> None:
    name = pg18.create_database("ls_hostile")
    pg18.sql(hostile_names, name)
    names = [row[0] for row in pg18.sql("SELECT name FROM awkward.names", name)]
    assert len(names) == 30
    rows = report(environ, "ls", "tables", pg18.dsn(name))["rows"]
    raw = {row["name"] for row in rows if row["schema"] == "awkward_t"}
    assert raw == set(names)
    received = on_terminal(environ, "ls", "tables", pg18.dsn(name), columns=400).decode()
    lines = received.replace("\r\n", "\n").split("\n")
    assert all(unicodedata.category(c)[0] != "C" for line in lines for c in line)
    shown = {safe(f"awkward_t.{each}") for each in names}
    assert len(shown) == len(names)
    lost = [each for each in shown if not any(line.startswith(f"{each}  ") for line in lines)]
    assert not lost
    for form in ("--csv", "--json"):
        got = on_terminal(environ, "ls", "tables", pg18.dsn(name), form)
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", got)
    pg18.sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_figures_have_units_for_people_alone(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    words = ("ls", "overview", pg18.dsn(database), "--rates")
    shown = pgdeck(environ, *words).stdout.decode()
    assert re.search(r"^tables +bytes +2\.\d+ MB$", shown, re.MULTILINE)
    assert re.search(r"^vacuum +oldest_xid_of_stop +<0\.1 %$", shown, re.MULTILINE)
    assert re.search(r"^throughput +wal_bytes_per_s +\d.* .?B/s$", shown, re.MULTILINE)
    raw = {row["figure"]: row["value"] for row in report(environ, *words)["rows"]}
    assert isinstance(raw["bytes"], int)
    assert isinstance(raw["wal_bytes_per_s"], float)


def test_a_narrow_terminal_gets_narrow_lines(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    for columns in (40, 80, 120):
        got = on_terminal(environ, "ls", "tables", pg18.dsn(database), columns=columns)
        lines = got.decode().replace("\r\n", "\n").splitlines()
        assert len(lines) == 4
        assert max(map(len, lines)) <= columns
        assert lines[1].startswith("big")


def test_names_that_are_no_utf_8_are_all_there(environ: dict[str, str], pg18: LiveServer) -> None:
    pg18.sql("DROP DATABASE IF EXISTS ls_ascii WITH (FORCE)")
    pg18.sql(
        "CREATE DATABASE ls_ascii ENCODING 'SQL_ASCII' TEMPLATE template0 "
        "LOCALE_PROVIDER libc LOCALE 'C'"
    )
    with pg18.connect("ls_ascii") as connection:
        connection.execute(b'CREATE TABLE "caf\xe9" (a int)')
        connection.execute(b'CREATE TABLE "caf\xc3\xa9" (a int)')
    dsn = pg18.dsn("ls_ascii")
    shown = pgdeck(environ, "ls", "tables", dsn).stdout.decode()
    assert re.search(r"^caf\\xe9 ", shown, re.MULTILINE)
    assert re.search(r"^café ", shown, re.MULTILINE)
    names = {row["table"] for row in report(environ, "ls", "tables", dsn)["rows"]}
    assert names == {"caf\udce9", "café"}
    written = pgdeck(environ, "ls", "tables", dsn, "--csv").stdout
    assert b"\r\ncaf\xe9," in written
    pg18.sql("DROP DATABASE ls_ascii WITH (FORCE)")


def test_a_single_look_at_the_rules_waits_for_no_second_sample(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    place = Path(environ["HOME"]) / ".config/pgdeck"
    place.mkdir(parents=True, mode=0o700)
    (place / "config.toml").write_text('[checks.idle_in_transaction]\nwarn = "0 s"\n')
    (place / "config.toml").chmod(0o600)
    with pg18.connect(database, autocommit=False) as connection:
        connection.execute("SELECT 1")
        shown = report(environ, "ls", "checks", pg18.dsn(database))
        rows = [row for row in shown["rows"] if row["rule"] == "idle_in_transaction"]
        assert [row["state"] for row in rows] == ["warning"]
        assert rows[0]["value"] >= 0
        assert rows[0]["warn"] == 0
        narrowed = pgdeck(environ, "ls", "checks", pg18.dsn(database), "--filter", "state:warning")
        assert "▲ warning" in narrowed.stdout.decode()
        assert "● ok" not in narrowed.stdout.decode()
