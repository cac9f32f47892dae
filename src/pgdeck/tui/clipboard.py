"""The clipboard of the terminal at the person's end, reached by an escape sequence."""

from __future__ import annotations

import os
from typing import Any

from textual.app import App

from pgdeck.core.copying import MOST_BYTES, byte_count, caution, clipboard_sequences
from pgdeck.core.numbers import size
from pgdeck.core.text import safe


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
    if app._driver is not None:
        app._driver.write(sequences)
    said = f"Copied {safe(label)}, {''.join(size(count))}."
    app.notify(" ".join(filter(None, (said, caution(os.environ)))), markup=False)
