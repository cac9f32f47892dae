"""The table of screens, made from the files of the menu."""

from __future__ import annotations

from docs.making.blocks import table
from pgdeck.paths import data_dir
from pgdeck.watch.menu import Directory, load_menu


def screens_table() -> str:
    """Return every shipped screen with its key and names."""
    specs = load_menu([Directory(data_dir("screens"), trusted=True)]).specs
    rows = (
        (
            f"`{spec.key}`" if spec.key else f"`:{spec.name}`",
            spec.title,
            ", ".join(f"`{name}`" for name in (spec.name, *spec.aliases)),
            f"{spec.help.strip().partition('. ')[0].rstrip('.')}.",
        )
        for spec in specs
    )
    return table(("key", "screen", "names", "what it shows"), rows)
