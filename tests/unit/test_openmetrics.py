"""Both text forms of metrics, read back by the rules that their readers apply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from pgdeck.cli.families import Known, families
from pgdeck.core.check import Check, Checks, Pardon, PardonKind, State
from pgdeck.core.openmetrics import Family, Kind, Sample, openmetrics, textfile
from pgdeck.core.spec import Format

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
LINE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (NaN|[+-]Inf|-?[\d.]+(?:e[+-]\d+)?)")
SUFFIX = {"counter": "_total", "info": "_info"}
EVIL = 'a"b\\c\nd'


def read(text: str, *, open_form: bool) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return the samples of each series name; fails where a strict reader would."""
    assert text.endswith("\n")
    lines = text.split("\n")[:-1]
    if open_form:
        assert lines.pop() == "# EOF"
    series: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    kind = current = ""
    seen: set[str] = set()
    for line in lines:
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            if name != current:
                assert name not in seen, f"{name} is not in one piece"
                seen.add(name)
                current, kind = name, ""
            assert word in ("TYPE", "HELP", "UNIT") if open_form else word in ("TYPE", "HELP")
            if word == "TYPE":
                kind = rest
            if word == "UNIT":
                assert name.endswith(f"_{rest}")
            continue
        found = LINE.fullmatch(line)
        assert found, line
        assert found[1] == current + (SUFFIX.get(kind, "") if open_form else "")
        labels = tuple(re.findall(LABEL, found[2] or ""))
        assert len(dict(labels)) == len(labels)
        known = series.setdefault(found[1], {})
        assert labels not in known, line
        known[labels] = float(found[len(found.groups())])
    return series


FAMILIES = [
    Family("pgdeck_up", Kind.GAUGE, 'Up or "down"\\\n?', (Sample(1.0),)),
    Family("pgdeck_temp_bytes", Kind.COUNTER, "Bytes.", (Sample(5e15, {"a": EVIL}),), "bytes"),
    Family("pgdeck_server", Kind.INFO, "Who.", (Sample(1.0, {"v": "18"}),)),
    Family("pgdeck_none", Kind.GAUGE, "Nothing.", ()),
    Family("pgdeck_odd", Kind.GAUGE, "Odd.", (Sample(float("inf")), Sample(2.0))),
]


def test_openmetrics_has_types_units_and_an_end() -> None:
    text = openmetrics(FAMILIES)
    series = read(text, open_form=True)
    assert set(series) == {
        "pgdeck_up",
        "pgdeck_temp_bytes_total",
        "pgdeck_server_info",
        "pgdeck_odd",
    }
    assert series["pgdeck_temp_bytes_total"] == {(("a", 'a\\"b\\\\c\\nd'),): 5e15}
    # Two samples of the same labels would make a reader refuse all.
    assert series["pgdeck_odd"] == {(): float("inf")}
    assert "# TYPE pgdeck_temp_bytes counter\n# UNIT pgdeck_temp_bytes bytes\n" in text


def test_a_textfile_has_no_end_and_names_counters_in_full() -> None:
    text = textfile(FAMILIES)
    series = read(text, open_form=False)
    assert set(series) == {
        "pgdeck_up",
        "pgdeck_temp_bytes_total",
        "pgdeck_server_info",
        "pgdeck_odd",
    }
    assert "# TYPE pgdeck_temp_bytes_total counter" in text
    assert "# TYPE pgdeck_server_info gauge" in text
    assert "EOF" not in text
    assert "UNIT" not in text


def check(rule: str, state: State, value: float | None, form: Format, subject: str = "") -> Check:
    return Check(rule, rule.title(), state, "", value, format=form, subject=subject)


def found(*checks: Check) -> Mapping[str, Mapping[tuple[tuple[str, str], ...], float]]:
    known = Known("db:5432/shop", 0.5, checks=Checks(checks))
    return read(openmetrics(families(known)), open_form=True)


def test_every_rule_has_its_state_and_its_value_with_its_unit() -> None:
    series = found(
        check("slots", State.CRITICAL, 7.0, Format.BYTES, "a"),
        check("slots", State.WARNING, 3.0, Format.BYTES, EVIL),
        check("connections", State.WARNING, 0.8, Format.RATIO),
        check("archiving", State.UNKNOWN, None, Format.COUNT),
        check("bloat", State.OK, 12.5, Format.PERCENT),
    )

    def by_rule(name: str) -> dict[str, int]:
        return {dict(labels)["rule"]: int(value) for labels, value in series[name].items()}

    assert by_rule("pgdeck_check_state") == {
        "connections": 1,
        "slots": 2,
        "archiving": 3,
        "bloat": 0,
    }
    assert by_rule("pgdeck_check_alerts") == {
        "connections": 1,
        "slots": 2,
        "archiving": 0,
        "bloat": 0,
    }
    target = (("target", "db:5432/shop"),)
    assert series["pgdeck_check_connections_ratio"] == {target: 0.8}
    assert series["pgdeck_check_slots_bytes"] == {target: 7.0}
    assert series["pgdeck_check_bloat_ratio"] == {target: 0.125}
    assert "pgdeck_check_archiving" not in series


def test_what_is_pardoned_raises_no_alarm_there_either() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    pardon = Pardon(PardonKind.SILENCED, "slots", "", "ada", "known", moment, moment)
    series = found(replace(check("slots", State.CRITICAL, 7.0, Format.BYTES), pardon=pardon))
    (state,) = series["pgdeck_check_state"].values()
    (pardoned,) = series["pgdeck_check_pardoned"].values()
    assert (state, pardoned) == (0.0, 1.0)


@pytest.mark.parametrize("write", [openmetrics, textfile])
def test_a_server_that_is_away_is_down(write: object) -> None:
    assert callable(write)
    text = write(families(Known("db:5432/shop", 0.5)))
    assert 'pgdeck_up{target="db:5432/shop"} 0\n' in text
