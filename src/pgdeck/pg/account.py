"""Which operating system account runs the embedded server, and running programs as it."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from pgdeck.errors import Problem

UNPRIVILEGED = ("postgres", "nobody")
# Nothing of the caller's PG* variables or language may steer the server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


class Account(Struct, frozen=True):
    """An account of this machine; PostgreSQL refuses to run as root, so it may not be our own."""

    name: str
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process already runs as the account."""
        return self.uid == os.geteuid()

    def reaches(self, path: Path) -> bool:
        """Say whether the account may enter `path` and every directory above it."""
        return all(self._enters(place) for place in (path, *path.parents))

    def _enters(self, directory: Path) -> bool:
        try:
            found = directory.stat()
        except OSError:
            return False
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)

    def own(self, path: Path) -> None:
        """Give a file or directory that we just made to the account."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def spawn(self, argv: Sequence[str], cwd: Path, output: int) -> subprocess.Popen[bytes]:
        """Start a program as the account, in a session of its own, writing to the file `output`.

        Raises `Problem` when it cannot be run.
        """
        other = not self.is_ours
        try:
            # A session of its own: ctrl+c in the terminal is for the dashboard alone.
            return subprocess.Popen(
                argv,
                cwd=cwd,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self.uid if other else None,
                group=self.gid if other else None,
                extra_groups=() if other else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Problem(
                f"{argv[0]} cannot be run as the account {self.name}: {error}",
                "run pgdeck as an ordinary user, or where it may change to that account",
            ) from error

    def run(self, argv: Sequence[str], cwd: Path) -> tuple[int, str]:
        """Run a program as the account; returns its exit code and all that it said.

        Raises `Problem` when it cannot be run.
        """
        with tempfile.TemporaryFile() as output:
            code = self.spawn(argv, cwd, output.fileno()).wait()
            output.seek(0)
            return code, output.read().decode("utf-8", "replace")


def invoking_user() -> str:
    """Return the name of the account that runs this process.

    Raises `Problem` when its number has no name, which PostgreSQL's programs cannot do without.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise Problem(
            f"the user with the number {os.geteuid()} has no name on this machine, "
            "and PostgreSQL's programs refuse to run without one",
            "add the number to /etc/passwd (in a container: run as a user that the image knows)",
        ) from None


def server_account() -> Account:
    """Return our own account, or as root an unprivileged one: ``postgres``, else ``nobody``.

    Raises `Problem` when there is none.
    """
    if os.geteuid() != 0:
        return Account(invoking_user(), os.geteuid(), os.getegid())
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Problem(
        "PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody",
        "add an account named postgres, or run pgdeck as an ordinary user",
    )


def account_of(path: Path, preferred: Account) -> Account:
    """Return the unprivileged account that `path` already belongs to, else the preferred one.

    An account named postgres may appear after a first run that had to do with ``nobody``.
    """
    if preferred.is_ours:
        return preferred
    try:
        entry = pwd.getpwuid(path.lstat().st_uid)
    except (OSError, KeyError):
        return preferred
    if entry.pw_name not in UNPRIVILEGED:
        return preferred
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
