"""Operations in processes of their own: their plans, proofs, locks, ends and journals."""

from __future__ import annotations

import json
import os
import signal
import stat
import tempfile
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from jobbing import SECRET, Desk, acting, answered, desk_in, ended, sleeping
from pgdeck.core.plan import Risk, Sharing, Step
from pgdeck.core.target import Conninfo
from pgdeck.errors import Refused
from pgdeck.jobs.event import Status
from pgdeck.jobs.journal import Follower, ask_to_stop, make_job, who
from pgdeck.jobs.spawn import Standby
from pgdeck.operating import start_job
from pgdeck.targets.detect import find_target
from servers import Ground, LiveServer


def test_a_plan_says_what_would_be_done_and_does_nothing(desk: Desk) -> None:
    done = desk.run("checkpoint", desk.url, "--plan")
    assert done.returncode == 0
    assert "CHECKPOINT;" in done.stdout
    assert "fingerprint" in done.stdout
    plan = json.loads(desk.run("checkpoint", desk.url, "--plan", "--json").stdout)
    assert [step["text"] for step in plan["steps"]] == ["CHECKPOINT"]
    assert plan["target"]["fingerprint"] in done.stdout
    assert desk.listed() == []


def test_a_job_runs_and_everybody_reads_the_same_of_it(desk: Desk) -> None:
    done = desk.run("checkpoint", desk.url, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)
    assert (state["status"], state["exit"], state["text"]) == (
        "finished",
        0,
        "The checkpoint is written",
    )
    assert desk.listed() == [state]
    shown = desk.run("jobs", "show", "latest")
    assert "CHECKPOINT;" in shown.stdout
    assert desk.run("jobs", "follow", state["id"][-4:]).returncode == 0


def test_without_a_terminal_nothing_is_confirmed_by_itself(desk: Desk) -> None:
    done = desk.run("checkpoint", desk.url)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert desk.listed() == []


def test_what_is_kept_is_private(desk: Desk) -> None:
    desk.run("checkpoint", desk.url, "--yes")
    (job,) = desk.jobs.iterdir()
    assert stat.S_IMODE(job.stat().st_mode) == 0o700
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in job.iterdir()}
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, "lost"), (signal.SIGHUP, "")])
def test_what_becomes_of_a_job_whose_process_is_sent_a_signal(
    desk: Desk, number: signal.Signals, status: str
) -> None:
    directory = desk.start(desk.plan(sleeping(60 if status else 2)))
    os.kill(acting(directory).pid, number)
    state = ended(directory)
    assert state.status == (status or "finished")
    assert desk.listed()[0]["status"] == state.status
    assert desk.run("jobs", "follow", "latest").returncode == (1 if status else 0)


def test_a_lost_job_leaves_no_lock_behind(desk: Desk, pg18: LiveServer) -> None:
    directory = desk.start(desk.plan(sleeping(), holds=("one thing",)))
    os.kill(acting(directory).pid, signal.SIGKILL)
    assert ended(directory).status is Status.LOST
    _end_sleepers(pg18)
    again = desk.start(desk.plan(sleeping(0), holds=("one thing",)))
    assert ended(again).status is Status.FINISHED


def test_a_job_hears_the_bell(desk: Desk) -> None:
    directory = desk.start(desk.plan(sleeping(), sleeping()))
    acting(directory)
    done = desk.run("jobs", "cancel", directory.name)
    assert done.returncode == 0, done.stderr
    state = ended(directory)
    assert (state.status, state.exit, state.step) == (Status.CANCELLED, 130, 1)
    assert desk.run("jobs", "follow", directory.name).returncode == 130


def test_a_job_on_a_server_that_dies_fails_and_says_so(
    fresh_server: LiveServer, tmp_path: Path
) -> None:
    desk = desk_in(tmp_path, fresh_server.dsn())
    directory = desk.start(desk.plan(sleeping()))
    acting(directory)
    fresh_server.stop("immediate")
    state = ended(directory)
    assert (state.status, state.exit) == (Status.FAILED, 4)
    assert state.text


def test_another_database_than_the_planned_one_is_not_touched(desk: Desk, pg18: LiveServer) -> None:
    pg18.create_database("job_other")
    plan = desk.plan(Step(title="Make a mark", text="CREATE TABLE public.mark ()"))
    directory = desk.start(plan, pg18.conninfo("job_other"))
    state = ended(directory)
    assert (state.status, state.exit) == (Status.FAILED, 3)
    assert plan.target.fingerprint in state.text
    assert pg18.sql("SELECT to_regclass('public.mark')", "job_other") == [(None,)]


