"""The documentation shows every screen of the menu, at both sizes and as it is called now."""

from __future__ import annotations

from arch.tree import ROOT
from pgdeck.themes import SHIPPED
from pgdeck.watch.menu import load_menu

SIZES = ("80x24", "120x36")
BESIDE = ("welcome", "switcher", "doctor")
PLACE = ROOT / "docs" / "pictures"


def test_every_screen_has_its_pictures() -> None:
    names = [spec.name for spec in load_menu().specs if spec.trusted]
    wanted = {f"{name}-{size}.svg" for name in names for size in SIZES}
    wanted |= {f"{name}-{size}.svg" for name in BESIDE for size in SIZES}
    wanted |= {f"theme-{name}-80x24.svg" for name in SHIPPED if name != "ansi-light"}
    assert {path.name for path in PLACE.glob("*.svg")} == wanted
    page = (PLACE / "README.md").read_text(encoding="utf-8")
    assert not [name for name in wanted if f"({name})" not in page]
