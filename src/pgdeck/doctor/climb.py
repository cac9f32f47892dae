"""Up the ladder, one rung after another, until one breaks: at most one connection at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from msgspec.structs import replace

from pgdeck.core.address import is_here
from pgdeck.core.ladder import (
    RUNGS,
    Ladder,
    Report,
    Rung,
    Verdict,
    failed,
    fine,
    skipped,
    unreached,
)
from pgdeck.core.snapshot import Failure, FailureKind
from pgdeck.core.target import Target
from pgdeck.doctor import tls
from pgdeck.doctor.again import other_databases, tls_helps
from pgdeck.doctor.configuration import judge_configuration
from pgdeck.doctor.greeting import Greeting, Reply, ask_for_tls, introduce
from pgdeck.doctor.passfile import Password, find_password
from pgdeck.doctor.reach import Stream, socket_path, try_names, try_ports
from pgdeck.doctor.refusals import Case, Refusal, judge_refusal
from pgdeck.doctor.standing import Standing, judge_standing, stand
from pgdeck.doctor.tools import judge_tools
from pgdeck.errors import Unreachable
from pgdeck.pg.address import Address
from pgdeck.pg.connect import APPLICATION_NAME, open_session
from pgdeck.pg.session import Session

DOCTOR = f"{APPLICATION_NAME} doctor"
SLOT_FREED = 0.3
"""Seconds after which the slot of our own first words is free again."""


async def examine(target: Target, environ: Mapping[str, str], report: Report) -> Ladder:
    """Try every rung for real; `report` is given each one as soon as it is known."""
    climb = Climb(target, environ, report)
    await climb.up()
    return climb.ladder()


class Climb:
    """One way up: what is known so far, and what it means for the next rung."""

    def __init__(self, target: Target, environ: Mapping[str, str], report: Report) -> None:
        self._target = target
        self._environ = environ
        self._report = report
        self._found: dict[str, Rung] = {}
        self._wish = tls.wish_of(target.conninfo, environ)
        self._password = Password()
        self._address: Address | None = None
        self._greeting = Greeting(None)
        self._hands = tls.Handshake()
        self._reply = Reply()
        self._addresses: list[Address] = []

    async def up(self) -> None:
        """Climb until a rung breaks."""
        for step in (self._configured, self._named, self._greeted, self._entered):
            await step()
            if any(rung.verdict is Verdict.FAILED for rung in self._found.values()):
                return

    def ladder(self) -> Ladder:
        """Return all rungs; those above the broken one were not reached."""
        for name in RUNGS:
            if name not in self._found:
                self._put(unreached(name))
        return Ladder(tuple(self._found[name] for name in RUNGS))

    def _put(self, rung: Rung) -> None:
        self._found[rung.name] = rung
        self._report(rung)

    async def _configured(self) -> None:
        keywords, environ = self._target.conninfo, self._environ
        self._password = find_password(keywords, environ, self._target.source)
        self._put(judge_configuration(self._target, environ, self._wish, self._password))

    async def _named(self) -> None:
        rung, addresses = await try_names(self._target.conninfo)
        self._put(rung)
        self._addresses = addresses

    async def _greeted(self) -> None:
        """Knock by hand at the first address that opens."""
        if not all(each.settled for each in self._addresses):
            for name in ("port", "protocol"):
                self._put(skipped(name, "only libpq knows where the service leads"))
            return
        rung, stream = await try_ports(self._addresses)
        if stream is None and (container := self._target.container):
            cure = f"start its container {container}: docker compose up -d, or docker start"
            rung = replace(rung, cure=cure)
        self._put(rung)
        if stream is None:
            return
        self._know(stream.address)
        try:
            await self._talk(stream)
        finally:
            await stream.close()

    def _know(self, address: Address) -> None:
        self._address = address
        keywords = address.keywords
        self._wish = tls.wish_of(keywords, self._environ)
        self._password = find_password(keywords, self._environ, self._target.source)

    async def _talk(self, stream: Stream) -> None:
        if stream.address.keywords.get("sslnegotiation") == "direct":
            self._put(skipped("protocol", "TLS begins at once (sslnegotiation=direct)"))
            return
        began = time.monotonic()
        self._greeting = greeting = await ask_for_tls(stream)
        rung = _protocol(greeting, stream.address.peer.where, time.monotonic() - began)
        if greeting.error is not None:
            self._put(fine("protocol", "it answers, with a refusal"))
            rung = self._judge(Refusal(greeting.error.message, greeting.error.sqlstate))
        self._put(rung)
        if rung.verdict is Verdict.FAILED:
            return
        if self._by_socket or not greeting.speaks_tls:
            if self._wish.demands and not self._by_socket:
                self._put(tls.no_tls_there(self._wish))
                return
        elif self._wish.tries:
            if (missing := tls.missing_root(self._wish)) is not None:
                self._put(missing)
                return
            self._hands = await tls.shake_hands(stream, self._wish)
            if self._hands.problem:
                return  # whether it counts libpq decides
        self._reply = await introduce(stream, stream.address.keywords, DOCTOR)

    @property
    def _by_socket(self) -> bool:
        return self._address is not None and socket_path(self._address) is not None

    async def _entered(self) -> None:
        """Log in as the dashboard does, and look around."""
        try:
            session = await self._open()
        except Unreachable as error:
            await self._refused(error.failure)
            return
        try:
            standing = await stand(session)
        except Unreachable as error:
            rung = _mute(error.failure, self._where, pooled=session.pooled)
            self._put_below(rung)
            self._put(rung)
            return
        finally:
            session.close()
        self._put(self._secrecy(standing))
        here = is_here(self._target.conninfo)
        for rung in judge_standing(standing, self._reply.method, self._password, here=here):
            self._put(rung)
        self._put(await asyncio.to_thread(judge_tools, standing.version, self._environ))

    async def _open(self) -> Session:
        conninfo = self._target.conninfo
        try:
            return await open_session(conninfo, application_name=DOCTOR)
        except Unreachable as error:
            full = error.failure.sqlstate == "53300"
            if not full or self._reply.error is not None:
                raise
        # Our own first words may have had the last slot.
        await asyncio.sleep(SLOT_FREED)
        return await open_session(conninfo, application_name=DOCTOR)

    async def _refused(self, failure: Failure) -> None:
        refusal = Refusal(failure.message, failure.sqlstate or "")
        said = self._reply.error
        if said is not None and not said.sqlstate.startswith("28"):
            refusal = Refusal(said.message, said.sqlstate, said.detail)
        helps = False
        if "pg_hba.conf" in refusal.text and self._wish.mode == "disable":
            helps = self._greeting.speaks_tls is True and await tls_helps(self._address, DOCTOR)
        if failure.kind is FailureKind.TIMEOUT and said is None:
            rung = self._silent(failure)
        else:
            rung = self._judge(refusal, tls_helps=helps)
        if rung.name == "tls" and self._hands.problem:
            rung = tls.not_believed(self._wish, self._hands, refusal.text)
        if rung.name == "database" and refusal.sqlstate == "3D000":
            rung = rung.with_notes(*await other_databases(self._target.conninfo, DOCTOR))
        self._put_below(rung)
        self._put(rung)

    def _judge(self, refusal: Refusal, *, tls_helps: bool = False) -> Rung:
        address = self._address
        peer = address.peer if address is not None else None
        conninfo = self._target.conninfo
        login = (peer.login if peer else "") or conninfo.get("user", "")
        case = Case(
            self._where,
            login,
            (peer.database if peer else "") or conninfo.get("dbname", login),
            self._password,
            self._reply.method,
            self._wish,
            tls_helps,
        )
        return judge_refusal(refusal, case)

    @property
    def _where(self) -> str:
        return self._address.peer.where if self._address else self._target.name

    def _silent(self, failure: Failure) -> Rung:
        where = self._where
        if self._reply.method:
            said = f"{where} does not answer the login: {failure.message}"
            cause = (
                "it asks another server who this is (LDAP, RADIUS), or a pooler waits for its own"
            )
            return failed("login", said, cause, "the server's log says what it waits for")
        said = f"{where} takes the connection and then says nothing: {failure.message}"
        cause = "its processes are stopped or starved, or a pooler waits for its server"
        return failed("server", said, cause, "see the machine: ps, vmstat, the server's log")

    def _put_below(self, broken: Rung) -> None:
        """Say what is known of the rungs between the greeting and the one that broke."""
        if broken.name == "pooler":
            self._put(self._secrecy(None))
            for name in ("server", "slots", "login", "role", "database"):
                self._put(skipped(name, "the pooler answers in its place"))
            return
        known = {
            "tls": self._secrecy(None),
            "server": fine("server", "it takes sessions"),
            "slots": fine("slots", "one was free"),
            "login": fine("login", f"accepted ({self._reply.method or 'not known how'})"),
            "role": fine("role", self._target.conninfo.get("user", "")),
            "database": fine("database", self._target.conninfo.get("dbname", "")),
        }
        order = list(RUNGS)
        for name, rung in known.items():
            if order.index(name) < order.index(broken.name):
                self._put(rung)

    def _secrecy(self, standing: Standing | None) -> Rung:
        """Return the rung of TLS once nothing refused the line."""
        if self._by_socket:
            return skipped("tls", "a local socket needs none")
        encrypted, spoken = bool(self._hands.version), self._hands.version
        if standing is not None and not standing.pooled and standing.session:
            encrypted = bool(standing.session["encrypted"])
            spoken = str(standing.session["tls"] or "")
        here = is_here(self._target.conninfo)
        note = None if here else tls.protects_nothing(self._wish, encrypted=encrypted)
        notes = () if note is None else (note,)
        if not encrypted:
            where = "the line does not leave this host" if here else "the line leaves this host"
            return fine("tls", f"not encrypted; {where}", *notes)
        proof = "who it is was not verified"
        if self._wish.verifies:
            proof = f"the certificate is believed (sslmode={self._wish.mode})"
        return fine("tls", f"{spoken}; {proof}", *notes)


def _protocol(greeting: Greeting, where: str, took: float) -> Rung:
    if greeting.speaks_tls is not None:
        return fine("protocol", "PostgreSQL answers", took=took)
    if greeting.stranger:
        said = f"{where} is not PostgreSQL but looks like {greeting.stranger}"
        return failed("protocol", said, "the port is another service's", "mend the port")
    if greeting.closed:
        said = f"{where} accepts and hangs up at once"
        cause = "a forwarder (SSH tunnel, docker-proxy, balancer) whose server is not there"
        return failed("protocol", said, cause, "see what is behind it: is the container running")
    said = f"{where} accepts and then says nothing"
    cause = "it is no PostgreSQL, or one that is stopped or overloaded, or a forwarder to nowhere"
    return failed(
        "protocol", said, cause, "mend the port, or see the machine: ps, the server's log"
    )


def _mute(failure: Failure, where: str, *, pooled: bool) -> Rung:
    """Return the rung of a session that stood and answered no question."""
    if pooled:
        said = f"the pooler at {where} lets in, and then nothing answers: {failure.message}"
        cause = "its server is gone or full, or all of its own connections to it are busy"
        cure = "see the pooler's log, and SHOW POOLS; is the server behind it running"
        return failed("pooler", said, cause, cure)
    cause = "it was ended, or the server is too busy to answer"
    return failed("server", failure.message, cause, failure.hint or "see the server's log")
