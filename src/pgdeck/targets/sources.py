"""What a source says of a database: candidates for the target, in the order of precedence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from msgspec import Struct, field

from pgdeck.core.target import Environment
from pgdeck.errors import UsageProblem
from pgdeck.targets.url import Address


class Rank(IntEnum):
    """The rows of the table of precedence; the lower one wins."""

    ARGUMENT = 1
    VARIABLE = 2
    COMPONENTS = 3
    LIBPQ = 4
    PROJECT = 5


class Candidate(Struct, frozen=True):
    """A database that one source names.

    `source` is what a person calls it (``PGDECK_URL``, ``.env: DATABASE_URL``, ``compose.yaml:
    service db``), `file` and `line` where it stands.  What cannot be read has no address but a
    `problem`, which counts only when this candidate would win.
    """

    rank: Rank
    source: str
    address: Address | None = None
    problem: UsageProblem | None = None
    file: Path | None = None
    line: int | None = None
    name: str = ""
    """What a person named it in a configuration; empty for an endpoint's own name."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where single keywords come from when that is not `source`, by keyword."""
    environment: Environment = Environment.UNKNOWN
    project_dir: Path | None = None
    container: str | None = None


class Setting(Struct, frozen=True):
    """One value that is in force: which source gave it, and what others would have given."""

    name: str
    value: str
    source: str
    lost: tuple[tuple[str, str], ...] = ()
    """Pairs of source and value, the strongest first."""
    secret: bool = False


class Resolution(Struct, frozen=True):
    """How the target was chosen: every candidate, the strongest first, and every value."""

    candidates: tuple[Candidate, ...] = ()
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def winner(self) -> Candidate | None:
        """The candidate that counts, None when nothing names a database."""
        return self.candidates[0] if self.candidates else None
