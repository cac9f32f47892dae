"""The ladder from a configuration to a screen full of data: each rung, and what was found there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from pgdeck.core.target import Target

RUNGS: Mapping[str, str] = {
    "configuration": "configuration",
    "name": "name",
    "port": "port",
    "protocol": "PostgreSQL",
    "tls": "TLS",
    "server": "server",
    "slots": "slots",
    "login": "login",
    "role": "role",
    "database": "database",
    "pooler": "pooler",
    "rights": "rights",
    "tools": "tools",
}
"""Every rung by the name that programs read, in the order of trying, and its title."""

QUESTIONS: Mapping[str, str] = {
    "configuration": "is there an address, and are the files that it names in order",
    "name": "does the host's name resolve",
    "port": "does anything accept connections there",
    "protocol": "is it PostgreSQL",
    "tls": "is the line as secret as the address asks",
    "server": "does the server accept sessions, and is it one that pgdeck knows",
    "slots": "is there a free slot",
    "login": "is the password, or what stands for it, accepted",
    "role": "is there such a role, and may it log in",
    "database": "is there such a database, and may the role enter it",
    "pooler": "is there a pooler between, and does it reach its server",
    "rights": "which screens stay half empty for this role",
    "tools": "are psql, pg_dump and pg_restore here, and not older than the server",
}
"""What is asked on each rung."""

FAILED, WRONG, UNREACHABLE = 1, 2, 4


class Verdict(StrEnum):
    """What came of a rung."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "not needed"
    UNREACHED = "not reached"


class Note(Struct, frozen=True):
    """Something worth knowing that is no failure, and what to do about it, if anything."""

    said: str
    cure: str = ""


class Rung(Struct, frozen=True):
    """One rung after it was tried: what was found, and for a failure its cause and its cure.

    `took` is in seconds, None where nothing was waited for.
    """

    name: str
    verdict: Verdict
    said: str = ""
    cause: str = ""
    cure: str = ""
    notes: tuple[Note, ...] = ()
    took: float | None = None

    @property
    def title(self) -> str:
        """What a person calls it."""
        return RUNGS[self.name]

    def with_notes(self, *notes: Note) -> Rung:
        """Return the same rung with more notes; one that was fine becomes a warning by a cure."""
        warned = self.verdict is Verdict.OK and any(note.cure for note in notes)
        verdict = Verdict.WARNING if warned else self.verdict
        return replace(self, verdict=verdict, notes=(*self.notes, *notes))


def fine(name: str, said: str, *notes: Note, took: float | None = None) -> Rung:
    """Return a rung that holds; a note with a cure makes it a warning."""
    return Rung(name, Verdict.OK, said, took=took).with_notes(*notes)


def failed(name: str, said: str, cause: str = "", cure: str = "", *notes: Note) -> Rung:
    """Return a rung that does not hold."""
    return Rung(name, Verdict.FAILED, said, cause, cure, notes)


def skipped(name: str, said: str) -> Rung:
    """Return a rung that this way does not need."""
    return Rung(name, Verdict.SKIPPED, said)


def unreached(name: str) -> Rung:
    """Return a rung that was not tried, for one below it failed."""
    return Rung(name, Verdict.UNREACHED)


class Ladder(Struct, frozen=True):
    """All rungs in their order, after the last one was tried."""

    rungs: tuple[Rung, ...]

    @property
    def broken(self) -> Rung | None:
        """The first rung that does not hold."""
        return next((rung for rung in self.rungs if rung.verdict is Verdict.FAILED), None)

    @property
    def verdict(self) -> Verdict:
        """The worst that was found."""
        found = {rung.verdict for rung in self.rungs}
        return next(
            (each for each in (Verdict.FAILED, Verdict.WARNING) if each in found), Verdict.OK
        )

    @property
    def exit_code(self) -> int:
        """0 when pgdeck can work here, 2 for a wrong configuration, 4 when the way is broken."""
        rung = self.broken
        if rung is None:
            return 0
        if rung.name == "configuration":
            return WRONG
        reached = any(each.name == "rights" and each.verdict in _SEEN for each in self.rungs)
        return FAILED if reached else UNREACHABLE


Report = Callable[[Rung], None]
"""Is given each rung as soon as it is known."""

Examine = Callable[[Target, Report], Awaitable[Ladder]]
"""Tries every rung of a target; bounded in time on each."""


def without_target(message: str, hint: str) -> Ladder:
    """Return the ladder of a configuration that names no target, or a wrong one."""
    first = failed("configuration", message, "", hint)
    return Ladder((first, *(unreached(name) for name in RUNGS if name != first.name)))


_SEEN = (Verdict.OK, Verdict.WARNING, Verdict.FAILED)


def conclusion(ladder: Ladder) -> str:
    """Say in one sentence what came of it."""
    rung = ladder.broken
    if rung is not None:
        return f"The first rung that does not hold is {rung.title}."
    warned = [each.title for each in ladder.rungs if each.verdict is Verdict.WARNING]
    if warned:
        return f"Every rung holds; worth a look: {', '.join(warned)}."
    return "Every rung holds."


def ladder_shape(ladder: Ladder) -> dict[str, object]:
    """Return what programs read."""
    broken = ladder.broken
    return {
        "verdict": ladder.verdict.value,
        "failed": broken.name if broken else None,
        "rungs": [
            {
                "rung": rung.name,
                "verdict": rung.verdict.value,
                "said": rung.said,
                "cause": rung.cause,
                "cure": rung.cure,
                "notes": [{"said": note.said, "cure": note.cure} for note in rung.notes],
                "seconds": None if rung.took is None else round(rung.took, 4),
            }
            for rung in ladder.rungs
        ],
    }
