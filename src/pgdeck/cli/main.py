"""The edge of the command line: arguments in, an exit code out, and no raw traceback."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from pgdeck.cli.parser import COMMANDS, DASHBOARD, is_address, parse, split_command
from pgdeck.errors import Problem, Unreachable, UsageProblem

if TYPE_CHECKING:
    from pgdeck.core.target import Target

INTERRUPTED = 130
FAILED = 1
UNKNOWN = 3
DOCTOR = "doctor"
WATCHING = frozenset({DASHBOARD, DOCTOR, "ls", "status", "check", "metrics", "screens"})

# What Textual reads when it is first imported.
LOW_BANDWIDTH = {"TEXTUAL_FPS": "10", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what it says of itself goes to stderr."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(words)
        sys.stdout.flush()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except Problem as problem:
        return _complain(problem, words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has enough; without this the interpreter complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("PGDECK_DEBUG") == "1":
            raise
        return _spoken(_confess(error, words), words, "pgdeck itself failed")
    return code


def _run(words: list[str]) -> int:
    args = parse(words)
    # Who names an address wants to see that database now, whatever is wrong in config.toml; what
    # changes one waits until the file that may forbid it is right.
    args.forgiving = args.command in WATCHING and is_address(args.target)
    args.find_target = _finder(args)
    if args.command in (DASHBOARD, "demo"):
        from pgdeck.cli.defaults import take_defaults

        take_defaults(args, words)
    if getattr(args, "low_bandwidth", False):
        for variable, value in LOW_BANDWIDTH.items():
            os.environ.setdefault(variable, value)
    run: Callable[[argparse.Namespace], int] = import_module(
        f"pgdeck.cli.{args.command.replace('-', '')}"
    ).run
    return run(args)


def _finder(args: argparse.Namespace) -> Callable[[], Target]:
    """Return what a handler calls to learn its target."""

    def find_target() -> Target:
        from pgdeck.targets.detect import own_settings, require_target, working_directory

        settings = own_settings(forgiving=args.forgiving)
        try:
            target = require_target(args.target, os.environ, settings, working_directory())
        except UsageProblem:
            _check_for_slip(args.target)
            raise
        target = _unlocked(target)
        if args.command in (DASHBOARD, DOCTOR):
            # The one asks by itself, the other wants to hear what a login without it is told.
            return target
        for note in target.notes:
            _say(f"{target.source}: {note}")
        from pgdeck.cli.asking import with_password

        return with_password(target)

    return find_target


def _unlocked(target: Target) -> Target:
    """Return a target with its password, where a command is to print that."""
    if not target.password_command:
        return target
    from pgdeck.targets.passwords import unlock

    return unlock(target, interactive=sys.stdin is not None and sys.stdin.isatty())


def _check_for_slip(word: str | None) -> None:
    if word is None or not word.isalpha():
        return
    from difflib import get_close_matches

    if close := get_close_matches(word, COMMANDS, n=1):
        raise UsageProblem(f"there is no command {word}", f"did you mean pgdeck {close[0]}?")


def _complain(problem: Problem, words: Sequence[str]) -> int:
    _say(problem.message)
    if problem.hint:
        _say(problem.hint)
    if isinstance(problem, Unreachable):
        _say("what stands between, step by step: pgdeck doctor")
    return _spoken(problem.exit_code, words, problem.message)


def _spoken(code: int, words: Sequence[str], reason: str) -> int:
    """Return a failure's exit code in the command's own language: `check` speaks Nagios.

    A monitoring plugin that cannot judge says why on its first line, and ends with 3.
    """
    if split_command(words)[0] != "check":
        return code
    if "--nagios" in words and sys.stdout is not None:
        from pgdeck.core.text import safe

        with suppress(OSError):
            print(f"PGDECK UNKNOWN - {safe(reason).replace('|', '/')}")
            sys.stdout.flush()
    return UNKNOWN


def _confess(error: Exception, words: Sequence[str]) -> int:
    """Say that pgdeck itself failed and where the details are."""
    from pgdeck.cli.crash import write_report
    from pgdeck.targets.redact import secrets_of

    addresses = [*words, *os.environ.values()]
    likely = [text for text in addresses if "://" in text or (text in words and "=" in text)]
    _say(f"an error of pgdeck's own ended it: {type(error).__name__}")
    try:
        _say(f"details are in {write_report(error, secrets_of(likely, os.environ))}")
    except (OSError, Problem):
        _say("its details could not be written; PGDECK_DEBUG=1 shows them")
    return FAILED


def _say(sentence: str) -> None:
    from pgdeck.core.text import safe

    print(f"pgdeck: {safe(sentence)}", file=sys.stderr)
