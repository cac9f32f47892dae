"""What the readings of a database amount to at a glance; pure."""

from __future__ import annotations

from collections.abc import Mapping

from pgdeck.core.check import Checks, State
from pgdeck.core.fleet import Glance
from pgdeck.core.rows import Unknown, Value
from pgdeck.core.snapshot import Snapshot
from pgdeck.watch.model import Server

SERVER, CHECKS, STANDING = "server", "checks", "standing"
SOURCES = (SERVER, CHECKS, STANDING)
"""The names of the sources that a glance is made of."""


def read_glance(taken: Mapping[str, Snapshot[object]], now: float) -> Glance:
    """Return what snapshots tell of a target; one that failed costs its own part."""
    server = _data(taken, SERVER)
    if not isinstance(server, Server):
        found = taken.get(SERVER)
        return Glance(now, found.failure if found else None)
    warnings, criticals, unjudged = _count(taken.get(CHECKS))
    return Glance(
        now,
        version=server.version_text.split(" ")[0],
        standby=server.standby,
        environment=server.environment,
        fingerprint=server.fingerprint,
        warnings=warnings,
        criticals=criticals,
        unjudged=unjudged,
        lag=_lag(taken.get(STANDING)),
    )


def _data(taken: Mapping[str, Snapshot[object]], name: str) -> object:
    snapshot = taken.get(name)
    return snapshot.data if snapshot is not None and snapshot.failure is None else None


def _lag(snapshot: Snapshot[object] | None) -> Value:
    if snapshot is None:
        return Unknown("not asked yet")
    if snapshot.failure is not None:
        return Unknown(snapshot.failure.message, snapshot.failure.hint)
    return snapshot.data


def _count(snapshot: Snapshot[object] | None) -> tuple[int | None, int | None, str]:
    """Count warnings and worse; where nothing was judged say why instead."""
    if snapshot is None:
        return None, None, "not judged yet"
    if snapshot.failure is not None:
        return None, None, snapshot.failure.message
    checks = snapshot.data
    if not isinstance(checks, Checks) or {each.state for each in checks.checks} == {State.UNKNOWN}:
        return None, None, "this login sees nothing that could be judged"
    states = [alert.state for alert in checks.alerts]
    return states.count(State.WARNING), states.count(State.CRITICAL), ""
