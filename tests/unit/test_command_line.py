"""The words of the command line."""

from __future__ import annotations

import argparse

import pytest

from pgdeck.cli.parser import parse, split_command
from pgdeck.errors import UsageProblem

URL = "postgresql://app:s3cret@db/shop"


def chosen(*words: str) -> dict[str, object]:
    args: argparse.Namespace = parse(words)
    return {key: value for key, value in vars(args).items() if value not in (None, False)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {"command": "dash"}),
        ([URL], {"command": "dash", "address": URL, "target": URL}),
        (["--target", URL], {"command": "dash", "target": URL}),
        (["--interval", "5", "--ascii"], {"command": "dash", "interval": 5.0, "ascii": True}),
        (["--screen", "ls"], {"command": "dash", "screen": "ls"}),
        (["demo", "--fresh", "--port", "6000"], {"command": "demo", "fresh": True, "port": 6000}),
        (["demo", "--no-load", "--theme", "x"], {"command": "demo", "no_load": True, "theme": "x"}),
        (["ls"], {"command": "ls"}),
        (["ls", "tables"], {"command": "ls", "screen": "tables"}),
        (
            ["ls", "tables", "--json", URL, "--limit", "3"],
            {
                "command": "ls",
                "screen": "tables",
                "json": True,
                "address": URL,
                "target": URL,
                "limit": 3,
            },
        ),
        (["ls", URL], {"command": "ls", "target": URL}),
        (
            ["--target", "service=x", "ls", "--csv", "tables"],
            {"command": "ls", "screen": "tables", "csv": True, "target": "service=x"},
        ),
        (
            ["ls", "tables", "--filter", "demo"],
            {"command": "ls", "screen": "tables", "filter": "demo"},
        ),
        (["status", "--json", "--rates"], {"command": "status", "json": True, "rates": True}),
        (
            ["screens", "check", "--offline"],
            {"command": "screens", "action": "check", "offline": True},
        ),
        (
            ["screens", "check", URL],
            {"command": "screens", "action": "check", "address": URL, "target": URL},
        ),
    ],
)
def test_words(words: list[str], expected: dict[str, object]) -> None:
    assert chosen(*words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--interval", "0"], "--interval: seconds from 0.25 to 3600"),
        (["--interval", URL], "--interval: seconds from"),
        (["demo", "--port", "70000"], "--port: a whole number from 1 to 65535"),
        (["ls", "tables", "--json", "--csv"], "not allowed with"),
        (["ls", "--limit", "0"], "--limit: a whole number"),
        (["--colour"], "there is no option --colour"),
        ([f"--{URL}"], "there are words too many"),
        (["demo", URL], "there are words too many"),
        (["status", "one", "two"], "a word too many: two"),
        (["screens"], "required: check"),
        (["screens", URL], "invalid choice"),
        ([URL, "--target", URL], "the target is given twice"),
        (["--target", "demo"], "demo is a command, not a target"),
        (["status", "ls"], "ls is a command, not a target"),
        (["--", "status"], "status is a command, not a target"),
    ],
)
def test_wrong_words_are_named_and_secrets_are_not(words: list[str], message: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse(words)
    assert message in caught.value.message
    assert "s3cret" not in f"{caught.value!r}{caught.value.hint}"
    assert "--help" in caught.value.hint or "once" in caught.value.hint


def test_the_command_is_the_first_word_and_not_an_options_value() -> None:
    assert split_command(["--target", "ls", "status"]) == ("status", ["--target", "ls"])
    assert split_command(["--ascii", "demo"]) == ("demo", ["--ascii"])
    assert split_command(["x", "demo"]) == ("dash", ["x", "demo"])
