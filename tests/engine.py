"""The compose project on a real engine, each time under a name and on ports of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ("pgvector/pgvector:pg17", "edoburu/pgbouncer:v1.24.1-p1")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def reason_against() -> str | None:
    """Say what is missing for these tests, None when nothing is."""
    if shutil.which("docker") is None:
        return "there is no docker program"
    for words in (("info",), ("compose", "version"), *(("image", "inspect", it) for it in IMAGES)):
        done = subprocess.run(
            ["docker", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            return f"docker {' '.join(words)}: {done.stderr.strip().splitlines()[-1:]}"
    return None


@dataclass
class Project:
    """One compose project of our own."""

    environ: dict[str, str]
    files: tuple[Path, ...] = (ROOT / "compose.yaml",)
    name: str = field(default_factory=lambda: f"pgdeck-test-{secrets.token_hex(4)}")
    port: int = field(default_factory=free_port)
    pool_port: int = field(default_factory=free_port)

    def compose(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a compose command on this project alone."""
        files = [word for file in self.files for word in ("-f", str(file))]
        ports = {"PGDECK_PG_PORT": str(self.port), "PGDECK_POOL_PORT": str(self.pool_port)}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PGDECK_")}
        done = subprocess.run(
            ["docker", "compose", "-p", self.name, *files, *words],
            env={**kept, **ports, **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert not check or done.returncode == 0, done.stderr + self.logs()
        return done

    def logs(self) -> str:
        """Return what the containers wrote."""
        command = ["docker", "logs", f"{self.name}-db-1"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def health(self) -> str:
        """Return the health of the database's container."""
        form = "{{.State.Status}} {{.State.Health.Status}}"
        command = ["docker", "inspect", "--format", form, f"{self.name}-db-1"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()

    def dsn(self, user: str, password: str, database: str, *, pooled: bool = False) -> str:
        """Return the address of a database of this project."""
        port = self.pool_port if pooled else self.port
        return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}?connect_timeout=10"

    def rows(self, dsn: str, statement: str) -> list[TupleRow]:
        """Return the rows of one statement."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            return connection.execute(statement).fetchall()


MakeProject = Callable[..., Project]
