"""A group of sessions up close: how it divides, its worst sessions, and what to do; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from pgdeck.core.copying import quoted_name
from pgdeck.core.numbers import age
from pgdeck.core.quoting import sql_text
from pgdeck.watch.crowd import By, Connected, Crowd, Limit
from pgdeck.watch.groups import (
    IDLE_WARN,
    LOCAL,
    WARN,
    Group,
    group,
    is_idle_in_transaction,
)

MOST_PARTS, MOST_SESSIONS, MOST_LOGINS = 6, 8, 3
IDLE_MANY, IDLE_SHARE = 10, 0.75
"""Idle sessions, and their share of a group, from which on they are a pool that is too large."""
HELD_MUCH = 0.5
"""Share of all slots from which on a group without a limit deserves one."""
UNSEEN = "not visible"


class Section(Struct, frozen=True):
    """Lines under a heading."""

    title: str
    lines: tuple[str, ...]
    deed: str = ""
    """What the lines do in a few words where they are statements, else empty."""


def close_up(chosen: Group, crowd: Crowd) -> tuple[Section, ...]:
    """Return what a colleague wants to know of a group, and could act on."""
    sections = [_worst(chosen.members), _divided(chosen), *_limits(chosen, crowd.limits)]
    sections += _advice(chosen, crowd)
    return tuple(section for section in sections if section.lines)


def _divided(chosen: Group) -> Section:
    """Break the group down over the dimensions that it is not grouped by."""
    lines = []
    for by in By:
        if by is chosen.by:
            continue
        parts = group(chosen.members, by)
        said = [f"{_called(part)} {len(part.members)}" for part in parts[:MOST_PARTS]]
        rest = sum(len(part.members) for part in parts[MOST_PARTS:])
        said += [f"others {rest}"] if rest else []
        lines.append(f"{by:<11} {' · '.join(said)}")
    return Section("sessions by", tuple(lines))


def _called(part: Group) -> str:
    if part.name is not None:
        return part.name
    return UNSEEN if part.hidden and part.by in (By.CLIENT, By.STATE) else "without a name"


def _worst(members: Sequence[Connected]) -> Section:
    """Name the sessions that a person would look at first."""
    seen = [each for each in members if _badness(each) > (0, 0.0)]
    seen.sort(key=_badness, reverse=True)
    return Section("worst of them", tuple(_said(each) for each in seen[:MOST_SESSIONS]))


def _badness(each: Connected) -> tuple[int, float]:
    session = each.session
    if is_idle_in_transaction(each):
        return (3, session.state_s or 0.0)
    if session.wants is not None:
        return (2, session.waits_s or 0.0)
    if session.transaction_s is not None:
        return (1, session.transaction_s)
    return (0, 0.0)


def _said(each: Connected) -> str:
    session = each.session
    doing, since = session.state or UNSEEN, session.state_s
    if session.wants is not None:
        doing, since = f"waits for {session.wants}", session.waits_s
    elif session.state == "active":
        since = session.query_s
    lasting = "" if since is None else f" for {''.join(age(since))}"
    by = ", ".join(str(pid) if pid else "a prepared transaction" for pid in session.blocked_by[:4])
    blocked = f", held by {by}" if by else ""
    who = f"{session.application or session.login or ''} {session.login}@{session.database}"
    query = f": {' '.join(session.query.split())[:160]}" if session.query else ""
    return f"{session.pid}  {who}  {doing}{lasting}{blocked}{query}"


def _limits(chosen: Group, limits: Sequence[Limit]) -> Iterator[Section]:
    names = {
        By.LOGIN: {each.session.login for each in chosen.members},
        By.DATABASE: {each.session.database for each in chosen.members},
    }
    binding = [limit for limit in limits if limit.name in names[limit.by]]
    binding.sort(key=lambda limit: -limit.share)
    yield Section(
        "connection limits",
        tuple(f"{limit.by} {limit.name}: {limit.used} of {limit.allowed}" for limit in binding),
    )


def _advice(chosen: Group, crowd: Crowd) -> Iterator[Section]:
    held = [each for each in chosen.members if is_idle_in_transaction(each)]
    long = [each for each in held if (each.session.state_s or 0.0) >= IDLE_WARN]
    if held:
        yield Section(
            f"end what is idle in transaction for over 5 min ({len(long)} now)",
            (_terminate("state LIKE 'idle in transaction%'", "5 min", chosen),),
            "end idle in tx",
        )
        yield Section(
            "have the server end it from now on, in new sessions",
            tuple(
                f"ALTER ROLE {quoted_name(login)} SET idle_in_transaction_session_timeout = '5min';"
                for login in _logins(held)
            ),
            "idle in tx timeout",
        )
    idle = [each for each in chosen.members if each.session.state == "idle"]
    if len(idle) >= max(IDLE_MANY, IDLE_SHARE * len(chosen.members)):
        of = "" if chosen.by is By.STATE else f" of {len(chosen.members)}"
        yield Section(
            f"{len(idle)}{of} idle: a smaller pool would do, or",
            (_terminate("state = 'idle'", "30 min", chosen),),
            "end idle ones",
        )
        yield Section(
            "have the server end them from now on, in new sessions",
            tuple(
                f"ALTER ROLE {quoted_name(login)} SET idle_session_timeout = '30min';"
                for login in _logins(idle)
            ),
            "idle timeout",
        )
    if any(each.session.wants is not None for each in chosen.members):
        yield Section("what they wait for", ("Locks (:locks), and F3 on Activity",))
    yield from _bounds(chosen, crowd)


def _bounds(chosen: Group, crowd: Crowd) -> Iterator[Section]:
    """Advise on a group that could take every slot, and on one that is at its limit."""
    near = [
        limit
        for limit in crowd.limits
        if limit.by is chosen.by and limit.name == chosen.name and limit.share >= WARN
    ]
    for limit in near:
        kind = "ROLE" if limit.by is By.LOGIN else "DATABASE"
        more = max(limit.allowed + 10, round(limit.allowed * 1.5))
        yield Section(
            f"{limit.used} of {limit.allowed} allowed are used; to allow more",
            (f"ALTER {kind} {quoted_name(limit.name)} CONNECTION LIMIT {more};",),
            "allow more",
        )
    much = len(chosen.members) >= HELD_MUCH * max(1, crowd.budget.for_everyone)
    limited = {(limit.by, limit.name) for limit in crowd.limits}
    if much and chosen.by is By.LOGIN and chosen.name and (chosen.by, chosen.name) not in limited:
        yield Section(
            "it takes half of all slots and more; to keep some for others",
            (
                f"ALTER ROLE {quoted_name(chosen.name)} CONNECTION LIMIT "
                f"{round(crowd.budget.for_everyone * WARN)};",
            ),
            "set a limit",
        )


def deeds(groups: Sequence[Group], crowd: Crowd) -> dict[str, tuple[str, ...]]:
    """Return the statements offered for groups by what they do, each once."""
    found: dict[str, dict[str, None]] = {}
    for chosen in groups:
        for section in close_up(chosen, crowd):
            if section.deed:
                found.setdefault(section.deed, {}).update(dict.fromkeys(section.lines))
    return {deed: tuple(lines) for deed, lines in found.items()}


def _terminate(what: str, longer: str, chosen: Group) -> str:
    # Of one state its own name says it all.
    of = [condition(chosen)] if chosen.by is By.STATE else [what, condition(chosen)]
    where = [of[0], f"state_change < now() - interval '{longer}'", *of[1:]]
    return (
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE {' AND '.join(where)} AND pid <> pg_backend_pid();"
    )


def condition(chosen: Group) -> str:
    """Return the SQL that finds the group's sessions in pg_stat_activity."""
    name = chosen.name
    if chosen.by is None:
        return "backend_type = 'client backend'"
    if chosen.by is By.CLIENT:
        return "client_addr IS NULL" if name in (None, LOCAL) else f"client_addr = {sql_text(name)}"
    column = {
        By.APPLICATION: "application_name",
        By.LOGIN: "usename",
        By.DATABASE: "datname",
        By.STATE: "state",
    }[chosen.by]
    if name is None:
        return "application_name = ''" if chosen.by is By.APPLICATION else f"{column} IS NULL"
    return f"{column} = {sql_text(name)}"


def _logins(members: Sequence[Connected]) -> list[str]:
    """Return the logins that most of the sessions have."""
    parts = group(members, By.LOGIN)
    return [part.name for part in parts if part.name is not None][:MOST_LOGINS]
