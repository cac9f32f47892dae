"""A PostgreSQL server of our own: made, started and stopped by us alone.

Its data is private (0700), it listens on a private socket only unless told otherwise, nobody is
trusted without proof, and as root it runs under an unprivileged account.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from pgdeck.core.target import Conninfo
from pgdeck.errors import Problem, Refused
from pgdeck.paths import state_dir
from pgdeck.pg.account import Account, server_account
from pgdeck.pg.binaries import Binaries
from pgdeck.pg.datadir import OWN_SETTINGS, SUPERUSER, Auth, DataDir
from pgdeck.pg.postmaster import Postmaster, find_postmaster, stop_postmaster
from pgdeck.pg.private import private_directory, private_file

SYSTEM_STATE = Path("/var/lib/pgdeck")
SHORT_PLACE = Path("/tmp")
# sun_path is 104 bytes on macOS and 108 on Linux, with a closing zero.
_SOCKET_PATH_LIMIT = 103
_LOG_LIMIT = 1_000_000
_ORPHANS = "pre-existing shared memory block"


def server_home(account: Account) -> Path:
    """Return the directory under which embedded servers live.

    That is pgdeck's state directory, or ``/var/lib/pgdeck`` when the account cannot reach it
    (root's home is closed to others). Raises `Problem` when it cannot be made.
    """
    state = state_dir()
    if account.reaches(state):
        return state
    way_out = f"set XDG_STATE_HOME to a directory that the account {account.name} can reach"
    try:
        if not SYSTEM_STATE.is_dir():
            SYSTEM_STATE.mkdir()
            SYSTEM_STATE.chmod(0o711)
    except OSError as error:
        raise Problem(
            f"the directory {SYSTEM_STATE} cannot be made: {error.strerror}", way_out
        ) from error
    if not account.reaches(SYSTEM_STATE):
        raise Problem(
            f"the account {account.name} reaches neither {state} nor {SYSTEM_STATE}", way_out
        )
    return SYSTEM_STATE


class Cluster:
    """One data directory and the server on it; its log, and its socket, lie beside the data.

    `listen` is a comma-separated list of addresses, empty for the socket alone; `settings` are
    server parameters as they stand in ``postgresql.conf``, without quotes. With `Auth.SCRAM`
    a password is needed. Calls are not safe against another process: take a lock first.
    """

    def __init__(
        self,
        binaries: Binaries,
        data_dir: Path,
        *,
        port: int = 5432,
        listen: str = "",
        settings: Mapping[str, str] | None = None,
        auth: Auth = Auth.PEER,
        password: str | None = None,
        account: Account | None = None,
    ) -> None:
        self.account = account or server_account()
        self.data_dir = data_dir
        self.port = port
        self.log = data_dir.parent / "server.log"
        self._directory = DataDir(data_dir, binaries, self.account)
        self._listen = listen
        self._settings = dict(settings or {})
        self._auth = auth
        self._password = password
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def initialize(self, template: Path | None = None) -> bool:
        """Make the data directory, or take over the one that is there; True when it was made.

        A `template` is an initialized directory of the same version to copy. Raises `Refused` for
        a directory that is not ours or is of another major version, `Problem` when it fails.
        """
        return self._directory.initialize(self._auth, self._password, template)

    def remove(self) -> None:
        """Stop the server and delete the data; raises `Refused` if the directory is not ours."""
        self.stop("immediate")
        self._directory.remove()

    def running(self) -> Postmaster | None:
        """Return the living server of the data directory, or None."""
        if self._child is not None:
            self._child.poll()
        return find_postmaster(self.data_dir)

    @property
    def version(self) -> str:
        """The server's version, as in ``18.4``."""
        return self._directory.binaries.version

    @property
    def socket_dir(self) -> Path:
        """The directory of the running server's socket; raises `Problem` when it is stopped."""
        found = self.running()
        if found is None or found.socket_dir is None:
            raise Problem(f"the server of {self.data_dir} is not running")
        return found.socket_dir

    def conninfo(self, dbname: str = SUPERUSER) -> Conninfo:
        """Return how to reach a database of the running server through its socket."""
        keywords = {"host": str(self.socket_dir), "port": str(self.port)}
        keywords |= {"user": SUPERUSER, "dbname": dbname}
        if self._auth is Auth.SCRAM and self._password:
            keywords["password"] = self._password
        return Conninfo(keywords)

    def start(self, timeout: float = 60.0) -> None:
        """Start the server and wait until it takes connections, at most `timeout` seconds.

        Raises `Refused` when it already runs, `Problem` with the end of the log when it fails.
        """
        if (found := self.running()) is not None:
            raise Refused(f"the server of {self.data_dir} runs already (process {found.pid})")
        deadline = time.monotonic() + timeout
        while (said := self._attempt(deadline)) is not None:
            # After its postmaster was killed, a server's processes need a moment to notice.
            if _ORPHANS not in said or time.monotonic() > deadline:
                raise self._directory.failure("the start of the server", said)
            time.sleep(0.1)

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server (``smart``, ``fast`` or ``immediate``); False when it did not run.

        Also stops a server that an earlier, killed process left behind.
        """
        found = self.running()
        child = self._child
        stopped = stop_postmaster(self.data_dir, mode, reap=child.poll if child else lambda: None)
        if child is not None:
            child.wait(timeout=20)
            self._child = None
        if found is not None and found.socket_dir is not None:
            _discard_short_place(found.socket_dir)
        return stopped

    def failure(self, what: str, said: str) -> Problem:
        """Return the Problem of something that failed on this server; a full disk is named."""
        return self._directory.failure(what, f"{self._last_words()}\n{said}")

    def _last_words(self) -> str:
        try:
            with open(self.log, "rb") as log:
                log.seek(self._log_start)
                return log.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def _attempt(self, deadline: float) -> str | None:
        sockets = self._make_socket_dir()
        private_file(self.data_dir / OWN_SETTINGS, self._own_settings(sockets), self.account)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(self.log, flags, 0o600), "r+b", buffering=0) as log:
            if os.fstat(log.fileno()).st_size > _LOG_LIMIT:
                log.truncate(0)
            self._log_start = log.seek(0, os.SEEK_END)
            argv = [str(self._directory.binaries.tool("postgres")), "-D", str(self.data_dir)]
            self._child = self.account.spawn(argv, self.data_dir.parent, log.fileno())
        if self._await_ready(self._child, deadline):
            return None
        _discard_short_place(sockets)
        return self._last_words()

    def _await_ready(self, child: subprocess.Popen[bytes], deadline: float) -> bool:
        while child.poll() is None:
            found = find_postmaster(self.data_dir)
            if found is not None and found.pid == child.pid and found.ready:
                return True
            if time.monotonic() > deadline:
                child.kill()
            time.sleep(0.01)
        self._child = None
        return False

    def _make_socket_dir(self) -> Path:
        beside = self.data_dir.parent / "run"
        if len(os.fsencode(beside)) + len(f"/.s.PGSQL.{self.port}") <= _SOCKET_PATH_LIMIT:
            return private_directory(beside, self.account)
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere")
        if self.account.is_ours and len(os.fsencode(runtime)) < 60 and runtime.is_dir():
            name = hashlib.blake2s(os.fsencode(self.data_dir), digest_size=4).hexdigest()
            return private_directory(runtime / f"pgdeck-{name}", self.account)
        made = Path(tempfile.mkdtemp(prefix="pgdeck-", dir=SHORT_PLACE))
        self.account.own(made)
        return made

    def _own_settings(self, sockets: Path) -> str:
        settings = {
            "listen_addresses": self._listen,
            "port": str(self.port),
            "unix_socket_directories": f'"{sockets}"',
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            **self._settings,
        }
        lines = (f"{name} = {_quoted(value)}\n" for name, value in settings.items())
        return "# Written by pgdeck at each start.\n" + "".join(lines)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _discard_short_place(path: Path) -> None:
    if path.parent == SHORT_PLACE and path.name.startswith("pgdeck-"):
        with contextlib.suppress(OSError):
            path.rmdir()
