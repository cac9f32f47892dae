"""The dialog that sends rows to a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from pgdeck.core.export import LABELS, Form, file_name, render
from pgdeck.core.numbers import size
from pgdeck.core.printout import Printout
from pgdeck.core.spec import Column
from pgdeck.core.text import safe
from pgdeck.errors import Problem
from pgdeck.tui.files import AlreadyThere, write_file
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import worded
from pgdeck.tui.widgets.canvas import Canvas
from pgdeck.tui.widgets.dialog import Dialog

FORMS = tuple(Form)
LABEL = 10


def _key(keys: str, action: str, text: str, name: str) -> Binding:
    return Binding(keys, action, text, show=False, priority=True, id=f"export.{name}")


class ExportDialog(Dialog):
    """Asks for form, columns and file; it stays until the file is written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("down,ctrl+t", "form(1)", "Next form", "next_form"),
        _key("up", "form(-1)", "Form before", "previous_form"),
        _key("ctrl+o", "every", "All columns, or those shown", "every"),
    ]

    def __init__(
        self,
        title: str,
        printout: Printout,
        shown: tuple[Column, ...],
        identity: Mapping[str, object],
        *,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._printout = printout
        self._shown = shown
        self._identity = identity
        self._form = Form.CSV
        self._every = False
        self._replace = False
        self._problem = ""
        self._lines = Canvas(id="export-lines", ascii_only=ascii_only)
        self._said = Canvas(id="export-said", ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        """What is exported, the file, and what is wrong with it."""
        frame = Vertical()
        frame.border_title = f"Export {self._title}"
        keys = "Enter writes · Up Down form · ^O columns · Esc closes"
        frame.border_subtitle = worded(self, keys)
        moment = datetime.now(UTC)
        name = file_name(self._printout.screen, self._identity.get("database"), moment, self._form)
        with frame:
            yield self._lines
            yield Input(name, id="export-path", select_on_focus=False)
            yield self._said

    def on_mount(self) -> None:
        """Give the keyboard to the file's name."""
        self.query_one(Input).focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Draw in the new width."""
        self.call_after_refresh(self._draw)

    def action_form(self, by: int) -> None:
        """Take the next form; the name's suffix goes with it."""
        before = self._form
        self._form = FORMS[(FORMS.index(before) + by) % len(FORMS)]
        box = self.query_one(Input)
        if box.value.endswith(f".{before}"):
            box.value = f"{box.value.removesuffix(before)}{self._form}"
            box.cursor_position = len(box.value)
        self._draw()

    def action_every(self) -> None:
        """Export every column, or those shown."""
        self._every = not self._every
        self._draw()

    @on(Input.Changed)
    def rename(self, event: Input.Changed) -> None:
        """Another name has nothing wrong with it yet."""
        event.stop()
        self._replace, self._problem = False, ""
        self._draw()

    @on(Input.Submitted)
    def submit(self, event: Input.Submitted) -> None:
        """Write the file, while the dashboard goes on."""
        event.stop()
        self.run_worker(self._write(event.value), exclusive=True)

    async def _write(self, name: str) -> None:
        try:
            path = self._path(name)
            written = await asyncio.to_thread(self._write_now, path, self._replace)
        except AlreadyThere as problem:
            self._replace = True
            self._complain(f"{problem.message}: Enter once more replaces it")
        except Problem as problem:
            self._complain(problem.message)
        else:
            count = len(self._printout.rows)
            rows = "1 row" if count == 1 else f"{count} rows"
            self.dismiss()
            self.app.clear_notifications()
            self.app.notify(
                f"Exported {rows}, {''.join(size(written))}: {safe(str(path))}", markup=False
            )

    def _path(self, name: str) -> Path:
        if not name.strip():
            raise Problem("the file needs a name")
        try:
            path = Path(name).expanduser()
        except RuntimeError:
            raise Problem(f"nobody here is called {name.partition('/')[0].lstrip('~')}") from None
        return path

    def _write_now(self, path: Path, replace_it: bool) -> int:
        """Render and write, in a thread; returns the bytes of the file."""
        text = render(self._chosen(), self._form, self._identity)
        return write_file(path, text, replace=replace_it)

    def _chosen(self) -> Printout:
        """Return the rows in the columns that are asked for."""
        if not self._every:
            return self._printout.only(self._shown)
        if self._form is Form.MARKDOWN:
            columns = tuple(replace(column, hidden=False) for column in self._printout.columns)
            return replace(self._printout, columns=columns)
        return self._printout

    def _complain(self, problem: str) -> None:
        self._problem = problem
        self._draw()

    def _draw(self) -> None:
        count = len(self._printout.rows)
        columns = len(self._printout.names) if self._every else len(self._shown)
        rows = "1 row" if count == 1 else f"{count} rows"
        forms = [(LABELS[form], form is self._form) for form in FORMS]
        which = [("as shown", not self._every), ("all", self._every)]
        raw = "for people" if self._form is Form.MARKDOWN else "raw values"
        self._lines.paint(
            [
                (Span(f" {rows}, {columns} columns, {raw}"),),
                _choice("Format", forms),
                _choice("Columns", which),
                (Span(" File", "quiet"),),
            ]
        )
        self._said.paint([(Span(f" ▲ {safe(self._problem)}", "warning"),) if self._problem else ()])


def _choice(label: str, options: list[tuple[str, bool]]) -> Line:
    spans = [Span(f" {label:<{LABEL}}", "quiet")]
    for text, chosen in options:
        spans += [Span(f" {text} ", "tab-current" if chosen else "tab"), Span(" ")]
    return tuple(spans)
