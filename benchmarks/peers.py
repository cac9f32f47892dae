"""The programs that run beside pgdeck, in a private environment made when first needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".cache" / "bench-venv"
PINS = Path(__file__).with_name("peers.txt")
TIMEOUT = 300  # seconds for an installation


class PeerError(Exception):
    """A peer could not be installed; the goals that need it are skipped, the others are not."""


def pg_activity() -> Path:
    """Return the program, installing it when it is not there; raises PeerError."""
    program = HOME / "bin" / "pg_activity"
    stamp = HOME / "pins.txt"
    if not program.exists() or not stamp.exists() or stamp.read_text() != PINS.read_text():
        _install()
        shutil.copy(PINS, stamp)
    return program


def _install() -> None:
    python = HOME / "bin" / "python"
    uv = shutil.which("uv") or _private_uv()
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", "--clear", str(HOME)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
        ]
    steps[1] += ["-r", str(PINS)]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerError(f"{step[0]}: {error}") from error
        if done.returncode:
            raise PeerError((done.stderr or done.stdout).strip().splitlines()[-1])


def _private_uv() -> str | None:
    """The uv that the Makefile installs when the machine has none."""
    found = ROOT / ".uv" / "bin" / "uv"
    return str(found) if found.exists() else None
