"""``pgdeck config`` and named targets, as a shell sees them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from servers import LiveServer

SOURCE = Path(__file__).resolve().parents[2] / "src"
SECRET = "s3cret"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "XDG_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "PYTHONPATH": str(SOURCE), "HOME": str(tmp_path)}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "shop"
    (path / ".git").mkdir(parents=True)
    return path


def pgdeck(
    environ: dict[str, str], work: Path, *words: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pgdeck", *words],
        env=environ,
        cwd=work,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )


def own(environ: dict[str, str], text: str) -> Path:
    path = Path(environ["HOME"]) / ".config" / "pgdeck" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_show_says_which_source_won_and_which_lost(environ: dict[str, str], work: Path) -> None:
    environ |= {
        "DATABASE_URL": f"postgresql://app:{SECRET}@db/shop",
        "PGHOST": "elsewhere",
        "PGPASSWORD": "0ther",
    }
    done = pgdeck(environ, work, "config", "show")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    at = lines.index("host db DATABASE_URL")
    assert lines[at + 1] == "not elsewhere PGHOST"
    assert "● 2 DATABASE_URL: app@db:5432/shop" in lines
    assert not [secret for secret in (SECRET, "0ther") if secret in done.stdout]
    found = json.loads(pgdeck(environ, work, "config", "show", "--json").stdout)
    (host,) = [each for each in found["settings"] if each["name"] == "host"]
    assert host == {
        "name": "host",
        "value": "db",
        "source": "DATABASE_URL",
        "secret": False,
        "lost": [{"source": "PGHOST", "value": "elsewhere"}],
    }
    assert found["winner"] == "DATABASE_URL"


def test_show_says_where_a_source_really_leads(environ: dict[str, str], work: Path) -> None:
    environ |= {"DATABASE_URL": "postgresql://app@db.example.com", "PGPORT": "6543"}
    environ["PGDATABASE"] = "shop"
    done = pgdeck(environ, work, "config", "show")
    assert "● 2 DATABASE_URL: app@db.example.com:6543/shop\n" in done.stdout


def test_show_of_nothing_names_the_way_out(environ: dict[str, str], work: Path) -> None:
    done = pgdeck(environ, work, "config", "show")
    assert done.returncode == 2
    assert "config.toml is not there; pgdeck config init writes one" in done.stdout
    assert "no database is named" in done.stderr


def test_show_of_what_cannot_be_read_ends_with_2(environ: dict[str, str], work: Path) -> None:
    environ["DATABASE_URL"] = f"mysql://app:{SECRET}@db/shop"
    done = pgdeck(environ, work, "config", "show")
    assert done.returncode == 2
    assert "MySQL" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_check_names_every_mistake(environ: dict[str, str], work: Path) -> None:
    text = '[targets.prod]\nulr = "x"\nenvironment = "production"\n[checks.conections]\nwarn = 1\n'
    path = own(environ, text)
    (work / "pgdeck.toml").write_text("url_evn = 'X'\n")
    done = pgdeck(environ, work, "config", "check")
    assert (done.returncode, done.stderr) == (2, "")
    for said in (
        f"{path}:2: targets.prod.ulr is unknown\n    did you mean url?",
        f"{path}:3: targets.prod.environment: expected one of dev, staging, prod",
        f"{path}:4: there is no rule conections\n    did you mean connections?",
        f"{work / 'pgdeck.toml'}:1: url_evn is unknown\n    did you mean url_env?",
    ):
        assert said in done.stdout
    found = json.loads(pgdeck(environ, work, "config", "check", "--json").stdout)
    assert (found["ok"], len(found["mistakes"])) == (False, 4)
    assert found["mistakes"][0]["key"] == "targets.prod.ulr"
    # And every command that needs the file refuses it, with the first one.
    done = pgdeck(environ, work, "status", "prod")
    assert done.returncode == 2
    assert "config.toml:2: targets.prod.ulr is unknown" in done.stderr


def test_no_database_calls_itself_less_than_it_is_known_to_be(
    environ: dict[str, str], work: Path, pg18: LiveServer
) -> None:
    database = pg18.create_database("tame")
    pg18.sql(f"ALTER DATABASE {database} SET pgdeck.env = 'dev'")
    url = f"postgresql://postgres@{pg18.host}:{pg18.port}/{database}"
    own(environ, f'[targets.shop]\nurl = "{url}"\nenvironment = "prod"\n')
    done = pgdeck(environ, work, "status", "shop")
    assert done.stdout.startswith("shop · prod · ")
    found = json.loads(pgdeck(environ, work, "ls", "targets", "--json").stdout)
    assert [row["environment"] for row in found["rows"]] == ["prod"]
    found = json.loads(pgdeck(environ, work, "ls", "databases", "shop", "--json").stdout)
    assert found["target"]["environment"] == "prod"
    done = pgdeck(environ, work, "checkpoint", "shop")
    assert done.returncode == 3
    assert "production" in done.stderr


@pytest.mark.parametrize("text", ["[defaults]\nintervall = 5\n", "[defaults\n"])
def test_a_mistake_does_not_hide_a_database_that_is_named_itself(
    text: str, environ: dict[str, str], work: Path, pg18: LiveServer
) -> None:
    path = own(environ, text)
    url = f"postgresql://postgres@{pg18.host}:{pg18.port}/postgres"
    for words in (["status", url], ["ls", "databases", url], ["doctor", url]):
        done = pgdeck(environ, work, *words)
        assert done.returncode == 0
        said = done.stderr + done.stdout
        assert f"read-only until the configuration is mended: {path}:" in " ".join(said.split())
    # What acts, and what needs a name looked up, waits for the file.
    for words in (["checkpoint", "--plan", url], ["status", "shop"], ["status"]):
        done = pgdeck(environ, work, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"pgdeck: {path}:")
    # What somebody else could have written is refused in any case.
    path.chmod(0o666)
    done = pgdeck(environ, work, "status", url)
    assert done.returncode == 2
    assert f"chmod go-w {path}" in done.stderr


def test_check_of_what_is_right(environ: dict[str, str], work: Path) -> None:
    assert pgdeck(environ, work, "config", "check").returncode == 0
    path = own(environ, '[checks.connections]\nwarn = "60 %"\n')
    done = pgdeck(environ, work, "config", "check")
    assert (done.returncode, done.stdout) == (0, f"{path}: ok\n")
    (work / "pgdeck.toml").write_text("url = 3\n")
    done = pgdeck(environ, work, "config", "check", "pgdeck.toml")
    assert done.returncode == 2
    assert done.stdout.startswith("pgdeck.toml:1: url: expected a URL")
    assert pgdeck(environ, work, "config", "check", "absent.toml").returncode == 2


def test_check_reads_the_themes_too(environ: dict[str, str], work: Path) -> None:
    path = own(environ, '[defaults]\ntheme = "evenning"\n')
    themes = path.parent / "themes"
    themes.mkdir(mode=0o700)
    (themes / "evening.toml").write_text('base = "dark"\nacent = "#ffffff"\n')
    (themes / "evening.toml").chmod(0o600)
    done = pgdeck(environ, work, "config", "check")
    assert done.returncode == 2
    assert f"{path}:2: no theme is called evenning\n    did you mean evening?" in done.stdout
    assert f"{themes / 'evening.toml'}:2: acent is no part of a theme" in done.stdout


def test_init_writes_once_and_privately(environ: dict[str, str], work: Path) -> None:
    path = Path(environ["HOME"]) / ".config" / "pgdeck" / "config.toml"
    assert pgdeck(environ, work, "config", "init").returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert pgdeck(environ, work, "config", "check").returncode == 0
    path.write_text("# mine\n")
    again = pgdeck(environ, work, "config", "init")
    assert (again.returncode, path.read_text()) == (3, "# mine\n")
    assert "stays as it is" in again.stderr
    assert pgdeck(environ, work, "config", "init", "--project").returncode == 0
    assert "url_env" in (work / "pgdeck.toml").read_text()
    shown = pgdeck(environ, work, "config", "init", "--print")
    assert "[targets.prod]" in shown.stdout


def test_trust_shows_what_would_run_and_wants_an_answer(
    environ: dict[str, str], work: Path
) -> None:
    (work / "pgdeck.toml").write_text(
        'url = "postgresql://127.0.0.1:1/x"\npassword_command = "echo hello"\n'
    )
    assert pgdeck(environ, work, "status").returncode == 3
    done = pgdeck(environ, work, "config", "trust", typed="y\n")
    assert (done.returncode, done.stdout) == (3, f"{work} wants to\n  run echo hello\n")
    assert pgdeck(environ, work, "config", "trust", "--yes").returncode == 0
    assert pgdeck(environ, work, "status").returncode == 4  # nobody listens on that port
    assert pgdeck(environ, work, "config", "trust", "--no").returncode == 0
    assert pgdeck(environ, work, "status").returncode == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["config"], "required: ACTION"),
        (["config", "shwo"], "invalid choice"),
        (["config", "show", "--yes"], "--yes is not for show"),
        (["config", "init", "--json"], "--json is not for init"),
        (["config", "init", "x"], "init takes no word"),
    ],
)
def test_wrong_words(environ: dict[str, str], work: Path, words: list[str], said: str) -> None:
    done = pgdeck(environ, work, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_name_is_a_target_everywhere(
    environ: dict[str, str], work: Path, pg18: LiveServer
) -> None:
    url = f"postgresql://postgres@{pg18.host}:{pg18.port}/postgres"
    own(
        environ,
        f'[targets.stats]\nurl = "{url}"\nenvironment = "staging"\n'
        '[targets.stats.checks.connections]\nwarn = "0.1 %"\n',
    )
    for words in (
        ["ls", "databases", "stats"],
        ["status", "stats"],
        ["--target", "stats", "ls", "tables"],
    ):
        done = pgdeck(environ, work, *words, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        target = json.loads(done.stdout)["target"]
        assert (target["name"], target["environment"]) == ("stats", "staging")
    # Alone it is no screen.
    done = pgdeck(environ, work, "ls", "stats")
    assert (done.returncode, done.stdout) == (2, "")
    assert "stats is a target, not a screen" in done.stderr
    assert "pgdeck ls tables stats" in done.stderr
    # Its own thresholds count, however it is named.
    for word in ("stats", url):
        done = pgdeck(environ, work, "check", word, "--only", "connections", "--json")
        assert json.loads(done.stdout)["worst"] == "warning"
