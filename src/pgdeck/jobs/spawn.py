"""Starting a job's process: in a session of its own, with the credentials through a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from pgdeck.core.target import SECRET_KEYWORDS, Conninfo
from pgdeck.errors import Problem
from pgdeck.jobs.journal import PROCESS

KEPT = ("HOME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME")
KEPT_PREFIXES = ("XDG_", "SSL_", "KRB5", "SSH_CLIENT", "SUDO_USER", "PG", "PYTHONPATH")
NEVER = ("PGPASSWORD", "PGDECK_")

APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW

_CHILDREN: list[subprocess.Popen[bytes]] = []
"""Processes that were started here: kept until they have ended, so that none stays a zombie."""


def spawn(directory: Path, conninfo: Conninfo) -> None:
    """Start the process of a job; it lives on when this one ends.

    The address travels through a pipe, so that no list of processes and no environment shows a
    password.  Raises `Problem` when nothing can be started.
    """
    try:
        output = os.open(directory / PROCESS, APPEND, 0o600)
        try:
            process = _process(conninfo, output, str(directory))
        finally:
            os.close(output)
        _send(process, with_password(conninfo, os.environ))
    except OSError as error:
        raise _not_started(error) from error


class Standby:
    """A process that gets its job later, and has imported by then what it needs for it."""

    def __init__(self, conninfo: Conninfo) -> None:
        try:
            self._process = _process(conninfo, subprocess.DEVNULL)
        except OSError as error:
            raise _not_started(error) from error

    def take(self, directory: Path, conninfo: Conninfo) -> None:
        """Give it the job; raises `Problem` when the process is gone."""
        job = {"directory": str(directory), "conninfo": with_password(conninfo, os.environ)}
        try:
            _send(self._process, job)
        except OSError as error:
            raise _not_started(error) from error

    def dismiss(self) -> None:
        """Let it go, unless it has a job."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
            self._process.wait()


def _process(conninfo: Conninfo, output: int, *words: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pgdeck", "run-job", *words],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        cwd="/",
        env=environment(os.environ, conninfo),
        start_new_session=True,
    )
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]
    _CHILDREN.append(process)
    return process


def _send(process: subprocess.Popen[bytes], what: object) -> None:
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(msgspec.json.encode(what))


def _not_started(error: OSError) -> Problem:
    return Problem(f"the job's process cannot be started: {error.strerror or error}")


def with_password(conninfo: Conninfo, environ: Mapping[str, str]) -> dict[str, str]:
    """Return an address with the password that libpq would find in this process's environment."""
    found = dict(conninfo)
    if "password" not in found and "passfile" not in found and environ.get("PGPASSWORD"):
        found["password"] = environ["PGPASSWORD"]
    return found


def environment(environ: Mapping[str, str], conninfo: Conninfo) -> dict[str, str]:
    """Return what a job's process gets of the environment: nothing that holds a secret."""
    secrets = [conninfo[name] for name in SECRET_KEYWORDS if conninfo.get(name)]
    kept = {
        name: value
        for name, value in environ.items()
        if (name in KEPT or name.startswith(KEPT_PREFIXES))
        and not name.startswith(NEVER)
        and not any(secret in value for secret in secrets)
    }
    return {**kept, "PYTHONUTF8": "1"}


def received(line: bytes) -> Conninfo:
    """Return the address that came through the pipe; raises `Problem` when it did not."""
    try:
        return Conninfo(msgspec.json.decode(line, type=dict[str, str]))
    except msgspec.MsgspecError as error:
        raise Problem(
            "no address came through standard input", "pgdeck starts this itself"
        ) from error


def received_job(line: bytes) -> tuple[Path, bytes]:
    """Return the directory and the address of a job that came through the pipe."""
    try:
        job = msgspec.json.decode(line, type=dict[str, Any])
        return Path(str(job["directory"])), msgspec.json.encode(job["conninfo"])
    except (msgspec.MsgspecError, KeyError) as error:
        raise Problem("no job came through standard input", "pgdeck starts this itself") from error
