"""The data directory of an embedded server: made whole or not at all, and never somebody else's."""

from __future__ import annotations

import contextlib
import shutil
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from pgdeck.errors import Problem, Refused
from pgdeck.pg.account import Account, invoking_user
from pgdeck.pg.binaries import Binaries
from pgdeck.pg.private import disk_full, private_directory, private_file

SUPERUSER = "postgres"
OWN_SETTINGS = "pgdeck.conf"
_TAIL_LINES = 8
_FULL = ("No space left on device", "File too large", "Disk quota exceeded")


class Auth(StrEnum):
    """How sessions prove who they are."""

    PEER = "peer"
    SCRAM = "scram"
    TRUST = "trust"


class DataDir(Struct, frozen=True):
    """A data directory at `path`, for the programs and the account that serve it."""

    path: Path
    binaries: Binaries
    account: Account

    def initialize(self, auth: Auth, password: str | None, template: Path | None) -> bool:
        """Make the directory, or accept the one that is there; True when it was made.

        Raises `Refused` when it is not ours or of another major version, `Problem` when making
        it fails.
        """
        if self._is_there():
            return False
        private_directory(self.path.parent, self.account)
        draft = self.path.with_name(f"{self.path.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        private_directory(draft, self.account)
        try:
            if template is None:
                self._run_initdb(draft, auth, password)
            else:
                self._run(["cp", "-Rp", f"{template}/.", str(draft)], "copying the data directory")
        except (OSError, Problem):
            shutil.rmtree(draft, ignore_errors=True)
            raise
        # The draft becomes the data directory only when whole, so a kill leaves nothing half.
        draft.rename(self.path)
        return True

    def remove(self) -> None:
        """Delete the directory; raises `Refused` if it is not ours, `Problem` if it stays."""
        if not self.path.exists() and not self.path.is_symlink():
            return
        if not self._is_ours():
            raise self._foreign()
        try:
            shutil.rmtree(self.path)
        except OSError as error:
            raise Problem(
                f"{error.filename or self.path} cannot be deleted: {error.strerror}",
                "delete it as its owner",
            ) from error

    def failure(self, what: str, said: str) -> Problem:
        """Return the Problem of a failed program, with the end of what it said."""
        if any(sign in said for sign in _FULL):
            return disk_full(self.path, what)
        tail = "\n".join(said.strip().splitlines()[-_TAIL_LINES:]) or "it said nothing"
        return Problem(f"{what} failed in {self.path}:\n{tail}")

    def _is_there(self) -> bool:
        try:
            entries = {entry.name for entry in self.path.iterdir()}
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Problem(
                f"{self.path} cannot be read: {error.strerror}", "move it away"
            ) from error
        if not entries:
            self.path.rmdir()
            return False
        if not self._is_ours():
            raise self._foreign()
        found = (self.path / "PG_VERSION").read_text().strip()
        if found != str(self.binaries.major):
            raise Refused(
                f"the data in {self.path} was made by PostgreSQL {found}, "
                f"and the server here is {self.binaries.version}",
                "start with --fresh to replace it, or move the directory away to keep it",
            )
        return True

    def _is_ours(self) -> bool:
        return all((self.path / name).is_file() for name in (OWN_SETTINGS, "PG_VERSION"))

    def _foreign(self) -> Refused:
        return Refused(
            f"{self.path} holds something that pgdeck did not make",
            "move it away; pgdeck neither uses nor deletes it",
        )

    def _run_initdb(self, directory: Path, auth: Auth, password: str | None) -> None:
        locale = ["--no-locale"]
        if self.binaries.major >= 17:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        argv = [str(self.binaries.tool("initdb")), "-D", str(directory), "-U", SUPERUSER]
        argv += ["-E", "UTF8", *locale, "--no-sync", "--no-instructions"]
        with contextlib.ExitStack() as stack:
            if auth is Auth.SCRAM:
                if not password:
                    raise Problem("a server with password authentication needs a password")
                secret = self.path.with_name("first-password")
                stack.callback(secret.unlink, missing_ok=True)
                private_file(secret, password + "\n", self.account)
                argv += ["--pwfile", str(secret), "--auth", "scram-sha-256"]
            else:
                argv += ["--auth", auth]
            self._run(argv, "initdb")
        own = directory / "postgresql.conf"
        text = own.read_text(encoding="utf-8")
        private_file(own, f"{text}\ninclude '{OWN_SETTINGS}'\n", self.account)
        private_file(directory / OWN_SETTINGS, "", self.account)
        private_file(directory / "pg_hba.conf", _hba(auth), self.account)
        private_file(directory / "pg_ident.conf", self._ident(), self.account)

    def _run(self, argv: list[str], what: str) -> None:
        code, said = self.account.run(argv, self.path.parent)
        if code != 0:
            raise self.failure(what, said)

    def _ident(self) -> str:
        # The person who owns the server may take any role anyway, so may log in as any.
        role = "all" if self.binaries.major >= 16 else SUPERUSER
        return f'pgdeck "{invoking_user()}" {role}\n'


def _hba(auth: Auth) -> str:
    near = {Auth.PEER: "peer map=pgdeck", Auth.SCRAM: "scram-sha-256"}.get(auth, "trust")
    # Who may connect over the network, if it listens there at all, needs a password.
    far = "trust" if auth is Auth.TRUST else "scram-sha-256"
    lines = []
    for database in ("all", "replication"):
        lines.append(f"local {database} all {near}\n")
        lines += [f"host {database} all {where} {far}\n" for where in ("127.0.0.1/32", "::1/128")]
    return "".join(lines)
