"""The detail pane: one row with exact values, beside the table or over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.text import Text
from textual import events
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgdeck.core.cells import exact
from pgdeck.core.rows import TableRow, Unknown, Value
from pgdeck.core.spec import Column, Format
from pgdeck.core.text import safe, to_ascii

LABEL = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)| +")
"""What stands before a value or a statement: its label and two blanks, or its indentation."""


class DetailPane(VerticalScroll):
    """Shows every column of one row, nothing shortened."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Text | None = None
        self._body = Static("", markup=False)

    def compose(self):  # type: ignore[no-untyped-def]  # Textual's ComposeResult
        """Hold one text."""
        yield self._body

    def show(self, text: Text) -> None:
        """Replace the text when it differs; the scroll position is kept."""
        if text != self._shown:
            self._shown = text
            self._lay_out()

    def on_resize(self, _event: events.Resize) -> None:
        """Break the lines anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        if self._shown is not None:
            width = self.scrollable_content_region.width
            self._body.update(hanging(self._shown, width, self.app.console))


def hanging(text: Text, width: int, console: Console) -> Text:
    """Return a text with its long lines broken, what goes on set below where the value began.

    A label that takes more than half of the width is no column: its value goes on at the margin.
    """
    if width <= 0:
        return text
    broken = []
    for line in text.split("\n", allow_blank=True):
        found = LABEL.match(line.plain) if line.cell_len > width else None
        begun = line[: found.end()] if found else Text()
        if line.cell_len <= width or begun.cell_len > width // 2:
            broken.append(line)
            continue
        rest = line[len(begun) :].wrap(console, width - begun.cell_len, overflow="fold")
        margin = Text(" " * begun.cell_len)
        broken += [(margin if at else begun) + part for at, part in enumerate(rest)]
    return Text("\n", no_wrap=False, overflow="fold").join(broken)


def detail_text(
    columns: Sequence[Column],
    row: TableRow,
    extra: Mapping[str, Value],
    quiet: str,
    accent: str,
    *,
    ascii: bool = False,
) -> Text:
    """Return a row as label and exact value, long text in its own paragraph.

    With `ascii`, values are escaped, so that they stay exact.
    """
    write: Callable[[str], str] = to_ascii if ascii else str
    text = Text(no_wrap=False, overflow="fold")
    width = _label_width(columns, row.values)
    for column, value in zip(columns, row.values, strict=True):
        if _is_statement(column, value) and value is not None:
            text.append(f"{column.label or column.name}\n", accent)
            text.append("\n".join(_indented(line, write) for line in str(value).splitlines()))
            text.append("\n\n")
    append_values(text, columns, row.values, quiet, write)
    for name, value in extra.items():
        text.append(f"{name:<{width}}  ", quiet)
        text.append(write(safe(str(value))) if value is not None else "–")
        text.append("\n")
    notes = [(column.label or column.name, column.note) for column in columns if column.note]
    if notes:
        text.append("\n")
    for label, note in notes:
        text.append(f"{label}: {note}\n", quiet)
    return text


def append_values(
    text: Text,
    columns: Sequence[Column],
    values: Sequence[Value],
    quiet: str,
    write: Callable[[str], str],
) -> None:
    """Append exact values by label, statements left out."""
    width = _label_width(columns, values)
    for column, value in zip(columns, values, strict=True):
        if _is_statement(column, value) or (column.hidden and value is None):
            continue
        text.append(f"{column.label or column.name:<{width}}  ", quiet)
        _append_value(text, value, column, quiet, write, width + 2)


def _label_width(columns: Sequence[Column], values: Sequence[Value]) -> int:
    """Return the cells of the widest label that has its value beside it."""
    pairs = zip(columns, values, strict=True)
    beside = [each for each, value in pairs if not _is_statement(each, value)]
    return max((len(column.label or column.name) for column in beside), default=0)


def _indented(line: str, write: Callable[[str], str]) -> str:
    """Return a line of a statement as safe text that keeps its indentation."""
    line = line.expandtabs(4).rstrip(" ")
    said = line.lstrip(" ")
    return " " * (len(line) - len(said)) + write(safe(said))


def _is_statement(column: Column, value: Value) -> bool:
    return column.format is Format.QUERY and not isinstance(value, Unknown)


def _append_value(
    text: Text,
    value: Value,
    column: Column,
    quiet: str,
    write: Callable[[str], str],
    begins: int,
) -> None:
    if isinstance(value, Unknown):
        text.append(f"? {safe(value.reason)}\n")
        if value.remedy:
            text.append(f"{' ' * begins}{safe(value.remedy)}\n", quiet)
        return
    text.append("–" if value is None else write(exact(value, column)))
    text.append("\n")
