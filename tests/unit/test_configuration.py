"""config.toml and pgdeck.toml: what they may hold, and how a mistake is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pgdeck.cli.configcheck import mistakes_in
from pgdeck.cli.configinit import example
from pgdeck.core.target import Environment
from pgdeck.errors import UsageProblem
from pgdeck.targets.config import Password, Settings, read_project, read_settings
from pgdeck.targets.document import Mistake

SECRET = "s3cret"
TARGET = """
[targets.prod]
url = "postgresql+asyncpg://app@db.example.com/shop?ssl=require"
environment = "prod"
colour = "orange"
read_only = true
project_dir = "../shop"
backup_dir = "~/backups"
password_command = "pass show 'shop prod'"
[targets.staging]
service = "shop-staging"
password_variable = "STAGING"
colour = "#00ff7f"
[targets."db:5432/shop"]
environment = "staging"
[targets.prod.checks.connections]
warn = "60 %"
"""


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_everything_a_target_may_say(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path / "config.toml", TARGET))
    prod = settings.targets["prod"]
    assert prod.address is not None
    assert prod.address.conninfo["sslmode"] == "require"
    assert (prod.environment, prod.colour, prod.read_only) == (Environment.PROD, "orange", True)
    assert prod.project_dir == tmp_path / "../shop"
    assert prod.backup_dir == Path("~/backups").expanduser()
    assert prod.password == Password(command=("pass", "show", "shop prod"))
    staging = settings.targets["staging"]
    assert (staging.service, staging.password) == ("shop-staging", Password(variable="STAGING"))
    # One without an address decides about the database of that name, but is no target.
    assert [each.name for each in settings.named] == ["prod", "staging"]


def test_no_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "absent.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "line", "key", "said", "hint"),
    [
        ("[target.x]", 1, "target", "target is unknown", "did you mean targets?"),
        ("\n[targets.x]\nulr = 1", 3, "targets.x.ulr", "is unknown", "did you mean url?"),
        ("targets.x.ulr = 1", 1, "targets.x.ulr", "is unknown", "did you mean url?"),
        ("keys = 3", 1, "keys", "keys is not a table", ""),
        ("targets = 3", 1, "targets", "targets is not a table", ""),
        ("[targets]\nx = 3", 2, "targets.x", "targets.x is not a table", ""),
        ("[targets.x]\nurl = 3", 2, "targets.x.url", "expected a URL", ""),
        ('[targets.x]\nurl = "db/shop"', 2, "targets.x.url", "expected a URL", ""),
        ('[targets.x]\nurl = "mysql://x/y"', 2, "targets.x.url", "expected a URL", "MySQL"),
        (
            '[targets.x]\nenvironment = "production"',
            2,
            "targets.x.environment",
            "expected one of dev, staging, prod",
            "",
        ),
        ('[targets.x]\nread_only = "yes"', 2, "targets.x.read_only", "expected true or false", ""),
        ('[targets.x]\ncolour = "mauve"', 2, "targets.x.colour", "expected one of red,", ""),
        ("[targets.x]\nservice = ' '", 2, "targets.x.service", "expected the name of", ""),
        (
            '[targets.x]\npassword_command = "pass \'x"',
            2,
            "targets.x.password_command",
            "expected a command",
            "cannot be split",
        ),
        (
            '[targets.x]\npassword_variable = "A B"',
            2,
            "targets.x.password_variable",
            "expected the name of a variable",
            "",
        ),
        (
            '[targets.x]\nurl = "postgres://a/b"\nservice = "s"',
            3,
            "targets.x.service",
            "url and service are both given",
            "remove one",
        ),
        (
            '[targets.x]\nservice = "s"\npassword = "s3cret"\npassword_variable = "V"',
            3,
            "targets.x.password",
            "one place only",
            "remove all but",
        ),
        ('[targets."a b"]\nservice = "s"', 1, "targets.a b", "the name of a target", ""),
        ("[defaults]\ninterval = 0.1", 2, "defaults.interval", "seconds from 0.25", ""),
        ("[defaults]\ninterval = true", 2, "defaults.interval", "seconds from 0.25", ""),
        (
            '[x]\ntext = """\n[targets.y]\n"""\n[targets.z]\nulr = 1',
            6,
            "targets.z.ulr",
            "unknown",
            "",
        ),
        ("[targets.x\n", 1, "", "at line 1", ""),
        ("a = 1\na = 2\n", 2, "", "at line 2", ""),
        ("a = " + "[" * 9000, None, "", "", ""),
        ("a = " + "9" * 5000, None, "", "", ""),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, text: str, line: int | None, key: str, said: str, hint: str
) -> None:
    path = written(tmp_path / "config.toml", text)
    found = [each for each in mistakes_in(path, own=True) if each.key == key]
    assert found, mistakes_in(path, own=True)
    assert (found[0].file, found[0].line) == (path, line)
    assert said in found[0].message
    assert hint in found[0].hint
    assert SECRET not in str(found)
    with pytest.raises(UsageProblem, match=r"config\.toml"):
        read_settings(path)


def test_every_mistake_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = '[targets.x]\nread_only = 1\nulr = 2\n[checks.conections]\n[targets.status]\nservice=""'
    found = mistakes_in(written(tmp_path / "config.toml", text), own=True)
    assert [each.line for each in found] == [2, 3, 4, 6]


def test_a_screen_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = '[defaults]\nscreen = "actvity"'
    (found,) = mistakes_in(written(tmp_path / "config.toml", text), own=True)
    assert (found.line, found.hint) == (2, "did you mean activity?")


def test_a_target_may_not_bear_a_commands_name(tmp_path: Path) -> None:
    text = '[targets.status]\nurl = "postgres://db/shop"'
    (found,) = mistakes_in(written(tmp_path / "config.toml", text), own=True)
    assert "status is a command" in found.message


@pytest.mark.parametrize(
    "text",
    [
        f'[targets.x]\nservice = "s"\npassword = "{SECRET}"\n',
        f'[targets.x]\nurl = "postgres://u:{SECRET}@db/shop"\n',
        f'[targets.x]\nurl = "postgres://u@db/shop?sslpassword={SECRET}"\n',
    ],
)
def test_a_password_stands_only_in_a_private_file(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "config.toml", text, 0o640)
    with pytest.raises(UsageProblem, match="others may read the file") as caught:
        read_settings(path)
    assert "chmod 600" in caught.value.hint
    path.chmod(0o600)
    settings = read_settings(path)
    assert SECRET not in f"{settings!r} {caught.value!r}"


@pytest.mark.parametrize(("mode", "who"), [(0o620, "group or others"), (0o602, "group or others")])
def test_own_files_that_others_may_write_are_refused(tmp_path: Path, mode: int, who: str) -> None:
    path = written(tmp_path / "config.toml", "", mode)
    with pytest.raises(UsageProblem, match=f"refused, {who} may write") as caught:
        read_settings(path)
    assert caught.value.hint == f"chmod go-w {path}"


def test_files_in_a_directory_of_everybody_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "config.toml", "")
    tmp_path.chmod(0o777)
    with pytest.raises(UsageProblem, match="others may write to its directory"):
        read_settings(path)
    tmp_path.chmod(0o1777)
    assert read_settings(path).file == path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("config.toml", lambda place: read_settings(place / "config.toml")),
        ("pgdeck.toml", read_project),
    ],
)
def test_a_strangers_file_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], object]
) -> None:
    os.chown(written(tmp_path / name, ""), 65534, 65534)
    with pytest.raises(UsageProblem, match="belongs to another user"):
        read(tmp_path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    with pytest.raises(UsageProblem, match="not a regular file"):
        read_settings(tmp_path / "config.toml")


def test_what_is_no_text_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\n\nx = '\xff'\n")
    path.chmod(0o600)
    with pytest.raises(UsageProblem, match=r"config\.toml:3: not UTF-8"):
        read_settings(path)


def test_a_projects_file(tmp_path: Path) -> None:
    text = """
