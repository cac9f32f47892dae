"""Asking ``docker compose`` itself what its files say, within a short time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pgdeck.targets.compose import LOOPBACK, ComposeProject, build
from pgdeck.targets.dockercontext import engine_address

TIME_LIMIT = 2.0
"""Seconds that one question may take; after them our own reading counts."""
LONGEST_ANSWER = 4_000_000


def ask_compose(
    files: tuple[Path, ...], environ: Mapping[str, str], seconds: float = TIME_LIMIT
) -> ComposeProject | None:
    """Return what ``docker compose config`` makes of the files; None when it makes nothing."""
    answer = _run(files, environ, ["--profile", "*", "config", "--format", "json"], seconds)
    try:
        data = json.loads(answer) if answer else None
    except (ValueError, RecursionError):
        return None
    return build(data, files, _undoubled) if isinstance(data, dict) else None


def ask_port(
    files: tuple[Path, ...],
    environ: Mapping[str, str],
    service: str,
    port: int,
    seconds: float = TIME_LIMIT,
) -> tuple[str, str] | None:
    """Return address and port that lead to a running container's port now, None for none."""
    answer = _run(files, environ, ["--profile", "*", "port", service, str(port)], seconds)
    line = answer.strip().splitlines()[-1:] if answer else []
    address, colon, published = line[0].rpartition(":") if line else ("", "", "")
    if not colon or not published.isdecimal() or published == "0":
        return None
    return address.strip("[]"), published


def _undoubled(text: str) -> str:
    """Return a value of the answer as it is meant: it doubles dollar signs to be read again."""
    return text.replace("$$", "$")


def engine_host(environ: Mapping[str, str]) -> str:
    """Return the host that an engine publishes ports on: it may be chosen on another one."""
    try:
        parts = urlsplit(engine_address(environ))
    except ValueError:  # an engine that nobody can reach
        return LOOPBACK
    if parts.scheme not in ("tcp", "ssh", "http", "https"):
        return LOOPBACK
    host = parts.hostname or LOOPBACK
    return LOOPBACK if host in ("localhost", "::1") or host.startswith("127.") else host


def docker_program(environ: Mapping[str, str]) -> str | None:
    """Return the docker program; the path's relative parts are left out.

    They would find what a project's directory brings.
    """
    parts = environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which("docker", path=os.pathsep.join(filter(os.path.isabs, parts)))


def _run(
    files: tuple[Path, ...], environ: Mapping[str, str], words: Sequence[str], seconds: float
) -> str | None:
    program = docker_program(environ)
    if program is None:
        return None
    named = [word for file in files for word in ("-f", str(file))]
    command = [program, "compose", "--project-directory", str(files[0].parent), *named, *words]
    try:
        # A session of its own: compose is a plugin, and both must end when time is up.
        child = subprocess.Popen(
            command,
            cwd=files[0].parent,
            env=_environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError):
        return None
    with child:
        try:
            answer, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            return None
    if child.returncode != 0 or len(answer) > LONGEST_ANSWER:
        return None
    return answer.decode("utf-8", "replace")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a question: nothing is fetched from elsewhere for it."""
    return {
        **{name: value for name, value in environ.items() if name != "COMPOSE_FILE"},
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE": "false",
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE": "false",
    }
