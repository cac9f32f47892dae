"""Starting a job's process: in a session of its own, with the credentials through a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pgdeck.core.target import SECRET_KEYWORDS, Conninfo
from pgdeck.errors import Problem
from pgdeck.jobs.journal import PROCESS

KEPT = ("HOME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME")
KEPT_PREFIXES = ("XDG_", "SSL_", "KRB5", "SSH_CLIENT", "SUDO_USER", "PG", "PYTHONPATH")
NEVER = ("PGPASSWORD", "PGDECK_")


_CHILDREN: list[subprocess.Popen[bytes]] = []
"""Processes that were started here: kept until they have ended, so that none stays a zombie."""


def spawn(directory: Path, conninfo: Conninfo) -> None:
    """Start the process of a job; it lives on when this one ends.

    The address travels through a pipe, so that no list of processes and no environment shows a
    password.  Raises `Problem` when nothing can be started.
    """
    argv = [sys.executable, "-P", "-m", "pgdeck", "run-job", str(directory)]
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        output = os.open(directory / PROCESS, flags, 0o600)
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment(os.environ, conninfo),
                start_new_session=True,
            )
        finally:
            os.close(output)
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(msgspec.json.encode(with_password(conninfo, os.environ)))
    except OSError as error:
        raise Problem(f"the job's process cannot be started: {error.strerror or error}") from error
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]
    _CHILDREN.append(process)


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
