"""What a refusal means: which rung broke, why, and what mends it.

Judged by SQLSTATE where a server gave one; a driver that fails to connect hands on text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, field

from pgdeck.core.ladder import Note, Rung, failed
from pgdeck.doctor.passfile import Password
from pgdeck.doctor.tls import Wish
from pgdeck.pg.sqlstate import quoted


class Refusal(Struct, frozen=True):
    """A refusal as text, with its SQLSTATE and detail where they are known."""

    text: str
    sqlstate: str = ""
    detail: str = ""


class Case(Struct, frozen=True):
    """Whom a refusal met: names as they are, and what is known of the line."""

    where: str
    login: str
    database: str
    password: Password = field(default_factory=Password)
    method: str = ""
    wish: Wish | None = None
    tls_helps: bool = False
    """The same login got further over TLS than without."""

    @property
    def sql_login(self) -> str:
        """The login as SQL writes it."""
        return quoted(self.login)

    @property
    def sql_database(self) -> str:
        """The database as SQL writes it."""
        return quoted(self.database)


Judge = Callable[[Refusal, Case], Rung]


def judge_refusal(refusal: Refusal, case: Case) -> Rung:
    """Return the rung that a refusal broke."""
    for pattern, judge in _BY_TEXT:
        if re.search(pattern, refusal.text, re.DOTALL):
            return judge(refusal, case)
    for state, judge in _BY_STATE:
        if refusal.sqlstate.startswith(state):
            return judge(refusal, case)
    said = refusal.text or f"{case.where} refused, and did not say why"
    return failed("login", said, refusal.detail, "the server's log says more")


def _hung_up(refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} hung up in the middle of the login"
    cause = "a process of it crashed, or what stands between (a balancer, a proxy) gave up"
    return failed("server", said, cause, "see the server's log")


def _gone(refusal: Refusal, _case: Case) -> Rung:
    if "no such socket" in refusal.text:
        cause = "libpq looks into the directory that it was built with"
        cure = "name it: host=/var/run/postgresql, or host=/tmp"
        return failed("port", refusal.text, cure=cure, cause=cause)
    cause = "it accepted a moment ago, and no longer does"
    return failed("port", refusal.text, cause, "is it being restarted? try again")


def _babble(refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} answered a login with what is not PostgreSQL's protocol"
    cause = "it only looked like PostgreSQL, or the line spoils what goes over it"
    return failed("protocol", said, cause, "mend the port, or look at what stands between")


def _starting(refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} is starting up"
    cause = "it was just started: after a crash it replays its log, after a restore the archive's"
    return failed("server", said, refusal.detail or cause, "wait; its log says how far it is")


def _crashed(_refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} is in recovery: one of its processes crashed, and all sessions ended"
    cause = "often the kernel ended a process for want of memory (signal 9)"
    return failed("server", said, cause, "wait; then see its log, and dmesg")


def _leaving(_refusal: Refusal, case: Case) -> Rung:
    cure = "wait until it is started again, or start it"
    return failed("server", f"{case.where} is shutting down", "somebody stops it", cure)


def _cold(refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} is a standby that takes no sessions"
    if "Hot standby mode is disabled" in f"{refusal.text} {refusal.detail}":
        return failed("server", said, "hot_standby is off there", "hot_standby = on, and a restart")
    cause = "it has not yet replayed enough to be consistent"
    return failed("server", said, cause, "wait; if it lasts, its log says what it waits for")


def _full(refusal: Refusal, case: Case) -> Rung:
    if re.search(r"connections for (role|user)", refusal.text):
        said = f"{case.login} has as many sessions as it may"
        cause = "its CONNECTION LIMIT is reached"
        return failed("slots", said, cause, f"ALTER ROLE {case.sql_login} CONNECTION LIMIT -1")
    if "for database" in refusal.text:
        said = f"{case.database} has as many sessions as it may"
        cure = f"ALTER DATABASE {case.sql_database} CONNECTION LIMIT -1"
        return failed("slots", said, "its CONNECTION LIMIT is reached", cure)
    if "max_client_conn" in refusal.text or "no more connections allowed" in refusal.text:
        said = f"the pooler at {case.where} takes no more clients"
        return failed("slots", said, "max_client_conn is reached", "raise it, or close clients")
    if "reserved" in refusal.text:
        said = f"{case.where} has only reserved slots left"
        cause = "every slot for ordinary roles is taken"
        cure = "log in as a superuser, or GRANT pg_use_reserved_connections (from 16 on); then:"
        return failed("slots", said, cause, f"{cure} pgdeck ls connections")
    said = f"{case.where} is full: every one of max_connections is taken, reserved ones included"
    cure = "close clients (or restart the one that leaks), put a pooler before it, or raise"
    return failed("slots", said, "too many clients", f"{cure} max_connections, with a restart")


def _no_role(_refusal: Refusal, case: Case) -> Rung:
    said = f"there is no role {case.sql_login} on {case.where}"
    cause = "it was never created there, or the address names another"
    return failed("role", said, cause, f"CREATE ROLE {case.sql_login} LOGIN, or mend the user")


def _no_login(_refusal: Refusal, case: Case) -> Rung:
    said = f"the role {case.sql_login} may not log in"
    return failed("role", said, "it is a group (NOLOGIN)", f"ALTER ROLE {case.sql_login} LOGIN")


def _no_database(_refusal: Refusal, case: Case) -> Rung:
    said = f"there is no database {case.sql_database} on {case.where}"
    cause = "it was dropped, renamed, or never created"
    return failed("database", said, cause, f"CREATE DATABASE {case.sql_database}, or mend the name")


def _closed_database(_refusal: Refusal, case: Case) -> Rung:
    said = f"the database {case.sql_database} takes no sessions"
    cause = "ALLOW_CONNECTIONS is false, as of a template or while somebody works on it"
    cure = f"ALTER DATABASE {case.sql_database} ALLOW_CONNECTIONS true"
    return failed("database", said, cause, cure)


def _invalid_database(_refusal: Refusal, case: Case) -> Rung:
    said = f"the database {case.sql_database} is only half there"
    cause = "a DROP DATABASE of it was interrupted"
    return failed("database", said, cause, f"DROP DATABASE {case.sql_database}")


def _not_let_in(_refusal: Refusal, case: Case) -> Rung:
    said = f"{case.sql_login} may not enter the database {case.sql_database}"
    cure = f"GRANT CONNECT ON DATABASE {case.sql_database} TO {case.sql_login}"
    return failed("database", said, "CONNECT was revoked", cure)


def _no_password(_refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} asks for the password of {case.login}, and none is given"
    file = case.password.file
    note = file.note if file is not None else None
    if note is not None:
        return failed("login", said, note.said, note.cure or _own_line(case))
    where = str(file.path) if file is not None else "~/.pgpass"
    cause = f"neither the address nor PGPASSWORD has one, and there is no {where}"
    return failed("login", said, cause, _own_line(case))


def _own_line(case: Case) -> str:
    file = case.password.file
    where = str(file.path) if file is not None else "~/.pgpass"
    # The host as libpq looks for it: of a socket it is localhost.
    return f"add a line to {where} (mode 0600): HOST:PORT:{case.database}:{case.login}:PASSWORD"


def _wrong_password(_refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} refused the password of {case.login}"
    cause = "it is wrong, or has expired, or there is no such role: the server does not say which"
    source = case.password.source or "the address"
    cure = f"mend it in {source}; or on the server: \\password {case.login}"
    notes = [Note(f"the password came from {source}")]
    notes += [Note(f"another one, not used, is in {each}") for each in case.password.unused]
    return failed("login", said, cause, cure, *notes)


def _account(refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} does not take this account for {case.login}"
    cause = "pg_hba.conf asks for peer or ident: the system's account must bear the role's name"
    cure = f"run as the account {case.login} (sudo -u {case.login} pgdeck ...), or connect by TCP"
    return failed("login", said, cause, f"{cure} with a password")


def _client_certificate(_refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} asks for a certificate of the client"
    wish = case.wish
    cause = "none is given"
    if wish is not None and wish.certificate.is_file():
        cause = f"{wish.certificate} is not accepted: of another authority, or for another name"
    return failed("tls", said, cause, "sslcert=FILE sslkey=FILE (mode 0600) in the address")


def _hba(refusal: Refusal, case: Case) -> Rung:
    who = f"{case.sql_login} into {case.sql_database}"
    if case.tls_helps:
        mode = case.wish.mode if case.wish else "disable"
        said = f"{case.where} lets {case.login} in over TLS only"
        cause = f"pg_hba.conf has hostssl for it, and sslmode={mode} goes without"
        return failed("tls", said, cause, "sslmode=require, better verify-full, in the address")
    if "rejects" in refusal.text:
        said = f"pg_hba.conf of {case.where} rejects {who} from here"
        cure = "take the line out on the server, or put one that lets it in before it; then reload"
        return failed("login", said, "a line says reject", cure)
    said = f"pg_hba.conf of {case.where} has no line that lets {who} from here"
    host = re.search(r'host "([^"]+)"', refusal.text)
    line = f"host {case.sql_database} {case.sql_login} {_net(host[1] if host else '')}"
    cure = f"add on the server, and reload: {line} scram-sha-256"
    return failed("login", said, refusal.text, cure)


def _net(number: str) -> str:
    if not number or number == "[local]":
        return "samehost"
    return f"{number}/{128 if ':' in number else 32}"


def _pooled(refusal: Refusal, case: Case) -> Rung:
    said = f"the pooler at {case.where} answers, its server does not"
    cause = refusal.text
    return failed("pooler", said, cause, "see the pooler's log; is the server behind it running")


def _other_kind(refusal: Refusal, case: Case) -> Rung:
    said = f"{case.where} is not of the kind that the address asks for"
    told = refusal.text.rpartition(": ")[2]
    cause = f"target_session_attrs in the address (or PGTARGETSESSIONATTRS): {told}"
    return failed("server", said, cause, "name the other server as well, or take that out")


def _unknown_option(refusal: Refusal, case: Case) -> Rung:
    said = f"the pooler at {case.where} refuses what the address sends along"
    cure = "take it (options, PGOPTIONS) out of the address, or ignore_startup_parameters there"
    return failed("pooler", said, refusal.text, cure)


def _misconfigured(refusal: Refusal, case: Case) -> Rung:
    said = f"the pooler at {case.where} cannot serve {case.login} in {case.database}"
    cause = f"{refusal.text}: it knows neither the login (auth_file, auth_query) nor a way to it"
    return failed("pooler", said, cause, "add it to the pooler's configuration, and RELOAD")


def _secure(refusal: Refusal, case: Case) -> Rung:
    cure = "compare sslmode, sslrootcert, sslcert and sslkey with what the server has"
    return failed("tls", refusal.text, "", cure)


_BY_TEXT: tuple[tuple[str, Judge], ...] = (
    (r"pgbouncer cannot connect|server login (has been )?fail|server_login_retry", _pooled),
    (r"query_wait_timeout", _pooled),
    (r"bouncer config error", _misconfigured),
    (r"unsupported startup parameter", _unknown_option),
    (r"session is (not )?read-only|server is (not )?in hot standby", _other_kind),
    (r"valid client certificate|certificate authentication failed", _client_certificate),
    (r"^No secure connection", _secure),
    (r"does not speak PostgreSQL", _babble),
    (r"^No answer from .*\((connection refused|no such socket|no route|the network)", _gone),
    (r"^No answer from .*\((the connection was closed|connection reset)\)", _hung_up),
    (r"Hot standby mode is disabled|not yet accepting|not accepting connections$", _cold),
    (r"is starting up", _starting),
    (r"in recovery mode", _crashed),
    (r"is shutting down", _leaving),
    (r"too many (clients|connections)|slots are reserved|no more connections", _full),
    (r"is not permitted to log in", _no_login),
    (r'role ".*" does not exist|no such user', _no_role),
    (r"not currently accepting connections", _closed_database),
    (r"connect to invalid database", _invalid_database),
    (r"permission denied for database", _not_let_in),
    (r"no such database", _no_database),
    (r"no password supplied", _no_password),
    (r"(Peer|Ident) authentication failed", _account),
    (r"password authentication failed|SASL authentication failed", _wrong_password),
    (r"pg_hba\.conf", _hba),
)

_BY_STATE: tuple[tuple[str, Judge], ...] = (
    ("57P03", _starting),
    ("53300", _full),
    ("3D000", _no_database),
    ("28P01", _wrong_password),
)
