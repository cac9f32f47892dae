"""Only what changed is painted."""

from __future__ import annotations

import pytest

from pgdeck.core.rows import Table, TableRow
from pgdeck.tui.widgets.table import KeyedTable
from tables import COLUMNS, Recorder, largest_first, names, terminal

SIZE = (60, 12)


def changed(table: Table, at: int, column: int, value: object) -> Table:
    """Return the table with one value changed."""
    row = table.rows[at]
    values = (*row.values[:column], value, *row.values[column + 1 :])
    return Table((*table.rows[:at], TableRow(row.key, values), *table.rows[at + 1 :]))


def recorder(*, exact: bool = False) -> Recorder:
    return Recorder(KeyedTable(COLUMNS, sort=largest_first()), exact=exact)


@pytest.mark.parametrize("exact", [False, True])
async def test_one_changed_value_paints_one_cell(exact: bool) -> None:
    app = recorder(exact=exact)
    async with app.run_test(size=SIZE) as pilot:
        table = names(40)
        app.table.show(table)
        await pilot.pause()
        app.forget()
        app.table.show(changed(table, 4, 3, "other"))
        await pilot.pause()
        assert list(app.spans()) == [(5, 34, 44)]
        assert app.lines()[5].split()[-1] == "other"


async def test_nothing_changed_paints_nothing() -> None:
    app = recorder()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.pause()
        app.forget()
        app.table.show(names(40))
        await pilot.pause()
        assert app.updates == []


async def test_what_is_out_of_sight_paints_nothing() -> None:
    app = recorder()
    async with app.run_test(size=SIZE) as pilot:
        table = names(40)
        app.table.show(table)
        await pilot.pause()
        app.forget()
        app.table.show(changed(table, 30, 3, "other"))
        await pilot.pause()
        assert app.updates == []


async def test_rows_that_change_places_paint_their_lines_only() -> None:
    app = recorder()
    async with app.run_test(size=SIZE) as pilot:
        table = names(40)
        app.table.show(table)
        await pilot.pause()
        app.forget()
        app.table.show(changed(table, 6, 1, table.rows[5].values[1] + 1))  # type: ignore[operator]
        await pilot.pause()
        assert sorted({line for line, _, _ in app.spans()}) == [6, 7]


async def test_a_moving_cursor_paints_two_lines() -> None:
    app = recorder()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.pause()
        app.forget()
        await pilot.press("j")
        assert sorted(app.spans()) == [(1, 0, 60), (2, 0, 60)]


async def test_stale_rows_are_painted_once() -> None:
    app = recorder()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(names(40))
        await pilot.pause()
        app.forget()
        app.table.set_stale(True)
        await pilot.pause()
        assert {line for line, _, _ in app.spans()} == set(range(1, 12))
        before = len(app.updates)
        app.table.set_stale(True)
        await pilot.pause()
        assert len(app.updates) == before


async def test_an_exact_screen_sends_less_and_shows_the_same() -> None:
    sent = {}
    for exact in (False, True):
        app = recorder(exact=exact)
        screen, stream = terminal(*SIZE)
        async with app.run_test(size=SIZE) as pilot:
            table = names(40)
            app.table.show(table)
            await pilot.pause()
            app.refresh()
            await pilot.pause()
            stream.feed(app.bytes_sent)
            app.forget()
            for at in range(8):
                table = changed(table, at, 3, f"表 {at}")
                table = changed(table, at, 2, at * 1_000_000)
            app.table.show(table)
            await pilot.press("j")
            stream.feed(app.bytes_sent)
            sent[exact] = len(app.bytes_sent)
            shown = [line.rstrip() for line in app.lines()]
        assert [line.rstrip() for line in screen.display] == shown
    assert sent[True] < 0.6 * sent[False]
