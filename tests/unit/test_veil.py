"""What of an address can be read while somebody types it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.veil import veiled


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("postgresql://me:s3c", "postgresql://me:***"),
        ("postgresql://me:12345", "postgresql://me:*****"),
        ("postgresql://me:a@b/c#d@db:5432/shop", "postgresql://me:*******@db:5432/shop"),
        ("postgresql+asyncpg://me:p:w@[::1]:5432/db", "postgresql+asyncpg://me:***@[::1]:5432/db"),
        (
            "postgresql://db/shop?user=me&password=s3c&x=1",
            "postgresql://db/shop?user=me&password=***&x=1",
        ),
        ("jdbc:postgresql://db:1/d?sslpassword=s3c", "jdbc:postgresql://db:1/d?sslpassword=***"),
        ("me:s3c@db/shop", "me:***@db/shop"),
        ("host=db password=a&b user=me", "host=db password=*** user=me"),
        (r"host=db password = 'a \' b' user=me", "host=db password = ******** user=me"),
        ("host=db password='a b", "host=db password=****"),
        (r"password=a\ b user=me", "password=**** user=me"),
    ],
)
def test_no_password_is_seen(typed: str, seen: str) -> None:
    assert veiled(typed) == seen


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "postgresql:/",
        "postgresql://db:5432/shop",
        "postgresql://me@db:5432/shop?sslmode=require",
        "postgresql://a:1,b:2/shop",
        "postgresql://[::1]:5432/shop",
        "host=db port=5432 dbname=shop",
        "shop",
    ],
)
def test_what_is_no_password_is_seen(typed: str) -> None:
    assert veiled(typed) == typed


@given(st.text(alphabet="ab:/?#@&='\\ []", max_size=30))
def test_the_cursor_stays_where_it_is(typed: str) -> None:
    assert len(veiled(typed)) == len(typed)


@given(st.text(alphabet="XYZ:/?#@&='\\", min_size=1, max_size=12))
def test_no_letter_of_an_unescaped_password_is_left(password: str) -> None:
    assert not set("XYZ") & set(veiled(f"postgresql://me:{password}@db/shop"))
