"""Cancel and terminate: whom they hit, whom never, and what is told of each session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from jobbing import Desk
from pgdeck.core.plan import Plan
from pgdeck.errors import Problem, Refused, UsageProblem
from pgdeck.jobs.event import JobState
from pgdeck.jobs.journal import Follower
from pgdeck.operating import plan_operation, start_job
from servers import LiveServer, await_end
from victims import LITERAL, resting, running, started, there
from watching import target_of


def plan(
    server: LiveServer, op: str, *pids: int | str, user: str = "postgres", own: str = ""
) -> Plan:
    wish = {"sessions": " ".join(map(str, pids)), "own": own}
    return asyncio.run(plan_operation(op, target_of(server, user=user), wish))


@pytest.fixture(params=[18, 15])
def server(request: pytest.FixtureRequest) -> LiveServer:
    found = request.getfixturevalue(f"pg{request.param}")
    assert isinstance(found, LiveServer)
    return found


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def act(server: LiveServer, made: Plan) -> JobState:
    """Carry a plan out as the command line does, once it is confirmed."""
    return Follower(start_job(made, target_of(server))).poll()


def test_a_statement_is_cancelled_and_its_session_stays(server: LiveServer) -> None:
    with running(server) as victim:
        ended = act(server, plan(server, "cancel", victim.pid))
        assert (ended.exit, ended.text) == (0, f"pid {victim.pid}: cancelled")
        assert victim.result() == errors.QueryCanceled.sqlstate
        assert there(server, victim.pid)


def test_a_session_is_terminated(server: LiveServer) -> None:
    with running(server) as victim:
        ended = act(server, plan(server, "terminate", victim.pid))
        assert (ended.exit, ended.text) == (0, f"pid {victim.pid}: ended")
        assert victim.result() == errors.AdminShutdown.sqlstate
        assert not there(server, victim.pid)


def test_the_command_says_its_plan_and_does_it(pg18: LiveServer, desk: Desk) -> None:
    with running(pg18) as victim:
        words = ("cancel", desk.url, "--pid", str(victim.pid))
        done = desk.run(*words, "--plan")
        for said in (f"pid {victim.pid}: night", "login postgres", "active for", "query began"):
            assert said in done.stdout
        assert "pg_cancel_backend" in done.stdout
        assert LITERAL not in done.stdout
        assert victim.runs
        assert desk.listed() == []
        done = desk.run(*words, "--yes", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["text"] == f"pid {victim.pid}: cancelled"
        assert victim.result() == errors.QueryCanceled.sqlstate
        assert [job["op"] for job in desk.listed()] == ["cancel"]
        done = desk.run("terminate", *words[1:], "--yes")
        assert done.returncode == 0, done.stderr
        assert not there(pg18, victim.pid)


def test_an_idle_transaction_is_terminated_for_a_cancel_does_nothing(server: LiveServer) -> None:
    with resting(server) as victim:
        pid = victim.info.backend_pid
        made = plan(server, "cancel", pid)
        assert made.title == f"Terminate the session pid {pid}"
        assert any("a cancel does nothing to it" in each for each in made.warnings)
        assert act(server, made).exit == 0
        assert not there(server, pid)
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")


def test_a_transaction_that_is_over_is_not_ended_instead_of_the_named_one(
    server: LiveServer,
) -> None:
    with resting(server) as victim:
        made = plan(server, "cancel", victim.info.backend_pid)
        victim.rollback()
        victim.execute("SELECT 2")
        ended = act(server, made)
        assert ended.exit == 1
        assert "transaction is over already" in ended.text
        assert there(server, victim.info.backend_pid)


def test_an_idle_session_has_nothing_to_cancel(server: LiveServer) -> None:
    with server.connect() as idle, pytest.raises(Refused, match="nothing to cancel"):
        plan(server, "cancel", idle.info.backend_pid)


def test_marked_sessions_are_hit_by_one_statement_and_told_apart(server: LiveServer) -> None:
    with ExitStack() as stack:
        runs = [stack.enter_context(running(server)) for _ in range(2)]
        rests = stack.enter_context(resting(server)).info.backend_pid
        made = plan(server, "cancel", *(each.pid for each in runs), rests)
        assert len(made.steps) == 1
        assert made.title == f"Cancel 2 statements and terminate the session pid {rests}"
        assert act(server, made).text.split("; ") == [
            *(f"pid {each.pid}: cancelled" for each in runs),
            f"pid {rests}: ended",
        ]


@pytest.mark.parametrize("op", ["cancel", "terminate"])
def test_a_pid_that_is_another_session_now_is_not_hit(server: LiveServer, op: str) -> None:
    """As when the pid was given away again while somebody looked at the list."""
    with running(server) as victim:
        with pytest.raises(Refused, match="another session now"):
            plan(server, op, f"{victim.pid}@2020-01-31T09:30:00.123456+00:00")
        assert plan(server, op, f"{victim.pid}@{started(server, victim.pid)}").touches
        assert victim.runs


@pytest.mark.parametrize("op", ["cancel", "terminate"])
@pytest.mark.parametrize("pinned", ["backend_start", "query_start"])
def test_the_statement_that_acts_hits_the_planned_one_or_nothing(
    server: LiveServer, op: str, pinned: str
) -> None:
    """What a plan pins has changed when it is carried out: the start is checked as it acts."""
    sql = f"SELECT {pinned} AT TIME ZONE 'UTC' FROM pg_stat_activity WHERE pid = "
    with running(server) as victim, server.connect() as acting:
        text = plan(server, op, victim.pid).steps[0].text
        now = server.sql(f"{sql}{victim.pid}")[0][0].isoformat(sep=" ")
        if op == "terminate" and pinned == "query_start":
            assert now not in text  # whatever it runs meanwhile, the session was meant
            return
        assert now in text
        other = text.replace(now, "2020-01-31 09:30:00.123456")
        row = acting.execute(other.encode()).fetchone()
        assert row is not None
        assert (row[4], row[5]) == (pinned == "query_start", None)
        assert victim.runs
        assert there(server, victim.pid)


def test_a_session_that_is_gone_is_told_and_the_other_is_hit(server: LiveServer) -> None:
    with running(server) as victim:
        gone = server.connect()
        pid = gone.info.backend_pid
        gone.close()
        await_end(pid)
        made = plan(server, "cancel", victim.pid, pid)
        assert f"pid {pid} is left alone: no process of the server has this pid" in made.warnings
        assert act(server, made).exit == 0
        with pytest.raises(Problem, match=f"pid {pid}: no process") as problem:
            plan(server, "terminate", pid)
        assert problem.value.exit_code == 1


def test_a_session_that_goes_between_plan_and_act_is_told(server: LiveServer) -> None:
    with server.connect() as goes, running(server) as stays:
        pid = goes.info.backend_pid
        both = plan(server, "terminate", pid, stays.pid)
        alone = plan(server, "terminate", pid)
        goes.close()
        await_end(pid)
        state = act(server, both)
        assert state.exit == 0
        assert state.text == f"pid {pid}: gone already: nothing was hit; pid {stays.pid}: ended"
        assert act(server, alone).exit == 1


def test_own_connections_and_the_servers_processes_are_protected(server: LiveServer) -> None:
    sql = "SELECT pid, backend_type FROM pg_stat_activity WHERE backend_type <> 'client backend'"
    kinds = {kind: pid for pid, kind in server.sql(sql)}
    assert "checkpointer" in kinds
    for kind, pid in kinds.items():
        for op in ("cancel", "terminate"):
            with pytest.raises(Refused, match=kind):
                plan(server, op, pid)
    with running(server) as victim, pytest.raises(Refused, match="pgdeck's own"):
        plan(server, "terminate", victim.pid, own=f"1 {victim.pid}")


def test_a_walsender_is_protected(server: LiveServer) -> None:
    dsn = f"{server.dsn()} replication=database"
    with (
        psycopg.connect(dsn, autocommit=True) as replica,
        pytest.raises(Refused, match="replication"),
    ):
        plan(server, "terminate", replica.info.backend_pid)


def test_an_ordinary_login_is_told_the_grant(server: LiveServer) -> None:
    for role in ("sess_plain", "sess_other"):
        server.role(role)
    with running(server, "sess_other") as theirs, running(server, "sess_plain") as own:
        with pytest.raises(Refused) as refused:
            plan(server, "cancel", theirs.pid, user="sess_plain")
        assert "GRANT pg_signal_backend, pg_read_all_stats TO sess_plain" in refused.value.hint
        assert plan(server, "cancel", own.pid, user="sess_plain").touches
        server.role("sess_signals", "pg_signal_backend", "pg_read_all_stats")
        assert plan(server, "cancel", theirs.pid, user="sess_signals").touches
        assert theirs.runs


def test_a_superusers_session_is_for_superusers(server: LiveServer) -> None:
    server.role("sess_signals", "pg_signal_backend", "pg_read_all_stats")
    with running(server) as victim, pytest.raises(Refused, match="belongs to a superuser"):
        plan(server, "terminate", victim.pid, user="sess_signals")


def autovacuum(server: LiveServer, **changes: object) -> Mapping[str, object]:
    """What the server tells of an autovacuum: none can be had at will."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    told: dict[str, object] = dict.fromkeys(("leader_pid", "xact_start", "login", "client"))
    told |= {"pid": 7, "there": True, "asking": False, "backend_start": now, "query_start": now}
    told |= {"backend_type": "autovacuum worker", "state": "active", "state_s": 3.0}
    told |= {"application": "", "database": "shop", "wraparound": False, "superuser": None}
    told |= {"ours": None, "may_signal": False, "may_stop_vacuum": False}
    told |= {"we_are_superuser": True, "we": "anna"}
    return {**told, **changes}


