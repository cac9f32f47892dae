"""From one sample's readings to the state that is shown: nothing flaps, nothing is made up; pure.

A warning counts after two samples in a row, a critical one at once; two samples below it end
either.  What is judged anew on the facts of an earlier sample is none.  Unknown neither confirms
nor clears: it is shown at once, and what stood before stands again when it can be seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pgdeck.core.check import Check, Checks, Pardon, Reading, Rule, State, Thresholds
from pgdeck.core.history import History

CONFIRM = 2
"""Samples in a row that make a warning, and that end an alert."""

SILENT = Reading(State.UNKNOWN, "The rule said nothing about this sample")
ALERTS = (State.WARNING, State.CRITICAL)


class Judged(Struct, frozen=True):
    """What a rule made of one sample, under the thresholds that it was given."""

    rule: Rule[Any]
    thresholds: Thresholds
    readings: tuple[Reading, ...]
    is_new: bool = True
    """Whether the facts were gathered for this sample."""


class _Subject(Struct):
    """The past of one subject of a rule."""

    needed: int
    from_start: bool
    """Whether it was there in the rule's first sample."""
    confirmed: State = State.OK
    """What stands, unknown left aside."""
    shown: State = State.OK
    since: datetime | None = None
    stood_since: datetime | None = None
    """When what stands was entered: it keeps its time over an unknown spell."""
    raised: int = 0
    """Samples in a row that were a warning or worse; then those below critical, and the ok ones."""
    calm: int = 0
    clear: int = 0
    samples: int = 0
    known: bool = False
    """Whether any sample could be judged."""
    reading: Reading = SILENT
    said: Reading | None = None
    """The last reading that raised an alert: its sentence stays while that clears."""
    history: History = field(default_factory=History)

    def take(self, reading: Reading, at: float, wall: datetime, *, is_new: bool = True) -> None:
        """Take one sample; of what is not new only a critical state counts, and at once."""
        self.samples += is_new
        self.history.add(at, reading.value)
        self.reading = reading
        worse = reading.state is State.CRITICAL and self.confirmed is not State.CRITICAL
        if reading.state is not State.UNKNOWN and (is_new or worse):
            self._count(reading.state)
            self._settle(wall)
        shown = self._now()
        if shown is not self.shown:
            self.since = self.stood_since if shown in ALERTS else self._began(shown, wall)
            self.shown = shown
        self.known = self.known or reading.state is not State.UNKNOWN
        if reading.state in ALERTS:
            self.said = reading

    def _count(self, state: State) -> None:
        self.raised = self.raised + 1 if state in ALERTS else 0
        self.calm = 0 if state is State.CRITICAL else self.calm + 1
        self.clear = self.clear + 1 if state is State.OK else 0

    def _settle(self, wall: datetime) -> None:
        """Let what stands follow the counts."""
        state = self.confirmed
        if self.calm == 0:
            state = State.CRITICAL
        elif state is State.OK:
            state = State.WARNING if self.raised >= self.needed else State.OK
        elif self.clear >= self.needed:
            state = State.OK
        elif state is State.CRITICAL and self.calm >= self.needed:
            state = State.WARNING
        if state is not self.confirmed:
            self.confirmed = state
            self.stood_since = self._entered(wall)

    def _began(self, shown: State, wall: datetime) -> datetime | None:
        """Return since when a calm state is shown; of the first that can be seen nobody knows."""
        return None if shown is State.OK and not self.known else self._entered(wall)

    def _entered(self, wall: datetime) -> datetime | None:
        """Return when the present state began; None when it was so before the first sample."""
        always = self.samples <= 1 or self.raised == self.samples
        # A single look cannot know since when.
        return None if self.needed == 1 or (self.from_start and always) else wall

    def _now(self) -> State:
        return State.UNKNOWN if self.reading.state is State.UNKNOWN else self.confirmed

    @property
    def wavers(self) -> bool:
        """Whether the last reading says something else than what stands."""
        return self.reading.state not in (State.UNKNOWN, self.confirmed)

    @property
    def words(self) -> Reading:
        """What is said: the newest reading, or while an alert clears the one that raised it."""
        if self.shown in ALERTS and self.reading.state is State.OK and self.said is not None:
            return replace(self.said, value=self.reading.value)
        return self.reading


class _Past(Struct):
    """The past of one rule: its subjects, and who was not ok in the last samples."""

    subjects: dict[str, _Subject]
    troubled: deque[frozenset[str]]


