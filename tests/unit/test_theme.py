"""Every ink can be read on what it stands on, in every theme; a theme's file is read strictly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem

from palettes import PALETTES, on_terminal
from pgdeck import paths, themes
from pgdeck.core.text import cell_width
from pgdeck.core.theme import (
    DRAWINGS,
    GROUNDS,
    INKS,
    NATIVE,
    READABLE,
    ROLES,
    SEEN,
    Theme,
    contrast,
    pale,
    parse_theme,
)
from pgdeck.errors import UsageProblem
from pgdeck.tui.ink import ASCII_GLYPHS, drawn_in_ascii
from pgdeck.tui.theme import textual_theme
from pgdeck.tui.widgets.inkwell import INKS as CLASSES

OURS = [themes.shipped[name] for name in themes.SHIPPED if name not in themes.NATIVE]
STRICT = {"contrast": (7.0, 4.5)}
"""The bars of a theme that promises more: WCAG level AAA."""

NIGHT = 'base = "dark"\n'


def in_256(color: str) -> str:
    return Color.parse(color).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex


def bars(theme: Theme) -> tuple[float, float]:
    return STRICT.get(theme.name, (READABLE, SEEN))


@pytest.mark.parametrize("role", [*INKS, *DRAWINGS])
@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_every_ink_is_readable_on_every_ground(theme: Theme, role: str) -> None:
    least = bars(theme)[role in DRAWINGS]
    for ground in GROUNDS:
        ink, paper = theme.colors[role], theme.colors[ground]
        assert contrast(ink, paper) >= least, ground
        # Terminals of 256 colours get the nearest ones.
        assert contrast(in_256(ink), in_256(paper)) >= least, f"{ground} in 256 colours"


@pytest.mark.parametrize(
    ("name", "palette"),
    [("ansi", "console"), ("ansi", "xterm"), ("ansi-light", "paper"), ("ansi-light", "vga-paper")],
)
def test_the_terminals_own_colours_are_readable_on_its_ground(name: str, palette: str) -> None:
    theme, looks = themes.shipped[name], PALETTES[palette]
    for role in (*INKS, *DRAWINGS):
        ink = on_terminal(theme.colors[role], looks, ink=True)
        for ground in GROUNDS:
            paper = on_terminal(theme.colors[ground], looks, ink=False)
            assert contrast(ink, paper) >= bars(theme)[role in DRAWINGS], role
    fields = textual_theme(theme).variables
    for field in ("block-cursor", "input-cursor", "input-selection"):
        ink, paper = (
            on_terminal(fields[f"{field}-{part}"].removeprefix("ansi_"), looks, ink=part[0] == "f")
            for part in ("foreground", "background")
        )
        assert contrast(ink, paper) >= READABLE, field


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#ffffff") == pytest.approx(1)


def test_the_shipped_themes_are_the_files() -> None:
    files = {path.stem for path in (paths.data_dir("styles") / "themes").glob("*.toml")}
    assert files == set(themes.SHIPPED)
    assert {name for name in themes.SHIPPED if themes.shipped[name].native} == set(themes.NATIVE)
    assert {themes.shipped[name].dark for name in themes.SHIPPED} == {True, False}
    assert all(themes.shipped[name].about for name in themes.SHIPPED)


def test_every_role_and_variable_of_the_style_sheets_has_a_colour() -> None:
    sheets = paths.data_dir("styles").glob("*.tcss")
    text = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    assert {name for name in CLASSES if f".{name} " not in text} == set()
    for name in themes.SHIPPED:
        theme = textual_theme(themes.shipped[name])
        known = {**theme.to_color_system().generate(), **theme.variables}
        assert set(re.findall(r"\$([\w-]+)", text)) <= set(known)
        assert set(themes.shipped[name].colors) == set(ROLES)


def test_nothing_is_coloured_without_colours() -> None:
    assert set(themes.shipped["mono"].colors.values()) == {"default"}


@pytest.mark.parametrize("text", ["▲ 3 › 界", "e\u0301", "plain", *map(chr, ASCII_GLYPHS)])
def test_ascii_takes_as_many_cells(text: str) -> None:
    drawn = drawn_in_ascii(text)
    assert drawn.isascii()
    assert len(drawn) == cell_width(text)


def test_a_theme_takes_what_it_leaves_out_from_its_base() -> None:
    text = f'{NIGHT}title = "Evening"\naccent = "#FFAA00"\n'
    theme = parse_theme(Path("evening.toml"), text, themes.shipped)
    assert (theme.name, theme.title, theme.dark) == ("evening", "Evening", True)
    assert theme.colors["accent"] == "#ffaa00"
    assert theme.colors["critical"] == themes.shipped["dark"].colors["critical"]
    # And may be of the terminal's own colours.
    native = parse_theme(Path("n.toml"), 'base = "ansi"\naccent = "green"\n', themes.shipped)
    assert native.native
    assert not list(pale(native))


@pytest.mark.parametrize(
    ("text", "said", "way_out"),
    [
        (f'{NIGHT}\nacent = "#ffffff"\n', "t.toml:3: acent is no part of a theme", "accent?"),
        (f'{NIGHT}accent = "#fff"\n', "t.toml:2: accent is no colour", "six digits"),
        (f'{NIGHT}text = "salmon"\n', "t.toml:2: text is no colour", "bright-red"),
        (f"{NIGHT}text = 7\n", "t.toml:2: text is no colour", "#rrggbb"),
        (f'{NIGHT}good = "green"\n', "t.toml:2: good is green: #rrggbb and", "one kind"),
        ('base = "ansi"\nprod = "#ff0000"\n', "t.toml:2: prod is #ff0000: ", "one kind"),
        ('base = "nord"\n', "t.toml:1: base is no shipped theme", "dark, light, contrast"),
        ('text = "#ffffff"\n', "t.toml: background, panel, cursor, quiet", 'base = "dark"'),
        (f'{NIGHT}dark = "yes"\n', "t.toml:2: dark is true or false", ""),
        (f"{NIGHT}title = 1\n", "t.toml:2: title is a text", ""),
        ("text = \n", "t.toml:1: no TOML: ", ""),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, said: str, way_out: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse_theme(Path("t.toml"), text, themes.shipped)
    assert said in caught.value.message
    assert way_out in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = tmp_path / "pgdeck" / "themes"
    place.mkdir(mode=0o700, parents=True)
    return place


def test_a_theme_of_ones_own_is_found_by_its_files_name(own: Path) -> None:
    (own / "evening.toml").write_text(f'{NIGHT}accent = "#ffaa00"\n')
    (own / "broken.toml").write_text("text = 1\n")
    (own / "notes.txt").write_text("not a theme")
    assert themes.find_theme("evening").colors["accent"] == "#ffaa00"
    found, problems = themes.own_themes()
    assert [theme.name for theme in found] == ["evening"]
    assert [str(own / "broken.toml") in problem.message for problem in problems] == [True]
    with pytest.raises(UsageProblem, match="no theme is called evenin") as caught:
        themes.find_theme("evenin")
    assert "did you mean evening?" in caught.value.hint


def test_what_can_hardly_be_seen_is_remarked(own: Path) -> None:
    (own / "fog.toml").write_text(f'{NIGHT}quiet = "#333333"\n')
    said = [problem.message for problem in themes.remarks()]
    assert len(said) == len(GROUNDS)
    assert "fog.toml: quiet on background can hardly be seen: contrast 1.4, at least 4.5" in said[0]


def test_a_file_that_others_may_write_is_refused(own: Path) -> None:
    file = own / "evening.toml"
    file.write_text(NIGHT)
    file.chmod(0o620)
    with pytest.raises(UsageProblem, match="group or others may write") as caught:
        themes.find_theme("evening")
    assert caught.value.hint == f"chmod go-w {file}"
    file.chmod(0o600)
    themes.find_theme("evening")
    own.chmod(0o770)
    with pytest.raises(UsageProblem, match="group or others may write"):
        themes.find_theme("evening")


@pytest.mark.parametrize("name", ["dark", "Evening", "-x"])
def test_a_name_that_is_none_or_taken_is_refused(own: Path, name: str) -> None:
    (own / f"{name}.toml").write_text(NIGHT)
    _, (problem,) = themes.own_themes()
    assert f"{name}.toml" in problem.message
    assert "rename it" in problem.hint


def test_all_the_terminals_colours_have_names_that_textual_knows() -> None:
    from textual.color import Color as TextualColor

    for name in NATIVE:
        TextualColor.parse(f"ansi_{name.replace('-', '_')}")