def test_an_autovacuum_may_be_cancelled_and_asks_twice_against_wraparound(
    server: LiveServer,
) -> None:
    from pgdeck.maintenance.backends import Deed, Hit, Spared, Wanted, judged

    def judge(deed: Deed = Deed.CANCEL, **changes: object) -> Hit | Spared:
        return judged(autovacuum(server, **changes), Wanted(7), deed, frozenset())

    ordinary, forced = judge(), judge(wraparound=True)
    assert isinstance(ordinary, Hit)
    assert "comes again" in ordinary.note
    assert not ordinary.twice
    assert isinstance(forced, Hit)
    assert forced.twice
    assert isinstance(judge(Deed.TERMINATE), Spared)
    mere = judge(we_are_superuser=False, may_signal=True)
    assert isinstance(mere, Spared)
    assert "pg_signal_autovacuum_worker TO anna" in mere.hint
    assert isinstance(judge(we_are_superuser=False, may_stop_vacuum=True), Hit)


def test_what_sessions_run_is_in_no_journal(server: LiveServer, state: Path) -> None:
    with running(server) as one, running(server) as other:
        act(server, plan(server, "cancel", one.pid))
        act(server, plan(server, "terminate", other.pid))
    kept = b"".join(each.read_bytes() for each in state.rglob("*") if each.is_file())
    assert b"pg_cancel_backend" in kept
    assert b"pg_terminate_backend" in kept
    assert f"pid {one.pid}: cancelled".encode() in kept
    assert LITERAL.encode() not in kept


