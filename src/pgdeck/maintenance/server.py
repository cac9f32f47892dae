"""What is done to a server as a whole."""

from __future__ import annotations

import time

from pgdeck.core.numbers import age
from pgdeck.core.operation import Asker, Wish, Work
from pgdeck.core.plan import Asking, Plan, Sharing, Step
from pgdeck.core.rows import Rows
from pgdeck.core.source import Answer
from pgdeck.core.target import Target
from pgdeck.errors import Problem
from pgdeck.maintenance.naming import to_type
from pgdeck.maintenance.sqlfiles import query
from pgdeck.pg.marking import mark_of

LOADED = "SELECT pg_catalog.pg_conf_load_time() AS at"
RELOAD_SECONDS = 10.0
SECRETIVE = ("primary_conninfo", "ssl_passphrase_command", "archive_command", "restore_command")
"""Settings whose values may hold a password: a plan is kept."""


class Checkpoint:
    """Writes all dirty pages out now: before a planned stop, it shortens the way back up."""

    name = "checkpoint"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what it costs; reads only."""
        mark = await mark_of(asker, target)
        step = Step(
            title="Write a checkpoint",
            text="CHECKPOINT",
            takes="no lock; the disk is busy until all dirty pages are written",
        )
        return Plan(
            op=self.name,
            title="Checkpoint",
            target=mark,
            steps=(step,),
            sharing=Sharing.NONE,
            holds=("checkpoint",),
            asking=Asking.YES,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Write it."""
        work.run(work.begin(1))
        return "The checkpoint is written"


class Reload:
    """Has the server read its configuration files again."""

    name = "reload"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what would come into force, and what needs more than this; reads only."""
        mark = await mark_of(asker, target)
        files, waiting = await asker.ask(
            query("file_settings", mark.version), query("pending", mark.version)
        )
        touches, warnings = _changes(files)
        if isinstance(waiting, Rows) and waiting.rows:
            names = ", ".join(str(row[0]) for row in waiting.rows)
            warnings += (f"only a restart brings into force: {names}",)
        step = Step(
            title="Read the configuration files again",
            text="SELECT pg_catalog.pg_reload_conf()",
            takes="no lock; every session takes the new values over by itself",
        )
        return Plan(
            op=self.name,
            title="Reload the configuration",
            target=mark,
            steps=(step,),
            sharing=Sharing.NONE,
            holds=("reload",),
            touches=touches,
            warnings=warnings,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Reload, and wait until the server has done it."""
        (before,) = work.ask(LOADED)
        work.run(work.begin(1))
        until = time.monotonic() + RELOAD_SECONDS
        while time.monotonic() < until:
            (now,) = work.ask(LOADED)
            if now["at"] != before["at"]:
                return "The configuration is read again"
            time.sleep(0.05)
        raise Problem(
            f"the server was told, and has not read its configuration within {RELOAD_SECONDS:g} s",
            "its log says what is wrong with the files",
        )


class ResetStats:
    """Sets the counters of a database back to zero."""

    name = "reset-stats"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what is lost; reads only."""
        mark = await mark_of(asker, target)
        (answer,) = await asker.ask(query("counted_since", mark.version))
        row = answer.one() if isinstance(answer, Rows) else {}
        since = row.get("seconds")
        counted = f", counted for {''.join(age(float(str(since))))}" if since is not None else ""
        may = row.get("may") is True
        lacking = f"{mark.login} may not do it: GRANT EXECUTE ON FUNCTION pg_stat_reset() TO it"
        step = Step(
            title=f"Set the counters of {mark.database} back",
            text="SELECT pg_catalog.pg_stat_reset()",
            takes="no lock",
        )
        return Plan(
            op=self.name,
            title=f"Reset the statistics of {mark.database}",
            target=mark,
            steps=(step,),
            sharing=Sharing.SHARED,
            holds=("statistics",),
            asking=Asking.NAME,
            confirm=to_type(mark.database),
            touches=(f"counters of every table, index and function{counted}",),
            warnings=(
                "autovacuum forgets what it counted: dead rows are not seen until tables are "
                "analyzed again; unused indexes look unused anew",
                *(() if may else (lacking,)),
            ),
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Reset them."""
        work.run(work.begin(1))
        return "The counters are back at zero; pgdeck analyze --database is the next thing to do"


def _changes(answer: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the files would change, and their mistakes."""
    if not isinstance(answer, Rows):
        return (), ("this login cannot see what is in the files",)
    touches, warnings = [], []
    for row in answer.dicts():
        where = f"{row['file']} line {row['line']}"
        if row["error"] is not None:
            warnings.append(f"{row['name'] or 'a line'}: {row['error']} ({where})")
        elif row["name"] in SECRETIVE or "." in str(row["name"]):
            touches.append(f"{row['name']} changes ({where})")
        else:
            touches.append(f"{row['name']}: {row['now']} becomes {row['value']} ({where})")
    return tuple(touches) or ("nothing that differs is in the files",), tuple(warnings)
