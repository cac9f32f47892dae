"""Cancel and terminate: bound to pid and start in the statement that acts, told session by session.

What a session runs is in no plan, journal or audit: it may hold anything.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from pgdeck.core.operation import Asker, Row, Wish, Work
from pgdeck.core.plan import Asking, Plan, Sharing, Step
from pgdeck.core.rows import Query
from pgdeck.core.snapshot import Failure
from pgdeck.core.target import Target
from pgdeck.errors import Problem, QueryFailed, Refused
from pgdeck.maintenance.backends import LOOK, Deed, Hit, Spared, judged, wanted_of
from pgdeck.pg.marking import mark_of

PATIENCE_MS, LEAST_MS = 2000, 100
"""How long terminated sessions are waited for in all, and each at least."""

LOOK_AGAIN = 0.05
PATIENCE_S = PATIENCE_MS / 1000
NAMED = 5
"""Sessions that are named in the last word of a job; its log names all."""

CANCEL_PRICE = "a statement away: it ends with an error, its transaction has failed"
TERMINATE_PRICE = "a connection away: its open transaction is rolled back, its locks go"


class Signal:
    """Cancels statements, or terminates sessions; the subclass says which."""

    name = ""
    deed = Deed.CANCEL

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say who would be hit, and who not and why; reads only.  Raises when nobody would be."""
        wanted = wanted_of(wish)
        own = frozenset(int(pid) for pid in wish.get("own", "").split())
        rows = await _look(asker, [each.pid for each in wanted])
        found = [judged(rows[each.pid], each, self.deed, own) for each in wanted]
        hits = [each for each in found if isinstance(each, Hit)]
        spared = [each for each in found if isinstance(each, Spared)]
        if not hits:
            raise _nobody(spared)
        twice = [each for each in hits if each.twice]
        deeds = {each.deed for each in hits}
        return Plan(
            op=self.name,
            title=_title(hits),
            target=await mark_of(asker, target),
            steps=(Step(title=_title(hits), text=act_sql(hits), takes=_price(deeds)),),
            sharing=Sharing.NONE,
            asking=Asking.NAME if twice else Asking.YES,
            confirm=str(twice[0].pid) if twice else "",
            touches=tuple(each.said for each in hits),
            warnings=(
                *(each.note for each in hits if each.note),
                *(each.said for each in spared),
            ),
            undo="none: what was rolled back has to be done anew",
            wish={**wish, "sessions": " ".join(f"{h.pid}@{h.started.isoformat()}" for h in hits)},
        )

    def run(self, work: Work) -> str:
        """Hit them in one statement, see what became of each, and say so."""
        step = work.begin(1)
        order = [each.pid for each in wanted_of(work.plan.wish)]
        rows = sorted(work.ask(step.text), key=lambda row: order.index(_pid(row)))
        still = _still_there(work, rows)
        outcomes = {_pid(row): _outcome(row, _pid(row) in still) for row in rows}
        for pid, (said, hit) in outcomes.items():
            work.log(f"pid {pid}: {said}")
            if not hit:
                work.warn(f"pid {pid}: {said}")
        missed = [pid for pid, (_, hit) in outcomes.items() if not hit]
        named = [f"pid {pid}: {said}" for pid, (said, _) in outcomes.items()]
        if len(named) > NAMED:
            count = len(named) - len(missed)
            named = [f"{count} of {len(named)} sessions", *(n for n in named if _missed(n, missed))]
        sentence = "; ".join(named[: NAMED + 1])
        if still or len(missed) == len(outcomes):
            raise Problem(sentence, "look again: pgdeck ls activity")
        return sentence


class Cancel(Signal):
    """Cancels statements; a session that is idle in a transaction is terminated."""

    name = "cancel"
    deed = Deed.CANCEL


class Terminate(Signal):
    """Terminates sessions."""

    name = "terminate"
    deed = Deed.TERMINATE


async def _look(asker: Asker, pids: Sequence[int]) -> dict[int, Row]:
    values = ", ".join(f"({pid})" for pid in pids)
    (answer,) = await asker.ask(Query("sessions to hit", LOOK.format(wanted=values)))
    if isinstance(answer, Failure):
        raise QueryFailed(answer)
    return {_pid(row): row for row in answer.dicts()}


def _nobody(spared: Sequence[Spared]) -> Problem:
    """Return why nothing can be done at all: a guard's word, unless all are simply gone."""
    first = next((each for each in spared if not each.gone), spared[0])
    reasons = "; ".join(f"pid {each.pid}: {each.reason}" for each in spared[:NAMED])
    reused = any(each.gone and each.hint for each in spared)
    if all(each.gone for each in spared) and not reused:
        return Problem(reasons, "it is gone already; pgdeck ls activity lists who is there")
    return Refused(reasons, first.hint or next((s.hint for s in spared if s.hint), ""))


