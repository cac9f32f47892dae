"""Columns at every width, and text from outside in them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from pgdeck.core.cell import Cell, Level
from pgdeck.core.spec import Align, Column, Format
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.tui.widgets.table.columns import lay_out, least_width
from pgdeck.tui.widgets.table.lines import thumb
from pgdeck.tui.widgets.table.painter import branched
from pgdeck.tui.widgets.table.shape import Ruler, parts_width, shape
from tables import WIDE, Recorder, table_of, wide_row

ENTRIES = tuple(enumerate(WIDE))
SIZES = [(1, 1), (2, 2), (3, 1), (11, 4), (20, 5), (80, 24), (300, 100)]
HOSTILE = (
    "x [/] y",
    "[red]r[/red]",
    "a\x1b]52;c;QUJD\x07b",
    "two\nlines",
    "\u202egpj.exe",
    "テーブルテーブルテーブル",
    "e\u0301" * 30,
    "",
    " ",
)


def names_at(width: int, left: int = 0) -> list[str]:
    return [place.column.name for place in lay_out(ENTRIES, width, left).places]


def test_narrow_drops_the_highest_priority_numbers_first() -> None:
    assert names_at(80) == ["name", "size", "rows", "dead", "vacuumed", "query"]
    assert names_at(120) == [column.name for column in WIDE]
    assert names_at(60) == ["name", "size", "rows", "query"]


@pytest.mark.parametrize("width", [1, 2, 5, 11, 12, 20, 40, 80, 120, 200, 300])
def test_columns_stay_inside_any_width(width: int) -> None:
    for left in range(10):
        layout = lay_out(ENTRIES, width, left)
        x = layout.edge
        for place in layout.places:
            assert place.x == x
            assert place.width > 0
            x += place.width + 1
        assert layout.end <= width - layout.edge or not layout.places


def test_every_column_can_be_scrolled_to() -> None:
    for width in (30, 40, 60, 80, 100):
        furthest = lay_out(ENTRIES, width, 0).furthest
        seen = {name for left in range(furthest + 1) for name in names_at(width, left)}
        assert seen == {column.name for column in WIDE}, width
        assert not lay_out(ENTRIES, width, 99).more


def test_the_first_column_stays_when_others_scroll() -> None:
    assert names_at(80, 3)[0] == "name"
    assert names_at(80, 1)[1] == "rows"


def test_a_flexible_column_takes_what_is_left() -> None:
    query = lay_out(ENTRIES, 200, 0, {0: 16, 8: 500}).places[-1]
    assert query.x + query.width == 199
    narrow = lay_out(ENTRIES, 80, 0, {0: 16, 8: 500}).places[-1]
    assert narrow.width >= least_width(WIDE[8], 500)
    assert narrow.x + narrow.width == 79


def test_a_name_column_takes_what_its_text_needs() -> None:
    assert lay_out(ENTRIES, 200, 0, {0: 30, 8: 60}).places[0].width == 30


def test_the_first_column_keeps_room_for_names_before_others_are_added() -> None:
    columns = [Column("name", "name"), *(Column(f"n{at}", "n", width=12) for at in range(5))]
    entries = list(enumerate(columns))
    assert [place.width for place in lay_out(entries, 80, needs={0: 40}).places[:1]] == [39]
    assert len(lay_out(entries, 80, needs={0: 40}).places) == 4
    assert len(lay_out(entries, 80, needs={0: 10}).places) == 6


def test_a_query_keeps_its_room_where_no_other_text_wants_it() -> None:
    figures = [Column(f"n{at}", "n", width=10) for at in range(6)]
    query = Column("query", "query", Format.QUERY, priority=1)
    alone = lay_out(list(enumerate([*figures, query])), 80, needs={6: 200}).places
    assert (len(alone), alone[-1].width) == (6, 23)
    named = [Column("name", "name"), *figures[:4], query]
    beside = lay_out(list(enumerate(named)), 80, needs={0: 4, 5: 200}).places
    assert len(beside) == 6


def test_scroll_mark() -> None:
    assert list(thumb(0, 10, 10)) == []
    assert list(thumb(0, 10, 100)) == [0]
    assert list(thumb(90, 10, 100)) == [9]
    assert list(thumb(0, 10, 20)) == [0, 1, 2, 3, 4]


def column(width: int, align: Align = Align.RIGHT) -> Column:
    return Column("c", "c", Format.BYTES, align, width)


def drawn(cells: list[Cell], width: int, mark: int = 0) -> list[str]:
    ruler = Ruler(mark=mark)
    for cell in cells:
        ruler.learn(cell)
    parts = [shape(cell, column(width), width, ruler) for cell in cells]
    assert {parts_width(part) for part in parts} == {width}
    return ["".join(text for text, _ in part) for part in parts]


def test_decimal_points_stand_under_each_other() -> None:
    cells = [Cell("812", unit=" MB"), Cell("98.2", unit=" MB"), Cell("5", unit=" B"), Cell("–")]
    assert drawn(cells, 9) == [" 812   MB", "  98.2 MB", "   5   B ", "   –     "]


def test_without_room_for_points_units_still_align() -> None:
    cells = [Cell("812", unit=" MB"), Cell("2.23", unit=" B")]
    assert drawn(cells, 7) == [" 812 MB", "2.23 B "]


def test_a_mark_hangs_behind_the_numbers() -> None:
    cells = [Cell("12", Level.WARNING, " %", "▲"), Cell("1", Level.NORMAL, " %")]
    assert drawn(cells, 7, mark=1) == ["  12 %▲", "   1 % "]


def test_what_is_cut_ends_with_an_ellipsis() -> None:
    long = Cell("a long name of a table", Level.WARNING, mark="▲")
    parts = shape(long, column(10, Align.LEFT), 10, Ruler())
    assert parts == (("a long n…", "warning"), ("▲", "warning"))
    assert shape(Cell("1234567", unit=" MB"), column(5), 5, Ruler())[0][0] == "1234…"


def test_what_names_a_row_keeps_its_beginning_and_its_end() -> None:
    named = replace(column(16, Align.LEFT), format=Format.TEXT, priority=0)
    names = ("messages_agent_id_created_at_idx", "messages_agent_id_created_at_key")
    drawn_names = [shape(Cell(name), named, 16, Ruler())[0][0] for name in names]
    assert drawn_names == ["messages…_at_idx", "messages…_at_key"]
    assert shape(Cell(names[0]), replace(named, priority=1), 16, Ruler())[0][0].endswith("agent_…")
    query = replace(named, format=Format.QUERY)
    assert shape(Cell("SELECT count(*) FROM t"), query, 16, Ruler())[0][0] == "SELECT count(*)…"


def test_escapes_are_drawn_in_a_role_of_their_own() -> None:
    parts = shape(Cell(r"two\nlines"), column(12, Align.LEFT), 12, Ruler())
    assert parts == (("two", ""), (r"\n", "escape"), ("lines  ", ""))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_any_size_and_any_text_fill_the_screen(
    size: tuple[int, int], ascii_only: bool
) -> None:
    app = Recorder(KeyedTable(WIDE, ascii=ascii_only, empty_text="Nothing · yet"))
    rows = [(f"{at}{text}", *wide_row(at)[1:7], text, text) for at, text in enumerate(HOSTILE)]
    async with app.run_test(size=size) as pilot:
        app.table.show(table_of([]))
        await pilot.pause()
        app.table.show(table_of(rows))
        await pilot.press("L", "L", "L", "j", "space", "H", "G")
        lines = app.lines()
        assert {cell_len(line) for line in lines} == {size[0]}
        assert all(char.isprintable() for line in lines for char in line)
        if ascii_only:
            assert all(line.isascii() for line in lines)


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_header_shows_that_there_is_more(width: int) -> None:
    app = Recorder(KeyedTable(WIDE))
    async with app.run_test(size=(width, 12)) as pilot:
        app.table.show(table_of(wide_row(at) for at in range(30)))
        await pilot.pause()
        header = app.lines()[0]
        assert ("›" in header) is (width == 80)
        assert "‹" not in header
        await pilot.press("L")
        assert ("‹" in app.lines()[0]) is (width == 80)


async def test_text_is_never_markup() -> None:
    app = Recorder(KeyedTable(WIDE))
    rows = [(text, *wide_row(1)[1:]) for text in HOSTILE[:2]]
    async with app.run_test(size=(120, 8)) as pilot:
        app.table.show(table_of(rows))
        await pilot.pause()
        shown = "\n".join(app.lines())
        assert "x [/] y" in shown
        assert "[red]r[/red]" in shown


def test_a_text_grows_before_a_query_when_there_is_room() -> None:
    columns = (
        Column("pid", "", width=7),
        Column("wait", "", width=14),
        Column("query", "", Format.QUERY),
    )
    entries = tuple(enumerate(columns))

    def widths(width: int, wait: int) -> list[int]:
        needs = {1: wait, 2: 500}
        return [place.width for place in lay_out(entries, width, 0, needs).places]

    assert widths(41, 20) == [7, 14, 16]
    assert widths(120, 20) == [7, 20, 89]
    assert widths(120, 300) == [7, 28, 81]


def test_much_room_keeps_a_query_long() -> None:
    query = Column("query", "", Format.QUERY)
    assert [least_width(query, 500, room) for room in (0, 78, 118, 198)] == [16, 16, 23, 39]
    assert least_width(query, 10, 198) == 10


@pytest.mark.parametrize(
    ("text", "shown", "in_ascii"),
    [
        ("4711", "4711", "4711"),
        ("│   └ 4711", "│   └ 4711", "|   + 4711"),
        ("  ├ prepared \x07", r"  ├ prepared \x07", r"  + prepared \x07"),
    ],
)
def test_branches_of_a_tree_are_drawn_as_they_are(text: str, shown: str, in_ascii: str) -> None:
    column = Column("tree", "session")
    assert branched(text, column, ascii=False).text == shown
    assert branched(text, column, ascii=True).text == in_ascii
