"""Which database is meant, and what is said when none is."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pgdeck.core.address import endpoint, identity_line, place
from pgdeck.core.target import Conninfo, Environment, Kind, Target, environment_of
from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import NoTarget, find_target, require_target
from pgdeck.targets.redact import redact, secrets_of

ACCOUNT = pwd.getpwuid(os.geteuid()).pw_name
URL = "postgresql://app:s3cret@{}/shop"


def found(argument: str | None = None, **environ: str) -> Target:
    target = find_target(argument, environ)
    assert target is not None
    return target


@pytest.mark.parametrize(
    ("configured", "said", "counts"),
    [
        ("unknown", None, "unknown"),
        ("unknown", "dev", "dev"),
        ("unknown", "prod", "prod"),
        ("dev", "staging", "staging"),
        ("prod", "dev", "prod"),
        ("staging", "unknown", "staging"),
        ("staging", "qa", "staging"),
    ],
)
def test_of_two_words_for_an_environment_the_stricter_counts(
    configured: str, said: str | None, counts: str
) -> None:
    assert environment_of(Environment(configured), said) == counts


def test_the_first_source_wins_and_is_named() -> None:
    everything = {
        "PGDECK_URL": URL.format("deck"),
        "DATABASE_URL": URL.format("project"),
        "PGHOST": "libpq",
    }
    order = [("argument", "given"), ("PGDECK_URL", "deck"), ("DATABASE_URL", "project")]
    for source, host in order:
        target = found(URL.format("given") if source == "argument" else None, **everything)
        assert (target.source, target.conninfo["host"]) == (source, host)
        everything.pop(source, None)
    assert found(None, **everything).source == "PGHOST"


def test_nothing_named_offers_the_embedded_server() -> None:
    harmless = {"PGPASSWORD": "s3cret", "PGDECK_URL": "", "PGSSLMODE": "require"}
    assert find_target(None, harmless) is None
    with pytest.raises(NoTarget, match="no database is named") as caught:
        require_target(None, harmless)
    assert "pgdeck demo" in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_target_says_no_more_than_it_knows() -> None:
    target = found(URL.format("db:5433"))
    assert target.kind is Kind.REMOTE
    assert target.environment is Environment.UNKNOWN
    assert target.name == "db:5433/shop"
    assert identity_line(target) == "app@db:5433/shop (argument)"
    assert "s3cret" not in f"{target!r} {target} {target.name} {identity_line(target)}"


def test_what_an_address_leaves_open_comes_from_libpqs_variables() -> None:
    target = found("postgresql://db", PGUSER="other", PGPORT="6000", PGDATABASE="sales", PGHOST="x")
    assert place(target.conninfo) == "other@db:6000/sales"
    assert place(found("postgresql://db").conninfo) == f"{ACCOUNT}@db:5432/{ACCOUNT}"


def test_no_variable_leads_to_another_server_than_the_one_named() -> None:
    target = found("postgresql://db/shop", PGHOSTADDR="192.0.2.1")
    assert target.conninfo["hostaddr"] == ""
    # libpq takes the empty value for one that was given.
    parsed = pq.Conninfo.parse(make_conninfo("", **dict(target.conninfo)).encode())
    assert {o.keyword: o.val for o in parsed}[b"hostaddr"] == b""
    target = found("hostaddr=127.0.0.1", PGHOST="elsewhere")
    assert target.conninfo["host"] == "127.0.0.1"


def test_libpqs_variables_alone() -> None:
    target = found(None, PGDATABASE="shop", PGUSER="app", PGPASSWORD="s3cret")
    assert target.source == "PGDATABASE"
    assert dict(target.conninfo) == {"dbname": "shop", "user": "app"}
    assert target.name == "local:5432/shop"


@pytest.fixture
def services(tmp_path: Path) -> str:
    path = tmp_path / "pg_service.conf"
    path.write_text(
        "# services\n[other]\nhost=elsewhere\n\n[prod]\nhost = db.example.com\nport=6543\n"
        "dbname=shop\nuser=app\npassword=s3cret\n[directory]\nldap://example.com/dc=x\n"
    )
    return str(path)


@pytest.mark.parametrize("argument", ["service=prod", "postgresql:///?service=prod"])
def test_a_service_is_looked_up(services: str, argument: str) -> None:
    target = found(argument, PGSERVICEFILE=services, PGHOST="not-this-one")
    assert target.name == "prod"
    assert place(target.conninfo) == "app@db.example.com:6543/shop"
    assert target.conninfo["password"] == "s3cret"
    assert "s3cret" not in repr(target)


def test_a_service_of_the_environment_and_what_overrides_it(services: str) -> None:
    environ = {"PGSERVICE": "prod", "PGSERVICEFILE": services, "PGPORT": "1"}
    assert found(None, **environ).source == "PGSERVICE"
    assert found("dbname=sales", **environ).conninfo["dbname"] == "sales"
    assert found("dbname=sales", **environ).conninfo["port"] == "6543"


def test_a_service_that_only_libpq_can_find_is_left_to_it(services: str) -> None:
    target = found("service=directory", PGSERVICEFILE=services)
    assert target.conninfo["service"] == "directory"


def test_an_unknown_service_is_said_with_the_files(services: str) -> None:
    with pytest.raises(UsageProblem, match="service staging is in none") as caught:
        found("service=staging", PGSERVICEFILE=services)
    assert services in caught.value.hint


def test_a_variable_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UsageProblem, match="DATABASE_URL: this is an address of MySQL") as caught:
        found(None, DATABASE_URL="mysql://app:s3cret@db/shop", PGHOST="db")
    assert "unset DATABASE_URL" in caught.value.hint
    assert "s3cret" not in f"{caught.value!r}{caught.value.hint}"


@pytest.mark.parametrize("word", ["shop", "stauts"])
def test_a_bare_word_is_no_target(word: str) -> None:
    with pytest.raises(UsageProblem, match=f"{word} is neither an address nor a command") as caught:
        found(word)
    assert "pgdeck demo" in caught.value.hint


def test_an_address_in_the_place_of_a_name_is_refused() -> None:
    with pytest.raises(UsageProblem, match="itself an address") as caught:
        found("host=db", PGDATABASE="postgres://app:s3cret@db/shop")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"host": "/run/pg", "dbname": "shop"}, "local:5432/shop"),
        ({"host": "::1", "port": "1", "dbname": "shop"}, "[::1]:1/shop"),
        ({"host": "a,b", "port": "1,", "dbname": "shop"}, "a:1,b:5432/shop"),
        ({"host": "a,b", "port": "7", "dbname": "shop"}, "a:7,b:7/shop"),
        ({"hostaddr": "192.0.2.1", "user": "app"}, "192.0.2.1:5432/app"),
    ],
)
def test_endpoints(keywords: dict[str, str], expected: str) -> None:
    assert endpoint(Conninfo(keywords)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "could not connect to postgresql://app:s3cret@db/shop",
        "postgresql+asyncpg://app:a@s3cret/x@db/shop",
        "host=db password=s3cret dbname=shop",
        "host=db password='my s3cret' dbname=shop",
        "{'password': 's3cret', 'user': 'app'}",
        "PGPASSWORD=s3cret psql",
    ],
)
def test_texts_are_redacted(text: str) -> None:
    assert "s3cret" not in redact(text)
    assert "***" in redact(text)


def test_known_secrets_are_redacted_in_every_form() -> None:
    secrets = secrets_of(["postgresql://app:p%40ss@db"], {"PGPASSWORD": "it's"})
    assert redact("p@ss p%40ss it's", secrets) == "*** *** ***"
    assert "mess" not in redact("read mess", secrets_of(["mess"], {}))
