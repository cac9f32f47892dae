"""What a person types in the palette finds what they mean."""

from __future__ import annotations

from pgdeck.tui.commands import Offer, find_offers


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
