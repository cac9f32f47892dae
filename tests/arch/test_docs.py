"""The documentation: made pages are up to date, links lead somewhere, commands are understood."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arch.tree import ROOT, project_files
from pgdeck.cli.main import main
from pgdeck.cli.parser import DASHBOARD, PARSERS, parse, split_command
from pgdeck.errors import Problem

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^(```+|~~~+).*?^\1", re.DOTALL | re.MULTILINE)
SYNOPSIS = re.compile(r"\[(?:[A-Z]|options)|\b[A-Z]{4,}\b(?!=)")
PROGRAM = re.compile(r"(?:^|[\s(/])pgdeck(?= |$)")
ENDS = re.compile(r"\s+(?:\||>>?|&&|&|#|;|;;)(?:\s|$)|\)")


def pages() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".md"]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_what_is_made_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.making", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made where pages are read."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_link_leads_somewhere() -> None:
    astray = []
    for page in pages():
        for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            name, _, anchor = link.partition("#")
            place = (page.parent / name).resolve() if name else page
            if "://" in link or link.startswith("mailto:"):
                continue
            if not place.exists() or (anchor and anchor not in anchors(place)):
                astray.append(f"{shown(page)}: {link}")
    assert not astray


def test_every_page_can_be_reached() -> None:
    """From the README, by links alone."""
    seen, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8")))
        places = (page.parent / link for link in links if "://" not in link)
        ahead.extend(place.resolve() for place in places if place.exists())
    docs = {page for page in pages() if page.parent == ROOT / "docs"}
    assert docs | {ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"} <= seen


def code_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page that are code: fenced or indented."""
    fence = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := re.match(r"```+|~~~+", line):
            fence = "" if fence else found.group()
        elif fence or line.startswith("    "):
            yield number, line


def calls(line: str) -> Iterator[list[str]]:
    """Yield the words after each `pgdeck` of a line, as a shell would take them."""
    for found in PROGRAM.finditer(line):
        rest = line[found.end() :]
        end = ENDS.search(rest)
        yield shlex.split(rest[: end.start()] if end else rest)


def understood(words: list[str]) -> str:
    """Return why the program would not take the words, or nothing."""
    try:
        parse(words)
    except SystemExit:  # --help, --version
        return ""
    except Problem as problem:
        return problem.message
    return ""


def test_every_command_in_a_page_is_understood() -> None:
    asked, wrong = 0, []
    for page in pages():
        for number, line in code_of(page):
            if "COMMAND" in line or not re.match(r"[\s$*\w=/(\"<]*\bpgdeck ", line):
                continue
            if line.lstrip().startswith(("pip ", "docker ", "GRANT ", "CREATE ", "pgdeck:")):
                continue
            for words in calls(line):
                if "  " in line.partition("#")[0].strip() or SYNOPSIS.search(line):
                    continue
                asked += 1
                if problem := understood(words):
                    wrong.append(f"{shown(page)}:{number}: {line.strip()}: {problem}")
    assert asked > 20
    assert not wrong, "\n".join(wrong)


def fenced(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", ["configuration.md", "cli.md"])
def test_an_example_of_a_configuration_is_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "services"
    services.write_text("[shop-prod]\nhost=127.0.0.1\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    examples = fenced(ROOT / "docs" / name, "toml")
    assert examples
    path = tmp_path / "config.toml"
    for text in examples:
        path.write_text(text)
        path.chmod(0o600)
        assert main(["config", "check", str(path)]) == 0


def test_every_make_target_in_a_page_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (shown(page), word)
        for page in pages()
        for _, line in code_of(page)
        for word in re.findall(r"^ +make ([a-z]+)", line)
    }
    assert named
    assert not {each for each in named if each[1] not in targets}


@pytest.mark.parametrize("command", sorted(PARSERS))
def test_every_command_has_help_with_examples_that_are_understood(command: str) -> None:
    text = PARSERS[command]().format_help()
    parser = PARSERS[command]()
    assert parser.description
    _, found, below = text.partition("\nexamples:\n")
    assert found, f"{parser.prog} --help has no examples"
    lines = [line.strip() for line in below.partition("\n\n")[0].splitlines()]
    examples = [words for line in lines for words in calls(line)]
    assert examples
    assert not [words for words in examples if understood(words)]
    assert len([words for words in examples if split_command(words)[0] == command]) >= 2


@pytest.mark.parametrize("command", sorted(PARSERS))
def test_every_subcommand_has_its_help_and_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = PARSERS[command]()
    _, _, examples = parser.format_help().partition("\nexamples:\n")
    places = [each for each in parser._actions if not each.option_strings and each.choices]
    for word in (str(each) for place in places for each in place.choices or ()):
        assert f"{parser.prog} {word}" in examples
        with pytest.raises(SystemExit) as left:
            parse([command, word, "--help"])
        assert left.value.code == 0
        assert examples in capsys.readouterr().out


def test_every_option_says_what_it_is() -> None:
    silent = [
        f"{parser.prog} {action.dest}"
        for parser in (make() for make in PARSERS.values())
        for action in parser._actions
        if not action.help
    ]
    assert not silent


def test_the_first_page_of_help_names_every_command() -> None:
    text = PARSERS[DASHBOARD]().format_help()
    assert not [name for name in PARSERS if name != DASHBOARD and f"\n  pgdeck {name}" not in text]


def test_the_manual_page_is_well_formed() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    page = ROOT / "docs" / "pgdeck.1"
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert "pgdeck completion" in done.stdout
