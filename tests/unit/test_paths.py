"""Where pgdeck keeps its files, and what it says when it cannot."""

from __future__ import annotations

import pwd
import stat
from pathlib import Path

import pytest

from pgdeck import paths
from pgdeck.errors import Problem, UsageProblem

VARIABLES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_directories_follow_the_home(home: Path) -> None:
    assert paths.config_dir() == home / ".config/pgdeck"
    assert paths.state_dir() == home / ".local/state/pgdeck"
    assert paths.cache_dir() == home / ".cache/pgdeck"
    assert paths.share_dir() == home / ".local/share/pgdeck"


def test_what_is_made_is_private_and_the_configuration_is_not_made(home: Path) -> None:
    made = paths.state_dir()
    paths.config_dir()
    for part in (made, made.parent, made.parent.parent):
        assert stat.S_IMODE(part.stat().st_mode) == 0o700
    assert not (home / ".config").exists()


def test_variables_win_and_relative_ones_do_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "elsewhere"))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/cache")
    assert paths.state_dir() == home / "elsewhere/pgdeck"
    assert paths.cache_dir() == home / ".cache/pgdeck"


def test_empty_home_falls_back_to_the_account(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    entry = pwd.struct_passwd(("me", "x", 1, 1, "", str(home / "account"), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: entry)
    assert paths.config_dir() == home / "account/.config/pgdeck"


def test_no_home_at_all_is_said_clearly(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_uid: int) -> pwd.struct_passwd:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(UsageProblem, match="home directory is unknown") as caught:
        paths.state_dir()
    assert "XDG_STATE_HOME" in caught.value.hint


def test_a_file_in_the_way_is_a_problem(home: Path) -> None:
    (home / ".local").write_text("in the way")
    with pytest.raises(Problem, match="cannot be made"):
        paths.state_dir()


def test_shipped_directories_are_found_in_the_checkout() -> None:
    root = Path(__file__).resolve().parents[2]
    assert paths.data_dir("screens") == root / "screens"
    with pytest.raises(Problem, match="nowhere is missing"):
        paths.data_dir("nowhere")
