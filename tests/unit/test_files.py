"""A file that a person asks for is whole or not there, and replaces nothing unasked."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path

import pytest

from pgdeck.core.export import Form, file_name
from pgdeck.errors import Problem
from pgdeck.tui.files import AlreadyThere, write_file


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_it_is_written_with_the_persons_mask(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        assert write_file(tmp_path / "a.csv", "é\udcff\r\n", replace=False) == 5
    finally:
        os.umask(mask)
    assert (tmp_path / "a.csv").read_bytes() == b"\xc3\xa9\xff\r\n"
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o640
    assert names(tmp_path) == ["a.csv"]


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    path.chmod(0o600)
    with pytest.raises(AlreadyThere):
        write_file(path, "new", replace=False)
    assert path.read_text() == "old"
    write_file(path, "new", replace=True)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["a.csv"]


def test_a_link_keeps_being_one(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    write_file(tmp_path / "link.csv", "new", replace=True)
    assert (tmp_path / "real.csv").read_text() == "new"
    assert (tmp_path / "link.csv").is_symlink()


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_no_file_stays(tmp_path: Path, replace: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(Problem, match="is no file"):
            write_file(path, "x", replace=replace)
    assert names(tmp_path) == ["pipe"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="there is no directory"):
        write_file(tmp_path / "none" / "a.csv", "x", replace=False)
    with pytest.raises(Problem, match="too long"):
        write_file(tmp_path / ("x" * 300), "x", replace=False)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("database", "name"),
    [
        ("shop", "tables-shop-20260131T120500Z.csv"),
        ("../../etc/\x1b[2J", "tables-etc_2J-20260131T120500Z.csv"),
        ("x" * 99, f"tables-{'x' * 40}-20260131T120500Z.csv"),
        ("..", "tables-20260131T120500Z.csv"),
        (None, "tables-20260131T120500Z.csv"),
    ],
)
def test_a_name_is_one_whatever_the_database_is_called(database: str | None, name: str) -> None:
    moment = datetime(2026, 1, 31, 12, 5)  # noqa: DTZ001  # given in UTC
    assert file_name("tables", database, moment, Form.CSV) == name
