"""Numbers as ink: the same formatters as the tables', outside a table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pgdeck.core.cells import make_cell
from pgdeck.core.rows import Unknown, Value
from pgdeck.core.spec import Column, Format
from pgdeck.core.text import safe
from pgdeck.tui.ink import Line, Span, line_width, of_cell

_COLUMNS = {format: Column(name=format.value, label="", format=format) for format in Format}

_STEPS = " ▁▂▃▄▅▆▇█"
_PARTS = " ▏▎▍▌▋▊▉█"


def figure(value: Value, format: Format) -> Line:
    """Return a value as spans; None becomes the glyph of what does not apply."""
    if value is None or isinstance(value, float):
        return _number(value, format)
    return of_cell(make_cell(value, _COLUMNS[format]))


@lru_cache(maxsize=256)
def _number(value: float | None, format: Format) -> Line:
    """Return a figure; at rest the same ones come again at every refresh."""
    return of_cell(make_cell(value, _COLUMNS[format]))


def plain(value: Value, format: Format) -> str:
    """Return a value as one text without roles."""
    return "".join(span.text for span in figure(value, format))


def known(value: Value | None, format: Format, remedy: str = "") -> Line:
    """Return a value for which None means that it cannot be known, not that there is none."""
    return figure(Unknown("not visible to this login", remedy) if value is None else value, format)


def named(label: str, value: Line) -> Line:
    """Put a quiet label before a figure."""
    return (Span(f"{label} ", "quiet"), *value)


def joined(parts: Sequence[Line], gap: str = "  ") -> Line:
    """Set figures side by side."""
    spans: list[Span] = []
    for part in parts:
        if spans:
            spans.append(Span(gap))
        spans.extend(part)
    return tuple(spans)


def text(value: str, role: str = "text") -> Line:
    """Return outside text, made safe, as one span."""
    return (Span(safe(value), role),)


def fitting(parts: Sequence[Line], width: int, gap: str = "  ") -> Line:
    """Set as many figures side by side as fit whole, first ones first."""
    kept: list[Line] = []
    for part in parts:
        if line_width(joined([*kept, part], gap)) <= width:
            kept.append(part)
    return joined(kept, gap)


def bar(share: float | None, width: int, role: str = "bar") -> Line:
    """Draw a share of 0 to 1 against its limit in eighths of a cell."""
    if share is None or width <= 0:
        return (Span("░" * max(0, width), "quiet"),)
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_PARTS[rest] if rest else "")
    return (Span(drawn, role), Span("░" * (width - len(drawn)), "quiet"))


def spark(series: Sequence[float | None], width: int, maximum: float | None = None) -> Line:
    """Draw the newest `width` samples from zero to `maximum`, newest at the right, gaps blank."""
    return chart(series, width, 1, maximum)[0]


def chart(
    series: Sequence[float | None], width: int, height: int, maximum: float | None = None
) -> list[Line]:
    """Draw samples as a chart of `height` rows, top row first; one row is a sparkline."""
    shown = list(series[-width:]) if width > 0 else []
    top = maximum or max((sample for sample in shown if sample is not None), default=0.0)
    steps = 8 * height
    levels = [
        None if sample is None else max(1, min(steps, round(sample / top * steps) if top else 1))
        for sample in shown
    ]
    rows: list[Line] = []
    for row in range(height - 1, -1, -1):
        drawn = "".join(
            " " if level is None else _STEPS[min(8, max(0, level - 8 * row))] for level in levels
        )
        rows.append((Span(" " * (width - len(drawn)) + drawn, "spark"),))
    return rows


def share_role(share: float | None, warn: float, bad: float) -> str:
    """Return the role of a share judged by two thresholds, high being bad."""
    if share is None:
        return "quiet"
    return "critical" if share >= bad else "warning" if share >= warn else "bar"
