"""Puts the root's data directories into the wheel under pgdeck/_data, file by file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {
    "screens": {".sql", ".toml", ".json"},
    "styles": {".tcss", ".toml"},
    "alembic": {".py", ".mako", ".ini"},
}


class DataFiles(BuildHookInterface[Any]):
    """Adds each data file by its suffix; an editable install finds them at the root instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to include; hidden files and editors' backups never match."""
        if version != "standard":
            return
        root = Path(self.root)
        for name, suffixes in SHIPPED.items():
            for path in sorted((root / name).rglob("*")):
                inside = path.relative_to(root)
                hidden = any(part.startswith(".") for part in inside.parts)
                if path.is_file() and path.suffix in suffixes and not hidden:
                    build_data["force_include"][str(path)] = f"pgdeck/_data/{inside.as_posix()}"
