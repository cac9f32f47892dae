"""The rules by theme: facts in, sentences out; pure, and honest about what is not known."""

from __future__ import annotations

from pgdeck.checks.postgres.facts import Facts
from pgdeck.checks.postgres.rules import (
    connections,
    load,
    locks,
    replication,
    server,
    storage,
    vacuum,
    wraparound,
)
from pgdeck.core.check import Rule

RULES: tuple[Rule[Facts], ...] = (
    *connections.RULES,
    *locks.RULES,
    *vacuum.RULES,
    *wraparound.RULES,
    *storage.RULES,
    *replication.RULES,
    *load.RULES,
    *server.RULES,
)
