"""``pgdeck status`` against a live server, as a shell sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgdeck.core.cell import Level
from servers import LiveServer
from watching import busy, stuck

SOURCE = Path(__file__).resolve().parents[2] / "src"
DB = "status_test"


@pytest.fixture(scope="module")
def database(pg18: LiveServer) -> Iterator[str]:
    pg18.create_database(DB)
    pg18.sql("CREATE TABLE item (id int); INSERT INTO item VALUES (1)", DB)
    pg18.role("nobody_much")
    yield DB
    pg18.sql(f"DROP DATABASE {DB} WITH (FORCE)")


def status(*words: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environ = {**kept, "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "pgdeck", "status", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)


def test_json_has_the_promised_shape_and_raw_values(pg18: LiveServer, database: str) -> None:
    done = status(pg18.dsn(database), "--json")

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert list(report) == ["target", "server", "panels", "alerts", "failures"]
    assert list(report["target"]) == [
        "name",
        "host",
        "port",
        "database",
        "role",
        "fingerprint",
        "environment",
    ]
    assert report["target"]["database"] == database
    assert report["server"]["role"] == "primary"
    assert report["server"]["started_at"].endswith("+00:00")
    panels = report["panels"]
    assert " ".join(panels) == "connections throughput activity tables vacuum migrations"
    assert panels["throughput"]["transactions_per_s"] is None
    assert isinstance(panels["tables"]["database_bytes"], int)
    assert panels["tables"]["count"] == 1


def test_rates_take_a_second_sample(pg18: LiveServer, database: str) -> None:
    done = status(pg18.dsn(database), "--json", "--rates")

    assert isinstance(json.loads(done.stdout)["panels"]["throughput"]["wal_bytes_per_s"], float)


def test_an_alert_is_a_sentence_with_its_fix(pg18: LiveServer, database: str) -> None:
    pg18.sql("BEGIN; UPDATE item SET id = 2; PREPARE TRANSACTION 'held'", database)
    try:
        with stuck(pg18, database, "UPDATE item SET id = 3"), busy(pg18, database, "SELECT 1"):
            report = json.loads(status(pg18.dsn(database), "--json").stdout)
            page = status(pg18.dsn(database)).stdout
    finally:
        pg18.sql("ROLLBACK PREPARED 'held'", database)

    assert report["panels"]["activity"]["root_blocker"] == "prepared transaction held blocks 1"
    assert all(
        alert["level"] in {level.name.lower() for level in Level} for alert in report["alerts"]
    )
    assert "prepared transaction held blocks 1" in page


def test_a_page_for_people_says_what_is_hidden_and_from_whom(
    pg18: LiveServer, database: str
) -> None:
    with busy(pg18, database, "SELECT 1"):
        page = status(pg18.dsn(database, "nobody_much")).stdout

    assert "PostgreSQL 18" in page
    assert "idle ?" in page
    assert "GRANT pg_monitor" in page
    assert all(len(line) < 200 for line in page.splitlines())


def test_a_server_that_does_not_answer_is_exit_4() -> None:
    done = status("postgresql://127.0.0.1:1/none")

    assert done.returncode == 4
    assert done.stdout == ""
    assert "127.0.0.1:1" in done.stderr


def test_no_dashboard_is_imported(pg18: LiveServer, database: str) -> None:
    code = (
        "import sys; from pgdeck.cli.main import main; "
        f"assert main(['status', {pg18.dsn(database)!r}]) == 0; "
        "assert not {'textual', 'rich', 'sqlalchemy', 'docker', 'alembic'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
