"""Which source wins, what a project may say, and how every value is accounted for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pgdeck.core.target import Environment, Target
from pgdeck.errors import Problem, Refused, UsageProblem
from pgdeck.targets import trust
from pgdeck.targets.config import Settings, read_settings, readable_settings
from pgdeck.targets.detect import find_target
from pgdeck.targets.order import Search
from pgdeck.targets.passwords import unlock
from pgdeck.targets.resolution import MASK, resolve
from pgdeck.targets.sources import Resolution, Setting

SOURCE = Path(__file__).resolve().parents[2] / "src"
SECRET = "s3cret"
REMOTE = "postgresql://app@db.example.com/shop"
HERE = "postgresql://app@127.0.0.1/shop"


class Place:
    """A person's configuration and a project around the working directory."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "config.toml"
        self.project = tmp_path / "shop"
        (self.project / ".git").mkdir(parents=True)
        self.work = self.project / "src"
        self.work.mkdir()
        self.environ: dict[str, str] = {"HOME": str(tmp_path)}

    def own(self, text: str) -> None:
        self.path.write_text(text)
        self.path.chmod(0o600)

    def projects(self, text: str) -> Path:
        path = self.project / "pgdeck.toml"
        path.write_text(text)
        path.chmod(0o600)
        return path

    @property
    def settings(self) -> Settings:
        return read_settings(self.path)

    def target(self, argument: str | None = None) -> Target:
        target = find_target(argument, self.environ, self.settings, self.work)
        assert target is not None
        return target

    def resolution(self, argument: str | None = None) -> Resolution:
        return resolve(argument, self.environ, self.settings, self.work)

    def value(self, name: str, argument: str | None = None) -> Setting:
        return next(each for each in self.resolution(argument).settings if each.name == name)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Place(tmp_path)


def test_the_rows_of_the_table_in_their_order(place: Place) -> None:
    place.own(f'[targets.prod]\nurl = "{REMOTE}"\n')
    place.projects('url = "postgresql://files/x"\nurl_env = "SHOP_PG_URI"\n')
    place.environ |= {
        "PGDECK_URL": "postgresql://deck/x",
        "DATABASE_URL": "postgresql://database/x",
        "SHOP_PG_URI": "postgresql://own/x",
        "PGHOST": "libpq",
    }
    assert place.target("prod").conninfo["host"] == "db.example.com"
    order = [
        ("PGDECK_URL", "deck"),
        ("DATABASE_URL", "database"),
        ("SHOP_PG_URI", "own"),
        ("PGHOST", "libpq"),
        ("pgdeck.toml", "files"),
    ]
    for source, host in order:
        target = place.target()
        assert (target.source, target.conninfo["host"]) == (source, host)
        place.environ.pop(source, None)


def test_a_named_target_brings_everything_that_is_said_of_it(place: Place) -> None:
    place.own(
        f"""
[defaults]
read_only = true
[targets.prod]
url = "{REMOTE}"
environment = "prod"
colour = "red"
project_dir = "shop"
backup_dir = "backups"
[targets.open]
url = "{HERE}"
read_only = false
"""
    )
    prod = place.target("prod")
    assert (prod.name, prod.source) == ("prod", "config.toml")
    assert (prod.environment, prod.colour, prod.read_only) == (Environment.PROD, "red", True)
    assert prod.project_dir == place.path.parent / "shop"
    assert prod.backup_dir == place.path.parent / "backups"
    assert place.target("open").read_only is False


@pytest.mark.parametrize("argument", [REMOTE, "host=db.example.com user=other dbname=shop"])
def test_a_configured_database_is_known_by_its_address_too(place: Place, argument: str) -> None:
    place.own(f'[targets.prod]\nurl = "{REMOTE}"\nenvironment = "prod"\n')
    target = place.target(argument)
    assert (target.name, target.environment, target.source) == (
        "prod",
        Environment.PROD,
        "argument",
    )
    assert place.target("host=db.example.com dbname=x").environment is Environment.UNKNOWN


def test_an_unknown_name_is_said_with_the_nearest(place: Place) -> None:
    place.own(f'[targets.prod]\nurl = "{REMOTE}"\n[targets."db:1/x"]\nenvironment = "dev"\n')
    with pytest.raises(UsageProblem, match="there is no target prdo") as caught:
        place.target("prdo")
    assert caught.value.hint == "did you mean prod?"


