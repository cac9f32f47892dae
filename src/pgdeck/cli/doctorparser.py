"""The words of ``pgdeck doctor``."""

from __future__ import annotations

import argparse

from pgdeck.cli.parser import TARGETS, Parser, add_target

DOCTOR = """\
Says why a database cannot be reached, or what is not as it should be: it tries every rung from the
configuration to the rights and the tools for real, and names the cause and the cure of the first
one that breaks.  Nothing is changed; each rung has a time limit of its own."""

DOCTOR_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck doctor
  pgdeck doctor service=prod
  pgdeck doctor --json postgresql://app@db.example.com/shop | jq -r .failed

exit codes:
  0 every rung holds (there may be warnings)   1 connected, but pgdeck cannot work there
  2 wrong usage or configuration               4 server not reached
"""


def doctor_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck doctor``."""
    parser = Parser("pgdeck doctor", description=DOCTOR, epilog=DOCTOR_EXAMPLES)
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser
