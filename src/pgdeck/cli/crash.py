"""What pgdeck writes down when it fails in a way that nobody foresaw."""

from __future__ import annotations

import os
import platform
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pgdeck import __version__
from pgdeck.paths import state_dir
from pgdeck.targets.redact import redact


def write_report(error: BaseException, secrets: Iterable[str]) -> Path:
    """Write the traceback, without local variables and secrets, to a file of mode 0600.

    Raises OSError or `pgdeck.errors.Problem` when it cannot be written.
    """
    now = datetime.now(UTC)
    directory = state_dir() / "crashes"
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    # str() of some errors quotes what they were given; format_exception takes no locals.
    told = redact("".join(traceback.format_exception(error)), secrets)
    facts = f"pgdeck {__version__}, Python {platform.python_version()}, {platform.platform()}"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{now:%Y-%m-%d %H:%M:%S} UTC\n{facts}\n\n{told}")
    return path
