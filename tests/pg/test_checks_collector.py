"""The source of checks on live servers: books judged side by side, with pardons and a past."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pgdeck.checks.collector import Bench, ChecksCollector
from pgdeck.checks.pardons import FilePardons
from pgdeck.checks.policy import Policy, Setting
from pgdeck.checks.samples import FileSamples
from pgdeck.core.check import (
    Book,
    Check,
    Checks,
    Pardon,
    PardonKind,
    Reading,
    Rule,
    State,
    Thresholds,
)
from pgdeck.core.rows import Query, Rows
from pgdeck.core.snapshot import Failure
from pgdeck.core.source import Answer, Context
from pgdeck.errors import Problem
from pgdeck.watch.once import collect_once
from pgdeck.wiring import server_collector
from servers import LiveServer
from watching import look, target_of

NOW = datetime.now(UTC)


def count(answer: Answer, thresholds: Thresholds) -> Iterator[Reading]:
    """Judge the number that a question came to."""
    if isinstance(answer, Failure):
        yield Reading(State.UNKNOWN, answer.message, fix=answer.hint)
        return
    assert isinstance(answer, Rows)
    value = float(str(answer.rows[0][0]))
    yield Reading(thresholds.judge(value), f"There are {value:.0f}", value)


def stumble(_answer: Answer, _thresholds: Thresholds) -> Iterator[Reading]:
    yield Reading(State.CRITICAL, "Half of it is known")
    raise ZeroDivisionError("a rule's mistake")


class Counting:
    """A book that counts by one statement."""

    def __init__(self, name: str, sql: str, *judges: Any) -> None:
        self.name = name
        self.asked = Query(f"book_{name}", sql)
        self.waiting: frozenset[str] = frozenset()
        self.rules: tuple[Rule[Answer], ...] = tuple(
            Rule(f"{name}_{judge.__name__}", name, judge, Thresholds(1.0, 10.0))
            for judge in judges or (count,)
        )

    async def gather(self, ctx: Context) -> Answer:
        (answer,) = await ctx.ask(self.asked)
        return answer

    def look_again(self, rules: Collection[str]) -> None:
        self.waiting = frozenset(rules)


class Failing(Counting):
    """A book whose gathering is broken."""

    async def gather(self, ctx: Context) -> Answer:
        await super().gather(ctx)
        raise LookupError("a book's mistake")


HEALTHY = Counting("healthy", "SELECT 0")
SICK = Counting("sick", "SELECT 5", count, stumble)
ABSENT = Counting("absent", "SELECT pg_catalog.count(*) FROM nowhere.nothing")
FAILING = Failing("failing", "SELECT 1")


def collector(
    server: LiveServer,
    place: Path,
    *books: Book[Any],
    decide: Callable[[], Policy] = Policy,
    **more: Any,
) -> ChecksCollector:
    bench = Bench(
        target_of(server),
        books,
        decide,
        lambda fingerprint: FilePardons(fingerprint, place / "pardons"),
        FileSamples(place / "samples"),
    )
    return ChecksCollector(bench, **{"patient": False, **more})


def by_rule(checks: Checks) -> dict[str, Check]:
    return {check.rule: check for check in checks.checks}


async def test_what_fails_costs_its_own_rules(any_pg: LiveServer, tmp_path: Path) -> None:
    found = await look(any_pg, collector(any_pg, tmp_path, FAILING, ABSENT, SICK, HEALTHY))

    checks = by_rule(found)
    assert {rule: check.state.word for rule, check in checks.items()} == {
        "failing_count": "unknown",
        "absent_count": "unknown",
        "sick_count": "warning",
        "sick_stumble": "unknown",
        "healthy_count": "ok",
    }
    assert "a book's mistake" in checks["failing_count"].sentence
    assert "a rule's mistake" in checks["sick_stumble"].sentence
    assert found.worst is State.WARNING


async def test_decisions_count(pg18: LiveServer, tmp_path: Path) -> None:
    policy = Policy(
        {"sick_count": Setting({"crit": 5.0}), "healthy_count": Setting(off=True)},
        skip=frozenset(["sick_stumble"]),
    )
    found = await look(pg18, collector(pg18, tmp_path, SICK, HEALTHY, decide=lambda: policy))
    (check,) = found.checks
    assert (check.rule, check.state, check.thresholds.crit) == ("sick_count", State.CRITICAL, 5.0)


async def test_a_patient_look_waits_for_a_second_sample(pg18: LiveServer, tmp_path: Path) -> None:
    sick = Counting("sick", "SELECT 5")
    patient = collector(pg18, tmp_path, sick, patient=True)
    assert (await look(pg18, patient)).worst is State.OK
    assert (await look(pg18, patient)).worst is State.WARNING
    # Another database answers: what was known belongs to the one before.
    name = pg18.create_database("checks_elsewhere")
    try:
        assert (await look(pg18, patient, name)).worst is State.OK
    finally:
        pg18.sql(f"DROP DATABASE {name} WITH (FORCE)")


async def test_each_way_to_a_database_has_a_past(pg18: LiveServer, tmp_path: Path) -> None:
    class Past:
        def __init__(self) -> None:
            self.names: list[str] = []

        def bind(self, name: str) -> None:
            self.names.append(name)

    past = Past()
    for host in ("127.0.0.1", "localhost"):
        target = target_of(pg18)
        target = replace(target, conninfo=target.conninfo.with_keywords(host=host))
        bench = Bench(target, [HEALTHY], Policy, lambda name: FilePardons(name, tmp_path), past)
        for _ in range(2):
            await collect_once(target, [ChecksCollector(bench)])
    # A standby has its primary's fingerprint, and counters of its own.
    assert len(past.names) == 4
    assert len(set(past.names)) == 2
    mark = await fingerprint(pg18)
    assert all(name.startswith(mark) for name in past.names)


async def test_pardons_belong_to_one_database(pg18: LiveServer, tmp_path: Path) -> None:
    sick = Counting("sick", "SELECT 5")
    await look(pg18, collector(pg18, tmp_path, sick))
    held = Pardon(PardonKind.ACKNOWLEDGED, "sick_count", "", "ada", "known", NOW)
    FilePardons(await fingerprint(pg18), tmp_path / "pardons").add(held)

    assert (await look(pg18, collector(pg18, tmp_path, sick))).alerts == ()
    name = pg18.create_database("checks_elsewhere")
    try:
        assert len((await look(pg18, collector(pg18, tmp_path, sick), name)).alerts) == 1
    finally:
        pg18.sql(f"DROP DATABASE {name} WITH (FORCE)")
    # All is well for once, and what was acknowledged counts again.
    well = Counting("sick", "SELECT 0")
    trying = collector(pg18, tmp_path, well, forgives=False)
    assert (await look(pg18, trying)).worst is State.OK
    assert (await look(pg18, collector(pg18, tmp_path, sick))).alerts == ()
    await look(pg18, collector(pg18, tmp_path, well))
    assert len((await look(pg18, collector(pg18, tmp_path, sick))).alerts) == 1


async def fingerprint(server: LiveServer) -> str:
    """Return the fingerprint of the database."""
    return str((await look(server, server_collector())).fingerprint)


@pytest.mark.parametrize("wrong", ["pardons", "policy"])
async def test_what_cannot_be_read_is_said_and_not_guessed(
    pg18: LiveServer, tmp_path: Path, wrong: str
) -> None:
    def decide() -> Policy:
        if wrong == "policy":
            raise Problem("config.toml:3: there is no rule x", "did you mean y?")
        return Policy()

    place = tmp_path / "pardons"
    place.mkdir()
    if wrong == "pardons":
        (place / f"{await fingerprint(pg18)}.json").write_text("{")
    broken = collector(pg18, tmp_path, HEALTHY, decide=decide)
    taken = await collect_once(target_of(pg18), [broken])
    failure = taken["checks"].failure
    assert failure is not None
    assert failure.hint
    assert ".json" in failure.message if wrong == "pardons" else ":3:" in failure.message
