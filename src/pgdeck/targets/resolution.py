"""Every value of a target with the source that won and those that lost, secrets masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pgdeck.core.target import SECRET_KEYWORDS, Environment
from pgdeck.errors import Problem
from pgdeck.targets.config import Settings
from pgdeck.targets.keywords import LOCATING, Filled
from pgdeck.targets.marks import Marks, said
from pgdeck.targets.order import Search
from pgdeck.targets.passfile import find_passline
from pgdeck.targets.sources import Candidate, Rank, Resolution, Setting

MASK = "***"
VARIABLES = {
    "PGPASSWORD": "password",
    "PGPASSFILE": "passfile",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGSSLCRL": "sslcrl",
    "PGSSLCRLDIR": "sslcrldir",
    "PGSSLSNI": "sslsni",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLCERTMODE": "sslcertmode",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
    "PGCHANNELBINDING": "channel_binding",
    "PGREQUIREAUTH": "require_auth",
    "PGREQUIREPEER": "requirepeer",
    "PGGSSENCMODE": "gssencmode",
    "PGKRBSRVNAME": "krbsrvname",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
    "PGOPTIONS": "options",
}
"""libpq's variables that do not say where a database is: libpq itself reads them."""
LIBPQ = frozenset({*VARIABLES, *LOCATING})

DEFAULTS = {"host": "local socket", "port": "5432", "sslmode": "prefer"}
FIRST = ("host", "hostaddr", "port", "dbname", "user", "password", "sslmode")
MARKS = ("environment", "colour", "read_only", "project_dir", "backup_dir")

Offers = dict[str, list[tuple[str, str]]]
"""Pairs of source and value by keyword, the strongest first."""


def resolve(
    argument: str | None,
    environ: Mapping[str, str],
    settings: Settings | None = None,
    directory: Path | None = None,
) -> Resolution:
    """Return how the target is chosen; raises like `detect.find_target` for argument and files."""
    search = Search(environ, settings, directory)
    candidates = tuple(search.candidates(argument))
    if not candidates:
        return Resolution()
    winner = candidates[0]
    try:
        filled = search.filled(winner)
        marks = search.marks(winner, filled)
    except Problem as problem:
        return Resolution(candidates, notes=(problem.message, problem.hint))
    offers = _offers(filled, marks, environ)
    for each in candidates[1:]:
        _add_loser(offers, each)
    values = (*_settings(offers), *_marked(marks or Marks(), filled, winner))
    return Resolution(candidates, values, _notes(winner, marks, filled, environ))


def _offers(filled: Filled, marks: Marks | None, environ: Mapping[str, str]) -> Offers:
    """Return what each keyword is offered: by the address, the configuration, libpq's ways."""
    offers: Offers = {
        keyword: [(filled.sources[keyword], value), *filled.lost.get(keyword, ())]
        for keyword, value in filled.values.items()
    }
    if marks is not None and marks.password is not None:
        way = "password"
        if marks.password.command:
            way = "password_command"
        elif marks.password.variable:
            way = f"password_variable {marks.password.variable}"
        offers.setdefault("password", []).append((f"{marks.sources['password']}: {way}", MASK))
    for variable, keyword in VARIABLES.items():
        if environ.get(variable):
            offers.setdefault(keyword, []).append((variable, environ[variable]))
    line = find_passline(filled.values, environ)
    if line is not None and not line.ignored:
        offers.setdefault("password", []).append((f"{line.file}:{line.line}", MASK))
    for keyword, value in DEFAULTS.items():
        offers.setdefault(keyword, [("libpq's default", value)])
    return offers


def _add_loser(offers: Offers, candidate: Candidate) -> None:
    """Add what a weaker candidate would have given, in the order of precedence."""
    for keyword, value in (candidate.address.conninfo if candidate.address else {}).items():
        entries = offers.setdefault(keyword, [])
        entry = (candidate.origins.get(keyword, candidate.source), value)
        at = len(entries)
        if candidate.rank < Rank.LIBPQ:
            libpqs = (i for i, (source, _) in enumerate(entries) if i and source in LIBPQ)
            at = next(libpqs, at)
        if entry not in entries:
            entries.insert(at, entry)


def _settings(offers: Offers) -> Iterator[Setting]:
    names = [name for name in FIRST if offers.get(name)]
    names += sorted(name for name in offers if name not in FIRST and offers[name])
    for name in names:
        secret = name in SECRET_KEYWORDS
        shown = [(source, MASK if secret else value) for source, value in offers[name]]
        (source, value), *lost = shown
        yield Setting(name, value, source, tuple(lost), secret)


def _marked(marks: Marks, filled: Filled, winner: Candidate) -> Iterator[Setting]:
    if marks.name:
        yield Setting("name", marks.name, marks.sources.get("name", winner.source))
    for key in MARKS:
        value = getattr(marks, key)
        lost = tuple(marks.lost.get(key, ()))
        if key not in marks.sources and not lost:
            if key != "environment":
                continue
            value = Environment.UNKNOWN
        yield Setting(key, said(value), marks.sources.get(key, "nothing says it"), lost)


def _notes(
    winner: Candidate, marks: Marks | None, filled: Filled, environ: Mapping[str, str]
) -> tuple[str, ...]:
    notes: Iterable[str] = winner.address.notes if winner.address else ()
    line = find_passline(filled.values, environ)
    loose = (
        f"{line.file} is ignored, others may read it: {line.ignored}"
        if line and line.ignored
        else ""
    )
    wish = _open_wish(marks) if marks else ""
    told = (*notes, *(marks.notes if marks else ()), wish, loose)
    return tuple(each for each in told if each)


def _open_wish(marks: Marks) -> str:
    """Say what the project must be trusted for before its password counts, nothing if it is."""
    file, password = marks.project_file, marks.password
    if file is None or password is None or file != marks.password_file:
        return ""
    from pgdeck.targets.passwords import wish_of
    from pgdeck.targets.trust import is_trusted
    from pgdeck.targets.trust import said as told

    wish = wish_of(password)
    if not wish or is_trusted(file.parent, wish):
        return ""
    return f"{file} may not {told(wish)} before: pgdeck config trust {file.parent}"
