"""Panes tile their area exactly, whatever its size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgdeck.tui.ink import Line, Span, between, clip, line_width, wrap
from pgdeck.tui.panes import Pane, grid, share_out


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def pane(name: str, lines: int = 3) -> Pane:
    def body(_width: int, height: int) -> list[Line]:
        return [(Span(f"{name} {at}"),) for at in range(min(lines, height))]

    return Pane(name, name.title(), (Span("4 ›", "key"),), body, opens=name)


@given(st.integers(12, 220), st.integers(9, 70), st.integers(1, 3), st.integers(1, 3))
def test_grid_fills_its_area(width: int, height: int, rows: int, columns: int) -> None:
    panes = [[pane(f"p{row}{at}") for at in range(columns)] for row in range(rows)]
    lines, placed = grid(panes, width, height, "p00")
    assert len(lines) == height
    assert {line_width(line) for line in lines} == {width}
    assert len(placed) == rows * columns
    for spot in placed:
        assert spot.x + spot.width <= width
        assert spot.y + spot.height <= height


def test_grid_shares_borders_and_names_its_panes() -> None:
    lines, placed = grid([[pane("one"), pane("two")], [pane("six"), pane("ten")]], 40, 11)
    drawn = [text_of(line) for line in lines]
    assert drawn[0].startswith("╭─ One ")
    assert "┬─ Two " in drawn[0]
    assert drawn[0].endswith(" 4 › ─╮")
    middle = next(line for line in drawn if "Six" in line)
    assert middle.startswith("├─ Six ")
    assert "┼─ Ten " in middle
    assert drawn[-1].startswith("╰")
    assert "┴" in drawn[-1]
    assert "│ one 0" in drawn[1]
    assert "│ two 0" in drawn[1]
    hit = [spot.pane.name for spot in placed if spot.holds(25, 2)]
    assert hit == ["two"]


def test_focus_is_drawn_around_one_pane_only() -> None:
    lines, _ = grid([[pane("one"), pane("two")]], 40, 6, "two")
    roles = {span.role for span in lines[0] if "─" in span.text and span.text.strip("─") == ""}
    assert roles == {"border", "focus"}
    assert lines[1][0].role == "border"
    assert lines[1][-1].role == "focus"


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 8)), min_size=1, max_size=4),
)
def test_every_line_is_given_to_some_row(room: int, limits: list[tuple[int, int]]) -> None:
    least = [low for low, _ in limits]
    wants = [low + more for low, more in limits]
    heights = share_out(room, least, wants)
    assert sum(heights) == room
    if room >= sum(least):
        assert all(tall >= low for tall, low in zip(heights, least, strict=True))


@given(st.lists(st.text("ab 日é", max_size=9), max_size=6), st.integers(0, 30))
def test_clip_gives_exactly_the_width(texts: list[str], width: int) -> None:
    assert line_width(clip([Span(text) for text in texts], width)) == width


def test_clip_marks_a_cut() -> None:
    assert text_of(clip((Span("connections"), Span(" 97")), 8)) == "connect…"
    assert text_of(clip((Span("abc"), Span("def")), 6)) == "abcdef"
    assert text_of(clip((Span("abc"), Span("def")), 5)) == "abcd…"


def test_between_cuts_the_left_part() -> None:
    assert text_of(between((Span("a long name"),), (Span("12 MB"),), 12)) == "a long…12 MB"
    assert text_of(between((Span("short"),), (Span("9"),), 8)) == "short  9"


@given(st.text("abc 日", max_size=60), st.integers(2, 20))
def test_wrap_loses_no_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line_width((Span(line),)) <= width for line in lines)
