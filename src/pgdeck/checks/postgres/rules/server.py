"""Rules on the server itself: damage, settings, its queue of notices, and when it came up."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.checks.postgres.facts import Facts, known
from pgdeck.checks.postgres.rules.shape import fine, rule, said, share, things
from pgdeck.core.check import Reading, State, Thresholds
from pgdeck.core.spec import Format

RECENT_S = 300.0
"""Seconds for which a restart is told."""


@rule(
    "checksum_failures",
    "Checksum failures",
    of="databases",
    crit=1.0,
    screen="databases",
    advice="Pages on disk are damaged: stop writing, take a copy of the files, then look for a "
    "good backup.",
)
def checksum_failures(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Pages came back from the disk other than they were written."""
    databases = known(facts.databases)
    counted = [each for each in databases if each.checksum_failures is not None]
    for each in counted:
        failures = each.checksum_failures or 0
        if (state := at.judge(failures)) is not State.OK:
            place = f"database {each.name}" if each.name else "what all databases share"
            yield Reading(
                state,
                f"{things(failures, 'page')} of {place} failed the checksum",
                float(failures),
                each.name or "shared",
                "SELECT datname, checksum_failures, checksum_last_failure FROM pg_stat_database "
                "WHERE checksum_failures > 0",
            )
    if counted:
        yield fine("No page failed its checksum", 0.0)
    else:
        yield fine("Data checksums are off: nothing would notice a damaged page")


@rule(
    "pending_restart",
    "Settings waiting for a restart",
    of="settings",
    warn=1.0,
    advice="The file says one thing and the server does another until it is restarted.",
)
def pending_restart(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """Settings were changed that need a restart."""
    names = known(facts.settings)
    if not names:
        yield fine("No setting waits for a restart", 0.0)
        return
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    verb = "waits" if len(names) == 1 else "wait"
    yield Reading(
        at.judge(len(names)),
        f"{things(len(names), 'setting')} {verb} for a restart: {listed}",
        float(len(names)),
        fix="SELECT name, setting, sourcefile FROM pg_settings WHERE pending_restart",
    )


@rule(
    "notification_queue",
    "Notification queue",
    of="state",
    warn=0.25,
    crit=0.75,
    format=Format.RATIO,
    screen="activity",
    advice="A listener in a long transaction keeps every notification; when the queue is full, "
    "NOTIFY fails at commit.",
)
def notification_queue(facts: Facts, at: Thresholds) -> Iterator[Reading]:
    """The queue of NOTIFY fills up."""
    value = known(facts.state).notifications
    sentence = f"{share(value)} of the queue for notifications is used"
    state = at.judge(value)
    if state is not State.OK:
        sentence += "; a listener's transaction holds it"
    fix = (
        "SELECT pid, xact_start, state, query FROM pg_stat_activity "
        "WHERE xact_start IS NOT NULL ORDER BY xact_start"
    )
    yield Reading(state, sentence, value, fix=fix)


@rule(
    "restarted",
    "Restart or lost statistics",
    format=Format.AGE,
    screen="overview",
    advice="Counters begin anew: rates have a gap, and what was never read may have been.",
)
def restarted(facts: Facts, _at: Thresholds) -> Iterator[Reading]:
    """The server was restarted, or its counters fell."""
    server, event = known(facts.server), facts.past.restart
    if event is not None and event.ago_s < RECENT_S:
        sentence = f"{event.reason} {said(event.ago_s)} ago; counters begin anew"
        yield Reading(State.WARNING, sentence, event.ago_s, fix="SELECT pg_current_logfile()")
    up = server.at - server.started
    yield fine(f"The server is up for {said(up)}", up)


RULES = (checksum_failures, pending_restart, notification_queue, restarted)