def test_a_target_of_the_project_has_a_name_too(place: Place) -> None:
    place.projects('[targets.replica]\nurl = "postgresql://replica/shop"\nenvironment = "staging"')
    target = place.target("replica")
    assert (target.name, target.source) == ("replica", "pgdeck.toml")
    assert target.environment is Environment.STAGING
    assert target.project_dir == place.project


@pytest.mark.parametrize(
    ("url", "own", "projects", "marked"),
    [
        # A project may tighten ...
        (REMOTE, "", "prod", "prod"),
        (REMOTE, "dev", "prod", "prod"),
        (REMOTE, "dev", "staging", "staging"),
        (HERE, "", "prod", "prod"),
        # ... and never loosen.
        (REMOTE, "prod", "dev", "prod"),
        (REMOTE, "prod", "staging", "prod"),
        (REMOTE, "", "dev", "unknown"),
        # On this host unmarked is a developer's in any case.
        (HERE, "", "dev", "dev"),
    ],
)
def test_a_project_may_tighten_and_never_loosen(
    place: Place, url: str, own: str, projects: str, marked: str
) -> None:
    mark = f'environment = "{own}"' if own else ""
    place.own(f'[targets.shop]\nurl = "{url}"\n{mark}\n')
    place.projects(f'url = "{url}"\nenvironment = "{projects}"\nread_only = true\n')
    target = place.target()
    assert target.environment.value == marked
    assert target.read_only
    assert bool(target.notes) == (marked not in (projects,))
    # What a person names is none of the project's business.
    assert place.target(url).environment.value == (own or "unknown")


def test_read_only_of_ones_own_stays(place: Place) -> None:
    place.own(f'[targets.shop]\nurl = "{REMOTE}"\nread_only = true\n')
    place.projects(f'url = "{REMOTE}"\nread_only = false\n')
    assert place.target().read_only
    assert place.value("read_only").lost == (("pgdeck.toml", "false"),)


@pytest.mark.parametrize("defaults", ["", "[defaults]\nread_only = false\n"])
def test_by_a_file_with_a_mistake_nothing_is_changed(defaults: str, place: Place) -> None:
    place.own(f'{defaults}[targets.shop]\nurl = "{HERE}"\nenvironment = "prod"\nreadonly = true\n')
    target = find_target(HERE, place.environ, readable_settings(place.path), place.work)
    assert target is not None
    # What can be read counts.
    assert (target.name, target.environment) == ("shop", Environment.PROD)
    assert (target.read_only, target.writable) == (True, False)
    assert "targets.shop.readonly is unknown; did you mean read_only?" in target.notes[0]


def test_a_conflict_is_shown_value_by_value(place: Place) -> None:
    place.projects('url = "postgresql://files/shop"')
    place.environ |= {
        "DATABASE_URL": f"postgresql://app:{SECRET}@db/shop?sslmode=require",
        "PGHOST": "elsewhere",
        "PGPORT": "6000",
        "PGPASSWORD": "0ther",
        "PGSSLMODE": "disable",
    }
    found = place.resolution()
    values = {each.name: each for each in found.settings}
    assert values["host"] == Setting(
        "host", "db", "DATABASE_URL", (("PGHOST", "elsewhere"), ("pgdeck.toml", "files"))
    )
    assert (values["port"].value, values["port"].source) == ("6000", "PGPORT")
    assert values["sslmode"].lost == (("PGSSLMODE", "disable"),)
    assert values["password"] == Setting(
        "password", MASK, "DATABASE_URL", (("PGPASSWORD", MASK),), secret=True
    )
    assert [each.source for each in found.candidates] == ["DATABASE_URL", "PGHOST", "pgdeck.toml"]
    assert SECRET not in repr(found)
    assert "0ther" not in repr(found)
    # What is shown is what is used.
    conninfo = place.target().conninfo
    assert (conninfo["host"], conninfo["port"], conninfo["sslmode"]) == ("db", "6000", "require")


