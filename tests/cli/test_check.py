"""``pgdeck check`` and ``pgdeck metrics`` against live servers, as a shell sees them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest

from servers import LiveServer
from watching import busy, wait_for

SOURCE = Path(__file__).resolve().parents[2] / "src"
DB = "check_test"
AWAY = "postgresql://127.0.0.1:1/none"


@pytest.fixture(scope="module")
def database(pg18: LiveServer) -> Iterator[str]:
    pg18.create_database(DB)
    pg18.role("nobody_much")
    yield pg18.dsn(DB)
    pg18.sql(f"DROP DATABASE {DB} WITH (FORCE)")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    places = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "STATE", "CACHE")}
    return {**kept, **places, "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "pgdeck", *words]


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), env=environ, capture_output=True, text=True, timeout=60)


# One connection of many is enough for these, on any server.
WARN = ("--only", "connections", "--warn", "connections=0.1%")
CRIT = ("--only", "connections", "--crit", "connections=0.1%", "--warn", "connections=never")
FINE = ("--only", "connections")


@pytest.mark.parametrize(("words", "code"), [(FINE, 0), (WARN, 1), (CRIT, 2)])
def test_the_state_is_the_exit_code(
    environ: dict[str, str], database: str, words: tuple[str, ...], code: int
) -> None:
    done = run(environ, "check", database, *words, "--nagios")

    assert (done.returncode, done.stderr) == (code, "")
    word = ("OK", "WARNING", "CRITICAL")[code]
    assert re.match(rf"PGDECK {word} - .* \| connections=[\d.]+%;", done.stdout)


def test_what_is_hidden_is_unknown(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    with busy(pg18, DB, "SELECT 1"):
        done = run(environ, "check", pg18.dsn(DB, "nobody_much"), "--only", "idle_in_transaction")

    assert done.returncode == 3
    assert "GRANT pg_" in done.stdout
    assert done.stdout.endswith("1 unknown\n")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([AWAY], "127.0.0.1:1"),
        (["--nonsense"], "--nonsense"),
        ([AWAY, "--only", "conections"], "did you mean connections?"),
        ([AWAY, "--warn", "connections"], "no value"),
        ([AWAY, "--warn", "connections=75"], "a share is 0 to 1"),
        ([AWAY, "--warn", "lock_wait=5min", "--crit", "lock_wait=1min"], "lies beyond"),
        ([AWAY, "--warn", "connections=95%"], "warn (95 %) lies beyond crit (90 %)"),
        ([AWAY, "--crit", "lock_wait=5s"], "--warn lock_wait=never"),
        ([AWAY, "--watch", "--warn", "cache_hit=50%"], "lies beyond crit (85 %)"),
        ([AWAY, "--silence", "connections", "--reason", "x"], "needs an end"),
        ([AWAY, "--silence", "connections", "--for", "2h"], "somebody will ask why"),
        ([AWAY, "--silence", "connections", "--for", "9y", "--reason", "x"], "at most a year"),
        ([AWAY, "--interval", "2"], "--watch"),
        ([AWAY, "--watch", "--all"], "--watch prints changes"),
    ],
)
def test_what_cannot_be_judged_is_3(
    environ: dict[str, str], words: list[str], complaint: str
) -> None:
    done = run(environ, "check", *words)

    assert done.returncode == 3
    assert done.stdout == ""
    assert complaint in done.stderr


def test_a_plugin_that_cannot_judge_says_so_where_it_is_read(environ: dict[str, str]) -> None:
    done = run(environ, "check", AWAY, "--nagios")
    assert done.returncode == 3
    assert re.fullmatch(r"PGDECK UNKNOWN - .*127\.0\.0\.1:1.*\n", done.stdout)


def test_a_look_that_judges_nothing_is_not_ok(environ: dict[str, str], database: str) -> None:
    done = run(environ, "check", database, *FINE, "--skip", "connections", "--nagios")
    assert done.returncode == 3
    assert done.stdout.startswith("PGDECK UNKNOWN - no rule is judged")


def test_json_has_the_promised_shape(environ: dict[str, str], database: str) -> None:
    done = run(environ, "check", database, "--json")

    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert list(report)[:2] == ["worst", "checks"]
    assert done.returncode == ("ok", "warning", "critical", "unknown").index(report["worst"])
    assert report["target"]["database"] == DB
    rules = [each["rule"] for each in report["checks"]]
    # On this host and unmarked: a developer's own.
    assert "connections" not in rules
    assert "idle_in_transaction" in rules


def test_json_of_a_server_that_is_away_names_the_failure(environ: dict[str, str]) -> None:
    done = run(environ, "check", AWAY, "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert (report["worst"], report["checks"]) == ("unknown", [])
    assert report["failures"][0]["kind"] == "refused"


def test_thresholds_of_the_configuration_count(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    path = Path(environ["XDG_CONFIG_HOME"]) / "pgdeck" / "config.toml"
    path.parent.mkdir(parents=True)
    name = f"127.0.0.1:{pg18.port}/{DB}"
    path.write_text(f'[targets."{name}".checks.connections]\nwarn = "0.1 %"\n')
    path.chmod(0o600)
    assert run(environ, "check", database, *FINE).returncode == 1

    # What the command line sets must agree with what the file says.
    path.write_text("[checks.connections]\nwarn = 0.2\ncrit = 0.5\n")
    done = run(environ, "check", AWAY, "--warn", "connections=60%")
    assert done.returncode == 3
    assert "warn (60 %) lies beyond crit (50 %)" in done.stderr

    path.write_text("[checks.connections]\nwarm = 1\n")
    done = run(environ, "check", database)
    assert done.returncode == 3
    assert "config.toml:2: checks.connections.warm is unknown" in done.stderr


def test_a_silenced_alert_is_told_and_does_not_count(
    environ: dict[str, str], database: str
) -> None:
    done = run(
        environ, "check", database, "--silence", "connections", "--for", "2h", "--reason", "load"
    )
    assert (done.returncode, done.stderr) == (0, "")
    looked = run(environ, "check", database, *WARN)
    assert looked.returncode == 0
    assert re.search(r"silenced by \w+ until .*: load", looked.stdout)
    (kept,) = json.loads(run(environ, "check", database, "--silences", "--json").stdout)
    assert (kept["kind"], kept["rule"], kept["reason"]) == ("silenced", "connections", "load")

    assert run(environ, "check", database, "--unsilence", "connections").returncode == 0
    assert run(environ, "check", database, "--unsilence", "connections").returncode == 3
    assert run(environ, "check", database, *WARN).returncode == 1


def test_an_acknowledgement_ends_when_all_is_well_again(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    pg18.sql("CREATE TABLE IF NOT EXISTS held (id int)", DB)
    path = Path(environ["XDG_CONFIG_HOME"]) / "pgdeck" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[checks.prepared_transaction]\nwarn = 0\ncrit = false\n")
    path.chmod(0o600)
    words = ("check", database, "--only", "prepared_transaction")
    acknowledge = ("check", database, "--acknowledge", "prepared_transaction", "--reason", "known")

    pg18.sql("BEGIN; INSERT INTO held VALUES (1); PREPARE TRANSACTION 'check_held'", DB)
    try:
        assert run(environ, *words).returncode == 1
        assert run(environ, *acknowledge).returncode == 0
        assert run(environ, *words).returncode == 0
    finally:
        pg18.sql("ROLLBACK PREPARED 'check_held'", DB)
    path.write_text("")
    assert run(environ, *words).returncode == 0
    assert run(environ, "check", database, "--silences").stdout == "every alert counts\n"
    refused = run(environ, *acknowledge)
    assert refused.returncode == 3
    assert "nothing to acknowledge" in refused.stderr


def test_alerts_are_the_same_everywhere(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    path = Path(environ["XDG_CONFIG_HOME"]) / "pgdeck" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[checks.idle_in_transaction]\nwarn = 0\ncrit = 0\n")
    path.chmod(0o600)
    with busy(pg18, DB, "SELECT 1") as pid:
        listed = json.loads(run(environ, "ls", "checks", database, "--json").stdout)
        figures = json.loads(run(environ, "ls", "overview", database, "--json").stdout)
        status = json.loads(run(environ, "status", database, "--json").stdout)

    said = f"pid {pid} "
    (row,) = [each for each in listed["rows"] if said in each["sentence"]]
    assert (row["rule"], row["state"]) == ("idle_in_transaction", "critical")
    (figure,) = [each for each in figures["rows"] if said in str(each["value"])]
    assert (figure["panel"], figure["figure"]) == ("alerts", "idle_in_transaction")
    (alert,) = [each for each in status["alerts"] if said in each["sentence"]]
    assert (alert["level"], alert["crit"]) == ("critical", 0.0)


class Watch:
    """A running ``pgdeck check --watch --json``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self._out: IO[str] = process.stdout

    def until(self, **wanted: object) -> dict[str, Any]:
        """Read lines until one has these values."""
        for line in self._out:
            told: dict[str, Any] = json.loads(line)
            if all(told.get(key) == value for key, value in wanted.items()):
                return told
        raise AssertionError(f"it ended without {wanted}")