def test_another_server_on_the_same_port_is_not_touched(
    server_ground: Ground, fresh_server: LiveServer, tmp_path: Path
) -> None:
    desk = desk_in(tmp_path, fresh_server.dsn())
    plan = desk.plan(Step(title="Make a mark", text="CREATE TABLE public.mark ()"))
    fresh_server.stop()
    with server_ground.server(16, "replaced", port=str(fresh_server.port)) as other:
        state = ended(desk.start(plan))
        assert (state.status, state.exit) == (Status.FAILED, 3)
        assert "another database" in state.text
        assert other.sql("SELECT to_regclass('public.mark')") == [(None,)]


def test_a_server_that_was_started_since_is_not_touched(desk: Desk) -> None:
    plan = desk.plan()
    earlier = replace(plan.target, started_at=plan.target.started_at - timedelta(seconds=5))
    state = ended(desk.start(replace(plan, target=earlier)))
    assert (state.status, state.exit) == (Status.FAILED, 3)
    assert "restarted" in state.text


@pytest.fixture
def two(desk: Desk, tmp_path: Path) -> tuple[Desk, Desk]:
    return desk, desk_in(tmp_path / "second", desk.url)


@pytest.mark.parametrize("same", [True, False])
def test_of_two_that_want_the_same_one_runs_and_the_other_names_it(
    two: tuple[Desk, Desk], same: bool
) -> None:
    first, second = two if not same else (two[0], two[0])
    held = first.start(first.plan(sleeping(), holds=("table public.t",)))
    acting(held)
    refused = ended(second.start(second.plan(sleeping(), holds=("table public.t",))))
    assert (refused.status, refused.exit) == (Status.FAILED, 3)
    assert "table public.t is held by" in refused.text
    if not same:
        assert "pgdeck:checkpoint:" in refused.text
        assert "since" in refused.text
    ask_to_stop(held)
    assert ended(held).status is Status.CANCELLED


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        (Sharing.SHARED, Sharing.SHARED, True),
        (Sharing.SHARED, Sharing.EXCLUSIVE, False),
        (Sharing.EXCLUSIVE, Sharing.SHARED, False),
        (Sharing.EXCLUSIVE, Sharing.NONE, True),
    ],
)
def test_what_may_run_beside_what(
    two: tuple[Desk, Desk], one: Sharing, other: Sharing, fits: bool
) -> None:
    first, second = two
    held = first.start(first.plan(sleeping(), sharing=one, holds=()))
    acting(held)
    beside = ended(second.start(second.plan(sleeping(0), sharing=other, holds=())))
    assert (beside.status is Status.FINISHED) is fits, beside.text
    ask_to_stop(held)
    ended(held)


def test_a_lock_waited_for_in_vain_names_who_held_it(desk: Desk, pg18: LiveServer) -> None:
    pg18.create_database("job_locks")
    pg18.sql("CREATE TABLE held (id int)", "job_locks")
    there = desk_in(desk.home, pg18.dsn("job_locks"))
    step = Step(title="Add a column", text="ALTER TABLE public.held ADD x int", patience_s=1.5)
    with psycopg.connect(pg18.dsn("job_locks"), application_name="night shift") as holder:
        pid = holder.info.backend_pid
        holder.execute("LOCK TABLE held")
        state = ended(there.start(there.plan(step)))
    assert (state.status, state.exit) == (Status.FAILED, 1)
    for said in (
        f"pid {pid}",
        "night shift",
        "postgres",
        "idle in transaction",
    ):
        assert said in state.text


def test_a_password_is_in_no_argv_environment_or_file(desk: Desk, pg18: LiveServer) -> None:
    pg18.role("job_secret", options=f"LOGIN SUPERUSER PASSWORD '{SECRET}'")
    conninfo = Conninfo({**pg18.conninfo(user="job_secret"), "password": SECRET})
    directory = desk.start(desk.plan(sleeping()), conninfo)
    pid = acting(directory).pid
    seen = b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    ask_to_stop(directory)
    ended(directory)
    kept = b"".join(each.read_bytes() for each in desk.home.rglob("*") if each.is_file())
    assert b"run-job" in seen
    assert directory.name.encode() in kept
    assert SECRET.encode() not in seen + kept


def test_a_password_in_the_environment_reaches_the_job_and_not_its_environment(
    desk: Desk, pg18: LiveServer
) -> None:
    pg18.role("job_env", options=f"LOGIN SUPERUSER PASSWORD '{SECRET}'")
    url = pg18.dsn(user="job_env")
    done = desk.run("checkpoint", url, "--yes", "--json", environ={"PGPASSWORD": SECRET})
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    kept = b"".join(each.read_bytes() for each in desk.home.rglob("*") if each.is_file())
    assert SECRET.encode() not in kept


