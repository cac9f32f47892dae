"""A screen that writes spans exactly shows what Textual's own would show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from pgdeck.tui.ink import Span
from pgdeck.tui.spans import ExactScreen, difference, whole
from pgdeck.tui.widgets.canvas import Canvas
from tables import terminal

SIZE = (30, 4)
RED, BLUE = Style.parse("bold red"), Style.parse("blue on white")


class Text(Widget):
    """Lines in two colours, with wide characters at odd and even places."""

    DEFAULT_CSS = "Text { width: 100%; height: 100%; }"
    text = "a表b表表c"

    def render_line(self, y: int) -> Strip:
        """Return a line."""
        segments = [Segment(" " * (y % 2) + self.text, RED), Segment(self.text, BLUE)]
        return Strip(segments).adjust_cell_length(self.size.width)


class Lid(Widget):
    """Something that lies over the text for a while."""

    DEFAULT_CSS = "Lid { layer: over; width: 5; height: 3; }"

    def render_line(self, _y: int) -> Strip:
        """Return a line."""
        return Strip([Segment("#" * self.size.width, BLUE)])


class Pile(App[None]):
    """A text, and a lid on it."""

    CSS = "Screen { layers: base over; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.sent = ""

    def get_default_screen(self) -> Screen[Any]:
        """Use the screen under test."""
        return ExactScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Lay both."""
        yield Text()
        yield Lid()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.sent += renderable.render_segments(self.console)
        super()._display(screen, renderable)


@pytest.mark.parametrize("x", range(8))
async def test_spans_that_begin_in_a_wide_character_leave_it_whole(x: int) -> None:
    app = Pile()
    screen, stream = terminal(*SIZE)
    async with app.run_test(size=SIZE) as pilot:
        lid, text = app.query_one(Lid), app.query_one(Text)
        lid.styles.offset = (x, 0)
        await pilot.pause()
        lid.display = False
        await pilot.pause()
        text.refresh(Region(x, 0, 3, 2), Region(x + 6, 1, 2, 1))
        await pilot.pause()
        stream.feed(app.sent)
        shown = [strip.text for strip in app.screen._compositor.render_strips()]
    assert [line.rstrip() for line in screen.display] == [line.rstrip() for line in shown]


async def test_colours_are_sent_when_they_change() -> None:
    app = Pile()
    async with app.run_test(size=SIZE) as pilot:
        app.query_one(Lid).display = False
        await pilot.pause()
        app.sent = ""
        app.query_one(Text).refresh(Region(0, 0, 3, 1), Region(0, 2, 3, 1))
        await pilot.pause()
        assert app.sent.count("\x1b[") == 4
        assert app.sent.endswith("\x1b[0m")


def test_no_character_is_halved() -> None:
    strip = Strip([Segment("ab"), Segment("表表c")])
    assert [whole(strip, at, -1) for at in range(8)] == [0, 1, 2, 2, 4, 4, 6, 7]
    assert [whole(strip, at, 1) for at in range(8)] == [0, 1, 2, 4, 4, 6, 6, 7]


class Paper(App[None]):
    """A canvas that says its own size, with every frame as it was sent."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.canvas = Canvas(id="paper", refill=self.fill)
        self.canvas.styles.height = 1
        self.frames: list[str] = []

    def get_default_screen(self) -> Screen[Any]:
        """Use the screen that sends exactly."""
        return ExactScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Hold the canvas."""
        yield self.canvas

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colour nothing."""
        return {}

    def fill(self) -> None:
        """Say how wide it is."""
        self.canvas.paint([(Span(f"{self.canvas.size.width} wide", "text"),)])

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.frames.append(renderable.render_segments(self.console))
        super()._display(screen, renderable)


async def test_the_first_frame_of_a_size_has_its_text() -> None:
    app = Paper()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "30 wide" in next(frame for frame in app.frames if frame)
        app.frames.clear()
        await pilot.resize_terminal(24, 4)
        await pilot.pause(0.1)
        assert not any("30 wide" in frame for frame in app.frames)
        assert any("24 wide" in frame for frame in app.frames)


INKS = st.sampled_from(["", "31", "97", "39", "38;5;9", "38;2;1;2;3"])
PAPERS = st.sampled_from(["", "44", "103", "49", "48;5;7", "48;2;9;8;7"])
ATTRIBUTES = st.sampled_from(["", "1", "3", "1;4", "7"])
STYLES = (
    st.tuples(ATTRIBUTES, INKS, PAPERS)
    .map(lambda parts: ";".join(part for part in parts if part))
    .filter(bool)
)


@given(STYLES, STYLES)
def test_the_difference_of_two_styles_leads_from_one_to_the_other(now: str, wanted: str) -> None:
    plain, stream = terminal(4, 1)
    stream.feed(f"\x1b[0;{wanted}mx")
    turned, stream = terminal(4, 1)
    stream.feed(f"\x1b[{now}ma\x1b[{difference(now, wanted)}m\rx")
    assert turned.buffer[0][0] == plain.buffer[0][0]
