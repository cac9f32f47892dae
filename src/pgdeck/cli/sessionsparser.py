"""The words of ``pgdeck cancel`` and ``pgdeck terminate``."""

from __future__ import annotations

import argparse

from pgdeck.cli.jobsparser import OUTCOMES, add_acting
from pgdeck.cli.parser import TARGETS, Parser, add_target

CANCEL = """\
Cancels the statements that sessions run.  A session that is idle in a transaction has none: it is
terminated, which the plan says.  What is hit is the session that the plan names, bound to its start
and to the statement that it runs, or nothing."""

CANCEL_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck cancel --pid 4711 --plan
  pgdeck cancel service=prod --pid 4711 --pid 4712 --yes --allow-write
  pgdeck cancel --pid 4711 --started 2026-01-31T09:30:00.123456+00:00 --yes
"""

TERMINATE = """\
Ends sessions: their transactions are rolled back, their connections closed.  What is hit is the
session that the plan names, bound to its start, or nothing."""

TERMINATE_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck terminate --pid 4711 --plan
  pgdeck terminate service=prod --pid 4711 --yes --allow-write
"""


def cancel_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck cancel``."""
    return _parser("cancel", CANCEL, CANCEL_EXAMPLES)


def terminate_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck terminate``."""
    return _parser("terminate", TERMINATE, TERMINATE_EXAMPLES)


def _parser(name: str, says: str, examples: str) -> argparse.ArgumentParser:
    parser = Parser(f"pgdeck {name}", description=says, epilog=examples + OUTCOMES)
    add_target(parser)
    parser.add_argument(
        "--pid", action="append", required=True, metavar="N", help="which session; may be repeated"
    )
    parser.add_argument(
        "--started",
        action="append",
        metavar="ISO",
        help="only if it began then (backend_start), one for each --pid",
    )
    add_acting(parser)
    return parser
