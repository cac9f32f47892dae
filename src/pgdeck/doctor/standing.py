"""The upper rungs of a session that stands: what the server says of itself and of the login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from pgdeck.core.ladder import Note, Rung, failed, fine, skipped
from pgdeck.core.numbers import age
from pgdeck.core.rows import Rows, Value
from pgdeck.core.source import Answer
from pgdeck.doctor.passfile import Password
from pgdeck.doctor.rights import judge_rights
from pgdeck.doctor.sqlfiles import query
from pgdeck.pg.identity import IDENTIFIER, SERVER, fingerprint
from pgdeck.pg.session import Session

OLDEST, NEWEST = 15, 18
"""Major versions that pgdeck is made for; 14 and newer ones it takes with a word."""

SCARCE = 0.9
"""Share of the slots from which on they are worth a word."""

SOON_S = 7 * 86400.0

Row = Mapping[str, Value]


class Standing:
    """What a session answered, question by question; what was refused stays out."""

    def __init__(self, session: Session, answers: tuple[Answer, ...]) -> None:
        self.version = session.version
        self.pooled = session.pooled
        self.where = session.peer.where
        self.failures = [each for each in answers if not isinstance(each, Rows)]
        rows: list[Row] = [each.one() if isinstance(each, Rows) else {} for each in answers]
        self.server, self.identifier, self.session, self.rights = rows

    @property
    def login(self) -> str:
        """The role of the session, as SQL writes it."""
        return str(self.session.get("sql_login") or self.server.get("login") or "")


async def stand(session: Session) -> Standing:
    """Ask everything in one round; raises `Unreachable` when the session is lost."""
    version = session.version
    questions = (SERVER, IDENTIFIER, query("session", version), query("rights", version))
    return Standing(session, await session.round(questions))


def judge_standing(
    standing: Standing, method: str, password: Password, *, here: bool
) -> Iterator[Rung]:
    """Yield the rungs from the server to the rights; `here`: the line does not leave this host."""
    yield _server(standing)
    yield _slots(standing)
    yield _login(standing, method, password, here=here)
    yield _role(standing)
    yield _database(standing)
    if standing.pooled:
        said = "a pooler is between: each statement runs in a transaction of its own"
        yield fine("pooler", said)
    else:
        yield skipped("pooler", "none is between")
    if standing.rights:
        superuser = standing.server.get("superuser") == "on"
        yield judge_rights(standing.rights, standing.login, superuser=superuser)
    else:
        why = standing.failures[0].message if standing.failures else ""
        note = Note(why, "pgdeck check names what cannot be known, and why")
        yield fine("rights", "what this login may see cannot be asked", note)


def _server(standing: Standing) -> Rung:
    row, major = standing.server, standing.version // 10000
    text = str(row.get("version_text") or major).split(" ")[0]
    if major < OLDEST - 1:
        cure = f"pgdeck is made for {OLDEST} to {NEWEST}"
        return failed("server", f"PostgreSQL {text} is too old", "its views lack columns", cure)
    said = f"PostgreSQL {text}"
    if row:
        up = "".join(age(cast(float, row["uptime_s"])))
        said += f", {'standby, to be read only' if row['standby'] else 'primary'}, up {up}"
    notes = []
    if not OLDEST <= major <= NEWEST:
        notes.append(Note(f"pgdeck is made for {OLDEST} to {NEWEST}; some screens may not fit"))
    return fine("server", said, *notes)


def _slots(standing: Standing) -> Rung:
    row = standing.session
    if not row:
        return fine("slots", "one was free")
    maximum = cast(int, row["maximum"])
    kept = cast(int, row["superusers"]) + cast(int, row["reserved"])
    used, everyone = cast(int, row["used"]), max(1, maximum - kept)
    said = f"{used} of {everyone} used ({kept} more are reserved)"
    limit = cast(int, row["own_limit"])
    if limit >= 0:
        said += f"; {standing.login} may have {limit}"
    if used >= SCARCE * everyone:
        note = Note("hardly any slot is left", "see who has them: pgdeck ls connections")
        return fine("slots", said, note)
    return fine("slots", said)


METHODS = {"scram": "scram-sha-256", "trust": "trust", "password": "password in clear text"}


def _login(standing: Standing, method: str, password: Password, *, here: bool) -> Rung:
    named = METHODS.get(method, method)
    said = f"accepted ({named})" if named else "accepted"
    notes = []
    if method == "trust":
        said = "accepted without any proof (trust)"
        if not here:
            open_to = "anybody who reaches the port from here is let in as this login"
            notes.append(Note(open_to, "scram-sha-256 in place of trust in pg_hba.conf; reload"))
    elif password.source and method in ("scram", "password", "md5"):
        said += f", the password from {password.source}"
    valid = standing.session.get("valid_s")
    if isinstance(valid, (int, float)) and 0 < valid < SOON_S:
        left = "".join(age(float(valid)))
        cure = f"ALTER ROLE {standing.login} VALID UNTIL '...'"
        notes.append(Note(f"the password is no longer valid in {left}", cure))
    if method == "password" and not here:
        bare = "the server asks for the password itself, and sees it in clear text"
        notes.append(Note(bare, "scram-sha-256 in place of password in pg_hba.conf; reload"))
    if method == "md5":
        notes.append(Note("md5 is going out of use: password_encryption = scram-sha-256"))
    return fine("login", said, *notes)


def _role(standing: Standing) -> Rung:
    row = standing.server
    kind = "superuser" if row.get("superuser") == "on" else "ordinary role"
    if kind != "superuser" and row.get("monitor"):
        kind = "sees what pg_monitor sees"
    return fine("role", f"{standing.login}, {kind}")


def _database(standing: Standing) -> Rung:
    row = standing.server
    if not row:
        return fine("database", "entered")
    number = standing.identifier.get("system_identifier")
    oid = cast(int, row["database_oid"])
    mark = fingerprint(None if number is None else str(number), oid)
    environment = row.get("environment")
    said = f"{row['database']}, fingerprint {mark}"
    return fine("database", f"{said}, marked {environment}" if environment else said)
