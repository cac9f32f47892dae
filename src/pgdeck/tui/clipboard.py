"""The clipboard of the terminal at the person's end, reached by an escape sequence or tmux."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from typing import Any

from textual.app import App

from pgdeck.core.copying import MOST_BYTES, byte_count, caution, clipboard_sequences, encoded
from pgdeck.core.numbers import size
from pgdeck.core.text import safe

TMUX = ("tmux", "load-buffer", "-w", "-")
"""Takes a text for tmux's own buffer and the terminal's clipboard, since tmux 3.2."""

PATIENCE = 2.0


def copy(app: App[Any], text: str, label: str) -> None:
    """Copy text, and say so; what is too long for terminals is not copied in part."""
    app.clear_notifications()
    count = byte_count(text)
    sequences = clipboard_sequences(text, os.environ)
    if sequences is None:
        limit = "".join(size(MOST_BYTES))
        app.notify(
            f"Not copied: {''.join(size(count))} is more than terminals take ({limit}). "
            "Export it: E",
            severity="warning",
            markup=False,
        )
        return
    said = f"Copied {safe(label)}, {''.join(size(count))}."
    if os.environ.get("TMUX"):
        app.run_worker(_copy_through_tmux(app, text, sequences, said), group="copy")
    else:
        _send(app, sequences, said, caution(os.environ))


async def _copy_through_tmux(app: App[Any], text: str, sequences: str, said: str) -> None:
    """Have tmux copy: by its default settings it ignores what a program inside it sends."""
    if await _tmux_took(encoded(text)):
        app.notify(f"{said} Also in tmux: prefix ]", markup=False)
    else:
        _send(app, sequences, said, caution(os.environ))


async def _tmux_took(data: bytes) -> bool:
    with suppress(OSError):
        tmux = await asyncio.create_subprocess_exec(
            *TMUX, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            await asyncio.wait_for(tmux.communicate(data), PATIENCE)
        except TimeoutError:
            tmux.kill()
            await tmux.wait()
        return tmux.returncode == 0
    return False


def _send(app: App[Any], sequences: str, said: str, warning: str) -> None:
    if app._driver is not None:
        app._driver.write(sequences)
    app.notify(" ".join(filter(None, (said, warning))), markup=False)
