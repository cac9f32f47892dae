"""A program that takes the terminal over for a while, as a value: what runs, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pgdeck.core.target import Target


@dataclass(frozen=True, slots=True)
class ShellWanted:
    """Where a person wants to work by hand.

    `version` is the server's server_version_num, None while it is not known; `pooled` says
    whether a pooler stands before the server.
    """

    target: Target
    version: int | None = None
    pooled: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """What is run in the terminal; its repr shows no environment, which may hold secrets.

    `said` are the sentences that a person reads before it starts.
    """

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    said: tuple[str, ...] = ()


OpenShell = Callable[[ShellWanted], AbstractContextManager[Shell]]
"""Prepares a shell, which may block, and takes away what it left; raises `errors.Problem`."""
