"""What can go wrong, said to a person: the thing, the cause, the way out, and the exit code."""

from __future__ import annotations

from pgdeck.core.snapshot import Failure


class Problem(Exception):
    """Something a person must know about: `message` names thing and cause, `hint` the way out."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageProblem(Problem):
    """The command line or a configuration file is wrong."""

    exit_code = 2


class Refused(Problem):
    """A guard or a lock refused; the message names the guard or the holder."""

    exit_code = 3


class Unreachable(Problem):
    """The target cannot be reached; `failure` says why."""

    exit_code = 4

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, failure.hint)
        self.failure = failure


class QueryFailed(Problem):
    """A query was answered with an error; `failure` says which."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, failure.hint)
        self.failure = failure
