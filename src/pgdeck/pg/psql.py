"""psql on a target: which program, with which settings, and how it gets the password."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from psycopg.conninfo import make_conninfo

from pgdeck.core.address import is_here, place
from pgdeck.core.shell import Shell, ShellWanted
from pgdeck.core.target import SECRET_KEYWORDS, Conninfo, Environment, Kind, Target
from pgdeck.errors import Problem
from pgdeck.paths import state_dir
from pgdeck.pg.binaries import PLACES, embedded_directories
from pgdeck.pg.connect import APPLICATION_NAME, CONNECT_TIMEOUT
from pgdeck.pg.private import unwritable

READ_ONLY = "-c default_transaction_read_only=on"
PLACE = "psql"
LOCK = "lock"
WAY_OUT = (
    "install PostgreSQL's client (Debian: apt install postgresql-client; macOS: brew install "
    "libpq), or pip install 'pgdeck[embedded]'"
)


@contextmanager
def psql_on(wanted: ShellWanted, environ: Mapping[str, str] | None = None) -> Iterator[Shell]:
    """Yield psql on a target; its password lies in a private file for as long as the block lasts.

    Raises `Problem` when there is no psql, or the file cannot be written.
    """
    given = dict(os.environ if environ is None else environ)
    program, version = find_psql(wanted, given.get("PATH"))
    conninfo = wanted.target.conninfo
    said = [f"psql {version} on {place(conninfo)}. \\q comes back to pgdeck."]
    keywords = {key: value for key, value in conninfo.items() if key not in SECRET_KEYWORDS}
    keywords["application_name"] = f"{APPLICATION_NAME} psql"
    if "connect_timeout" not in keywords:
        given.setdefault("PGCONNECT_TIMEOUT", f"{CONNECT_TIMEOUT:g}")
    if is_guarded(wanted.target):
        said.append(_guard(wanted, keywords, given))
    with _secret(conninfo, keywords, given):
        dbname = make_conninfo("", **keywords)
        yield Shell((str(program), f"--dbname={dbname}"), given, tuple(said))


def is_guarded(target: Target) -> bool:
    """Whether writing on a target needs a word of its own: production, or not on this host."""
    if target.read_only or target.environment is Environment.PROD:
        return True
    return not is_here(target.conninfo)


def _guard(wanted: ShellWanted, keywords: dict[str, str], environ: dict[str, str]) -> str:
    """Have every transaction begin read-only where a server takes that; return what to say."""
    if wanted.pooled:
        # Poolers refuse a connection with options, and a SET would stay with one that others use.
        return "Behind a pooler nothing makes it read-only: what you write here is written."
    # What the address says hides the variable.
    where, name = (keywords, "options") if "options" in keywords else (environ, "PGOPTIONS")
    where[name] = f"{where.get(name, '')} {READ_ONLY}".strip()
    return "Transactions begin read-only here; to write: SET default_transaction_read_only = off;"


@contextmanager
def _secret(
    conninfo: Conninfo, keywords: dict[str, str], environ: dict[str, str]
) -> Iterator[None]:
    """Let psql find the password in a file that only we can read, and nowhere else."""
    password = conninfo.get("password", "")
    if not password:
        yield
        return
    # It would win over the file; without the file psql asks.
    environ.pop("PGPASSWORD", None)
    if "\n" in password or "\r" in password:
        yield
        return
    home = state_dir() / PLACE
    with _living(home):
        try:
            directory = Path(tempfile.mkdtemp(dir=home))
        except OSError as error:
            raise unwritable(home, error) from error
        try:
            file = directory / "pgpass"
            _write(file, "".join(_lines(conninfo, password)))
            keywords.pop("passfile", None)
            environ["PGPASSFILE"] = str(file)
            yield
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _write(file: Path, text: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(text)
    except OSError as error:
        raise unwritable(file, error) from error


def _lines(conninfo: Conninfo, password: str) -> Iterator[str]:
    """Yield a line for each host; any database of the server, for ``\\c``, but no other server."""
    hosts = (conninfo.get("host") or conninfo.get("hostaddr") or "").split(",")
    ports = (conninfo.get("port") or "*").split(",")
    user = conninfo.get("user") or "*"
    for host, port in zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False):
        # libpq looks its own socket directory up under this name, whatever path that is.
        names = (host, "localhost") if host.startswith("/") else (host or "localhost",)
        for name in names:
            fields = (_escaped(name), port or "*", "*", _escaped(user), _escaped(password))
            yield ":".join(fields) + "\n"


def _escaped(field: str) -> str:
    return field if field == "*" else field.replace("\\", "\\\\").replace(":", "\\:")


@contextmanager
def _living(home: Path) -> Iterator[None]:
    """Hold the sign that passwords here are in use; the kernel takes it back after a crash."""
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(home, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def sweep() -> None:
    """Remove the passwords that a crash left behind, unless somebody is out in psql now."""
    with suppress(OSError, Problem):
        home = state_dir() / PLACE
        with open(home / LOCK, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in home.iterdir():
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)


def find_psql(wanted: ShellWanted, path: str | None) -> tuple[Path, str]:
    """Return the psql that fits a server best, and its version as text.

    The embedded server has its own.  Else one of the server's major version, else the path's,
    else any embedded one; those know no TLS and serve first only where none is spoken.
    Raises `Problem` when there is none.
    """
    major = wanted.version // 10000 if wanted.version else None
    embedded = [*embedded_directories(major), *embedded_directories(None)]
    if wanted.target.kind is Kind.EMBEDDED:
        order = embedded
    else:
        usual = [Path(each.format(major=major)) for each in PLACES if major]
        found = shutil.which(PLACE, path=path)
        usual += [Path(found).parent] if found else []
        plain = embedded if _speaks_plainly(wanted.target.conninfo) else []
        same = [each for each in (*usual, *plain) if _major(_version(each / PLACE)) == major]
        order = [*same, *usual, *embedded]
    for directory in order:
        if version := _version(directory / PLACE):
            return directory / PLACE, version
    raise Problem("no psql is installed here", WAY_OUT)


def _speaks_plainly(conninfo: Conninfo) -> bool:
    """Whether no TLS is asked for, on a way that nobody else can listen to."""
    asked = conninfo.get("sslmode", "prefer")
    return is_here(conninfo) and asked in ("disable", "allow", "prefer")


def _major(version: str | None) -> int | None:
    return int(version.partition(".")[0]) if version and version[:2].isdigit() else None


@lru_cache
def _version(program: Path) -> str | None:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\b\d+(?:\.\d+|\w+)", done.stdout)
    return found[0] if found else None
