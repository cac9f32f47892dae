"""``pgdeck config``: what decides, whether it is right, an example, and whom to trust."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pgdeck.cli.output import write
from pgdeck.core.machine import as_json
from pgdeck.core.text import safe
from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import NoTarget, own_settings, working_directory
from pgdeck.targets.sources import Candidate, Resolution, Setting

WRONG = 2
OF = {"print": ("init",), "project": ("init",), "yes": ("trust",), "no": ("trust",)}


def run(args: argparse.Namespace) -> int:
    """Do one of the four; returns the exit code, raises `Problem`."""
    for option, actions in OF.items():
        if getattr(args, option) and args.action not in actions:
            raise UsageProblem(f"--{option} is not for {args.action}", "see pgdeck config --help")
    if args.json and args.action not in ("show", "check"):
        raise UsageProblem(f"--json is not for {args.action}", "see pgdeck config --help")
    if args.action == "show":
        return _show(args)
    if args.action == "check":
        from pgdeck.cli.configcheck import check

        return check(args.target, json=args.json)
    if args.action == "trust":
        from pgdeck.cli.configtrust import change

        return change(args.target, yes=args.yes, no=args.no)
    if args.target:
        raise UsageProblem("init takes no word", "--project writes a pgdeck.toml here")
    from pgdeck.cli.configinit import init

    return init(project=args.project, to_stdout=args.print)


def _show(args: argparse.Namespace) -> int:
    from pgdeck.targets.config import config_file
    from pgdeck.targets.order import Search
    from pgdeck.targets.resolution import resolve

    settings, directory = own_settings(), working_directory()
    found = resolve(args.target, os.environ, settings, directory)
    search = Search(os.environ, settings, directory)
    files = [settings.file if settings else None, search.project.file if search.project else None]
    names = [each.name for each in search.named()]
    if args.json:
        write(as_json(shape(found, [each for each in files if each], names)) + "\n")
    else:
        write("\n".join(page(found, files, names, config_file())) + "\n")
    if found.winner is None:
        raise NoTarget
    return 0 if found.settings else WRONG


def shape(found: Resolution, files: list[Path], names: list[str]) -> dict[str, object]:
    """Return what ``config show --json`` prints."""
    return {
        "winner": found.winner.source if found.winner else None,
        "settings": [
            {
                "name": each.name,
                "value": each.value,
                "source": each.source,
                "secret": each.secret,
                "lost": [{"source": source, "value": value} for source, value in each.lost],
            }
            for each in found.settings
        ],
        "candidates": [_candidate_shape(each) for each in found.candidates],
        "files": [str(each) for each in files],
        "targets": names,
        "notes": [each for each in found.notes if each],
    }


def _candidate_shape(candidate: Candidate) -> dict[str, object]:
    return {
        "rank": int(candidate.rank),
        "source": candidate.source,
        "file": str(candidate.file) if candidate.file else None,
        "line": candidate.line,
        "database": _database(candidate),
        "problem": candidate.problem.message if candidate.problem else None,
    }


def _database(candidate: Candidate) -> str | None:
    """Return where a candidate leads, with what libpq's variables add to it."""
    from pgdeck.core.address import place
    from pgdeck.targets.keywords import fill

    if candidate.address is None:
        return None
    conninfo = candidate.address.conninfo
    if not conninfo:
        return "libpq's variables"
    if "service" in conninfo:
        return f"service {conninfo['service']}"
    try:
        return place(fill(conninfo, os.environ).conninfo)
    except UsageProblem:
        return place(conninfo)


def page(
    found: Resolution, files: list[Path | None], names: list[str], own: Path | None
) -> list[str]:
    """Return the lines for a person: the values, then where they could have come from."""
    lines: list[str] = []
    for each in found.settings:
        lines += _setting_lines(each, max(len(other.name) for other in found.settings))
    if found.candidates:
        lines += ["", "sources, the strongest first:"]
    lines += [_candidate_line(each, wins=each is found.winner) for each in found.candidates]
    lines += ["", "files:"] if lines else ["files:"]
    absent = f"{own} is not there; pgdeck config init writes one"
    lines.append(f"  {safe(str(files[0]) if files[0] else absent)}")
    lines += [f"  {safe(str(each))}" for each in files[1:] if each]
    if names:
        lines += ["", f"targets: {safe(', '.join(names))}"]
    notes = [safe(each) for each in found.notes if each]
    return lines + (["", *notes] if notes else [])


def _candidate_line(candidate: Candidate, *, wins: bool) -> str:
    said = candidate.problem.message if candidate.problem else _database(candidate) or ""
    where = f":{candidate.line}" if candidate.line else ""
    file = f" ({candidate.file}{where})" if candidate.file else ""
    sign = "●" if wins else " "
    return f"{sign} {int(candidate.rank)} {safe(f'{candidate.source}: {said}{file}')}"


def _setting_lines(setting: Setting, width: int) -> list[str]:
    head = f"{safe(setting.name):<{width}}  {safe(setting.value):<20}  {safe(setting.source)}"
    return [head.rstrip(), *(_lost_line(*each, width) for each in setting.lost)]


def _lost_line(source: str, value: str, width: int) -> str:
    return f"{'':<{width}}    not {safe(value):<14}  {safe(source)}"
