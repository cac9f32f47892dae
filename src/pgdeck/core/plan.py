"""A plan: what an operation would do, to what, at what price; made by reading only."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from pgdeck.core.numbers import duration, size
from pgdeck.core.target import Environment

FORMAT = 1
"""Of plans, events and states on disk; newer ones are refused."""


class Risk(StrEnum):
    """How bad the worst outcome is."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"


class Asking(StrEnum):
    """What a person has to do before the plan is carried out."""

    NOTHING = "nothing"
    YES = "yes"
    NAME = "name"


class Sharing(StrEnum):
    """How an operation holds its database against others while it runs."""

    NONE = "none"
    SHARED = "shared"
    EXCLUSIVE = "exclusive"


class StepKind(StrEnum):
    """What the text of a step is."""

    SQL = "sql"
    ARGV = "argv"


class Relation(Struct, frozen=True):
    """An object as it was when the plan was made: it must still be called so when it is acted on.

    `kind` is its letter of pg_class.relkind.
    """

    oid: int
    schema: str
    name: str
    kind: str = "r"


class Step(Struct, frozen=True):
    """One thing that will be done: `text` is the exact SQL, or `argv` the exact command.

    `takes` says which lock it takes and what that keeps waiting, `undo` what would take it back.
    `patience_s` is how long it waits for a lock, 0 without end, `weight` the bytes that it goes
    through, 0 where nobody knows.
    """

    title: str
    text: str = ""
    argv: tuple[str, ...] = ()
    relation: Relation | None = None
    takes: str = ""
    undo: str = ""
    patience_s: float = 0.0
    weight: int = 0

    @property
    def kind(self) -> StepKind:
        """Whether it is SQL or a command."""
        return StepKind.ARGV if self.argv else StepKind.SQL

    @property
    def shown(self) -> str:
        """What can be run by hand instead: SQL with its semicolon, or a shell's line."""
        return shlex.join(self.argv) if self.argv else f"{self.text};"


class Standing(Struct, frozen=True):
    """A session that stands in the way now."""

    pid: int
    login: str
    application: str
    state: str
    age_s: float | None
    sentence: str


class Mark(Struct, frozen=True):
    """The database that a plan was made on, and what proves that it is still the same one.

    `identifier` is the cluster's system identifier (None where a provider hides it), `started_at`
    when its server was started.
    """

    name: str
    host: str
    port: str
    database: str
    login: str
    environment: Environment
    fingerprint: str
    database_oid: int
    started_at: datetime
    identifier: str | None = None
    version: int = 0


class Forecast(Struct, frozen=True):
    """How long it will take, from how many runs before.

    With `rate`, in bytes a second, these were of other things on the same database.
    """

    seconds: float
    runs: int
    rate: float | None = None

    @property
    def sentence(self) -> str:
        """How long, and where that is known from."""
        if self.rate is not None:
            pace, jobs = "".join(size(self.rate)), "job" if self.runs == 1 else "jobs"
            took = "".join(duration(self.seconds))
            return f"about {took}, at {pace} a second as in {self.runs} {jobs} here before"
        runs = "the last run" if self.runs == 1 else f"the last {self.runs} runs"
        return f"about {''.join(duration(self.seconds))}, as {runs} took"


class Plan(Struct, frozen=True):
    """What will be done; nothing but this is done when it is confirmed.

    `wish` holds what was asked for, in words that the operation itself reads.  `holds` are names
    that no other operation may hold at the same time (a relation), beside the database as
    `sharing` says.  `confirm` is what must be typed where a name is asked for.
    """

    op: str
    title: str
    target: Mark
    steps: tuple[Step, ...]
    risk: Risk = Risk.WRITE
    sharing: Sharing = Sharing.SHARED
    holds: tuple[str, ...] = ()
    asking: Asking = Asking.YES
    confirm: str = ""
    touches: tuple[str, ...] = ()
    in_the_way: tuple[Standing, ...] = ()
    warnings: tuple[str, ...] = ()
    estimate: Forecast | None = None
    undo: str = ""
    wish: Mapping[str, str] = {}
    program: str = ""
    format: int = FORMAT

    @property
    def script(self) -> str:
        """All steps as text that can be run instead."""
        return "\n".join(step.shown for step in self.steps)