url_env = "SHOP_PG_URI"
prefix = "SHOP"
compose_service = "db"
compose_files = "docker/compose.yaml"
environment = "staging"
[targets.replica]
url = "postgresql://replica/shop"
[checks.connections]
warn = "50 %"
"""
    # A checkout is often writable for the person's own group.
    path = written(tmp_path / "pgdeck.toml", text, 0o664)
    project = read_project(tmp_path)
    assert project is not None
    assert (project.look.url_env, project.look.prefix) == ("SHOP_PG_URI", "SHOP")
    assert project.look.compose_files == (tmp_path / "docker/compose.yaml",)
    assert project.own.environment is Environment.STAGING
    assert list(project.targets) == ["replica"]
    assert mistakes_in(path, own=False) == []


@pytest.mark.parametrize("key", ["interval = 2", "[defaults]\ntheme = 'x'", "urlenv = 'X'"])
def test_what_a_project_may_not_set(tmp_path: Path, key: str) -> None:
    path = written(tmp_path / "pgdeck.toml", key)
    (found,) = mistakes_in(path, own=False)
    assert "is unknown" in found.message


@pytest.mark.parametrize("project", [False, True])
def test_the_example_is_right_once_its_comments_are_taken_away(
    tmp_path: Path, project: bool
) -> None:
    text = example(project=project)
    assert max(map(len, text.splitlines())) <= 150
    assert not [line for line in text.splitlines() if line and not line.startswith("#")]
    name = "pgdeck.toml" if project else "config.toml"
    bare = "\n".join(
        line[1:] if line[1:2].strip() else line
        for line in text.splitlines()
        # Of what excludes each other one is kept.
        if not line.startswith(("#service", "#password_variable", '#password = "'))
    )
    found: list[Mistake] = mistakes_in(written(tmp_path / name, bare), own=not project)
    assert found == []