class Engine:
    """Keeps the past that the states need.

    Without `patient` there is no past to speak of: a single look, where the raw state counts.
    Times come with each sample.
    """

    def __init__(self, *, patient: bool = True) -> None:
        self._needed = CONFIRM if patient else 1
        self._rules: dict[str, _Past] = {}

    def take(
        self,
        sample: Sequence[Judged],
        pardons: Iterable[Pardon] = (),
        *,
        at: float,
        wall: datetime,
    ) -> Checks:
        """Return the checks after one sample, taken at monotonic `at` and UTC `wall`."""
        kept = {each.rule.name for each in sample}
        for gone in self._rules.keys() - kept:
            del self._rules[gone]
        pardoned = {(pardon.rule, pardon.subject): pardon for pardon in pardons}
        checks: list[Check] = []
        for each in sample:
            self._rule(each, at, wall)
            checks += self._checks(each, pardoned)
        return Checks(tuple(sorted(checks, key=_order)))

    def is_over(self, rule: str, subject: str) -> bool:
        """Say whether an alert is past: enough samples in a row knew of nothing of the kind.

        An empty subject means every subject of the rule.
        """
        past = self._rules.get(rule)
        if past is None or len(past.troubled) < self._needed:
            return False
        if not subject:
            return not any(past.troubled)
        return not any(subject in troubled or "" in troubled for troubled in past.troubled)

    @property
    def undecided(self) -> frozenset[str]:
        """The rules that another sample would settle."""
        return frozenset(
            name
            for name, past in self._rules.items()
            if any(subject.wavers for subject in past.subjects.values())
        )

    def _rule(self, judged: Judged, at: float, wall: datetime) -> None:
        past = self._rules.setdefault(judged.rule.name, _Past({}, deque(maxlen=self._needed)))
        first = not past.troubled
        is_new = judged.is_new or first
        readings = {each.subject: each for each in judged.readings} or {"": SILENT}
        troubled = frozenset(name for name, each in readings.items() if each.state is not State.OK)
        if is_new:
            past.troubled.append(troubled)
        else:
            past.troubled[-1] |= troubled
        whole = readings.get("")
        lost = whole is not None and whole.state is State.UNKNOWN
        for name, reading in readings.items():
            subject = past.subjects.setdefault(name, _Subject(self._needed, first))
            subject.take(reading, at, wall, is_new=is_new)
        for name in past.subjects.keys() - readings.keys():
            subject = past.subjects[name]
            if lost:
                assert whole is not None
                subject.take(replace(whole, subject=name), at, wall, is_new=is_new)
                continue
            gone = Reading(State.OK, "It is gone", subject=name)
            subject.take(gone, at, wall, is_new=is_new)
            if subject.confirmed is State.OK:
                del past.subjects[name]

    def _checks(
        self, judged: Judged, pardoned: Mapping[tuple[str, str], Pardon]
    ) -> Iterable[Check]:
        """Return a check for each subject that is not ok, else the first one there is."""
        subjects = self._rules[judged.rule.name].subjects
        whole = subjects.get("")
        if whole is not None and whole.shown is State.UNKNOWN:
            yield _check(judged, "", whole, pardoned)
            return
        troubled = [name for name, each in subjects.items() if each.shown is not State.OK]
        for name in troubled or [judged.readings[0].subject]:
            yield _check(judged, name, subjects[name], pardoned)


def _check(
    judged: Judged, name: str, subject: _Subject, pardoned: Mapping[tuple[str, str], Pardon]
) -> Check:
    rule, words = judged.rule, subject.words
    alerts = subject.shown in ALERTS
    pardon = pardoned.get((rule.name, name)) or pardoned.get((rule.name, ""))
    return Check(
        rule=rule.name,
        title=rule.title,
        state=subject.shown,
        sentence=words.sentence,
        value=words.value,
        thresholds=judged.thresholds,
        format=rule.format,
        direction=rule.direction,
        subject=name if subject.shown is not State.OK else "",
        fix=words.fix,
        screen=words.screen or rule.screen,
        advice=rule.advice,
        since=subject.since,
        trend=subject.history.series,
        pardon=pardon if alerts or subject.shown is State.UNKNOWN else None,
    )


def _order(check: Check) -> tuple[int, bool]:
    """The most serious first, in each state what nobody pardoned; else as the books have it."""
    return -check.state.severity, check.pardon is not None
