"""All databases that there are names for: those of the configuration, visited ones, services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pgdeck.core.address import place
from pgdeck.core.fleet import Member
from pgdeck.core.target import Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import find_target
from pgdeck.targets.recent import Visit, read_visits
from pgdeck.targets.service import service_names


def roster(
    current: Target | None,
    named: Sequence[Member],
    environ: Mapping[str, str] | None,
    state: Path | None,
) -> list[Member]:
    """Return every database once, recent ones first, then as they are named.

    Without an environment there are no services.  Where two lead to one place the one with a name
    of a person's own stays.
    """
    visits = read_visits(state) if state is not None else []
    listed = [] if current is None else [_called(current, named)]
    services = () if environ is None else _services(environ)
    every = [*named, *(Member(each.name, each.target()) for each in visits), *services]
    known = {_place(member) for member in listed}
    for member in every:
        if member.target is None or _place(member) not in known:
            listed.append(member)
            known.add(_place(member))
    return sorted(listed, key=lambda member: _rank(member, current, visits))


def _called(current: Target, named: Sequence[Member]) -> Member:
    """Return the current target under the name that a person gave to its place."""
    here = place(current.conninfo)
    name = next((each.name for each in named if _place(each) == here), current.name)
    return Member(name, current)


def _rank(member: Member, current: Target | None, visits: Sequence[Visit]) -> int:
    if member.target is None:
        return len(visits) + 1
    if current is not None and member.target is current:
        return -1
    places = [visit.place for visit in visits]
    found = _place(member)
    return places.index(found) if found in places else len(visits)


def _services(environ: Mapping[str, str]) -> Iterator[Member]:
    """Yield the entries of libpq's service files; nobody named them to pgdeck."""
    for name in service_names(environ):
        try:
            target = find_target(f"service={name}", environ)
        except UsageProblem as problem:
            yield Member(name, problem=problem, asked=False)
        else:
            yield Member(name, target, asked=False)


def _place(member: Member) -> str:
    return "" if member.target is None else place(member.target.conninfo)