def test_those_that_lost_stand_in_their_order(place: Place) -> None:
    place.projects('url = "postgresql://files/shop"\nprefix = "SHOP"')
    place.environ |= {
        "DATABASE_URL": "postgresql://db/shop",
        "SHOP_PG_HOST": "parts",
        "SHOP_PG_PORT": "1",
        "PGHOST": "libpq",
        "PGPORT": "2",
    }
    host, port = place.value("host"), place.value("port")
    assert [source for source, _ in host.lost] == ["SHOP_PG_HOST", "PGHOST", "pgdeck.toml"]
    # What the URL leaves open is libpq's to fill, whatever the components say.
    assert (port.value, port.source) == ("2", "PGPORT")
    assert port.lost == (("SHOP_PG_PORT", "1"),)
    assert place.target().conninfo["port"] == "2"


def test_what_nobody_says_has_its_default(place: Place) -> None:
    place.environ["PGDATABASE"] = "shop"
    values = {each.name: each for each in place.resolution().settings}
    assert (values["host"].value, values["port"].value) == ("local socket", "5432")
    assert values["sslmode"].source == "libpq's default"
    assert values["environment"].value == "unknown"


@pytest.mark.parametrize(
    ("line", "mode", "source"),
    [
        ("db:5432:shop:app:x", 0o600, "{}:2"),
        (r"*:*:sh\op:*:x", 0o600, "{}:2"),
        ("db:5432:other:app:x", 0o600, None),
        ("db:5432:shop:app:x", 0o640, None),
    ],
)
def test_the_password_file_is_a_source(
    place: Place, line: str, mode: int, source: str | None
) -> None:
    path = Path(place.environ["HOME"]) / ".pgpass"
    path.write_text(f"# passwords\n{line}\n")
    path.chmod(mode)
    found = place.resolution("postgresql://app@db/shop")
    passwords = [each.source for each in found.settings if each.name == "password"]
    assert passwords == ([source.format(path)] if source else [])
    assert any("chmod 600" in note for note in found.notes) == (mode == 0o640)


def test_what_cannot_be_read_is_shown_and_does_not_win_silently(place: Place) -> None:
    place.environ |= {"DATABASE_URL": f"mysql://u:{SECRET}@db/shop", "PGHOST": "db"}
    with pytest.raises(UsageProblem, match=r"DATABASE_URL: .*MySQL"):
        place.target()
    found = place.resolution()
    assert (found.settings, found.candidates[0].source) == ((), "DATABASE_URL")
    assert "MySQL" in found.notes[0]
    assert SECRET not in repr(found)
    place.environ["PGDECK_URL"] = REMOTE
    assert place.target().source == "PGDECK_URL"


def test_a_broken_project_does_not_stand_in_the_way_of_what_is_named(place: Place) -> None:
    place.projects("ulr = 1")
    assert place.target(REMOTE).name == "db.example.com:5432/shop"
    with pytest.raises(UsageProblem, match=r"pgdeck\.toml:1: ulr is unknown"):
        find_target(None, place.environ, place.settings, place.work)


@pytest.mark.parametrize(
    ("key", "environ"),
    [
        (f'password = "{SECRET}"', {}),
        ('password_variable = "SHOP_PASSWORD"', {"SHOP_PASSWORD": SECRET}),
        (f'password_command = "echo {SECRET}"', {}),
        (f'password_command = ["sh", "-c", "echo {SECRET}; echo other"]', {}),
    ],
)
def test_where_a_password_may_come_from(place: Place, key: str, environ: dict[str, str]) -> None:
    place.own(f'[targets.shop]\nurl = "{REMOTE}"\n{key}\n')
    place.environ |= {**environ, "PGPASSWORD": "0ther"}
    target = unlock(place.target("shop"))
    assert target.conninfo["password"] == SECRET
    assert "command" in key or SECRET not in repr(place.target("shop"))
    assert SECRET not in repr(target)
    assert place.value("password", "shop").value == MASK


