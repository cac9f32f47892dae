"""The words of ``pgdeck jobs``, and those that every operation shares."""

from __future__ import annotations

import argparse
from pathlib import Path

from pgdeck.cli.parser import TARGETS, Parser, add_target

JOBS = """\
Operations run in processes of their own, which survive the terminal that started them.  This lists
them, shows one, follows it to its end, asks it to stop, and removes old ones."""

JOBS_EXAMPLES = """\
ID is a job's id, the end of it (4f1c), or latest.

examples:
  pgdeck jobs list
  pgdeck jobs list --json | jq -r '.[] | select(.status == "lost") | .id'
  pgdeck jobs show latest
  pgdeck jobs follow 4f1c
  pgdeck jobs cancel 4f1c
  pgdeck jobs prune --older 30

exit codes:
  0 done (follow: the job finished)   1 the job failed or is lost   2 no such job
  3 the job was refused   4 its server was not reached   130 it was cancelled
"""

CHECKPOINT = "Has the server write all dirty pages out now, as before a planned stop."

CHECKPOINT_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck checkpoint --plan
  pgdeck checkpoint service=prod --yes --allow-write
"""

OUTCOMES = """
exit codes:
  0 done   1 failed   2 wrong usage   3 refused by a guard or a lock   4 server not reached
  130 cancelled
"""


def jobs_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck jobs``."""
    parser = Parser("pgdeck jobs", description=JOBS, epilog=JOBS_EXAMPLES)
    actions = ("list", "show", "follow", "cancel", "prune")
    parser.add_argument("action", choices=actions, help=", ".join(actions))
    parser.add_argument("job", nargs="?", metavar="ID", help="which job")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    parser.add_argument(
        "--older", type=_days, default=30.0, metavar="DAYS", help="prune: ended so long ago (30)"
    )
    return parser


def run_job_parser() -> argparse.ArgumentParser:
    """Return the parser of a job's own process, which pgdeck starts itself."""
    parser = Parser("pgdeck run-job", description="The process of a job; pgdeck starts it itself.")
    parser.add_argument(
        "directory", nargs="?", type=Path, metavar="DIR", help="the job's directory"
    )
    return parser


def checkpoint_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck checkpoint``."""
    parser = Parser(
        "pgdeck checkpoint", description=CHECKPOINT, epilog=CHECKPOINT_EXAMPLES + OUTCOMES
    )
    add_target(parser)
    add_acting(parser)
    return parser


def add_acting(parser: argparse.ArgumentParser) -> None:
    """Let a command be planned, confirmed and left alone, as every operation can."""
    group = parser.add_argument_group("acting")
    group.add_argument("--plan", action="store_true", help="print what would be done, and stop")
    group.add_argument("--json", action="store_true", help="the plan or the job's end as JSON")
    group.add_argument("--yes", action="store_true", help="confirm what a yes is enough for")
    group.add_argument(
        "--confirm", metavar="FINGERPRINT", help="confirm what needs the database's fingerprint"
    )
    group.add_argument("--detach", action="store_true", help="start the job, print its id, leave")
    group.add_argument(
        "--allow-write", action="store_true", help="act on a target that is read-only"
    )


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 36500:
        raise argparse.ArgumentTypeError("days from 0 on")
    return value
