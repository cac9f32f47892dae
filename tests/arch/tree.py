"""The project's own files, as the architecture tests see them."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "pgdeck"


@functools.cache
def project_files() -> tuple[Path, ...]:
    """Return every file that is, or would be, under version control; skips without git."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def modules(*directories: str) -> list[Path]:
    """Return the Python files under the root's directories, in order."""
    return sorted(path for name in directories for path in (ROOT / name).rglob("*.py"))