@pytest.mark.parametrize(
    ("sessions", "says"),
    [
        ("", "no session"),
        ("x", "no process id"),
        ("0", "no process id"),
        ("99999999999", "no process id"),
        ("7@yesterday", "yesterday"),
        ("7@2026-01-31T09:30:00", "offset"),
        (" ".join(map(str, range(1, 600))), "too many"),
    ],
)
def test_what_is_wrong_is_named(pg18: LiveServer, sessions: str, says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        plan(pg18, "cancel", sessions)


def test_starts_go_with_pids(desk: Desk) -> None:
    at = "2026-01-31T09:30:00Z"
    done = desk.run("cancel", desk.url, "--pid", "7", "--pid", "8", "--started", at, "--yes")
    assert done.returncode == 2
    assert "one for each" in done.stderr


def test_a_read_only_target_is_left_alone(pg18: LiveServer, desk: Desk) -> None:
    pg18.create_database("sess_prod")
    pg18.sql("ALTER DATABASE sess_prod SET pgdeck.env = 'prod'")
    with running(pg18) as victim:
        words = ("cancel", pg18.dsn("sess_prod"), "--pid", str(victim.pid), "--yes")
        refused = desk.run(*words)
        assert refused.returncode == 3
        assert "read-only" in refused.stderr
        assert victim.runs
        assert desk.run(*words, "--allow-write").returncode == 0
