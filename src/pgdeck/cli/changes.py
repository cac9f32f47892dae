"""What changed between two samples of the checks: one change a line; pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.check import Check, Checks, State

Name = tuple[str, str]

START, DROPPED = "start", "not judged"
"""Where a check stands before the first sample, and when its rule is left out."""


class Change(Struct, frozen=True):
    """A check that stands otherwise than before; `check` is how it stands now.

    `before` is a word such as ``ok`` or ``warning, silenced``.
    """

    check: Check
    before: str
    after: str

    @property
    def name(self) -> str:
        """The rule, and what of it is meant."""
        subject = self.check.subject
        return f"{self.check.rule}:{subject}" if subject else self.check.rule


class Standing:
    """How the checks stood when they were last seen.

    A rule that cannot be judged as a whole hides its subjects; those are not over, and say
    nothing until they are seen again.
    """

    def __init__(self) -> None:
        self._known: dict[Name, tuple[str, Check]] = {}
        self._before = START
        self._anew = True

    def begin_anew(self) -> None:
        """Expect the next sample to be the first of a server that came back."""
        self._anew = True

    def take(self, checks: Checks) -> list[Change]:
        """Take a sample; return what changed, the most serious first, what is over last.

        In the first one much is not known yet: that is told if it stays so.
        """
        first, self._anew = self._anew, False
        now = {
            (check.rule, check.subject): check
            for check in checks.checks
            if not (first and check.state is State.UNKNOWN)
        }
        hidden = {
            check.rule
            for check in checks.checks
            if check.state is State.UNKNOWN and not check.subject
        }
        changes = [*self._raised(now), *self._over(now, hidden)]
        kept = {
            name: known
            for name, known in self._known.items()
            if name not in now and name[0] in hidden
        }
        shown = {name: (word(each), each) for name, each in now.items() if word(each) != "ok"}
        self._known = {**kept, **shown}
        self._before = "ok"
        return changes

    def _raised(self, now: dict[Name, Check]) -> Iterator[Change]:
        for name, check in now.items():
            before = self._known.get(name)
            if word(check) != "ok" and (before is None or before[0] != word(check)):
                yield Change(check, before[0] if before else self._before, word(check))

    def _over(self, now: dict[Name, Check], hidden: set[str]) -> Iterator[Change]:
        for name, (before, last) in self._known.items():
            present = now.get(name)
            if present is not None and word(present) != "ok":
                continue
            if present is None and name[0] in hidden:
                continue
            whole = present or now.get((name[0], ""))
            judged = any(rule == name[0] for rule, _ in now)
            yield Change(_ended(last, whole), before, "ok") if judged else _dropped(last, before)


def word(check: Check) -> str:
    """Return a check's state, and whether somebody knows of it."""
    return check.state.word + (f", {check.pardon.kind.value}" if check.pardon else "")


def _dropped(last: Check, before: str) -> Change:
    """Return that a check is left out from now on, which does not mean that it is over."""
    return Change(replace(last, sentence="It is not judged any more"), before, DROPPED)


def _ended(last: Check, whole: Check | None) -> Check:
    """Return how a check that is over stands: as its rule does, else as what is gone."""
    sentence = whole.sentence if whole else f"No longer: {last.sentence}"
    value = whole.value if whole else None
    return replace(last, state=State.OK, sentence=sentence, value=value, fix="", pardon=None)
