"""The contract between an operation and those who plan it, run it and report it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pgdeck.core.explaining import Explained, Seen
from pgdeck.core.plan import Plan, Step
from pgdeck.core.rows import Query
from pgdeck.core.source import Answer
from pgdeck.core.target import Target

Row = Mapping[str, object]
Wish = Mapping[str, str]
"""What a person asked for, in an operation's own words (``{"tables": "16403", "full": "yes"}``)."""


class Asker(Protocol):
    """A session that is only read from, as the dashboard's own."""

    async def ask(self, *queries: Query) -> tuple[Answer, ...]:
        """Answer the queries in one round trip; raises `errors.Unreachable`."""


Progress = Callable[[Row], tuple[float | None, float | None, str]]
"""Turns a row of a progress view into done, total and words."""


class Work(Protocol):
    """What a job's process offers to the operation that it runs."""

    @property
    def plan(self) -> Plan:
        """What was confirmed."""

    def begin(self, step: int) -> Step:
        """Report that a step (counted from 1) begins, and return it."""

    def run(self, step: Step, view: str = "", progress: Progress | None = None) -> str:
        """Run a step's SQL and return its command tag.

        Meanwhile `view`, a question with one parameter (the pid that acts), is asked every half
        second and told as progress.  Raises `errors.Problem`; a lock waited for in vain names
        who held it.
        """

    def ask(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Ask something in the session that acts."""

    def warn(self, text: str) -> None:
        """Report what a person should know though the job goes on."""

    def log(self, text: str) -> None:
        """Keep what was said."""

    @property
    def heard(self) -> Sequence[tuple[str, str]]:
        """(severity, message) of what the server said during the step."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop."""


class Operation(Protocol):
    """Something that changes a server: planned by reading, carried out by a job."""

    @property
    def name(self) -> str:
        """Its word on the command line."""

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what would be done; reads only.  Raises `errors.Problem` for what cannot be."""

    def run(self, work: Work) -> str:
        """Carry a plan out and return a sentence on the outcome; raises `errors.Problem`."""


class Operator(Protocol):
    """Who plans and starts operations for the dashboard, which knows none of them."""

    def why_not(self, target: Target) -> str:
        """Say why nothing may be changed on a target, empty where it may."""

    def attend(self, target: Target, watching: int) -> None:
        """Get ready to act on a target at once; `watching` is the process of the watcher there.

        Returns at once.
        """

    def leave(self) -> None:
        """Let go of the target; returns at once."""

    async def plan(self, target: Target, op: str, wish: Wish) -> Plan:
        """Return what an operation would do; raises `errors.Problem`."""

    def start(self, plan: Plan, target: Target, *, allow_write: bool) -> Path:
        """Give a confirmed plan to a process of its own; returns the job's directory.

        What takes a moment is done here instead, and over when this returns.

        It waits for the disk: called in a thread.  Raises `errors.Problem`.
        """

    def explain(self, target: Target, seen: Seen, *, agreed: bool) -> Explained:
        """Return how a statement would be carried out, or what has to be agreed to first.

        It waits for the server: called in a thread.  Raises `errors.Problem`.
        """
