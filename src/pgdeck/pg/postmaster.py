"""The server process that a data directory names, trusted only when it really is that server."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from pgdeck.errors import Problem

SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_POLL = 0.01


class Postmaster(Struct, frozen=True):
    """What ``postmaster.pid`` says of a living server; `started` is seconds since the epoch."""

    pid: int
    data_dir: Path
    started: int
    port: int
    socket_dir: Path | None
    ready: bool


def find_postmaster(data_dir: Path) -> Postmaster | None:
    """Return the living server of a data directory, or None.

    The number in the file is believed only if that process works in this data directory: after a
    crash it may belong to anything.
    """
    found = _read(data_dir)
    if found is None or found.data_dir != data_dir.resolve():
        return None
    return found if _works_in(found.pid, found.data_dir) else None


def stop_postmaster(
    data_dir: Path,
    mode: str = "fast",
    *,
    timeout: float = 15.0,
    reap: Callable[[], object] = lambda: None,
) -> bool:
    """Stop the server of a data directory and wait for its end; False when none ran.

    After `timeout` seconds an ``immediate`` stop follows. `reap` is called while waiting, for a
    server that is a child of this process. Raises `Problem` when the server outlives both.
    """
    found = find_postmaster(data_dir)
    if found is None:
        return False
    for way in dict.fromkeys((mode, "immediate")):
        _send(found, SIGNALS[way])
        if _gone(found, timeout, reap):
            return True
    raise Problem(
        f"the server with the process number {found.pid} does not stop",
        f"look at its log beside {data_dir}",
    )


def _send(postmaster: Postmaster, number: signal.Signals) -> None:
    try:
        os.kill(postmaster.pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise Problem(
            f"the server with the process number {postmaster.pid} belongs to another account",
            "stop it as the user that started it",
        ) from error


def _gone(postmaster: Postmaster, timeout: float, reap: Callable[[], object]) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        reap()
        if not _works_in(postmaster.pid, postmaster.data_dir):
            return True
        time.sleep(_POLL)
    return False


def _read(data_dir: Path) -> Postmaster | None:
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid, where, started, port, socket_dir = (line.strip() for line in lines[:5])
        return Postmaster(
            pid=int(pid),
            data_dir=Path(where).resolve(),
            started=int(started),
            port=int(port),
            socket_dir=Path(socket_dir) if socket_dir else None,
            ready=len(lines) > 7 and lines[7].strip() == "ready",
        )
    except (OSError, ValueError):
        return None


def _works_in(pid: int, data_dir: Path) -> bool:
    if pid <= 1:
        return False
    if Path("/proc/self/cwd").exists():
        try:
            return Path(os.readlink(f"/proc/{pid}/cwd")) == data_dir
        except OSError:
            return False
    # Without /proc (macOS) the data directory in the file and the program's name must do.
    done = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True)
    return Path(done.stdout.strip()).name == "postgres"
