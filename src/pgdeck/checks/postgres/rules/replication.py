"""Rules on those who receive WAL: standbys, slots, the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Facts, Missing, Sender, Slot, known
from pgdeck.checks.postgres.facts import State as ServerState
from pgdeck.checks.postgres.rules.shape import (
    bytes_,
    fine,
    grant,
    not_known,
    rule,
    said,
    things,
)
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.quoting import sql_text
from pgdeck.core.spec import Direction, Format

LOOK = "SELECT application_name, state, replay_lsn, replay_lag FROM pg_stat_replication"
RESUME = "SELECT pg_wal_replay_resume()"
NO_STANDBY = "Nobody receives WAL from here"


def _name(sender: Sender) -> str:
    return sender.name or f"pid {sender.pid}"


def _subject(sender: Sender) -> str:
    return f"{_name(sender)}@{sender.client or 'local'}"


def _not_visible(facts: Facts, senders: tuple[Sender, ...]) -> Iterator[Reading]:
    server = known(facts.server)
    if senders and not server.sees_all:
        reason = f"How far {things(len(senders), 'receiver')} of WAL came is not visible to "
        yield not_known(Missing(reason + server.login, grant(server)))


@rule(
    "replication_lag",
    "Replication lag in bytes",
    of="senders",
    warn=64.0 * 2**20,
    crit=2.0**30,
    format=Format.BYTES,
    advice="What a standby has not replayed is missing from its answers, and lost when it has to "
    "take over before receiving it.",
)
def replication_lag(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A receiver of WAL is far behind."""
    server = known(facts.server)
    if server.standby:
        yield from _own_lag(known(facts.state), at)
        return
    senders = known(facts.senders)
    worst = 0
    for sender in senders:
        if sender.behind is None:
            continue
        worst = max(worst, sender.behind)
        if (state := at.judge(sender.behind)) is not State.OK:
            yield Reading(
                state,
                f"{_name(sender)} is {bytes_(sender.behind)} of WAL behind ({sender.state})",
                float(sender.behind),
                _subject(sender),
                LOOK,
            )
    yield from _not_visible(facts, senders)
    told = f"{things(len(senders), 'receiver')} of WAL, at most {bytes_(worst)} behind"
    yield fine(told if senders else NO_STANDBY, float(worst))


def _own_lag(state: ServerState, at: Thresholds) -> Iterator[Reading]:
    behind = state.replay_bytes
    if behind is None:
        yield fine("This standby does not stream; what it has was replayed", 0.0)
        return
    paused = ", and replay is paused" if state.paused else ""
    sentence = f"This standby has {bytes_(behind)} of WAL to replay{paused}"
    yield Reading(at.judge(behind), sentence, float(behind), fix=RESUME if state.paused else "")


