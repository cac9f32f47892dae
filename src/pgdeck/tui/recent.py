"""What a person chose in the palette last, kept from one session to the next."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from pgdeck import paths
from pgdeck.errors import Problem

FILE = "palette.json"
MOST = 12
LONGEST = 100


class Recent:
    """Names of commands, the newest first; without a file they last for this session.

    It is read when it is first asked for, so that a start costs nothing.
    """

    def __init__(self) -> None:
        self._file: Path | None = None
        self._names: list[str] | None = None

    @property
    def names(self) -> list[str]:
        """What was chosen, the newest first."""
        if self._names is None:
            with suppress(Problem):
                self._file = paths.state_dir() / FILE
            self._names = _read(self._file)
        return self._names

    def add(self, name: str) -> None:
        """Remember a choice; a disk that refuses costs only the memory."""
        if not name:
            return
        known = self.names
        # Another dashboard may have kept something since.
        before = _read(self._file) or known
        self._names = [name, *(each for each in before if each != name)][:MOST]
        if self._file is not None:
            _write(self._file, self._names)


def _read(file: Path | None) -> list[str]:
    """Return what was kept; a missing, broken or forbidden file holds nothing."""
    if file is not None:
        with suppress(OSError, ValueError, RecursionError):
            kept = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(kept, list):
                names = (each for each in kept if isinstance(each, str) and len(each) <= LONGEST)
                return list(dict.fromkeys(names))[:MOST]
    return []


def _write(file: Path, names: list[str]) -> None:
    from pgdeck.disk import replace_file

    with suppress(OSError):
        replace_file(file, json.dumps(names), durable=False)
