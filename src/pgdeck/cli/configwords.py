"""The words of ``pgdeck config``."""

from __future__ import annotations

import argparse

from pgdeck.cli.parser import Parser

CONFIG = """\
What pgdeck goes by: which database is meant and why, whether the files are right, an example to
begin with, and which projects may name commands and variables.

  show [TARGET]   each value with the source that won and those that lost; passwords are masked
  check [FILE]    every mistake with file, line, key, and what was expected
  init            writes a commented config.toml; --project a pgdeck.toml here; never overwrites
  trust [DIR]     lets the commands that a project names run, once shown; --no takes it back"""

CONFIG_EXAMPLES = """\
examples:
  pgdeck config show
  pgdeck config show prod --json | jq '.settings[] | select(.name == "host")'
  pgdeck config check
  pgdeck config check ./pgdeck.toml
  pgdeck config init --print > config.toml
  pgdeck config init --project
  pgdeck config trust ~/src/shop

exit codes:
  0 done, nothing wrong   2 a mistake, or no database is named   3 refused"""


def config_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck config``."""
    parser = Parser("pgdeck config", description=CONFIG, epilog=CONFIG_EXAMPLES)
    actions = ("show", "check", "init", "trust")
    parser.add_argument("action", choices=actions, metavar="ACTION", help=", ".join(actions))
    parser.add_argument(
        "address", nargs="?", metavar="WORD", help="show: TARGET; check: FILE; trust: DIR"
    )
    parser.add_argument("--target", metavar="TARGET", help="of show: the same, as an option")
    parser.add_argument("--json", action="store_true", help="of show and check: one JSON object")
    parser.add_argument("--print", action="store_true", help="of init: to standard output")
    parser.add_argument("--project", action="store_true", help="of init: a pgdeck.toml here")
    parser.add_argument("--yes", action="store_true", help="of trust: do not ask")
    parser.add_argument("--no", action="store_true", help="of trust: trust it no more")
    return parser