@rule(
    "replication_delay",
    "Replication delay",
    of="senders",
    warn=30.0,
    crit=300.0,
    format=Format.DURATION,
    advice="Whoever reads from the standby sees the past; a long query there may hold replay up.",
)
def replication_delay(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A receiver of WAL is late; only where it is behind in bytes too, for idle is not late."""
    server = known(facts.server)
    if server.standby:
        state = known(facts.state)
        behind = bool(state.replay_bytes or state.paused)
        paused = ", and replay is paused" if state.paused else ""
        if behind and state.replay_s is None:
            some = f"This standby has replayed no transaction since it started{paused}"
            yield Reading(State.UNKNOWN, some, fix=RESUME if state.paused else "")
            return
        late = (state.replay_s or 0.0) if behind else 0.0
        sentence = f"This standby is {said(late)} late{paused}"
        yield Reading(at.judge(late), sentence, late, fix=RESUME if state.paused else "")
        return
    senders = known(facts.senders)
    worst = 0.0
    for sender in senders:
        late = (sender.behind_s or 0.0) if sender.behind else 0.0
        worst = max(worst, late)
        if (judged := at.judge(late)) is not State.OK:
            sentence = f"{_name(sender)} replays {said(late)} late"
            yield Reading(judged, sentence, late, _subject(sender), LOOK)
    yield from _not_visible(facts, senders)
    told = f"{things(len(senders), 'receiver')} of WAL, at most {said(worst)} late"
    yield fine(told if senders else NO_STANDBY, worst)


@rule(
    "standby_missing",
    "Standbys connected",
    of="senders",
    direction=Direction.LOW,
    advice="With synchronous standbys missing every commit hangs. Set warn to the number of "
    "standbys that is one too few.",
)
def standby_missing(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Fewer standbys are connected than commits wait for, or than the thresholds ask for."""
    server, state, senders = known(facts.server), known(facts.state), known(facts.senders)
    if server.standby and not senders:
        yield fine("This is a standby", None)
        return
    count = float(len(senders))
    needed = synchronous(state.synchronous)
    if needed and not server.sees_all and senders:
        yield not_known(
            Missing(f"Whether they are synchronous is not visible to {server.login}", grant(server))
        )
        return
    there = sum(each.sync_state in ("sync", "quorum") for each in senders)
    if there < needed:
        yield Reading(
            State.CRITICAL,
            f"{there} of {needed} synchronous standbys are connected: commits wait until there "
            f"are more (synchronous_standby_names = {state.synchronous})",
            count,
            fix="ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf()",
        )
    told = f"{things(len(senders), 'standby', 'standbys')} connected" if senders else NO_STANDBY
    yield Reading(at.judge(count, Direction.LOW), told, count, fix=LOOK)


def synchronous(names: str) -> int:
    """Return how many standbys a commit waits for by synchronous_standby_names.

    >>> [synchronous(text) for text in ("", "a, b", "2 (a, b)", "ANY 3 (*)", '"FIRST 2"')]
    [0, 1, 2, 3, 1]
    """
    if not names.strip():
        return 0
    found = re.match(r"\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\(", names, re.IGNORECASE)
    return int(found[1]) if found else 1


@rule(
    "slot_retained",
    "WAL kept by slots",
    of="slots",
    warn=5.0 * 2**30,
    crit=20.0 * 2**30,
    format=Format.BYTES,
    advice="The WAL that a slot keeps fills the disk, and a full disk stops the server; "
    "max_slot_wal_keep_size bounds it.",
)
def slot_retained(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A slot keeps much WAL, or lost what its receiver needs."""
    slots = known(facts.slots)
    most = 0
    for slot in slots:
        kept = slot.retained or 0
        most = max(most, kept)
        lost = slot.status in ("unreserved", "lost")
        state = State.CRITICAL if lost else at.judge(kept)
        if state is not State.OK:
            about = f"; its WAL is {slot.status}" if lost else ""
            idle = "" if slot.active else ", and nobody uses it"
            yield Reading(
                state,
                f"Replication slot {slot.name} ({slot.kind}) keeps {bytes_(kept)} of WAL"
                f"{about}{idle}",
                float(kept),
                slot.name,
                LOOK if slot.active else _drop(slot),
            )
    told = f"{things(len(slots), 'replication slot')}, at most {bytes_(most)} of WAL kept"
    yield fine(told if slots else "There is no replication slot", float(most))


def _drop(slot: Slot) -> str:
    return f"SELECT pg_drop_replication_slot({sql_text(slot.name)}); -- if nobody needs it"


@rule(
    "inactive_slot",
    "Inactive slots",
    of="slots",
    warn=3600.0,
    crit=86_400.0,
    format=Format.AGE,
    advice="Nobody takes what the slot keeps: WAL piles up, and its horizon blocks vacuum.",
)
def inactive_slot(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """A slot has no receiver."""
    longest, idle = 0.0, 0
    for slot in known(facts.slots):
        if slot.active:
            continue
        idle += 1
        seen = facts.past.inactive_s.get(slot.name, 0.0)
        seconds = seen if slot.inactive_s is None else slot.inactive_s
        longest = max(longest, seconds)
        if (state := at.judge(seconds)) is not State.OK:
            since = "is inactive for" if slot.inactive_s is not None else "was seen inactive for"
            yield Reading(
                state,
                f"Replication slot {slot.name} ({slot.kind}) {since} {said(seconds)} and keeps "
                f"{bytes_(slot.retained or 0)} of WAL",
                seconds,
                slot.name,
                _drop(slot),
            )
    told = f"{things(idle, 'slot')} inactive, for {said(longest)} at most"
    yield fine(told if idle else "Every replication slot is in use", longest)


@rule(
    "archiving",
    "WAL archiving",
    of="state",
    warn=0.0,
    crit=900.0,
    format=Format.DURATION,
    advice="Unarchived WAL fills the disk, and a backup cannot be rolled forward past the gap.",
)
def archiving(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Segments of WAL cannot be archived."""
    state = known(facts.state)
    if state.archive_mode == "off":
        yield fine("WAL archiving is off")
    elif state.archiving_fails:
        seconds = facts.past.failing_s
        yield Reading(
            at.judge(seconds),
            f"Archiving fails for {said(seconds)}: {state.failed_wal} could not be archived, "
            f"{things(state.archive_failures, 'failure')} so far",
            seconds,
            fix="SHOW archive_command; SELECT pg_current_logfile()",
        )
    else:
        yield fine(f"{things(state.archived, 'segment')} of WAL archived")


RULES = (
    replication_lag,
    replication_delay,
    standby_missing,
    slot_retained,
    inactive_slot,
    archiving,
)
