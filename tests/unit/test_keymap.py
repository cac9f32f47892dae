"""Keys that a person chose: how they are written, what is wrong with them, how they are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgdeck.cli.configcheck import mistakes_in
from pgdeck.errors import UsageProblem
from pgdeck.tui.app import DeckApp
from pgdeck.tui.deck import Deck
from pgdeck.tui.frame import footer_line, key_at
from pgdeck.tui.keycensus import classes, key_mistakes, read_keys, surfaces
from pgdeck.tui.keymap import Keymap, bindings_of
from pgdeck.tui.keynames import UnfitKeyError, read_key, shown, types_text
from pgdeck.tui.views.activity import ActivityView
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.wiring import load_specs

SPECS = load_specs()


def said(table: dict[str, object]) -> list[str]:
    return [f"{'.'.join(each.place)}: {each.message}" for each in key_mistakes(table, SPECS)]


@pytest.mark.parametrize(
    ("written", "key", "read"),
    [
        ("P", "P", "P"),
        ("/", "slash", "/"),
        ("é", "é", "é"),
        ("^E", "ctrl+e", "ctrl+e"),
        ("Ctrl+E", "ctrl+e", "ctrl+e"),
        ("ctrl+left", "ctrl+left", "ctrl+Left"),
        ("alt+x", "alt+x", "alt+x"),
        ("F5", "f5", "F5"),
        ("PgDn", "pagedown", "PgDn"),
        ("esc", "escape", "Esc"),
        ("shift+tab", "shift+tab", "Shift+Tab"),
        ("+", "plus", "+"),
        (",", "comma", ","),
        (" ", "space", "Space"),
        ("question_mark", "question_mark", "?"),
    ],
)
def test_keys_are_written_as_people_write_them(written: str, key: str, read: str) -> None:
    assert read_key(written) == key
    assert shown(key) == read


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("ctrl+enter", "extended keyboard protocol"),
        ("ctrl+shift+p", "extended keyboard protocol"),
        ("ctrl+1", "extended keyboard protocol"),
        ("shift+enter", "extended keyboard protocol"),
        ("super+x", "needs super"),
        ("ctrl+i", "arrives as Tab"),
        ("ctrl+m", "arrives as Enter"),
        ("shift+p", "capital letter"),
        ("f13", "few keyboards"),
        ("pagdown", "no key is called pagdown"),
        ("", "missing"),
        ("\x1b", "no key that can be written"),
    ],
)
def test_keys_that_terminals_do_not_send_are_refused_with_the_reason(
    written: str, why: str
) -> None:
    with pytest.raises(UnfitKeyError, match=why):
        read_key(written)


def test_no_shipped_key_needs_more_than_any_terminal_sends() -> None:
    for kind in classes():
        for binding in bindings_of(kind):
            if binding.id:
                assert read_key(shown(binding.key)) == binding.key


def test_a_letter_that_other_programs_run_things_with_stays_free() -> None:
    bound = {f"{kind.__name__}: {at.key}" for kind in classes() for at in bindings_of(kind)}
    assert not [each for each in bound if each.endswith(": r")]
    assert not [spec.name for spec in SPECS.values() if spec.key == "r"]


def test_every_binding_has_an_id_that_means_one_thing() -> None:
    meant: dict[str, str] = {}
    for kind in classes():
        for binding in kind.__dict__["BINDINGS"]:
            where = f"{kind.__name__}: {binding.key}"
            assert binding.id, f"{where} has no id"
            assert binding.id.count(".") == 1, where
            assert binding.description, f"{where} does not say what it does"
            assert meant.setdefault(binding.id, binding.action) == binding.action, where


def test_unknown_names_have_the_nearest_one() -> None:
    (mistake,) = key_mistakes({"live": {"pase": "P"}}, SPECS)
    assert mistake.place == ("live", "pase")
    assert mistake.hint == "did you mean live.pause?"
    with pytest.raises(UsageProblem, match=r"live\.pase"):
        read_keys({"live.pase": "P"}, SPECS)


@pytest.mark.parametrize("value", [3, [], True, ["P", 3], {}])
def test_what_is_no_key_is_said(value: object) -> None:
    expected = ["live.pause: a key or a list of keys is expected"] if value != {} else []
    assert said({"live": {"pause": value}}) == expected


@pytest.mark.parametrize(
    ("table", "both"),
    [
        ({"live.pause": "j"}, "j is also keyed-table.row_down (Row down)"),
        ({"live.pause": "4"}, "4 is also screen.tables (Tables)"),
        ({"screen.locks": "L"}, "L is also keyed-table.columns_right"),
        ({"activity.idle": "ctrl+e", "table.copy": "ctrl+e"}, "ctrl+e is also"),
        ({"app.interrupt": "ctrl+o"}, "ctrl+o is also export.every"),
        ({"columns.reset": "J"}, "J is also columns.later"),
        ({"menu.close": "enter"}, "Enter is also the OptionList's own Enter"),
        ({"export.every": "ctrl+a"}, "ctrl+a is also the Input's own ctrl+a"),
        ({"export.every": "a"}, "a is a letter of what is typed in Export"),
        ({"palette.go": "space"}, "Space is a letter of what is typed in Palette"),
    ],
)
def test_clashes_are_found_in_screens_and_dialogs(table: dict[str, object], both: str) -> None:
    assert any(both in each for each in said(table)), said(table)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"live.pause": "P", "table": {"copy": ["Y", "ctrl+e"]}},
        # What made room is no clash, nor is a key of a screen that is never there with it.
        {"live.pause": "y", "table.copy": "Y"},
        {"go.back": "escape", "activity.idle": "a", "screen.locks": "ctrl+l"},
        {"overview.down": "n"},
        {"keyed-table.row_down": ["ctrl+n", "down"]},
    ],
)
def test_what_does_not_clash_is_taken(table: dict[str, object]) -> None:
    assert said(table) == []


def test_the_shipped_keys_as_a_table_have_no_mistake() -> None:
    table = {
        deed.id: [shown(key) for key in deed.keys]
        for surface in surfaces(SPECS)
        for deed in surface.deeds
        if deed.id and deed.keys and not any(key.startswith("shift+") for key in deed.keys)
    }
    assert said(dict(table)) == []


def test_footers_and_titles_say_the_chosen_keys() -> None:
    keymap = Keymap({"activity.running": ("f5",), "table.copy": ("ctrl+e", "Y")})
    kinds = (KeyedTable, ActivityView, Deck, DeckApp)
    assert keymap.reword("F1 F2 F3", *kinds) == "F5 F2 F3"
    assert keymap.reword("y", *kinds) == "ctrl+e"
    assert keymap.reword("y", Deck) == "y"
    assert Keymap().reword("F1", *kinds) == "F1"


def test_a_screens_own_key_is_the_chosen_one() -> None:
    keymap = read_keys({"screen.tables": "F9", "screen.locks": "ctrl+l"}, SPECS)
    specs = keymap.screens(SPECS)
    assert (specs["tables"].key, specs["locks"].key) == ("F9", "ctrl+l")
    assert keymap.keys_of("tables", SPECS["tables"]) == ("f9",)
    assert keymap.keys_of("activity", SPECS["activity"]) == ("2",)


def test_a_click_finds_the_key_that_stands_there() -> None:
    line = footer_line([("?", "help"), ("F1 F2", "views"), ("+ -", "interval")], 60)
    text = "".join(span.text for span in line)

    def at(word: str) -> str:
        return key_at(line, text.index(word), several=True)

    assert [at("?"), at("help"), at("F1"), at("F2"), at("views"), at("-")] == [
        "?",
        "?",
        "F1",
        "F2",
        "F1",
        "-",
    ]
    assert key_at(line, 59, several=True) == ""
    assert key_at(line, text.index("F2"), several=False) == ""


def test_letters_are_known_from_other_keys() -> None:
    assert [types_text(key) for key in ("a", "space", "slash")] == [True] * 3
    assert not any(types_text(key) for key in ("enter", "ctrl+a", "f5", "escape", "alt+x", "tab"))


def test_the_check_of_the_configuration_names_the_line_of_each_mistake(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[keys]\nlive.pause = "j"\n"live.refesh" = "F5"\n\n[keys.table]\ncopy = "ctrl+enter"\n'
    )
    file.chmod(0o600)
    found = {(each.line, each.key): each for each in mistakes_in(file, own=True)}
    assert "live.pause: j is also " in found[2, "keys.live.pause"].message
    assert found[3, "keys.live.refesh"].hint == "did you mean live.refresh?"
    assert "extended keyboard protocol" in found[6, "keys.table.copy"].message
    file.write_text('[keys]\nlive.pause = "P"\n')
    assert mistakes_in(file, own=True) == []