def test_a_password_of_the_address_itself_wins(place: Place) -> None:
    place.own(f'[targets.shop]\nurl = "{REMOTE}"\npassword_command = "false"\n')
    target = place.target(f"postgresql://app:{SECRET}@db.example.com/shop")
    assert unlock(target).conninfo["password"] == SECRET


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://app@db.example.com/shop?hostaddr=192.0.2.66",
        "postgresql://app@evil.example/shop?service=shop",
        "postgresql://app@evil.example/shop?service=svc",
        "postgresql:///shop?service=svc&hostaddr=192.0.2.66",
    ],
)
@pytest.mark.parametrize("file", ["own", "targets.shop"])
def test_no_project_borrows_a_password_for_another_server(
    place: Place, address: str, file: str
) -> None:
    services = place.path.parent / "services"
    services.write_text(
        "[svc]\nhost=db.example.com\nuser=app\ndbname=shop\n[shop]\nhost=db.example.com\n"
    )
    place.environ["PGSERVICEFILE"] = str(services)
    place.own(
        f'[targets.shop]\nurl = "{REMOTE}"\npassword = "{SECRET}"\n'
        f'[targets.other]\nservice = "svc"\npassword = "{SECRET}"\n'
        f'[targets.svc]\npassword = "{SECRET}"\n'
        f'[targets."db.example.com:5432/shop"]\npassword = "{SECRET}"\n'
    )
    table = "" if file == "own" else f"[{file}]\n"
    place.projects(f'{table}url = "{address}"\n')
    search = Search(place.environ, place.settings, place.work)
    found = [search.target(each).conninfo for each in search.candidates()]
    for conninfo in (*found, place.target(address).conninfo):
        home = conninfo["host"] == "db.example.com" and not conninfo.get("hostaddr")
        assert ("password" in conninfo) == home
    # The same ones lead home where nothing is bent.
    for argument in (REMOTE, "service=svc", "shop", "other"):
        assert place.target(argument).conninfo["password"] == SECRET


def test_a_password_is_for_its_own_login(place: Place) -> None:
    place.own(f'[targets.shop]\nurl = "{REMOTE}"\npassword = "{SECRET}"\nenvironment = "prod"\n')
    other = place.target("postgresql://other@db.example.com/shop")
    assert (other.environment, "password" in other.conninfo) == (Environment.PROD, False)
    assert place.target(REMOTE).conninfo["password"] == SECRET


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('password_variable = "UNSET"', "UNSET is not set"),
        ('password_command = "false"', r"\(false\) ended with 1"),
        ('password_command = "true"', "printed nothing"),
        ('password_command = "/nowhere/x s3cret"', "cannot be run: No such file"),
        ("password_command = ['sh', '-c', 'echo s3cret; kill -9 $$']", "ended by signal 9"),
        (r"""password_command = ["printf", "\\377\\n"]""", "what is no text"),
    ],
)
def test_a_password_that_cannot_be_had_is_named(place: Place, key: str, said: str) -> None:
    place.own(f'[targets.shop]\nurl = "{REMOTE}"\n{key}\n')
    with pytest.raises(Problem, match=said) as caught:
        unlock(place.target("shop"))
    assert SECRET not in f"{caught.value}{caught.value.hint}"


def test_a_persons_own_variable_may_hold_a_name(place: Place) -> None:
    place.own(f'[targets.prod]\nurl = "{REMOTE}"\nenvironment = "prod"\n')
    place.environ["PGDECK_URL"] = "prod"
    target = place.target()
    assert (target.name, target.source) == ("prod", "PGDECK_URL")
    assert target.environment is Environment.PROD
    place.environ["PGDECK_URL"] = "prdo"
    with pytest.raises(UsageProblem, match="PGDECK_URL: prdo is neither"):
        place.target()


def test_a_variable_that_is_named_twice_counts_once(place: Place) -> None:
    place.environ["DATABASE_URL"] = REMOTE
    place.projects('url_env = "DATABASE_URL"')
    assert [each.source for each in place.resolution().candidates] == ["DATABASE_URL"]


def test_a_projects_command_runs_only_when_it_was_seen(place: Place) -> None:
    place.projects(f'url = "{HERE}"\npassword_command = "echo {SECRET}"\n')
    with pytest.raises(Refused, match=r"wants to run echo s3cret.*not trusted") as caught:
        place.target()
    assert f"pgdeck config trust {place.project}" in caught.value.hint
    assert f"pgdeck config trust {place.project}" in place.resolution().notes[0]
    trust.trust(place.project, [("echo", SECRET)])
    assert unlock(place.target()).conninfo["password"] == SECRET
    # Another one is another question.
    place.projects(f'url = "{HERE}"\npassword_command = "echo other"\n')
    with pytest.raises(Refused):
        place.target()
    assert trust.distrust(place.project)
    assert not trust.is_trusted(place.project, ("echo", SECRET))


