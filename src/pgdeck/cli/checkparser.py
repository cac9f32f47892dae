"""The words of ``pgdeck check`` and ``pgdeck metrics``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pgdeck.cli.parser import TARGETS, Parser, add_target, seconds

CHECK = """\
Judges a database by every rule and says what is wrong, with the evidence, the fix and the screen
that shows it.  Thresholds stand in config.toml in the configuration directory."""

CHECK_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck check
  pgdeck check service=prod --all
  pgdeck check --nagios --skip unused_index
  pgdeck check --warn connections=60% --crit connections=80% --only connections
  pgdeck check --json | jq -r '.checks[] | select(.state != "ok") | .sentence'
  pgdeck check --watch --interval 10 >> checks.log
  pgdeck check --silence connections --for 2h --reason 'load test until noon'
  pgdeck check --acknowledge inactive_slot:replica_b --reason 'waits for the new disk'

config.toml:
  [checks.connections]
  warn = "60 %"
  [targets."db.example.com:5432/shop".checks.idle_in_transaction]
  warn = "1 min"
  crit = false
  [checks.unused_index]
  off = true

exit codes:
  0 ok   1 warning   2 critical   3 unknown, not reached, or wrong usage
"""

METRICS = """\
Prints what the checks and the Overview know as OpenMetrics text, for a Prometheus.  With
--textfile it writes the file of a node exporter's textfile collector instead, in one piece."""

METRICS_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck metrics service=prod
  pgdeck metrics --textfile /var/lib/node_exporter/textfile/shop.prom

exit codes:
  0 done   1 a part is missing   2 wrong usage   4 server not reached (pgdeck_up is 0 then)
"""


def check_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck check``."""
    parser = Parser("pgdeck check", description=CHECK, epilog=CHECK_EXAMPLES)
    add_target(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object (--watch: one a line)")
    form.add_argument("--nagios", action="store_true", help="a monitoring plugin's output")
    parser.add_argument("--all", action="store_true", help="list what is ok, too")
    _add_rules(parser)
    watch = parser.add_argument_group("watching")
    watch.add_argument("--watch", action="store_true", help="stay, and print a line per change")
    watch.add_argument("--interval", type=seconds, metavar="S", help="seconds between samples")
    _add_pardons(parser)
    return parser


def _add_rules(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rules, for this run")
    for word, meaning in (("warn", "warns"), ("crit", "is critical")):
        group.add_argument(
            f"--{word}",
            action="append",
            default=[],
            metavar="RULE=VALUE",
            help=f"from which value on a rule {meaning} (75%%, 5min, 64MB, never)",
        )
    for word, meaning in (("only", "judge these rules alone"), ("skip", "leave these out")):
        group.add_argument(
            f"--{word}", action="append", default=[], metavar="RULE,...", help=meaning
        )


def _add_pardons(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("known alerts, kept for each database")
    act = group.add_mutually_exclusive_group()
    which = "RULE[:SUBJECT]"
    act.add_argument("--silence", metavar=which, help="do not count it for a while")
    act.add_argument("--acknowledge", metavar=which, help="do not count it until it is ok again")
    act.add_argument("--unsilence", metavar=which, help="count it again")
    act.add_argument("--silences", action="store_true", help="list what is not counted")
    group.add_argument("--for", dest="span", metavar="TIME", help="how long: 30min, 2h, 3d")
    group.add_argument("--reason", metavar="TEXT", help="why, for those who ask later")


def metrics_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck metrics``."""
    parser = Parser("pgdeck metrics", description=METRICS, epilog=METRICS_EXAMPLES)
    add_target(parser)
    parser.add_argument(
        "--textfile", type=Path, metavar="PATH", help="write this file (*.prom) instead"
    )
    return parser
