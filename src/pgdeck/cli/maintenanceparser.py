"""The words of ``pgdeck vacuum``, ``analyze``, ``reindex``, ``reload`` and ``reset-stats``."""

from __future__ import annotations

import argparse

from pgdeck.cli.jobsparser import OUTCOMES, add_acting
from pgdeck.cli.parser import TARGETS, Parser, add_target

VACUUM = """\
Vacuums tables in a job of its own: dead rows make room for new ones.  --full rewrites a table and
gives its space back to the disk, and nobody can use it meanwhile; --plan says at what price."""

NAMES = """\
NAME is schema.table or table, in lower case unless quoted as SQL has it: '"Odd Name"'.  A
partitioned table stands for all its partitions.
"""

VACUUM_EXAMPLES = f"""\
{NAMES}
{TARGETS}
examples:
  pgdeck vacuum --table public.orders --plan
  pgdeck vacuum service=shop --table orders --table items --analyze
  pgdeck vacuum --schema public --yes --detach
  pgdeck vacuum --database --freeze
  pgdeck vacuum --table orders --full --wait 60
"""

ANALYZE = """\
Reads a sample of tables in a job of its own, so that the planner knows how many rows of what kind
there are.  Worth it after many rows came, went or changed."""

ANALYZE_EXAMPLES = f"""\
{NAMES}
{TARGETS}
examples:
  pgdeck analyze --table public.orders
  pgdeck analyze service=shop --schema public --yes
  pgdeck analyze --database --detach
"""

REINDEX = """\
Builds indexes anew in a job of its own, CONCURRENTLY unless told otherwise: work goes on beside it.
What an interrupted one left behind (indexes that end in _ccnew or _ccold) is removed first."""

REINDEX_EXAMPLES = f"""\
{NAMES}
{TARGETS}
examples:
  pgdeck reindex --table public.orders --plan
  pgdeck reindex --index public.orders_pkey
  pgdeck reindex --schema public --leftovers
  pgdeck reindex service=shop --table orders --no-concurrently
"""

UPKEEP = """\
Does all that is due in a database, in the order in which it is best done: tables near the forced
vacuum, those past what makes autovacuum come, old statistics, invalid indexes.  --plan says what
is due and why, and how long it takes at the pace of the jobs before it."""

UPKEEP_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck upkeep --plan
  pgdeck upkeep service=shop --yes --detach
"""

RELOAD = """\
Has the server read its configuration files again.  --plan says what would change, which lines are
wrong, and what only a restart brings into force."""

RELOAD_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck reload --plan
  pgdeck reload service=shop --yes
"""

RESET_STATS = """\
Sets the counters of a database back to zero (pg_stat_reset).  Autovacuum counts by them too:
analyze the database afterwards."""

RESET_STATS_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck reset-stats --plan
  pgdeck reset-stats service=shop --confirm 3fa91c
"""


def vacuum_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck vacuum``."""
    parser = _parser("vacuum", VACUUM, VACUUM_EXAMPLES)
    _add_choice(parser)
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--analyze", action="store_true", help="analyze as well")
    modes.add_argument("--freeze", action="store_true", help="freeze every row that can be")
    modes.add_argument(
        "--full", action="store_true", help="rewrite, under a lock against everybody"
    )
    add_acting(parser)
    return parser


def analyze_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck analyze``."""
    parser = _parser("analyze", ANALYZE, ANALYZE_EXAMPLES)
    _add_choice(parser)
    add_acting(parser)
    return parser


def reindex_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck reindex``."""
    parser = _parser("reindex", REINDEX, REINDEX_EXAMPLES)
    group = _add_choice(parser)
    group.add_argument(
        "--index", action="append", metavar="NAME", help="an index; may be said again"
    )
    parser.add_argument(
        "--no-concurrently", action="store_true", help="faster, but writes wait until it is done"
    )
    parser.add_argument(
        "--leftovers", action="store_true", help="only remove what was left behind; build nothing"
    )
    add_acting(parser)
    return parser


def upkeep_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck upkeep``."""
    parser = _parser("upkeep", UPKEEP, UPKEEP_EXAMPLES)
    add_acting(parser)
    return parser


def reload_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck reload``."""
    parser = _parser("reload", RELOAD, RELOAD_EXAMPLES)
    add_acting(parser)
    return parser


def reset_stats_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck reset-stats``."""
    parser = _parser("reset-stats", RESET_STATS, RESET_STATS_EXAMPLES)
    add_acting(parser)
    return parser


def _parser(command: str, description: str, examples: str) -> argparse.ArgumentParser:
    parser = Parser(f"pgdeck {command}", description=description, epilog=examples + OUTCOMES)
    add_target(parser)
    return parser


def _add_choice(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    group = parser.add_argument_group("what")
    group.add_argument(
        "--table", action="append", metavar="NAME", help="a table; may be said again"
    )
    group.add_argument("--schema", metavar="NAME", help="every table of a schema")
    group.add_argument("--database", action="store_true", help="every table of the database")
    group.add_argument(
        "--wait", metavar="S", help="seconds to wait for a lock before giving up (5)"
    )
    return group
