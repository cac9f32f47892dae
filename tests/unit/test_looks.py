"""Which theme, how many colours and which glyphs a terminal gets."""

from __future__ import annotations

import argparse

import pytest

from pgdeck import themes
from pgdeck.cli.looks import Look, choose_look
from pgdeck.cli.parser import parse
from pgdeck.core.abilities import MANY, NONE, SIXTEEN, TRUE, Abilities, judge
from pgdeck.errors import UsageProblem


def words(*more: str) -> argparse.Namespace:
    return parse(more)


def look(*options: str, configured: str = "", kept: str = "", **environ: str) -> Look:
    environ = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8", **environ}
    return choose_look(words(*options), environ, configured, kept)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-256color"}, Abilities(MANY)),
        ({"TERM": "tmux-256color", "COLORTERM": "truecolor"}, Abilities(TRUE)),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, Abilities(TRUE)),
        ({"TERM": "xterm-256color", "COLORTERM": "yes"}, Abilities(MANY)),
        ({"TERM": "xterm-kitty"}, Abilities(TRUE)),
        ({"TERM": "alacritty"}, Abilities(TRUE)),
        ({"TERM": "xterm-direct"}, Abilities(TRUE)),
        ({"TERM": "xterm"}, Abilities(SIXTEEN)),
        ({"TERM": "screen"}, Abilities(SIXTEEN)),
        ({"TERM": "xterm-mono"}, Abilities(NONE)),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, Abilities(SIXTEEN, False, False)),
        ({"TERM": "vt100", "LANG": "en_GB.UTF-8"}, Abilities(NONE, False, False)),
        ({"TERM": "vt220"}, Abilities(NONE, False, False)),
        ({"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}, Abilities(SIXTEEN, False)),
        ({"TERM": "xterm", "LANG": "C"}, Abilities(SIXTEEN, False)),
        ({"TERM": "xterm", "LC_ALL": "POSIX", "LANG": "en_GB.utf8"}, Abilities(SIXTEEN, False)),
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, Abilities(SIXTEEN)),
        ({"TERM": "xterm", "LC_ALL": "", "LANG": "en_GB.utf8"}, Abilities(SIXTEEN)),
    ],
)
def test_a_terminal_is_judged_by_its_name_and_the_locale(
    environ: dict[str, str], expected: Abilities
) -> None:
    assert judge(environ) == expected


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "dark"),
        ({"COLORTERM": "truecolor"}, "dark"),
        ({"TERM": "xterm"}, "ansi"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "rxvt", "COLORFGBG": "0;15"}, "ansi-light"),
        ({"TERM": "rxvt", "COLORFGBG": "15;default;0"}, "ansi"),
        ({"TERM": "vt100"}, "mono"),
        ({"NO_COLOR": "1"}, "mono"),
        ({"NO_COLOR": "0"}, "mono"),
        ({"NO_COLOR": ""}, "dark"),
        ({"NO_COLOR": "", "TERM": "xterm"}, "ansi"),
    ],
)
def test_a_terminal_gets_what_it_can_show(environ: dict[str, str], name: str) -> None:
    assert look(**environ).theme.name == name


def test_an_option_wins_over_configuration_no_color_and_memory() -> None:
    assert look("--theme", "light", configured="contrast", NO_COLOR="1").theme.name == "light"
    assert look(configured="contrast", kept="light", NO_COLOR="1").theme.name == "contrast"
    assert look(kept="light", NO_COLOR="1").theme.name == "mono"
    assert look(kept="light").theme.name == "light"


def test_no_choice_outgrows_the_terminal() -> None:
    assert look("--theme", "dark", TERM="linux").theme.name == "ansi"
    assert look("--theme", "ansi-light", TERM="xterm").theme.name == "ansi-light"
    assert look(kept="contrast", TERM="vt100").theme.name == "mono"


def test_ascii_is_as_the_option_says() -> None:
    assert not look("--ascii").abilities.unicode
    assert look("--no-ascii", TERM="linux").abilities.unicode
    assert not look(LANG="C").abilities.unicode


def test_a_theme_that_is_not_there_is_an_error_only_where_it_was_asked_for_now() -> None:
    with pytest.raises(UsageProblem, match="no theme is called drak") as caught:
        look("--theme", "drak")
    assert "did you mean dark?" in caught.value.hint
    chosen = look(configured="drak")
    assert (chosen.theme.name, chosen.complaint) == ("dark", "config.toml: no theme is called drak")
    assert look(kept="gone").complaint == "the theme you kept: no theme is called gone"


def test_only_the_chosen_theme_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(themes, "shipped", type(themes.shipped)())
    look("--theme", "light")
    assert len(themes.shipped) == 1
