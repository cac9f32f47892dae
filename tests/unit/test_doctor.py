"""The ladder without a server: the password file, certificates' names, refusals, and its text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.ladder import (
    RUNGS,
    Ladder,
    Note,
    Verdict,
    conclusion,
    failed,
    fine,
    ladder_shape,
    unreached,
    without_target,
)
from pgdeck.core.ladder_text import rung_lines
from pgdeck.core.text import cell_width
from pgdeck.doctor.passfile import find_password, read_passfile
from pgdeck.doctor.refusals import Case, Refusal, judge_refusal
from pgdeck.doctor.rights import judge_rights
from pgdeck.doctor.tls import fits, wish_of
from pgdeck.targets.passfile import wanted_of

SHOP = ("db.example.com", "5432", "shop", "app")
CASE = Case("db.example.com:5432", "app", "shop")


def passfile(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    file = tmp_path / "pgpass"
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    "line",
    [
        "db.example.com:5432:shop:app:secret",
        "*:*:*:*:secret",
        r"db.example.com:5432:shop:app:se\:cret",
        r"db\.example.com:*:shop:app:",
    ],
)
def test_a_line_of_the_password_file_that_fits(tmp_path: Path, line: str) -> None:
    found = read_passfile(passfile(tmp_path, f"# mine\n\n{line}\n"), SHOP)

    assert (found.line, found.note) == (3, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("db.example.com:5433:shop:app:secret", "its port is 5433, not 5432"),
        ("other:5432:shop:app:secret", "its host is other, not db.example.com"),
        ("db.example.com:5432:Shop:app:secret", "its database is Shop, not shop"),
        ("db.example.com:5432:shop:se:cret", "its login is another, not app"),
        ("db.example.com:5432:app:secret", "it has four fields, not five"),
    ],
)
def test_the_line_that_nearly_fits_is_named_without_its_secret(
    tmp_path: Path, line: str, said: str
) -> None:
    note = read_passfile(passfile(tmp_path, f"{line}\n"), SHOP).note

    assert note is not None
    assert f"line 1 nearly does: {said}" in note.said
    assert not any(secret in note.said + note.cure for secret in ("secret", "cret"))


def test_a_password_file_that_others_may_read_serves_nobody(tmp_path: Path) -> None:
    found = read_passfile(passfile(tmp_path, "*:*:*:*:secret\n", 0o640), SHOP)

    assert not found.serves
    assert found.note == Note(
        f"{found.path} is ignored: its mode is 0640, others may read it", f"chmod 600 {found.path}"
    )


def test_no_password_file_is_no_note(tmp_path: Path) -> None:
    assert read_passfile(tmp_path / "none", SHOP).note is None
    assert "no plain file" in str(read_passfile(tmp_path, SHOP).note)


def test_the_address_wins_over_the_variable_and_that_over_the_file(tmp_path: Path) -> None:
    file = passfile(tmp_path, "*:*:*:*:c\n")
    keywords = {"password": "a", "passfile": str(file)}
    environ = {"PGPASSWORD": "b"}

    found = find_password(keywords, environ, "DATABASE_URL")

    assert found.source == "DATABASE_URL"
    assert found.unused == ("PGPASSWORD", f"line 1 of {file}")


def test_a_socket_goes_by_localhost() -> None:
    keywords = {"host": "/var/run/postgresql", "user": "app"}

    assert wanted_of(keywords, {}) == ("localhost", "5432", "app", "app")


@pytest.mark.parametrize(
    ("host", "names", "holds"),
    [
        ("db.example.com", ("DB.example.com",), True),
        ("db.example.com", ("*.example.com",), True),
        ("a.db.example.com", ("*.example.com",), False),
        ("example.com", ("*.example.com",), False),
        ("10.0.0.5", ("10.0.0.5",), True),
        ("10.0.0.5", ("db",), False),
        ("::1", ("0:0:0:0:0:0:0:1",), True),
    ],
)
def test_names_of_certificates(host: str, names: tuple[str, ...], holds: bool) -> None:
    assert fits(host, names) is holds


def test_require_with_an_authority_verifies_as_libpq_does(tmp_path: Path) -> None:
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_text("x")

    assert wish_of({"sslmode": "require"}, {"HOME": str(tmp_path)}).mode == "verify-ca"
    assert wish_of({}, {"HOME": str(tmp_path)}).mode == "prefer"
    assert wish_of({"sslrootcert": "system"}, {}).mode == "verify-full"


@pytest.mark.parametrize(
    ("refusal", "rung", "word"),
    [
        (Refusal("the database system is in recovery mode", "57P03"), "server", "crashed"),
        (Refusal("the database system is shutting down", "57P03"), "server", "shutting down"),
        (Refusal("le système démarre", "57P03"), "server", "starting up"),
        (
            Refusal(
                "the database system is not yet accepting connections",
                "57P03",
                "Consistent recovery state has not been yet reached.",
            ),
            "server",
            "standby",
        ),
        (Refusal("trop de clients", "53300"), "slots", "full"),
        (Refusal("no more connections allowed (max_client_conn)"), "slots", "pooler"),
        (Refusal("pgbouncer cannot connect to server"), "pooler", "its server does not"),
        (Refusal("server login has been failing, cached error: x"), "pooler", "its server"),
        (Refusal("no such database: shop"), "database", "no database shop"),
        (Refusal('cannot connect to invalid database "shop"'), "database", "half there"),
        (Refusal("No answer from the local socket (no such socket)"), "port", "no such socket"),
        (Refusal("No answer from h:1 (connection refused)"), "port", "connection refused"),
        (Refusal("unsupported startup parameter: options"), "pooler", "sends along"),
        (Refusal(""), "login", "did not say why"),
        (Refusal("something quite new"), "login", "something quite new"),
    ],
)
def test_refusals_that_no_quick_server_gives(refusal: Refusal, rung: str, word: str) -> None:
    judged = judge_refusal(refusal, CASE)

    assert (judged.name, judged.verdict) == (rung, Verdict.FAILED)
    assert word in judged.said
    assert judged.cause or judged.cure


def test_a_role_that_sees_everything_is_told_so() -> None:
    row = {
        "stats": True,
        "settings": True,
        "hidden_tables": 0,
        "hidden_sequences": 0,
        "closed": None,
        "counting": True,
        "counter_schema": None,
        "counter_usable": None,
    }

    rung = judge_rights(row, "app", superuser=False)

    assert (rung.verdict, rung.said) == (Verdict.OK, "app sees all that the screens show")
    assert "CREATE EXTENSION" in rung.notes[0].said


def test_exit_codes_say_how_far_it_went() -> None:
    rights = failed("rights", "no", "because")
    below = [fine(name, "well") for name in RUNGS if name not in ("rights", "tools")]

    assert without_target("no database is named", "name one").exit_code == 2
    assert Ladder((failed("port", "no"), *map(unreached, RUNGS))).exit_code == 4
    assert Ladder((*below, rights)).exit_code == 1
    warned = Ladder((*below, fine("tools", "old", Note("old", "install"))))
    assert (warned.exit_code, warned.verdict) == (0, Verdict.WARNING)
    assert conclusion(warned) == "Every rung holds; worth a look: tools."


def test_what_programs_read_is_complete() -> None:
    shape = ladder_shape(without_target("no database is named", "name one"))

    assert shape["verdict"] == "failed"
    assert shape["failed"] == "configuration"
    assert [rung["rung"] for rung in shape["rungs"]] == list(RUNGS)  # type: ignore[attr-defined]


@given(st.text(max_size=80), st.integers(20, 160), st.booleans())
def test_no_line_is_too_wide_or_hostile(text: str, width: int, ascii: bool) -> None:
    rung = failed("port", text, text, text, Note(text, text))

    for line in rung_lines(rung, width, ascii=ascii):
        shown = "".join(part for part, _ in line)
        assert cell_width(shown) <= width
        assert shown.isprintable()
        assert not ascii or shown.isascii()