def test_watching_tells_changes_over_a_restart_and_ends_when_asked(
    environ: dict[str, str], fresh_server: LiveServer
) -> None:
    words = ("--watch", "--json", "--interval", "0.25", "--only", "idle_in_transaction")
    limits = ("--warn", "idle_in_transaction=never", "--crit", "idle_in_transaction=0.1s")
    process = subprocess.Popen(
        command("check", fresh_server.dsn(), *words, *limits),
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        watch = Watch(process)
        watch.until(event="watching")
        with fresh_server.connect(autocommit=False) as holder:
            holder.execute("SELECT 1")
            raised = watch.until(event="change", rule="idle_in_transaction")
            assert (raised["from"], raised["to"]) == ("ok", "critical")
            fresh_server.stop()
            watch.until(event="lost")
            holder.close()
        fresh_server.start()
        watch.until(event="connected")
        cleared = watch.until(event="change")
        assert (cleared["from"], cleared["to"]) == ("critical", "ok")
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("reason", ["interrupt", "reader"])
def test_watching_ends_with_its_reader(environ: dict[str, str], database: str, reason: str) -> None:
    process = subprocess.Popen(
        command("check", database, "--watch"),
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "watching" in process.stdout.readline()
        if reason == "interrupt":
            process.send_signal(signal.SIGINT)
        else:
            process.stdout.close()
        code = process.wait(20)
        assert process.stderr.read() == ""
    assert code == (130 if reason == "interrupt" else 0)


def test_a_reader_that_stalls_holds_nothing_up(
    environ: dict[str, str], pg18: LiveServer, database: str
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    filling = 0
    with suppress(BlockingIOError):
        while True:
            filling += os.write(writing, b"." * 1024)
    os.set_blocking(writing, True)
    words = command("check", database, "--watch", "--interval", "0.25")
    process = subprocess.Popen(words, env=environ, stdout=writing)
    os.close(writing)
    seen: set[str] = set()

    def judged_on() -> bool:
        asked = f"SELECT state_change::text FROM pg_stat_activity WHERE datname = '{DB}'"
        seen.update(row[0] for row in pg18.sql(asked))
        return len(seen) > 4

    try:
        wait_for(judged_on)
        with os.fdopen(reading, "rb") as stream:
            stream.read(filling)
            assert b"watching" in stream.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_a_reader_that_stalls_keeps_nobody_from_ending_it(
    environ: dict[str, str], database: str
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 1024)
    os.set_blocking(writing, True)
    process = subprocess.Popen(
        command("check", database, "--watch", "--json"), env=environ, stdout=writing
    )
    os.close(writing)
    kept = Path(environ["XDG_STATE_HOME"]) / "pgdeck" / "samples"
    try:
        wait_for(lambda: bool([*kept.glob("*.json")]))  # it has judged, and would tell
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        os.close(reading)
        process.kill()
        process.wait()


def test_metrics_of_a_live_server(environ: dict[str, str], database: str, tmp_path: Path) -> None:
    done = run(environ, "metrics", database)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^pgdeck_up\{target=\"[^\"]+\"\} 1$", done.stdout, re.M)
    for name in ("transactions_total", "database_size_bytes", "xid_age", "check_state"):
        assert re.search(rf"^pgdeck_{name}\{{.*\}} \d", done.stdout, re.M), name
    assert done.stdout.endswith("# EOF\n")

    path = tmp_path / "shop.prom"
    assert run(environ, "metrics", database, "--textfile", str(path)).returncode == 0
    assert "pgdeck_server_info" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644
    assert run(environ, "metrics", AWAY, "--textfile", str(path)).returncode == 4
    assert re.search(r"^pgdeck_up\{.*\} 0$", path.read_text(), re.M)
    assert "check_state" not in path.read_text()
    assert [each.name for each in tmp_path.glob("*shop*")] == ["shop.prom"]


@pytest.mark.parametrize("place", ["absent/x.prom", "x.txt"])
def test_a_textfile_that_cannot_be(
    environ: dict[str, str], database: str, tmp_path: Path, place: str
) -> None:
    done = run(environ, "metrics", database, "--textfile", str(tmp_path / place))
    assert done.returncode in (1, 2)
    assert place.rpartition("/")[2] in done.stderr
    assert "Traceback" not in done.stderr


def test_no_dashboard_is_imported(environ: dict[str, str], database: str) -> None:
    code = (
        "import sys; from pgdeck.cli.main import main; "
        f"main(['check', {database!r}]); main(['metrics', {database!r}]); "
        "assert not {'textual', 'rich', 'sqlalchemy', 'docker', 'alembic'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
