"""Write every generated page and block anew, or with --check say which are out of date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs.making.blocks import fill
from docs.making.configuration import own_keys, project_keys
from docs.making.keys import keys_page
from docs.making.manual import manual_page
from docs.making.reference import reference_page
from docs.making.screens import screens_table

ROOT = Path(__file__).resolve().parents[2]

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/pgdeck.1": manual_page,
    "docs/commands.md": reference_page,
    "docs/keys.md": keys_page,
}
"""Files that are generated as a whole."""

BLOCKS: Mapping[str, Callable[[], str]] = {
    "screens": screens_table,
    "own-keys": own_keys,
    "project-keys": project_keys,
}
"""What stands between marks in pages that people write."""

WRITTEN = ("docs/screens.md", "docs/configuration.md")


def made() -> dict[str, str]:
    """Return every generated file as it should be, by its path from the root."""
    files = {name: make() for name, make in PAGES.items()}
    blocks = {name: make() for name, make in BLOCKS.items()}
    for name in WRITTEN:
        files[name] = fill((ROOT / name).read_text(encoding="utf-8"), blocks)
    return files


def main() -> int:
    """Write what differs; with --check write nothing, and return 1 when something does."""
    parser = argparse.ArgumentParser(prog="python -m docs.making", description=__doc__)
    parser.add_argument("--check", action="store_true")
    checking = parser.parse_args().check
    stale = 0
    for name, text in made().items():
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{name}: {'out of date; make docs' if checking else 'written'}")
        if not checking:
            path.write_text(text, encoding="utf-8")
    return int(checking and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
