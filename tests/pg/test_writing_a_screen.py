"""The screen that the documentation has its reader write, on live servers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from arch.tree import ROOT
from pgdeck.cli.main import main
from servers import LiveServer

PAGE = ROOT / "docs" / "writing-a-screen.md"


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's example, where the page says that it goes."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (text,) = re.findall(r"^```sql\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    directory = tmp_path / "pgdeck" / "screens"
    directory.mkdir(parents=True)
    os.chmod(directory, 0o700)
    path = directory / "roles.sql"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_it_is_right_and_shows_what_the_page_says(
    any_pg: LiveServer, screen: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    any_pg.role("reader")
    target = any_pg.dsn("postgres", user="reader")
    assert main(["screens", "check", "--offline"]) == 0
    assert main(["screens", "check", target]) == 0
    assert re.search("^ok +roles ", capsys.readouterr().out, re.MULTILINE)
    assert main(["ls", "roles", target, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    (mine,) = [row for row in rows if row["role"] == "reader"]
    assert mine["superuser"] is False
    assert mine["sessions"] == 1
