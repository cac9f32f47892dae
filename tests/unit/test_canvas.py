"""Only the stretches that differ are repainted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgdeck.tui.ink import Line, Span, clip
from pgdeck.tui.widgets.canvas import changed_cells


def cells_of(line: Line) -> list[tuple[str, str]]:
    return [(char, span.role) for span in line for char in span.text]


def lines(width: int) -> st.SearchStrategy[Line]:
    spans = st.builds(
        Span, st.text("ab ", min_size=1, max_size=6), st.sampled_from(["text", "key"])
    )
    return st.lists(spans, max_size=8).map(lambda parts: clip(parts, width))


@given(lines(20), lines(20))
def test_every_changed_cell_is_covered(old: Line, new: Line) -> None:
    covered = {x for start, cells in changed_cells(old, new) for x in range(start, start + cells)}
    before, after = cells_of(old), cells_of(new)
    changed = {x for x in range(20) if before[x] != after[x]}
    assert changed <= covered


def test_one_changed_span_is_one_stretch() -> None:
    old = (Span("name      "), Span("12 MB", "quiet"), Span("     "), Span("ok   "))
    new = (Span("name      "), Span("13 MB", "quiet"), Span("     "), Span("ok   "))
    assert list(changed_cells(old, new)) == [(11, 1)]


def test_equal_lines_paint_nothing() -> None:
    line = (Span("name"), Span(" 4", "key"))
    assert list(changed_cells(line, line)) == []


def test_close_changes_are_painted_together() -> None:
    old = (Span("aaaa"), Span("  "), Span("bbbb"), Span("          "), Span("cccc"))
    new = (Span("AAAA"), Span("  "), Span("BBBB"), Span("          "), Span("CCCC"))
    assert list(changed_cells(old, new)) == [(0, 10), (20, 4)]


def test_a_chart_that_moved_on_paints_only_the_cells_that_differ() -> None:
    old = (Span("▁▁▁▁▁▁▁▁█▁▁▁▁▁▁▁▁▁▁▁", "spark"),)
    new = (Span("▁▁▁▁▁▁▁█▁▁▁▁▁▁▁▁▁▁▁▅", "spark"),)
    assert list(changed_cells(old, new)) == [(7, 2), (19, 1)]
