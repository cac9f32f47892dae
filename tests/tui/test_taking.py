"""Marks, columns, copies and exports of a screen with real rows, hostile names among them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import psycopg
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from decks import Size, deck, drawn, says, text, until
from pgdeck.tui.views.table import TableView
from pgdeck.tui.widgets.choosing import ColumnChooser
from pgdeck.tui.widgets.copying import CopyMenu
from pgdeck.tui.widgets.export import ExportDialog
from pgdeck.tui.widgets.table import KeyedTable
from servers import LiveServer
from terminals import program, running

SMALL: Size = (80, 24)
OSC = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(scope="module")
def awkward(pg18: LiveServer, hostile_names: str) -> str:
    database = pg18.create_database("taking_awkward")
    pg18.sql(hostile_names, database)
    return database


@pytest.fixture(scope="module")
def orchard(pg18: LiveServer) -> str:
    database = pg18.create_database("taking_orchard")
    for name in ("apples", "apricots", "pears", "plums"):
        pg18.sql(f"CREATE TABLE {name} (id int)", database)
    return pg18.dsn(database)


def table(pilot: Pilot[int]) -> KeyedTable:
    return pilot.app.query_one(TableView).table


def cursor(pilot: Pilot[int]) -> str:
    row = table(pilot).cursor_row
    assert row is not None
    return str(row.values[0])


def header(pilot: Pilot[int]) -> list[str]:
    return [column.name for _, column in table(pilot).frame.entries]


def content(name: str) -> str:
    return Path(name).read_bytes().decode()


def dialog(pilot: Pilot[int], kind: type) -> bool:
    return isinstance(pilot.app.screen, kind)


async def test_marks_are_counted_and_taken_off(orchard: str) -> None:
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("space", "space")
        await until(pilot, says(pilot, "2 marked  4 rows", "Esc unmark"))
        await pilot.press("escape")
        await until(pilot, lambda: "marked" not in text(pilot))
        await pilot.press("asterisk")
        await until(pilot, says(pilot, "4 marked"))
        await pilot.press("asterisk")
        await until(pilot, lambda: "marked" not in text(pilot))


async def test_matches_are_stepped_through_after_the_filter_is_gone(orchard: str) -> None:
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("slash", *"ap", "enter", "c", "G")
        await until(pilot, says(pilot, "n ap  4 rows", "n N match"))
        seen = []
        for key in ("n", "n", "n", "N"):
            await pilot.press(key)
            seen.append(cursor(pilot))
        assert set(seen) == {"apples", "apricots"}
        assert seen[0] == seen[2] != seen[1] == seen[3]
        await pilot.press("c")
        await until(pilot, lambda: "n ap" not in text(pilot) and "n N" not in text(pilot))


async def test_choices_come_back_in_the_next_session(orchard: str) -> None:
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("slash", *"ap", "enter", "vertical_line")
        await until(pilot, lambda: dialog(pilot, ColumnChooser))
        await pilot.press("j", "space", "j", "J", "escape")
        await until(pilot, says(pilot, "/ ap", "2 of 4 rows"))
        chosen = header(pilot)
        assert chosen[:3] == ["table", "dead", "rows"]
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "/ ap", "2 of 4 rows"))
        assert header(pilot) == chosen
        await pilot.press("escape")
        await until(pilot, says(pilot, "4 rows", "plums"))
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "plums"))
        assert "/ ap" not in text(pilot)


async def test_an_order_holds_for_its_screen_and_target_alone(
    pg18: LiveServer, orchard: str
) -> None:
    def sorted_by(pilot: Pilot[int]) -> str:
        return next(word for word in drawn(pilot)[3].split() if word[-1:] in ("▾", "▴"))

    async with deck(orchard, SMALL, start="databases") as pilot:
        await until(pilot, says(pilot, "MB"))
        first = sorted_by(pilot)
        await pilot.press("greater_than_sign", "s")
        await until(pilot, lambda: sorted_by(pilot) != first)
        chosen = sorted_by(pilot)
    async with deck(orchard, SMALL, start="databases") as pilot:
        await until(pilot, says(pilot, "MB"))
        assert sorted_by(pilot) == chosen
        await pilot.press("4")
        await until(pilot, says(pilot, "plums"))
        assert sorted_by(pilot) == "size▾"
    async with deck(pg18.dsn("postgres"), SMALL, start="databases") as pilot:
        await until(pilot, says(pilot, "MB"))
        assert sorted_by(pilot) == first


async def test_a_column_without_room_is_brought_in_and_the_first_one_stays(orchard: str) -> None:
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        assert "analyzed" not in drawn(pilot)[3]
        before = header(pilot)
        await pilot.press("vertical_line")
        await until(pilot, says(pilot, "Columns of Tables", "analyzed", "no room", "hidden"))
        await pilot.press("space", "K", "J", *["j"] * 9, "space")
        await until(pilot, says(pilot, "chosen"))
        await pilot.press("escape")
        await until(pilot, lambda: "analyzed" in drawn(pilot)[3])
        assert drawn(pilot)[3].split()[0] == "table"
        await pilot.press("vertical_line")
        await until(pilot, lambda: dialog(pilot, ColumnChooser))
        await pilot.press("0", "escape")
        await until(pilot, lambda: "analyzed" not in drawn(pilot)[3])
        assert header(pilot) == before


async def test_the_palette_has_the_keys_of_the_view(orchard: str) -> None:
    async with deck(orchard, (100, 40), start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("colon", *"columns")
        await until(pilot, says(pilot, "Columns and their order"))
        await until(pilot, lambda: "Help of this screen" not in text(pilot))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: dialog(pilot, ColumnChooser))


async def test_an_export_is_what_is_shown(
    orchard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("slash", *"ap", "enter", "E")
        await until(pilot, says(pilot, "Export Tables", "2 rows, 11 columns"))
        await pilot.press("enter")
        await until(pilot, says(pilot, "Exported 2 rows"))
        (name,) = os.listdir()
        assert re.fullmatch(r"tables-taking_orchard-\d{8}T\d{6}Z\.csv", name)
        rows = list(csv.reader(content(name).splitlines()))
        assert rows[0] == header(pilot)
        assert sorted(row[0] for row in rows[1:]) == ["apples", "apricots"]

        monkeypatch.setenv("HOME", str(tmp_path))
        await pilot.press("E")
        await until(pilot, lambda: dialog(pilot, ExportDialog))
        await pilot.press("down", "ctrl+o", "ctrl+u", *"~/all.json", "enter")
        await until(pilot, lambda: (tmp_path / "all.json").exists())
        shape = json.loads((tmp_path / "all.json").read_text())
        assert shape["screen"] == "tables"
        assert shape["target"]["database"] == "taking_orchard"
        assert len(shape["target"]["fingerprint"]) == 6
        assert {"schema", "name", "oid"} <= set(shape["columns"])
        assert [type(row["size"]) for row in shape["rows"]] == [int, int]


async def test_an_export_replaces_nothing_unasked(orchard: str) -> None:
    os.close(os.open("mine.md", os.O_CREAT))
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("space", "E")
        await until(pilot, says(pilot, "1 row, 11 columns"))
        await pilot.press("up", "up", "ctrl+u", *"no/such/place.json", "enter")
        await until(pilot, says(pilot, "▲ there is no directory no/such"))
        await pilot.press("down", "ctrl+u", *"mine.md", "enter")
        await until(pilot, says(pilot, "mine.md exists: Enter once more replaces it"))
        assert content("mine.md") == ""
        await pilot.press("enter")
        await until(pilot, says(pilot, "Exported 1 row"))
        assert content("mine.md").startswith("| table | size |")


async def test_a_form_takes_the_suffix_with_it(orchard: str) -> None:
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        await pilot.press("E")
        await until(pilot, lambda: dialog(pilot, ExportDialog))
        for key, suffix in (("down", ".json"), ("down", ".md"), ("ctrl+t", ".csv"), ("up", ".md")):
            await pilot.press(key)
            assert pilot.app.screen.query_one(Input).value.endswith(suffix)


async def test_every_hostile_name_is_exported_as_it_is(pg18: LiveServer, awkward: str) -> None:
    names = {name for (name,) in pg18.sql("SELECT name FROM awkward.names", awkward)}
    assert len(names) == 30
    async with deck(pg18.dsn(awkward), SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "awkward_t."))
        for form, keys in (("csv", ()), ("json", ("down",)), ("md", ("up",))):
            await pilot.press("E")
            await until(pilot, lambda: dialog(pilot, ExportDialog))
            await pilot.press(*keys, "ctrl+o", "ctrl+u", *f"out.{form}", "enter")
            await until(pilot, Path(f"out.{form}").exists)
            await until(pilot, lambda: not dialog(pilot, ExportDialog))
    fields = csv.DictReader(io.StringIO(content("out.csv"), newline=""))
    assert names <= {row["name"] for row in fields}
    assert names <= {row["name"] for row in json.loads(content("out.json"))["rows"]}
    written = content("out.md")
    assert all(char.isprintable() for char in written.replace("\n", ""))
    assert len({line.count("|") - line.count("\\|") for line in written.splitlines()}) == 1


@pytest.mark.parametrize("size", [(40, 10), (80, 24)])
async def test_dialogs_stand_in_any_size(orchard: str, size: Size) -> None:
    async with deck(orchard, size, start="tables") as pilot:
        await until(pilot, lambda: table(pilot).cursor_row is not None)
        for key, kind in (("y", CopyMenu), ("E", ExportDialog), ("vertical_line", ColumnChooser)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: dialog(pilot, kind))  # type: ignore[misc]
            await pilot.resize_terminal(9, 4)
            await pilot.resize_terminal(*size)
            await pilot.press("escape")
            await until(pilot, lambda: not pilot.app.screen.is_modal)


async def test_a_session_of_the_tree_is_copied_without_its_branches(pg18: LiveServer) -> None:
    dsn = pg18.dsn(pg18.create_database("taking_tree"))
    pg18.sql("CREATE TABLE t AS SELECT 1 AS id", "taking_tree")
    with psycopg.connect(dsn) as root:
        root.execute("LOCK TABLE t")
        waiter = await psycopg.AsyncConnection.connect(dsn)
        waiting = asyncio.create_task(waiter.execute("LOCK TABLE t  -- two  blanks"))
        async with deck(dsn, (120, 30), start="activity") as pilot:
            await until(pilot, says(pilot, "waiting 1"))
            await pilot.press("f3")
            await until(pilot, says(pilot, "└"))
            await pilot.press("G", "y")
            await until(pilot, lambda: dialog(pilot, CopyMenu))
            first = next(line for line in drawn(pilot) if "1 session" in line)
            assert first.strip("│ ").split() == ["1", "session", str(waiter.info.backend_pid)]
            await until(pilot, says(pilot, "2 query"))
        root.rollback()
        await asyncio.wait_for(waiting, 5)
        await waiter.close()


@pytest.mark.parametrize("around", ["", "tmux"])
def test_hostile_names_are_copied_exactly(
    pg18: LiveServer, awkward: str, tmp_path: Path, around: str
) -> None:
    names = [name for (name,) in pg18.sql("SELECT name FROM awkward.names", awkward)]
    quoted = {'"awkward_t"."' + name.replace('"', '""') + '"' for name in names}
    variables = {"TMUX": "/nowhere,1,0"} if around else {}
    with program(
        pg18, tmp_path, "--screen", "tables", database=awkward, variables=variables
    ) as terminal:
        terminal.wait_for(rb"awkward_t\.")
        os.write(terminal.master, b"/")
        terminal.wait_for(rb"take back")
        os.write(terminal.master, b"schema:awkward_t\r")
        terminal.wait_for(rb"clear")
        os.write(terminal.master, b"*")
        terminal.wait_to_see("30 marked")
        os.write(terminal.master, b"y")
        terminal.wait_to_see("30 rows as TSV")
        shown = bytes(terminal.written)
        os.write(terminal.master, b"2")
        # What is said of it is drawn over the table, and comes only where it differs from that.
        twice = OSC.pattern + rb"[\s\S]*" + OSC.pattern
        terminal.wait_for(twice if around else OSC.pattern)
        found = OSC.findall(terminal.written)
        assert len(found) == (2 if around else 1)
        assert OSC.search(shown) is None
        for data in found:
            copied = b64decode(data).decode()
            assert all(name in copied for name in quoted)
            assert len(copied) == sum(map(len, quoted)) + len(quoted) - 1
        os.write(terminal.master, b"q")
        assert terminal.ended() == 0


async def test_a_row_is_copied_by_a_digit_or_enter(
    orchard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    async with deck(orchard, SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "4 rows"))
        driver = pilot.app._driver
        assert driver is not None
        sent: list[str] = []
        monkeypatch.setattr(driver, "write", sent.append)
        for keys, label in ((("1",), "Copied table"), (("j", "j", "enter"), "Copied row as TSV")):
            await pilot.press("y")
            await until(pilot, lambda: dialog(pilot, CopyMenu))
            await pilot.press(*keys)
            await until(pilot, says(pilot, label))
        found = OSC.findall("".join(sent).encode())
        texts = [b64decode(data).decode() for data in found]
        assert texts[0] == cursor(pilot)
        assert texts[1].split("\t")[0] == cursor(pilot)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
def test_a_tmux_with_its_default_settings_hands_a_copy_on(orchard: str, tmp_path: Path) -> None:
    socket = tmp_path / "tmux"
    tmux = ("tmux", "-S", str(socket), "-f", os.devnull)
    command = (*tmux, "new-session", f"exec {sys.executable} -m pgdeck '{orchard}' --screen tables")
    with running(tmp_path, *command) as terminal:
        try:
            terminal.wait_for(rb"4 rows")
            os.write(terminal.master, b"y2")
            terminal.wait_for(rb"Copied name in SQL.*prefix \]")
            held = subprocess.run((*tmux, "show-buffer"), check=True, capture_output=True).stdout
            (sent,) = re.findall(rb"\x1b\]52;[^;]*;([A-Za-z0-9+/=]+)", terminal.written)
            assert b64decode(sent) == held
            assert held.startswith(b'"public"."')
        finally:
            subprocess.run((*tmux, "kill-server"), check=False)


async def test_too_much_is_refused_and_the_export_named(
    pg18: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = pg18.create_database("taking_much")
    pg18.sql(
        "DO $$ BEGIN FOR at IN 1..150 LOOP"
        " EXECUTE pg_catalog.format('CREATE TABLE %I ()', at || pg_catalog.repeat('x', 50));"
        " END LOOP; END $$",
        database,
    )
    async with deck(pg18.dsn(database), SMALL, start="tables") as pilot:
        await until(pilot, says(pilot, "150 rows"))
        driver = pilot.app._driver
        assert driver is not None
        sent: list[str] = []
        monkeypatch.setattr(driver, "write", sent.append)
        await pilot.press("asterisk", "y")
        await until(pilot, says(pilot, "150 rows as JSON"))
        await pilot.press("4")
        await until(pilot, says(pilot, "Not copied", "is more than terminals take", "E"))
        assert "]52;" not in "".join(sent)
