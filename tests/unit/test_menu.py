"""Which screens there are, and whose files are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgdeck.core.statement import one_statement
from pgdeck.errors import UsageProblem
from pgdeck.watch.menu import Directory, load_menu, own_directory

SCREEN = """/*
title = "{title}"
row_key = ["a"]
{more}
[[columns]]
name = "a"
{column}
*/
SELECT 1 AS a;
"""
LAZY = '/* fills = "one" */ SELECT a FROM t WHERE a = ANY ($1::text[])'


def put(place: Path, name: str, more: str = "", column: str = "") -> Path:
    path = place / name
    path.write_text(SCREEN.format(title=name, more=more, column=column))
    path.chmod(0o600)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "screens"
    place.mkdir(mode=0o700)
    return place


def shipped(place: Path) -> list[Directory]:
    return [Directory(place, trusted=True)]


def own(place: Path) -> list[Directory]:
    return [Directory(place, trusted=False)]


def test_the_shipped_menu_is_sound() -> None:
    menu = load_menu()
    assert {"overview", "activity", "tables"} <= {spec.name for spec in menu.specs}
    assert menu.specs[0].name == "overview"
    assert [spec.order for spec in menu.specs] == sorted(spec.order for spec in menu.specs)


def test_parts_become_one_screen(place: Path) -> None:
    put(place, "one.sql", 'aliases = ["uno"]\norder = 5', "lazy = true")
    put(place, "zero.sql", "order = 1")
    (place / "one@18.sql").write_text("SELECT 18 AS a")
    (place / "one@16.sql").write_text("SELECT 16 AS a")
    (place / "one+exact.sql").write_text(LAZY)
    (place / "one+exact@18.sql").write_text("SELECT a, 18 WHERE a = ANY ($1)")
    (place / "README.md").write_text("prose")
    (place / "schema.json").write_text("{}")
    menu = load_menu(shipped(place))
    assert [spec.name for spec in menu.specs] == ["zero", "one"]
    one = menu.find("uno")
    assert one is not None
    assert one.sql_for(150_001) == "SELECT 1 AS a"
    assert one.sql_for(170_001) == "SELECT 16 AS a"
    assert one.sql_for(190_000) == "SELECT 18 AS a"
    assert one.lookup is not None
    assert sorted(one.lookup.variants) == [0, 18]
    assert menu.find("nobody") is None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"one@18.sql": "SELECT 1"}, "own file one.sql is missing"),
        ({"One.sql": "x"}, "not a screen file's name"),
        ({"one+a@.sql": "x"}, "not a screen file's name"),
        ({"one.sql": "", "one.toml": 'title="x"\nview="v"'}, "is one.* already"),
        ({"one.sql": "", "two.sql": 'aliases = ["one"]'}, "the name one is taken by .*one.sql"),
        ({"one.sql": 'key = "5"', "two.sql": 'key = "5"'}, "the key 5 is taken by"),
        ({"one.sql": "", "one+a.sql": LAZY}, "no lazy column"),
        ({"one.sql": "", "one+a@18.sql": "SELECT $1"}, "has no companion"),
        ({"one.toml": 'title="x"\nview="v"', "one@18.sql": "SELECT 1"}, "has no variants"),
    ],
)
def test_a_broken_shipped_file_is_an_error(place: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        plain = name.endswith(".sql") and not {"@", "+"} & set(name)
        if plain and name.islower():
            put(place, name, text)
        else:
            (place / name).write_text(text)
    with pytest.raises(UsageProblem, match=said):
        load_menu(shipped(place))


def test_lazy_columns_need_a_companion(place: Path) -> None:
    put(place, "one.sql", column="lazy = true")
    with pytest.raises(UsageProblem, match="a is lazy, but no companion"):
        load_menu(shipped(place))
    put(place, "one.sql", 'aliases = ["b"]', "lazy = true").write_text(
        SCREEN.format(title="x", more="", column="lazy = true").replace('["a"]', '["a", "b"]')
    )
    (place / "one+a.sql").write_text(LAZY)
    with pytest.raises(UsageProblem, match="row_key of one column"):
        load_menu(shipped(place))


def test_a_broken_own_file_is_listed(place: Path) -> None:
    put(place, "good.sql")
    put(place, "bad.sql", "colour = 3")
    put(place, "tables.sql")
    places = [*shipped(Path(__file__).parents[2] / "screens"), *own(place)]
    menu = load_menu(places)
    good = menu.find("good")
    assert good is not None
    assert good.trusted is False
    assert [problem.path.name for problem in menu.problems] == ["bad.sql", "tables.sql"]
    assert "unknown key colour" in menu.problems[0].message
    assert "the name tables is taken" in menu.problems[1].message


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(place: Path, mode: int) -> None:
    put(place, "good.sql").chmod(mode)
    (problem,) = load_menu(own(place)).problems
    assert "group or others may write" in problem.message
    assert "chmod go-w" in problem.hint


def test_a_directory_that_others_may_write_is_refused(place: Path) -> None:
    put(place, "good.sql")
    place.chmod(0o777)
    menu = load_menu(own(place))
    assert not menu.specs
    assert "group or others may write" in menu.problems[0].message


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away needs root")
def test_a_file_of_somebody_else_is_refused(place: Path) -> None:
    path = put(place, "good.sql")
    os.chown(path, 12345, -1)
    assert "belongs to another user" in load_menu(own(place)).problems[0].message
    os.chown(path, 0, -1)
    os.chown(place, 12345, -1)
    menu = load_menu(own(place))
    assert not menu.specs
    assert "belongs to another user" in menu.problems[0].message


def test_odd_files_are_refused(place: Path) -> None:
    os.mkfifo(place / "pipe.sql", 0o600)
    (place / "dir.sql").mkdir()
    put(place, "big.sql").write_text("x" * 300_000)
    put(place, "latin.sql").write_bytes(b"/* title = '\xe9' */ SELECT 1")
    menu = load_menu(own(place))
    names = [problem.path.name for problem in menu.problems]
    assert names == ["big.sql", "dir.sql", "latin.sql", "pipe.sql"]


def test_only_the_configuration_directory_is_read(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    put(place, "here.sql")  # ./screens of the working directory
    assert load_menu().find("here") is None
    own_directory().mkdir(parents=True, mode=0o700)
    put(own_directory(), "mine.sql")
    mine = load_menu().find("mine")
    assert mine is not None
    assert not mine.trusted


def test_every_shipped_statement_is_one() -> None:
    for spec in load_menu().specs:
        for text in spec.variants.values():
            assert one_statement(text) == text


def test_a_shipped_statement_is_read_when_it_is_wanted(place: Path) -> None:
    with put(place, "one.sql").open("a") as file:
        file.write("SELECT 2")
    spec = load_menu(shipped(place)).specs[0]
    with pytest.raises(UsageProblem, match="a second statement"):
        spec.sql_for(180004)

    found = load_menu(shipped(place), strict=False)
    assert "a second statement" in found.problems[0].message
