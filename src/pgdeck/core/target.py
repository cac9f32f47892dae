"""Which database a person means, as a value: no I/O happens here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

SECRET_KEYWORDS = frozenset(
    {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "grey")
"""What a target's name may be drawn in, besides ``#rrggbb``."""


class Kind(StrEnum):
    """Where a target's server lives."""

    EMBEDDED = "embedded"
    CONTAINER = "container"
    REMOTE = "remote"


class Environment(StrEnum):
    """What a target is used for; it colours the frame and sets the strength of confirmations."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"
    UNKNOWN = "unknown"


STRICTNESS = (Environment.DEV, Environment.UNKNOWN, Environment.STAGING, Environment.PROD)
"""The environments, the one in which most is allowed first."""


def environment_of(configured: Environment, said: str | None) -> Environment:
    """Return what a database is for: the stricter of the configuration's word and its own.

    Neither a copy that kept its mark nor whoever may set one makes production less.
    """
    if said not in tuple(Environment):
        return configured
    own = Environment(said)
    return own if configured is Environment.UNKNOWN else max(configured, own, key=STRICTNESS.index)


@dataclass(frozen=True, slots=True, repr=False)
class Conninfo(Mapping[str, str]):
    """libpq keywords and values; its repr never shows a secret."""

    keywords: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, keyword: str) -> str:
        return self.keywords[keyword]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keywords)

    def __len__(self) -> int:
        return len(self.keywords)

    def __repr__(self) -> str:
        shown = (
            f"{key}=***" if key in SECRET_KEYWORDS else f"{key}={value}"
            for key, value in sorted(self.keywords.items())
        )
        return f"Conninfo({' '.join(shown)})"

    def with_keywords(self, **changes: str) -> Conninfo:
        """Return a copy in which the given keywords have new values."""
        return Conninfo({**self.keywords, **changes})


class Target(Struct, frozen=True):
    """One database that pgdeck watches and acts on.

    `source` says in a few words where the address was found (``argument``, ``PGDECK_URL``, ...),
    `notes` what of the address was left out, without its values.
    """

    name: str
    kind: Kind
    conninfo: Conninfo
    environment: Environment = Environment.UNKNOWN
    read_only: bool = False
    container: str | None = None
    project_dir: Path | None = None
    backup_dir: Path | None = None
    source: str = "argument"
    notes: tuple[str, ...] = ()
    colour: str = ""
    """Of the name in the frame: a name of `COLOURS` or ``#rrggbb``; empty is the environment's."""
    project_file: Path | None = None
    """The project's configuration, when what it decides holds for this target."""
    password_command: tuple[str, ...] = ()
    """What prints the password; run by `targets.passwords.unlock` where none is there yet."""

    writable: bool = False
    """Whether a person's own configuration says that it is not read-only, wherever it is."""

    def in_environment(self, environment: Environment) -> Target:
        """Return the same target marked with `environment`."""
        return replace(self, environment=environment)