def test_a_project_cannot_send_any_secret_to_its_server(place: Place) -> None:
    place.environ["CLOUD_KEY"] = SECRET
    place.projects(f'url = "{REMOTE}"\npassword_variable = "CLOUD_KEY"\n')
    with pytest.raises(Refused, match=r"use \$CLOUD_KEY as the password, .*not trusted"):
        place.target()
    trust.trust(place.project, [("$CLOUD_KEY",)])
    assert place.target().conninfo["password"] == SECRET


def test_an_address_as_name_marks_what_is_there(place: Place) -> None:
    place.own('[targets."db.example.com:5432/shop"]\nenvironment = "prod"\n')
    target = place.target(REMOTE)
    assert (target.name, target.environment) == ("db.example.com:5432/shop", Environment.PROD)


def test_every_configured_target_can_be_listed(place: Place) -> None:
    place.own(f'[targets.b]\nurl = "{REMOTE}"\n[targets.a]\nservice = "x"\n[targets."h:1/d"]\n')
    place.projects('[targets.c]\nurl = "postgresql://c/x"\n[targets.b]\nurl = "postgresql://no/x"')
    search = Search(place.environ, place.settings, place.work)
    named = search.named()
    assert [(each.name, each.source) for each in named] == [
        ("b", "config.toml"),
        ("a", "config.toml"),
        ("c", "pgdeck.toml"),
    ]
    assert search.target(named[0]).conninfo["host"] == "db.example.com"


def test_a_projects_address_can_write_no_file_and_read_no_strangers_passwords(
    place: Place,
) -> None:
    place.projects('url = "postgresql://db/shop?passfile=/x&sslkeylogfile=/y&sslmode=require"')
    target = place.target()
    assert {"passfile", "sslkeylogfile"} & target.conninfo.keys() == set()
    assert target.conninfo["sslmode"] == "require"
    assert target.notes == ("not taken from a project's file: sslkeylogfile, passfile",)


def test_a_projects_address_cannot_lead_a_password_elsewhere(place: Place) -> None:
    place.projects('url = "postgresql://app@db.example.com/shop?hostaddr=192.0.2.66"')
    target = place.target()
    assert target.conninfo.get("hostaddr", "") == ""
    assert target.notes == ("not taken from a project's file: hostaddr",)
    place.projects('url = "postgresql:///shop?hostaddr=192.0.2.66"')
    assert place.target().conninfo["host"] == "192.0.2.66"


def test_the_components_come_before_libpqs_variables_and_these_before_files(place: Place) -> None:
    place.environ |= {"SHOP_PG_HOST": "parts", "PGHOST": "libpq"}
    (place.project / ".env").write_text("DATABASE_URL=postgresql://files/shop\n")
    place.projects('prefix = "SHOP"\nurl = "postgresql://own/shop"')
    hosts = []
    for variable in ("SHOP_PG_HOST", "PGHOST", ""):
        target = place.target()
        hosts.append((target.source, target.conninfo["host"]))
        place.environ.pop(variable, None)
    assert hosts == [("SHOP_PG_HOST", "parts"), ("PGHOST", "libpq"), ("pgdeck.toml", "own")]
    place.projects('prefix = "SHOP"\nenvironment = "prod"')
    target = place.target()
    assert (target.source, target.environment) == (".env: DATABASE_URL", Environment.PROD)


def test_nothing_is_read_before_its_turn(place: Place) -> None:
    script = f"""
import sys
from pathlib import Path
from pgdeck.targets.detect import find_target
work = Path({str(place.work)!r})
environ = {{"PGHOST": "db", "DATABASE_URL": sys.argv[1]}}
assert find_target(sys.argv[1], environ, None, work)
if "://" in sys.argv[1]:
    assert find_target(None, environ, None, work)
names = ("project", "config", "schema", "document", "marks", "search", "yamltext", "passwords")
print([name for name in names if f"pgdeck.targets.{{name}}" in sys.modules])
print("tomllib" in sys.modules, "psycopg" in sys.modules)
"""
    said = {}
    for argument in (REMOTE, "host=db password='a b'"):
        command = [sys.executable, "-c", script, argument]
        environ = {"PYTHONPATH": str(SOURCE)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        said[argument] = done.stdout
    assert set(said.values()) == {"[]\nFalse False\n"}
