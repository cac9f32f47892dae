"""Names as people type them, and the relations that they mean."""

from __future__ import annotations

import pytest

from pgdeck.errors import UsageProblem
from pgdeck.maintenance.naming import Named, known_schema, meant, parts, to_type

EVERY: list[Named] = [
    (1, "public", "orders"),
    (2, "shop", "orders"),
    (3, "public", "Odd.Name"),
    (4, "per%cent", 'weird"name; drop table x--'),
    (5, "public", "items"),
    (6, "a.b", "c"),
]


@pytest.mark.parametrize(
    ("text", "oid"),
    [
        ("public.orders", 1),
        ("PUBLIC.Orders", 1),
        ("shop.orders", 2),
        ("items", 5),
        ("Odd.Name", 3),
        ('"Odd.Name"', 3),
        ('public."Odd.Name"', 3),
        ('"per%cent"."weird""name; drop table x--"', 4),
        ('per%cent.weird"name; drop table x--', 4),
        ('"a.b".c', 6),
    ],
)
def test_a_name_means_one_relation(text: str, oid: int) -> None:
    assert meant(text, EVERY)[0] == oid


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("orders", "means several: public.orders, shop.orders", "schema"),
        ("itmes", "there is no itmes", "public.items"),
        ("shop.order", "there is no shop.order", "orders"),
        ("zzz", "there is no zzz", "pgdeck ls tables"),
        ("a\0b", "NUL", ""),
        ("", "there is no ", ""),
    ],
)
def test_a_name_that_means_none_is_answered_with_the_nearest(
    text: str, said: str, hint: str
) -> None:
    with pytest.raises(UsageProblem) as caught:
        meant(text, EVERY)
    assert said in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", 'a"b', '""', '"a', "a..b"])
def test_what_is_no_name_has_no_parts(text: str) -> None:
    assert parts(text) == ()


def test_a_schema_is_found_as_it_stands_and_as_sql_has_it() -> None:
    there = ["public", "Odd", "per%cent"]
    assert [known_schema(text, there) for text in ("PUBLIC", '"Odd"', "Odd", "per%cent")] == [
        *("public", "Odd", "Odd", "per%cent")
    ]


def test_what_cannot_be_typed_is_confirmed_by_a_random_word() -> None:
    assert to_type("public.orders") == "public.orders"
    for name in ("pаyments", 'weird"name', "two\nlines", "n" * 64):
        assert to_type(name).isalpha()
        assert to_type(name) != to_type(name) or to_type(name) != to_type(name)
