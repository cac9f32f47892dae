"""What a person types in the palette finds what they mean."""

from __future__ import annotations

import pytest
from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

from pgdeck.paths import data_dir
from pgdeck.tui.commands import Offer, find_offers, offers_of
from pgdeck.watch.menu import Directory, load_menu


async def nothing() -> None:
    """Do nothing."""


OFFERS = [
    Offer("Overview", "1", ("overview", "home"), nothing),
    Offer("Tables", "4", ("tables", "vacuum"), nothing),
    Offer("Databases", "", ("databases", "db"), nothing),
    Offer("Pause or go on", "p", ("pause",), nothing),
    Offer("Psql here, and back", "~", ("psql", "sql"), nothing),
]


def found(typed: str) -> list[str]:
    return [offer.title for offer in find_offers(OFFERS, typed)]


def test_nothing_typed_offers_everything_in_its_order() -> None:
    assert find_offers(OFFERS, " : ") == OFFERS


def test_a_key_a_name_and_an_alias_come_first() -> None:
    assert found("4")[0] == "Tables"
    assert found("p")[0] == "Pause or go on"
    assert found("db") == ["Databases"]
    assert found(":TABLES")[0] == "Tables"
    assert found("home") == ["Overview"]


def test_beginnings_come_before_parts_and_parts_before_scattered_letters() -> None:
    assert found("ta") == ["Tables", "Databases"]
    assert found("go") == ["Pause or go on"]
    assert found("sql") == ["Psql here, and back"]
    assert found("tbl") == ["Tables"]
    assert found("bl") == ["Tables"]


def test_what_nothing_is_called_finds_nothing() -> None:
    assert found("xyzzy") == []


def test_a_title_begins_before_another_screens_alias_does() -> None:
    overview = Offer("Overview", "1", ("home", "status"), nothing)
    statements = Offer("Statements", "", ("slow",), nothing)
    assert find_offers([overview, statements], "stat") == [statements, overview]
    assert find_offers([statements, overview], "status") == [overview]


PLACES = [Directory(data_dir("screens"), trusted=True)]


async def run(_action: str, _widget: object = None) -> None:
    """Do nothing."""


def offers(*bindings: Binding) -> list[Offer]:
    active = [ActiveBinding(Screen(), binding, True, "") for binding in bindings]
    return offers_of(load_menu(PLACES).specs, active, run)


def meant(typed: str, *bindings: Binding) -> Offer:
    return find_offers(offers(*bindings), typed)[0]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("biggest", "Tables"),
        ("size", "Tables"),
        ("who", "Activity"),
        ("block", "Activity"),
        ("cancel", "Activity"),
        ("kill", "Activity"),
        ("why", "Checks"),
        ("alert", "Checks"),
        ("fix", "Checks"),
        ("filter", "Filter"),
        ("search", "Filter"),
        ("sort", "Sort"),
        ("copy", "Copy"),
        ("export", "Export"),
        ("csv", "Export"),
        ("theme", "Theme"),
        ("exit", "Quit"),
        ("leave", "Quit"),
        ("quit", "Quit"),
    ],
)
def test_what_a_newcomer_types_leads_there(typed: str, title: str) -> None:
    assert meant(typed).title == title


def test_where_there_are_rows_their_keys_are_offered_and_not_told_of() -> None:
    keys = (
        Binding("slash", "ask_filter", "Filter", id="table.filter"),
        Binding("s", "flip", "Flip the order", id="keyed-table.flip"),
        Binding("j", "row_down", "Row down", id="keyed-table.row_down"),
    )
    assert not meant("search", *keys).help
    assert meant("sort", *keys).title == "Flip the order"
    assert meant("filter").help == "on a screen with rows"
    assert "Row down" not in [offer.title for offer in offers(*keys)]
