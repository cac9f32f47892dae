"""URLs of every driver become libpq's keywords, and no password is lost or shown."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import read_address
from pgdeck.targets.options import LIBPQ
from pgdeck.targets.url import is_url

FULL = {"user": "app", "password": "s3cret", "host": "db", "port": "5433", "dbname": "shop"}


def keywords(text: str) -> dict[str, str]:
    return dict(read_address(text).conninfo)


@pytest.mark.parametrize(
    "scheme",
    [
        "postgres",
        "postgresql",
        "POSTGRESQL",
        "postgresql+asyncpg",
        "postgresql+pg8000",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+psycopg2cffi",
        "postgres+asyncpg",
        "jdbc:postgresql",
        "postgis",
        "pgsql",
    ],
)
def test_every_driver_leads_to_the_same_database(scheme: str) -> None:
    assert keywords(f"{scheme}://app:s3cret@db:5433/shop") == FULL


@pytest.mark.parametrize(
    ("parameter", "mode"),
    [
        ("ssl=require", "require"),
        ("ssl=true", "require"),
        ("ssl=1", "require"),
        ("ssl=verify-full", "verify-full"),
        ("ssl=Prefer", "prefer"),
        ("ssl=false", "disable"),
        ("ssl_context=True", "require"),
        ("ssl_context=False", "disable"),
        ("sslmode=verify-ca", "verify-ca"),
        ("sslmode=no-verify", "require"),
        ("ssl=true&sslmode=verify-full", "verify-full"),
        ("sslmode=verify-full&ssl=true", "verify-full"),
    ],
)
def test_the_word_for_encryption_becomes_sslmode(parameter: str, mode: str) -> None:
    assert keywords(f"postgresql+asyncpg://db/shop?{parameter}")["sslmode"] == mode


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("jdbc:postgresql://db/x?ssl=true", {"sslmode": "verify-full"}),
        ("jdbc:postgresql://db/x?ssl=true&sslmode=require", {"sslmode": "require"}),
        (
            "jdbc:postgresql://db/x?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory",
            {"sslmode": "require"},
        ),
        ("postgresql://db/x?sslmode=require&sslaccept=strict", {"sslmode": "verify-full"}),
        (
            "postgresql://db/x?sslmode=require&sslaccept=accept_invalid_certs",
            {"sslmode": "require"},
        ),
        (
            "postgresql+asyncpg://db/x?direct_tls=true",
            {"sslmode": "require", "sslnegotiation": "direct"},
        ),
        (
            "postgres://db/x?ssl-mode=verify-ca&ssl-ca=/ca.pem&sslCert=/c.pem&ssl_key=/k.pem",
            {
                "sslmode": "verify-ca",
                "sslrootcert": "/ca.pem",
                "sslcert": "/c.pem",
                "sslkey": "/k.pem",
            },
        ),
        ("jdbc:postgresql://db/x?channelBinding=require", {"channel_binding": "require"}),
    ],
)
def test_what_drivers_say_of_encryption(url: str, expected: dict[str, str]) -> None:
    assert keywords(url) == {"host": "db", "dbname": "x", **expected}
    assert not read_address(url).notes


@pytest.mark.parametrize("parameter", ["ssl=perhaps", "sslmode=s3cret"])
def test_a_mode_of_encryption_that_is_none_is_refused(parameter: str) -> None:
    with pytest.raises(UsageProblem, match="no mode of encryption") as caught:
        keywords(f"postgresql://db/shop?{parameter}")
    assert "verify-full" in caught.value.hint
    assert "s3cret" not in caught.value.message


def test_what_only_a_driver_knows_is_left_out_with_a_note() -> None:
    address = read_address(
        "postgresql+asyncpg://db/shop?statement_cache_size=0&application_name=x&pool_size=s3cret"
    )
    assert dict(address.conninfo) == {"host": "db", "dbname": "shop", "application_name": "x"}
    assert address.notes == ("not for libpq, left out: pool_size, statement_cache_size",)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql:///shop", {"dbname": "shop"}),
        ("postgresql://", {}),
        ("postgresql://db", {"host": "db"}),
        ("postgresql://app@/shop", {"user": "app", "dbname": "shop"}),
        ("postgresql://[::1]:5433/shop", {"host": "::1", "port": "5433", "dbname": "shop"}),
        ("postgresql://a:1,b:2/shop", {"host": "a,b", "port": "1,2", "dbname": "shop"}),
        ("postgresql://a,b:2/shop", {"host": "a,b", "port": ",2", "dbname": "shop"}),
        (
            "postgresql:///shop?host=/run/pg&port=6",
            {"host": "/run/pg", "port": "6", "dbname": "shop"},
        ),
        ("postgresql://%2Frun%2Fpg/shop", {"host": "/run/pg", "dbname": "shop"}),
        (
            "postgresql+pg8000://app@/shop?unix_sock=/run/pg/.s.PGSQL.5433",
            {"user": "app", "host": "/run/pg", "port": "5433", "dbname": "shop"},
        ),
        (
            "postgresql+asyncpg:///shop?host=a:1&host=b:2",
            {"host": "a,b", "port": "1,2", "dbname": "shop"},
        ),
        (
            "postgresql+asyncpg://db/x?database=shop&timeout=2.5&tcp_keepalive=true",
            {"host": "db", "dbname": "shop", "connect_timeout": "3", "keepalives": "1"},
        ),
        ("postgresql://db/a%20b%2Fc", {"host": "db", "dbname": "a b/c"}),
        (
            "postgresql://me@tenant:pw@db/shop",
            {"user": "me@tenant", "password": "pw", "host": "db", "dbname": "shop"},
        ),
        (
            "postgresql://db/shop?user=me@tenant",
            {"host": "db", "dbname": "shop", "user": "me@tenant"},
        ),
        ("postgresql:///?service=prod", {"service": "prod"}),
        ("  postgresql://db/shop\n", {"host": "db", "dbname": "shop"}),
        ("postgresql://db/shop?replication=database", {"host": "db", "dbname": "shop"}),
    ],
)
def test_forms_of_urls(url: str, expected: dict[str, str]) -> None:
    assert keywords(url) == expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///shop.db", "SQLite"),
        ("mysql+pymysql://app:s3cret@db/shop", "MySQL"),
        ("mongodb+srv://app:s3cret@db/shop", "MongoDB"),
        ("https://app:s3cret@db/shop", "no address of PostgreSQL"),
    ],
)
def test_an_address_of_something_else_is_named(url: str, name: str) -> None:
    with pytest.raises(UsageProblem, match=name) as caught:
        keywords(url)
    assert "s3cret" not in f"{caught.value!r} {caught.value.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://app:s3cret@db:port/shop",
        "postgresql:/app:s3cret@db/shop",
        "postgresql://app:s3cret@db/sh%FFop",
        "postgresql://app:s3cret@db/sh%00op",
        "postgresql://app:s3cret@db/shop?no-equals",
        "host=db password=my s3cret",
        "host=db s3cret",
        "host=db password='s3cret",
        "app:s3cret@db/shop",
        "s3cret!",
        "dbname=shop nonsense=s3cret",
    ],
)
def test_what_cannot_be_read_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        read_address(text)
    shown = f"{caught.value} {caught.value!r} {caught.value.message} {caught.value.hint}"
    assert "s3cret" not in shown
    assert caught.value.hint
    assert caught.value.exit_code == 2


PASSWORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1
)


@given(PASSWORDS)
def test_an_escaped_password_arrives_whole(password: str) -> None:
    url = f"postgresql://app:{quote(password, safe='')}@db:5433/shop?sslmode=require"
    assert keywords(url) == {**FULL, "password": password, "sslmode": "require"}
    assert dict(conninfo_to_dict(url)) == keywords(url)


@given(st.text("ab19@:/%#?!$&+,;[]' \\\"", min_size=1))
def test_a_password_written_as_it_is_arrives_whole(password: str) -> None:
    if re.search(r"%[0-9A-Fa-f]{2}", password):
        return
    assert keywords(f"postgresql+asyncpg://app:{password}@db:5433/shop") == {
        **FULL,
        "password": password,
    }


@given(PASSWORDS)
def test_a_password_of_a_connection_string_arrives_whole(password: str) -> None:
    text = make_conninfo("", host="db", password=password)
    assert keywords(text) == {"host": "db", "password": password}


@given(
    PASSWORDS.filter(lambda text: len(text) > 3 and text not in "Conninfo(host=db password=***)")
)
def test_no_password_is_in_what_is_shown(password: str) -> None:
    address = read_address(f"postgresql://:{quote(password, safe='')}@db")
    assert password not in f"{address!r} {address} {address.conninfo!r}"


def test_the_keywords_handed_on_are_libpqs() -> None:
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    # Debug options of libpq, and the two that would break the reading, are not for anybody here.
    assert LIBPQ - known == set()
    assert known - LIBPQ <= {"replication", "client_encoding", "authtype", "tty"}


def test_words_and_pairs_are_no_urls() -> None:
    assert not is_url("shop")
    assert not is_url("host=db dbname=a://b")