def test_a_job_of_another_machine_is_not_judged(desk: Desk) -> None:
    directory = desk.start(desk.plan(sleeping(0)))
    ended(directory)
    (directory / "events.jsonl").write_bytes(
        (directory / "events.jsonl").read_bytes().splitlines(keepends=True)[0]
    )
    assert ended(directory).status is Status.LOST
    file = directory / "job.json"
    state = json.loads(file.read_text())
    state["by"]["host"] = "elsewhere.example"
    file.write_text(json.dumps(state))
    assert Follower(directory).poll().status is Status.RUNNING


def test_a_torn_last_line_is_no_event(desk: Desk) -> None:
    directory = desk.start(desk.plan(sleeping(0)))
    assert ended(directory).status is Status.FINISHED
    with (directory / "events.jsonl").open("ab") as file:
        file.write(b'{"seq":99,"at":17')
    assert Follower(directory).poll().status is Status.FINISHED


def test_without_room_for_a_journal_nothing_is_started(desk: Desk) -> None:
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from pgdeck.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", script, "checkpoint", desk.url, "--yes"],
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "journal" in done.stderr
    assert desk.listed() == []


@pytest.mark.parametrize(("risk", "begins"), [(Risk.WRITE, True), (Risk.DESTRUCTIVE, False)])
def test_without_a_state_directory_only_what_destroys_nothing_begins(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, risk: Risk, begins: bool
) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("PYTHONPATH", desk.environ["PYTHONPATH"])
    target = find_target(desk.url, {})
    assert target is not None
    plan = replace(desk.plan(), risk=risk)
    if begins:
        directory = start_job(plan, target)
        assert directory.is_relative_to(tmp_path / "tmp")
        assert ended(directory).status is Status.FINISHED
    else:
        with pytest.raises(Refused, match="a file"):
            start_job(plan, target)


def test_a_process_that_cannot_begin_says_why(desk: Desk) -> None:
    directory = make_job(desk.plan(), who(), desk.jobs)
    (directory / "job.json").write_text(
        (directory / "job.json").read_text().replace('"queued":', '"queued":1.0,"asked":')
    )
    (directory / "process.txt").write_text("Traceback\nImportError: no such thing\n")
    state = Follower(directory).poll()
    assert state.status is Status.LOST
    assert "ImportError: no such thing" in state.text


def test_a_pasted_answer_confirms_nothing_and_a_typed_one_does(desk: Desk) -> None:
    for word, paste, code in (("yes", False, 0), ("yes", True, 3), ("no", False, 3)):
        assert answered(desk, word, paste=paste) == code


def test_what_is_not_here_is_read_only_unless_it_is_said(desk: Desk, pg18: LiveServer) -> None:
    pg18.create_database("job_prod")
    pg18.sql("ALTER DATABASE job_prod SET pgdeck.env = 'prod'")
    url = pg18.dsn("job_prod")
    refused = desk.run("checkpoint", url, "--yes")
    assert refused.returncode == 3
    assert "read-only" in refused.stderr
    assert desk.run("checkpoint", url, "--yes", "--allow-write").returncode == 0


def test_old_jobs_are_pruned_and_what_runs_is_not(desk: Desk) -> None:
    ended(desk.start(desk.plan(sleeping(0))))
    running = desk.start(desk.plan(sleeping()))
    acting(running)
    desk.run("jobs", "prune", "--older", "0")
    assert [job["id"] for job in desk.listed()] == [running.name]
    ask_to_stop(running)
    ended(running)


def test_a_second_run_knows_how_long_the_first_took(desk: Desk) -> None:
    assert desk.plan().estimate is None
    desk.run("checkpoint", desk.url, "--yes")
    plan = json.loads(desk.run("checkpoint", desk.url, "--plan", "--json").stdout)
    assert plan["estimate"]["runs"] == 1


@pytest.mark.parametrize("words", [("show",), ("follow", "nothing-like-it"), ("list", "x")])
def test_what_is_wrong_is_named(desk: Desk, words: tuple[str, ...]) -> None:
    done = desk.run("jobs", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("pgdeck: ")


def _end_sleepers(server: LiveServer) -> None:
    server.sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name LIKE 'pgdeck:%' AND pid <> pg_backend_pid()"
    )


def test_a_process_on_standby_takes_a_job_and_without_one_does_nothing(desk: Desk) -> None:
    target = find_target(desk.url, {})
    assert target is not None
    dismissed, taken = Standby(target.conninfo), Standby(target.conninfo)
    dismissed.dismiss()
    directory = make_job(desk.plan(), who(), desk.jobs)
    taken.take(directory, target.conninfo)
    assert ended(directory).status is Status.FINISHED
    taken.dismiss()
