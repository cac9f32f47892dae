"""Screen files: what they may hold, and how a mistake is said."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.header import parse_companion, parse_screen, parse_variant
from pgdeck.core.rules import (
    COLUMN_KEYS,
    COMPANION_KEYS,
    REQUIRES_KEYS,
    SCREEN_KEYS,
    SORT_KEYS,
    Rule,
    RuleError,
)
from pgdeck.core.spec import Align, Column, Direction, Format, Requires, ScreenSpec, Sort
from pgdeck.core.statement import StatementError, one_statement
from pgdeck.errors import UsageProblem

SCREENS = Path(__file__).parents[2] / "screens"
SCHEMA = json.loads((SCREENS / "schema.json").read_text())
HEADER = """/*
title = "Locks"
key = "5"
row_key = ["pid"]
sort = { column = "wait_s", descending = true }
requires = { extension = "pgrowlocks", privilege = "pg_monitor", minimum_version = 16 }

[[columns]]
name = "pid"
priority = 0

[[columns]]
name = "wait_s"   # a comment
label = "waits"
format = "age"
width = 6
warn = 5
bad = 60.5
direction = "low"
*/
SELECT 1 AS pid, 2 AS wait_s;
"""


def read(text: str, name: str = "locks.sql", **options: bool) -> ScreenSpec:
    return parse_screen(Path(name), text, **options)


def complaint(text: str, name: str = "locks.sql", **options: bool) -> UsageProblem:
    with pytest.raises(UsageProblem) as raised:
        read(text, name, **options)
    return raised.value


def test_a_screen() -> None:
    spec = read(HEADER)
    assert (spec.name, spec.title, spec.key, spec.row_key) == ("locks", "Locks", "5", ("pid",))
    assert spec.sort == Sort("wait_s", True)
    assert spec.requires == Requires("pgrowlocks", "pg_monitor", 16)
    assert spec.variants == {0: "SELECT 1 AS pid, 2 AS wait_s"}
    assert spec.columns == (
        Column("pid", "pid", priority=0),
        Column("wait_s", "waits", Format.AGE, Align.RIGHT, 6, warn=5.0, bad=60.5,
               direction=Direction.LOW),
    )  # fmt: skip
    assert (spec.interval, spec.timeout, spec.limit, spec.order) == (2.0, 3.0, 2000, 100)
    assert read(HEADER.replace("\n", "\r\n")).columns == spec.columns


def test_a_bespoke_screen() -> None:
    spec = read('title = "Overview"\nview = "overview"\nkey = "1"\n', "overview.toml")
    assert (spec.view, spec.variants, spec.columns) == ("overview", {}, ())


@pytest.mark.parametrize(
    ("old", "new", "said", "hint"),
    [
        ('key = "5"', 'kye = "5"', "locks.sql:3: unknown key kye", "did you mean key?"),
        ("width = 6", "widht = 6", "locks.sql:16: unknown key widht", "did you mean width?"),
        ("width = 6", "width = true", "locks.sql:16: width must be a whole number", ""),
        ("width = 6", "width = 999", "locks.sql:16: width must be a whole number from 0", ""),
        ('"age"', '"aeg"', "locks.sql:15: format must be one of text, query", ""),
        ("warn = 5", 'warn = "5"', "locks.sql:17: warn must be a number", ""),
        ('name = "wait_s"', 'name = "pid"', "locks.sql:13: a second column is named pid", ""),
        ('title = "Locks"', "", "locks.sql:1: title is missing", ""),
        ('row_key = ["pid"]', "", "locks.sql:1: row_key is missing", ""),
        ('["pid"]', '["pid", "pid"]', "locks.sql:4: row_key names something twice", ""),
        ('column = "wait_s"', 'column = "x"', "locks.sql:5: sort names x", ""),
        ("descending", "desc", "locks.sql:5: unknown key desc", "did you mean descending?"),
        ("extension", "extention", "locks.sql:6: unknown key extention", "extension?"),
        ('key = "5"', 'key = "55"', "locks.sql:3: key must be one printable", ""),
        ('key = "5"', 'key = "\\u202e"', "locks.sql:3: key must be one printable", ""),
        ('"Locks"', '"a\\u001b[2J"', "locks.sql:2: title must be one line of printable", ""),
        ('key = "5"', 'title = "x"', "locks.sql:3: not TOML: cannot overwrite", ""),
        ('key = "5"', "key = ", "locks.sql:3: not TOML: invalid value", ""),
        ('key = "5"', 'view = "x"', "locks.sql:3: view is for .toml files", ""),
        ("# a comment", "# a /* comment", "locks.sql:1: a comment has no end", ""),
        ("# a comment", "# a /* comment */", "locks.sql:13: the header holds", ""),
        ("wait_s;", "wait_s; DROP TABLE x", "locks.sql:21: a second statement", "exactly one"),
        ("2 AS", "$1 AS", "locks.sql:21: no parameter $1", ""),
        ("2 AS", "'2 AS", "locks.sql:21: a string has no end", ""),
        ("SELECT 1 AS pid, 2 AS wait_s;", "-- nothing", "locks.sql:22: no statement", ""),
        ("SELECT", "\\echo SELECT", "locks.sql:21: a psql command", ""),
        ("/*\n", "SELECT 1; /*\n", "locks.sql:1: the file does not begin with a header", ""),
    ],
)  # fmt: skip
def test_mistakes_have_a_line(old: str, new: str, said: str, hint: str) -> None:
    assert old in HEADER
    problem = complaint(HEADER.replace(old, new, 1))
    assert said in problem.message
    assert hint in problem.hint
    assert problem.exit_code == 2


def test_ones_own_screens_have_limits() -> None:
    own = HEADER.replace('key = "5"', 'actions = ["cancel"]')
    assert read(own).actions == ("cancel",)
    assert "actions are for the screens" in complaint(own, trusted=False).message
    bespoke = 'title = "x"\nview = "overview"'
    assert "are .sql files" in complaint(bespoke, "x.toml", trusted=False).message
    assert read(HEADER, trusted=False).trusted is False
    assert "view is missing" in complaint('title = "x"', "x.toml").message


def test_variants_have_no_header() -> None:
    path = Path("locks@18.sql")
    assert parse_variant(path, "/* For 18: it's new. */\nSELECT 1;") == "SELECT 1"
    assert parse_variant(path, "-- prose\nSELECT 1") == "SELECT 1"
    with pytest.raises(UsageProblem, match=r"locks@18\.sql:1: a variant has no header"):
        parse_variant(path, '/* title = "x" */ SELECT 1')


def test_companions() -> None:
    path = Path("tables+sizes.sql")
    found = parse_companion(
        path, '/* fills = "tables" */ SELECT o, 1 FROM t WHERE o = ANY ($1::text[])'
    )
    assert (found.fills, found.max_age) == ("tables", 30.0)
    for text, said in (
        ('/* fills = "other" */ SELECT $1', "name says tables"),
        ("/* max_age = 3 */ SELECT $1", "fills is missing"),
        ('/* fills = "tables" */ SELECT 1', "has no \\$1"),
        ('/* fills = "tables" */ SELECT $2', "no parameter \\$2"),
        ('/* fills = "tables"\nage = 3 */ SELECT $1', "sizes.sql:2: unknown key age"),
    ):
        with pytest.raises(UsageProblem, match=said):
            parse_companion(path, text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("SELECT  1 -- x\n , 2;\n\n-- end", "SELECT 1\n, 2"),
        ("SELECT 'a;  --b', $q$ ; /* $q$, \"c ; d\"", "SELECT 'a;  --b', $q$ ; /* $q$, \"c ; d\""),
        ("SELECT E'it\\'s; ' /* a /* b ; */ c */ ;", "SELECT E'it\\'s; '"),
        ("SELECT 'a'\n  'b'", "SELECT 'a'\n'b'"),
        ("SELECT 'a''b;' /*x*/ -1", "SELECT 'a''b;' -1"),
        ("SELECT a$b$c, $$;$$", "SELECT a$b$c, $$;$$"),
        ("SELECT 1;;", None),
        ("SELECT 1; SELECT 2", None),
        ("SELECT $x$ ; ", None),
        (" ; ", None),
        ('SELECT "x', None),
        ("SELECT /* x", None),
    ],
)
def test_one_statement(text: str, sent: str | None) -> None:
    if sent is not None:
        assert one_statement(text) == sent
        assert one_statement(sent) == sent
        return
    with pytest.raises(StatementError):
        one_statement(text)


@given(st.text(st.sampled_from("ab'\"$;-/*\\ \n1E"), max_size=30))
def test_any_text_is_a_statement_or_an_error(text: str) -> None:
    try:
        sent = one_statement(text)
    except StatementError as error:
        line = error.line
    else:
        line = 1
        assert one_statement(sent) == sent
    assert 1 <= line <= text.count("\n") + 1


@given(st.text(st.sampled_from('ab=[]"\n#{}1.'), max_size=40))
def test_any_header_is_read_or_refused(text: str) -> None:
    try:
        said = parse_screen(Path("x.sql"), f"/*{text}*/ SELECT 1").source[0].name
    except UsageProblem as problem:
        said = problem.message
    assert said.startswith("x.sql")


TABLES: dict[str, tuple[dict[str, Rule], Any]] = {
    "screen": (dict(SCREEN_KEYS), ScreenSpec),
    "requires": (dict(REQUIRES_KEYS), Requires),
    "sort": (dict(SORT_KEYS), Sort),
    "column": (dict(COLUMN_KEYS), Column),
    "companion": (dict(COMPANION_KEYS), None),
}
SAMPLES: tuple[object, ...] = (
    *("x", "", "text", "left", "high", "rate", "5", "A b", "a\nb", "nope"),
    *(0, 1, -1, 5, 10.5, 3600, 1e9, 0.1, True, False, None),
    *([], ["x"], ["x", "x"], ["A"], [1], {}, {"a": 1}),
)


def allowed(value: object, rule: dict[str, Any]) -> bool:
    """Judge a value as a JSON schema validator would, as far as this schema goes."""
    if "$ref" in rule:
        rule = SCHEMA["$defs"][rule["$ref"].rpartition("/")[2]]
    if "enum" in rule:
        return value in rule["enum"] and isinstance(value, str)
    kinds: dict[str, Any] = {"string": str, "boolean": bool, "array": list, "object": dict,
                             "integer": int, "number": (int, float)}  # fmt: skip
    if not isinstance(value, kinds[rule["type"]]):
        return False
    if rule["type"] in ("integer", "number"):
        low, high = rule.get("minimum", -1e18), rule.get("maximum", 1e18)
        return not isinstance(value, bool) and low <= value <= high
    if isinstance(value, str):
        return len(value) >= rule.get("minLength", 0) and bool(
            re.search(rule.get("pattern", ""), value)
        )
    if isinstance(value, list):
        unique = len({str(part) for part in value}) == len(value)
        return (unique or not rule.get("uniqueItems")) and all(
            allowed(part, rule["items"]) for part in value
        )
    return True


@pytest.mark.parametrize("table", TABLES)
def test_schema_and_parser_agree(table: str) -> None:
    rules, kind = TABLES[table]
    properties = SCHEMA["$defs"][table]["properties"]
    assert set(properties) == set(rules)
    assert SCHEMA["$defs"][table]["additionalProperties"] is False
    for key, rule in rules.items():
        # A table's own keys have their own test; here it is a table or not.
        values = [v for v in SAMPLES if not isinstance(v, dict)] if key == "columns" else SAMPLES
        for value in values:
            try:
                rule(value)
                accepted = True
            except RuleError:
                accepted = False
            if accepted != allowed(value, properties[key]) and value != "a\nb":
                pytest.fail(f"{key} = {value!r}: the parser says {accepted}")
    if kind is not None:
        stated = dict(
            zip(reversed(kind.__struct_fields__), reversed(kind.__struct_defaults__), strict=False)
        )
        for key, rule in properties.items():
            if "default" in rule:
                assert rule["default"] == stated[key], key


def test_the_readme_names_every_key() -> None:
    readme = (SCREENS / "README.md").read_text()
    for rules, _ in TABLES.values():
        for key in rules:
            assert f"`{key}`" in readme or f"{key}," in readme or f"{key} }}" in readme, key
    for format in Format:
        assert f"| `{format}` |" in readme