def _price(deeds: Collection[Deed]) -> str:
    """Say what it costs those who are hit."""
    prices = {Deed.CANCEL: CANCEL_PRICE, Deed.TERMINATE: TERMINATE_PRICE}
    return "; and ".join(price for deed, price in prices.items() if deed in deeds)


def _title(hits: Sequence[Hit]) -> str:
    cancelled = [hit.pid for hit in hits if hit.deed is Deed.CANCEL]
    ended = [hit.pid for hit in hits if hit.deed is Deed.TERMINATE]
    parts = []
    if cancelled:
        one = f"the statement of pid {cancelled[0]}"
        parts.append(f"cancel {one if len(cancelled) == 1 else f'{len(cancelled)} statements'}")
    if ended:
        one = f"the session pid {ended[0]}"
        parts.append(f"terminate {one if len(ended) == 1 else f'{len(ended)} sessions'}")
    title = " and ".join(parts)
    return title[0].upper() + title[1:]


def act_sql(hits: Sequence[Hit]) -> str:
    """Return the one statement that hits exactly these, and nothing where they are no more."""
    wait = max(LEAST_MS, PATIENCE_MS // len(hits))
    deeds = {hit.deed for hit in hits}
    cases = []
    if Deed.CANCEL in deeds:
        cases.append(
            f"WHEN w.deed = 'cancel' AND {SAME_STATEMENT} THEN pg_catalog.pg_cancel_backend(a.pid)"
        )
    if Deed.TERMINATE in deeds:
        cases.append(
            f"WHEN w.deed = 'terminate' AND {SAME_TRANSACTION} "
            f"THEN pg_catalog.pg_terminate_backend(a.pid, {wait})"
        )
    values = _values((hit.pid, hit.deed, hit.started, hit.since) for hit in hits)
    return (
        "SELECT w.pid, w.deed, w.started, w.since, a.pid IS NOT NULL AS there, "
        f"CASE {' '.join(cases)} END AS done FROM {values} {SAME_SESSION}"
    )


SAME_SESSION = (
    "LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS a "
    "ON a.pid = w.pid AND a.backend_start = w.started"
)
SAME_STATEMENT = (
    "a.query_start IS NOT DISTINCT FROM w.since "
    "AND (a.state IN ('active', 'fastpath function call', 'disabled') "
    "OR a.backend_type = 'autovacuum worker')"
)
SAME_TRANSACTION = "(w.since IS NULL OR a.xact_start = w.since)"
AGAIN = """SELECT w.pid FROM {values} {join}
 WHERE w.deed = 'terminate' AND a.pid IS NOT NULL OR w.deed = 'cancel' AND {statement}"""


def _values(targets: Iterable[tuple[int, str, datetime, datetime | None]]) -> str:
    rows = (
        f"({pid}, '{deed}', {_literal(started)}, {_literal(since)})"
        for pid, deed, started, since in targets
    )
    return f"(VALUES {', '.join(rows)}) AS w (pid, deed, started, since)"


def _literal(at: datetime | None) -> str:
    text = "NULL" if at is None else f"'{at.astimezone(UTC).isoformat(sep=' ')}'"
    return f"{text}::pg_catalog.timestamptz"


def _still_there(work: Work, rows: Sequence[Row]) -> set[int]:
    """Return whom the signal has not ended within the patience."""
    hit = [row for row in rows if row["done"] is not None]
    if not hit:
        return set()
    targets = (
        (_pid(row), str(row["deed"]), _at(row["started"]), _since(row["since"])) for row in hit
    )
    sql = AGAIN.format(values=_values(targets), join=SAME_SESSION, statement=SAME_STATEMENT)
    until = time.monotonic() + PATIENCE_S
    while (still := {_pid(row) for row in work.ask(sql)}) and time.monotonic() < until:
        time.sleep(LOOK_AGAIN)
    return still


def _outcome(row: Row, still: bool) -> tuple[str, bool]:
    """Say what became of one session, and whether it was hit."""
    cancel = row["deed"] == Deed.CANCEL
    if not row["there"]:
        return "gone already: nothing was hit", False
    if row["done"] is None:
        what = "statement" if cancel else "transaction"
        return f"its {what} is over already: nothing was hit", False
    if still:
        return f"asked to end, but there after {PATIENCE_S:g} s: it ends when it next looks", False
    return "cancelled" if cancel else "ended", True


def _at(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


def _since(value: object) -> datetime | None:
    return None if value is None else _at(value)


def _pid(row: Row) -> int:
    return int(str(row["pid"]))


def _missed(named: str, missed: Sequence[int]) -> bool:
    return any(named.startswith(f"pid {pid}:") for pid in missed)
