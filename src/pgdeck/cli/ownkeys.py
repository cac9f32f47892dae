"""The keys that a person chose: the table ``[keys]`` of config.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pgdeck.core.spec import ScreenSpec
from pgdeck.targets.detect import own_file

if TYPE_CHECKING:
    from pgdeck.targets.document import Document, Mistake
    from pgdeck.tui.keymap import Keymap

TABLE = ("keys",)


def own_keymap(specs: Mapping[str, ScreenSpec]) -> Keymap | None:
    """Return the chosen keys, None when there are none.

    Raises `UsageProblem` for the first mistake: file, line, key.
    """
    path = own_file()
    if path is None:
        return None
    from pgdeck.targets.document import read_document

    document = read_document(path)
    if document is None or not document.child(TABLE):
        return None
    for mistake in mistakes_in_keys(document, specs):
        raise mistake.problem()
    from pgdeck.tui.keycensus import read_keys

    return read_keys(document.child(TABLE), specs)


def mistakes_in_keys(document: Document, specs: Mapping[str, ScreenSpec]) -> list[Mistake]:
    """Return everything that is wrong with the chosen keys, line by line."""
    table = document.child(TABLE)
    if not table:
        return []
    # It imports every screen and dialog: who chose no keys does not pay for that.
    from pgdeck.tui.keycensus import key_mistakes

    return [
        document.mistake((*TABLE, *found.place), f"{found.name}: {found.message}", found.hint)
        for found in key_mistakes(table, specs)
    ]
