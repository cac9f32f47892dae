"""Cursor, marks, order, filter and place stay with the person who chose them."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown

from pgdeck.core.cell import Cell
from pgdeck.core.cells import make_cell
from pgdeck.core.rows import Table, Unknown
from pgdeck.core.spec import Column
from pgdeck.tui.widgets.table import KeyedTable, TableState, painter
from tables import COLUMNS, Recorder, largest_first, names, table_of

SIZE = (60, 12)


@pytest.fixture
def app() -> Recorder:
    return Recorder(KeyedTable(COLUMNS, sort=largest_first(), empty_text="No table yet."))


def key(app: Recorder) -> str | None:
    row = app.table.cursor_row
    return None if row is None else str(row.key[0])


def without(table: Table, *gone: str) -> Table:
    return Table(tuple(row for row in table.rows if row.key[0] not in gone))


async def test_the_cursor_follows_its_row(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.press("j", "j", "j")
        assert key(app) == "t003"
        app.table.show(without(names(40), "t000", "t001"))
        assert key(app) == "t003"
        app.table.show(table_of([("t003", 1, 1, ""), ("a", 9, 9, ""), ("b", 8, 8, "")]))
        assert key(app) == "t003"
        await pilot.pause()
        assert app.lines()[3].startswith(" t003")


async def test_the_cursor_stays_near_when_its_row_is_gone(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(5))
        await pilot.press("G")
        assert key(app) == "t004"
        app.table.show(names(3, size=2000))
        assert key(app) == "t002"
        app.table.show(Table(()))
        assert app.table.cursor_row is None
        app.table.show(names(5))
        assert key(app) == "t002"


async def test_k_moves_up_and_keys_reach_both_ends(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.press("j", "j", "k")
        assert key(app) == "t001"
        await pilot.press("pagedown")
        assert key(app) == "t011"
        await pilot.press("end")
        assert key(app) == "t039"
        assert app.table.visible_keys[-1] == ("t039",)
        await pilot.press("pageup", "up")
        assert key(app) == "t028"
        await pilot.press("g", "k")
        assert key(app) == "t000"
        assert app.table.visible_keys[0] == ("t000",)


async def test_marks_follow_their_rows_and_go_with_them(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(10))
        await pilot.press("space", "space", "j", "space")
        assert app.table.marked == {("t000",), ("t001",), ("t003",)}
        assert key(app) == "t004"
        app.table.show(without(names(10), "t001"))
        assert app.table.marked == {("t000",), ("t003",)}
        await pilot.pause()
        assert [line[:5] for line in app.lines() if line[0] == "▸"] == ["▸t000", "▸t003"]
        assert len(app.heard(KeyedTable.MarksChanged)) == 3


async def test_a_scrolled_view_keeps_the_cursor_on_its_line(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(60))
        await pilot.press("G", "pageup", "pageup", "j")
        at = app.table.visible_keys.index((key(app),))
        app.table.show(without(names(60), "t002", "t005", "t009"))
        assert app.table.visible_keys.index((key(app),)) == at


async def test_sorting_by_keys(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(9))
        await pilot.pause()
        assert "size▾" in app.lines()[0]
        await pilot.press("greater_than_sign")
        assert app.table.state.sort_column == "rows"
        assert app.table.visible_keys[0] == ("t008",)
        assert key(app) == "t000"
        await pilot.press("s")
        assert app.table.visible_keys[0] == ("t000",)
        assert "rows▴" in app.lines()[0]
        await pilot.press("less_than_sign", "less_than_sign")
        assert app.table.state.sort_column == "name"
        assert not app.table.state.descending
        assert len(app.heard(KeyedTable.SortChanged)) == 4


async def test_sorting_by_the_mouse(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(9))
        await pilot.click(offset=(2, 0))
        assert app.table.state.sort_column == "name"
        assert not app.table.state.descending
        await pilot.click(offset=(2, 0))
        assert app.table.state.descending
        assert app.table.visible_keys[0] == ("t008",)


async def test_unknown_values_come_last_either_way(app: Recorder) -> None:
    rows = [("a", None, 1, ""), ("b", 5, 1, ""), ("c", Unknown("hidden"), 1, ""), ("d", 9, 1, "")]
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(table_of(rows))
        assert app.table.visible_keys == (("d",), ("b",), ("a",), ("c",))
        await pilot.press("s")
        assert app.table.visible_keys == (("b",), ("d",), ("a",), ("c",))


async def test_mouse_puts_the_cursor_opens_and_scrolls(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.click(offset=(5, 4))
        assert key(app) == "t003"
        await pilot.click(offset=(5, 6), times=2)
        opened = app.heard(KeyedTable.RowOpened)
        assert [message.row.key for message in opened] == [("t005",)]
        app.table.post_message(MouseScrollDown(app.table, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert app.table.visible_keys[0] == ("t003",)
        assert key(app) == "t005"


async def test_enter_opens_the_row_under_the_cursor(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("enter")
        assert app.heard(KeyedTable.RowOpened) == []
        app.table.show(names(4))
        await pilot.press("j", "enter")
        (opened,) = app.heard(KeyedTable.RowOpened)
        assert opened.row.key == ("t001",)
        assert opened.control is app.table


async def test_the_view_is_told_once_for_each_change(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.pause()
        app.forget()
        await pilot.press("j")
        assert app.heard(KeyedTable.ViewChanged) == []
        assert len(app.heard(KeyedTable.RowHighlighted)) == 1
        app.forget()
        await pilot.press("G")
        assert len(app.heard(KeyedTable.ViewChanged)) == 1
        app.forget()
        app.table.show(names(40))
        await pilot.pause()
        assert app.told == []


async def test_a_filter_hides_what_does_not_match(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.press("j", "j")
        assert app.table.apply_filter("t01") is None
        await pilot.pause()
        assert len(app.table.visible_keys) == 10
        (told,) = app.heard(KeyedTable.FilterChanged)
        assert (told.text, told.problem, told.shown, told.total) == ("t01", None, 10, 40)
        assert app.table.state.filter_text == "t01"
        await pilot.press("g", "n", "n")
        assert key(app) == "t012"
        await pilot.press("N", "N", "N")
        assert key(app) == "t019"
        await pilot.press("c")
        assert len(app.table.model.view) == 40
        assert key(app) == "t019"


async def test_a_wrong_filter_leaves_the_last_one(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        app.table.apply_filter("t01")
        assert app.table.apply_filter("/(/")
        assert len(app.table.model.view) == 10
        await pilot.pause()
        assert app.heard(KeyedTable.FilterChanged)[-1].problem
        assert app.table.state.filter_text == "t01"


async def test_new_rows_pass_the_filter_too(app: Recorder) -> None:
    async with app.run_test(size=SIZE):
        app.table.show(names(10))
        app.table.apply_filter('"note 3"')
        assert app.table.visible_keys == (("t003",),)
        app.table.show(table_of([("x", 1, 1, "note 3"), ("t003", 1, 1, "other")]))
        assert app.table.visible_keys == (("x",),)


async def test_a_tree_keeps_its_order_and_shows_every_row() -> None:
    app = Recorder(KeyedTable(COLUMNS, sort=largest_first(), tree=True))
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(table_of([("b", 1, 1, "x"), ("c", 9, 1, "y"), ("a", 5, 1, "x")]))
        await pilot.press("s", "greater_than_sign")
        assert app.table.visible_keys == (("b",), ("c",), ("a",))
        app.table.apply_filter("note:x")
        assert app.table.visible_keys == (("b",), ("c",), ("a",))
        await pilot.press("n")
        assert key(app) == "a"
        await pilot.press("n")
        assert key(app) == "b"
        assert app.heard(KeyedTable.FilterChanged)[-1].shown == 2


async def test_empty_tables_say_what_to_do(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        assert not "".join(app.lines()[1:]).strip()
        app.table.show(Table(()))
        await pilot.pause()
        assert "".join(app.lines()[1:]).strip() == "No table yet."
        app.table.show(names(3))
        app.table.apply_filter("zzz")
        await pilot.pause()
        assert "".join(app.lines()[1:]).strip() == "No row matches zzz · c clears the filter"


async def test_what_was_chosen_can_be_put_back(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(60))
        await pilot.press("s", "pagedown", "pagedown", "space")
        app.table.apply_filter("t0")
        state = app.table.state
        shown = app.table.visible_keys
    other = Recorder(KeyedTable(COLUMNS))
    async with other.run_test(size=SIZE) as pilot:
        other.table.state = state
        await pilot.pause()
        other.table.show(names(60))
        assert other.table.state == state
        assert other.table.visible_keys == shown
        assert other.table.cursor_row is not None
        assert other.table.cursor_row.key == state.cursor_key


async def test_columns_can_be_hidden_and_put_in_another_order(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(3))
        app.table.state = TableState(hidden=frozenset({"rows"}), order=("note", "name"))
        await pilot.pause()
        assert app.lines()[0].split() == ["table", "note", "size"]


async def test_resizing_keeps_the_cursor_in_sight(app: Recorder) -> None:
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(60))
        await pilot.press("pagedown", "pagedown", "pagedown")
        here = key(app)
        await pilot.resize_terminal(40, 5)
        assert (here,) in app.table.visible_keys
        await pilot.resize_terminal(100, 30)
        assert (here,) in app.table.visible_keys
        assert key(app) == here


async def test_words_of_the_filter_are_lit_up_where_they_occur() -> None:
    for highlight in (True, False):
        app = Recorder(KeyedTable(COLUMNS, highlight=highlight))
        async with app.run_test(size=SIZE) as pilot:
            app.table.show(names(4))
            app.table.apply_filter("OTE")
            await pilot.press("j")
            segments = list(app.screen._compositor.render_strips()[1])
            lit = [part.text for part in segments if part.style and part.style.underline]
            assert lit == (["ote"] if highlight else [])


async def test_only_rows_in_sight_are_formatted(
    app: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def counting(value: object, column: Column, *, ascii: bool = False) -> Cell:
        made.append(value)
        return make_cell(value, column, ascii=ascii)

    monkeypatch.setattr(painter, "make_cell", counting)
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(10_000))
        await pilot.pause()
        assert len(made) == 11 * len(COLUMNS)
        app.table.show(names(10_000))
        assert len(made) == 11 * len(COLUMNS)
        await pilot.press("G")
        assert len(made) == 22 * len(COLUMNS)
